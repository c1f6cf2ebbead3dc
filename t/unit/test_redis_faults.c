/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool on a Redis that is stopped, killed, started again, loading, read
 * only, silent or not Redis at all. Times are bounds on what a client waits,
 * so they are tested as they are, with room for two busy cores above them.
 */
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <apr_pools.h>

#include "dl_redis.h"
#include "redis_server.h"
#include "wait.h"

#define CONNECT_MS  500
#define REPLY_MS    700
#define SLACK_MS    2000    /* a busy machine may be late, never early */

static apr_pool_t *p;
static dl_redis_pool_t *pool;
static redis_server_t server;

static void make_pool(const dl_redis_addr_t *addr, int links)
{
    const dl_redis_pool_conf_t conf = { links, CONNECT_MS, REPLY_MS };

    ck_assert_int_eq(dl_redis_pool_create(addr, &conf, p, &pool),
                     APR_SUCCESS);
}

static void setup(void)
{
    apr_pool_create(&p, NULL);
    server.pid = 0;
}

static void teardown(void)
{
    apr_pool_destroy(p);
    if (server.pid > 0) {
        redis_server_remove(&server);
    }
}

/* INCR n; the reply is freed. Returns the call's status. */
static apr_status_t incr(dl_redis_error_e *kind)
{
    const char *argv[] = { "INCR", "n" };
    const size_t lens[] = { 4, 1 };
    const dl_redis_cmd_t cmd = { 2, argv, lens };
    redisReply *reply;
    apr_status_t rv = dl_redis_pool_call(pool, &cmd, 1, &reply);

    if (rv == APR_SUCCESS) {
        if (kind) {
            *kind = dl_redis_error(reply);
        }
        dl_reply_free(reply);
    }
    return rv;
}

static int works(void *unused)
{
    dl_redis_error_e kind;

    (void)unused;
    return incr(&kind) == APR_SUCCESS && kind == DL_REDIS_OK;
}

static apr_int64_t since_ms(apr_int64_t start_us)
{
    return (dl_clock_us() - start_us) / 1000;
}

/* It must work again within two seconds. */
static void back_in_time(void)
{
    apr_int64_t start_us = dl_clock_us();

    ck_assert(wait_until(works, NULL, WAIT_S));
    ck_assert_int_le(since_ms(start_us), 2000 + SLACK_MS);
}

START_TEST(test_stopped)
{
    apr_int64_t start_us;
    int fds = open_descriptors();

    redis_server_start(&server, NULL);
    make_pool(&server.addr, 2);
    ck_assert(works(NULL));
    kill(server.pid, SIGSTOP);

    start_us = dl_clock_us();
    ck_assert_int_eq(incr(NULL), APR_TIMEUP);
    ck_assert_int_ge(since_ms(start_us), REPLY_MS * 9 / 10);
    ck_assert_int_le(since_ms(start_us), REPLY_MS + SLACK_MS);

    /* From now on it is known: the next fails at once, or by the deadline
     * of connecting when it is its turn to try; never is more sent. */
    for (int i = 0; i < 4; i++) {
        start_us = dl_clock_us();
        ck_assert_int_eq(incr(NULL), APR_ECONNREFUSED);
        ck_assert_int_le(since_ms(start_us), CONNECT_MS + SLACK_MS);
    }
    start_us = dl_clock_us();
    ck_assert_int_eq(incr(NULL), APR_ECONNREFUSED);
    kill(server.pid, SIGCONT);
    back_in_time();
    /* Only the first, the one before and after: 1, 2 (late) and 3. */
    ck_assert_int_le(redis_server_ask(&server.addr, "INCRBY n 0"), 4);
    apr_pool_clear(p);
    ck_assert_int_eq(open_descriptors(), fds);
}
END_TEST

typedef struct crowd_t {
    int failed[16];
    apr_int64_t worst_ms[16];
    int stop;
} crowd_t;

typedef struct member_t {
    crowd_t *crowd;
    int number;
} member_t;

static void *keep_calling(void *data)
{
    member_t *me = data;

    while (!__atomic_load_n(&me->crowd->stop, __ATOMIC_ACQUIRE)) {
        apr_int64_t start_us = dl_clock_us();
        apr_status_t rv = incr(NULL);
        apr_int64_t ms = since_ms(start_us);

        if (ms > me->crowd->worst_ms[me->number]) {
            me->crowd->worst_ms[me->number] = ms;
        }
        if (rv != APR_SUCCESS) {
            __atomic_fetch_add(&me->crowd->failed[me->number], 1,
                               __ATOMIC_RELAXED);
        }
    }
    return NULL;
}

static int all_failed(void *data)
{
    crowd_t *crowd = data;

    for (int i = 0; i < 16; i++) {
        if (__atomic_load_n(&crowd->failed[i], __ATOMIC_RELAXED) == 0) {
            return 0;
        }
    }
    return 1;
}

/* Sixteen threads at full speed while Redis is stopped, killed, restarted:
 * nobody waits much longer than the time-out, all go on afterwards. */
START_TEST(test_crowd)
{
    crowd_t crowd = { .stop = 0 };
    member_t members[16];
    pthread_t threads[16];

    redis_server_start(&server, NULL);
    make_pool(&server.addr, 2);
    ck_assert(works(NULL));
    for (int i = 0; i < 16; i++) {
        members[i].crowd = &crowd;
        members[i].number = i;
        pthread_create(&threads[i], NULL, keep_calling, &members[i]);
    }
    if (_i == 0) {
        kill(server.pid, SIGSTOP);
        ck_assert(wait_until(all_failed, &crowd, WAIT_S));
        kill(server.pid, SIGCONT);
    }
    else {
        redis_server_kill(&server);
        ck_assert(wait_until(all_failed, &crowd, WAIT_S));
        redis_server_again(&server, NULL);
    }
    back_in_time();
    __atomic_store_n(&crowd.stop, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < 16; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_le(crowd.worst_ms[i], REPLY_MS * 9 / 8 + SLACK_MS);
    }
}
END_TEST

/* Killed and started while nobody asks: the dead links are noticed before
 * they are used, and no call fails. */
START_TEST(test_restart_in_a_quiet_minute)
{
    redis_server_start(&server, NULL);
    make_pool(&server.addr, 4);
    for (int i = 0; i < 3; i++) {
        dl_redis_error_e kind;

        ck_assert_int_eq(incr(&kind), APR_SUCCESS);
        ck_assert_int_eq(kind, DL_REDIS_OK);
        redis_server_kill(&server);
        redis_server_again(&server, NULL);
    }
    ck_assert(works(NULL));
}
END_TEST

START_TEST(test_away_fails_at_once)
{
    apr_int64_t start_us;

    redis_server_start(&server, NULL);
    make_pool(&server.addr, 2);
    ck_assert(works(NULL));
    redis_server_kill(&server);
    start_us = dl_clock_us();
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(incr(NULL), APR_ECONNREFUSED);
    }
    ck_assert_int_le(since_ms(start_us), SLACK_MS);
    redis_server_again(&server, NULL);
    back_in_time();
}
END_TEST

/* A large dump whose keys are read slowly; PING answers -LOADING. */
START_TEST(test_loading)
{
    const char *save[] = { "--dbfilename", "d.rdb", NULL };
    const char *slow[] = {
        "--dbfilename", "d.rdb", "--key-load-delay", "2000",
        "--loading-process-events-interval-bytes", "1024", NULL
    };
    apr_int64_t start_us;

    redis_server_start(&server, save);
    redis_server_ask(&server.addr,
                     "EVAL for\ti=1,1000\tdo\tredis.call('SET',i,"
                     "string.rep('x',100))end 0");
    redis_server_ask(&server.addr, "SAVE");
    make_pool(&server.addr, 2);
    ck_assert(works(NULL));
    ck_assert_int_ge(redis_server_ask(&server.addr, "DBSIZE"), 1000);
    redis_server_kill(&server);
    redis_server_again(&server, slow);

    start_us = dl_clock_us();
    ck_assert_int_eq(incr(NULL), APR_ECONNREFUSED);
    ck_assert_int_le(since_ms(start_us), REPLY_MS + SLACK_MS);
    ck_assert(wait_until(works, NULL, WAIT_S));
}
END_TEST

/* A replica whose master is gone refuses writes; a link to it is given up
 * after a second, and once it is a master again, all is well. */
START_TEST(test_readonly)
{
    const char *args[] = { "--replicaof", "127.0.0.1", "1", NULL };
    dl_redis_error_e kind = DL_REDIS_OK;

    redis_server_start(&server, args);
    make_pool(&server.addr, 1);
    ck_assert_int_eq(incr(&kind), APR_SUCCESS);
    ck_assert_int_eq(kind, DL_REDIS_NOT_NOW);
    redis_server_ask(&server.addr, "REPLICAOF NO ONE");
    back_in_time();
}
END_TEST

START_TEST(test_full)
{
    const char *args[] = { "--maxmemory", "1", NULL };
    dl_redis_error_e kind = DL_REDIS_OK;

    redis_server_start(&server, args);
    make_pool(&server.addr, 1);
    ck_assert_int_eq(incr(&kind), APR_SUCCESS);
    ck_assert_int_eq(kind, DL_REDIS_FULL);
}
END_TEST

static const struct {
    const char *greeting;
    const char *scene;
    int close;
    apr_status_t first;         /* what a call gets */
} scenes[] = {
    { "+PONG\r\n", "$10\r\nhalf", 0, APR_TIMEUP },
    { "+PONG\r\n", "$10\r\nhalf", 1, APR_ECONNRESET },
    { "+PONG\r\n", "", 0, APR_TIMEUP },
    { "+PONG\r\n", "", 1, APR_ECONNRESET },
    { "+PONG\r\n", ":1\r\n:2\r\n", 0, APR_SUCCESS },
    { "+PONG\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", 0, APR_ECONNRESET },
    { "+PONG\r\n", "$999999999\r\n", 0, APR_ECONNRESET },
    { "+PONG\r\n+more\r\n", "", 0, APR_ECONNREFUSED },
    { "HTTP/1.1 400 Bad Request\r\n\r\n", "", 0, APR_ECONNREFUSED },
    { "-LOADING Redis is loading\r\n", "", 0, APR_ECONNREFUSED },
    { "-ERR max number of clients reached\r\n", "", 1, APR_ECONNREFUSED },
    { "", "", 0, APR_ECONNREFUSED },
    { "+PO", "", 1, APR_ECONNREFUSED },
};

START_TEST(test_scenes)
{
    fake_server_t fake = {
        .greeting = scenes[_i].greeting, .scene = scenes[_i].scene,
        .close = scenes[_i].close
    };
    apr_int64_t start_us = dl_clock_us();
    int fds = open_descriptors();

    fake_server_start(&fake);
    make_pool(&fake.addr, 1);
    ck_assert_int_eq(incr(NULL), scenes[_i].first);
    ck_assert_int_le(since_ms(start_us), REPLY_MS + SLACK_MS);
    apr_pool_clear(p);
    fake_server_stop(&fake);
    ck_assert_int_eq(open_descriptors(), fds);
    ck_assert_int_eq(fake.connections, 1);
}
END_TEST

/* While connecting hangs, one thread tries at a time and the tries thin out:
 * a hundred calls in a row make a few connections, not a hundred. */
START_TEST(test_tries_thin_out)
{
    fake_server_t fake = { .greeting = "", .scene = "" };
    apr_int64_t start_us = dl_clock_us();
    int calls = 0;

    fake_server_start(&fake);
    make_pool(&fake.addr, 4);
    while (since_ms(start_us) < 3000) {
        ck_assert_int_eq(incr(NULL), APR_ECONNREFUSED);
        calls++;
    }
    ck_assert_int_gt(calls, 100);
    ck_assert_int_ge(__atomic_load_n(&fake.connections, __ATOMIC_RELAXED), 2);
    ck_assert_int_le(__atomic_load_n(&fake.connections, __ATOMIC_RELAXED), 7);
    apr_pool_clear(p);
    fake_server_stop(&fake);
}
END_TEST

Suite *test_redis_faults_suite(void);

Suite *test_redis_faults_suite(void)
{
    Suite *s = suite_create("redis_faults");
    TCase *tc = tcase_create("faults");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_stopped);
    tcase_add_loop_test(tc, test_crowd, 0, 2);
    tcase_add_test(tc, test_restart_in_a_quiet_minute);
    tcase_add_test(tc, test_away_fails_at_once);
    tcase_add_test(tc, test_loading);
    tcase_add_test(tc, test_readonly);
    tcase_add_test(tc, test_full);
    tcase_add_loop_test(tc, test_scenes, 0,
                        sizeof(scenes) / sizeof(scenes[0]));
    tcase_add_test(tc, test_tries_thin_out);
    suite_add_tcase(s, tc);
    return s;
}
