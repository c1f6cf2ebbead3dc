/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool on a healthy server: pipelines of many threads, all kinds of
 * replies, logins, counts. What happens on a sick one is in
 * test_redis_faults.c.
 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_pools.h>

#include "dl_log.h"
#include "dl_redis.h"
#include "redis_fixture.h"
#include "redis_server.h"

#define LINKS 3

static apr_pool_t *p;
static dl_redis_pool_t *pool;

static void make_pool(const dl_redis_addr_t *addr)
{
    const dl_redis_pool_conf_t conf = { LINKS, 30000, 30000 };

    ck_assert_int_eq(dl_redis_pool_create(addr, &conf, p, &pool),
                     APR_SUCCESS);
}

static void setup(void)
{
    apr_pool_create(&p, NULL);
    redis_fixture_flush();
    make_pool(redis_fixture_addr());
}

static void setup_bare(void)
{
    apr_pool_create(&p, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(p);
}

/* One command of words, NULL-ended; the reply is the caller's. */
static redisReply *ask(const char *first, ...)
{
    const char *argv[16] = { first };
    size_t lens[16];
    dl_redis_cmd_t cmd = { 0, argv, lens };
    redisReply *reply = NULL;
    va_list ap;

    va_start(ap, first);
    while (argv[cmd.argc]) {
        lens[cmd.argc] = strlen(argv[cmd.argc]);
        argv[++cmd.argc] = va_arg(ap, const char *);
    }
    va_end(ap);
    ck_assert_int_eq(dl_redis_pool_call(pool, &cmd, 1, &reply), APR_SUCCESS);
    ck_assert_ptr_nonnull(reply);
    return reply;
}

START_TEST(test_one)
{
    redisReply *reply = ask("SET", "a", "1", NULL);

    ck_assert_str_eq(dl_reply_str(reply, NULL), "OK");
    dl_reply_free(reply);
    reply = ask("GET", "a", NULL);
    ck_assert_str_eq(dl_reply_str(reply, NULL), "1");
    dl_reply_free(reply);
}
END_TEST

START_TEST(test_error_in_the_middle)
{
    const char *set[] = { "SET", "k", "v" }, *bad[] = { "HGET", "k", "f" };
    const char *none[] = { "NOSUCHCOMMAND" }, *get[] = { "GET", "k" };
    const size_t set_len[] = { 3, 1, 1 }, bad_len[] = { 4, 1, 1 };
    const size_t none_len[] = { 13 }, get_len[] = { 3, 1 };
    const dl_redis_cmd_t cmds[] = {
        { 3, set, set_len }, { 3, bad, bad_len }, { 1, none, none_len },
        { 2, get, get_len }
    };
    redisReply *replies[4];

    ck_assert_int_eq(dl_redis_pool_call(pool, cmds, 4, replies),
                     APR_SUCCESS);
    ck_assert_int_eq(dl_redis_error(replies[0]), DL_REDIS_OK);
    ck_assert_int_eq(strncmp(dl_reply_error(replies[1]), "WRONGTYPE", 9), 0);
    ck_assert_int_eq(dl_redis_error(replies[2]), DL_REDIS_ERROR);
    ck_assert_str_eq(dl_reply_str(replies[3], NULL), "v");
    for (int i = 0; i < 4; i++) {
        dl_reply_free(replies[i]);
    }
}
END_TEST

START_TEST(test_huge_both_ways)
{
    size_t len = 20 * 1024 * 1024, have;
    char *big = malloc(len);
    const char *argv[] = { "SET", "big", big };
    const size_t lens[] = { 3, 3, len };
    const dl_redis_cmd_t cmd = { 3, argv, lens };
    redisReply *reply;

    for (size_t i = 0; i < len; i++) {
        big[i] = (char)(i * 31 + i / 4096);
    }
    ck_assert_int_eq(dl_redis_pool_call(pool, &cmd, 1, &reply), APR_SUCCESS);
    ck_assert_int_eq(dl_redis_error(reply), DL_REDIS_OK);
    dl_reply_free(reply);
    reply = ask("GET", "big", NULL);
    ck_assert_ptr_nonnull(dl_reply_str(reply, &have));
    ck_assert_uint_eq(have, len);
    ck_assert_mem_eq(dl_reply_str(reply, NULL), big, len);
    dl_reply_free(reply);
    free(big);
}
END_TEST

START_TEST(test_nested_and_many)
{
    redisReply *reply = ask("EVAL", "return {1,{'a',{2,{}}},false}", "0",
                            NULL);
    const redisReply *inner = dl_reply_at(reply, 1);
    apr_int64_t n;

    ck_assert_uint_eq(dl_reply_count(reply), 3);
    ck_assert_str_eq(dl_reply_str_at(inner, 0, NULL), "a");
    ck_assert(dl_reply_int_at(dl_reply_at(inner, 1), 0, &n) && n == 2);
    ck_assert_int_eq(dl_reply_at(reply, 2)->type, REDIS_REPLY_NIL);
    dl_reply_free(reply);

    reply = ask("EVAL", "local t = {} for i = 1, 200000 do t[i] = i end "
                "return t", "0", NULL);
    ck_assert_uint_eq(dl_reply_count(reply), 200000);
    for (apr_int64_t i = 0; i < 200000; i++) {
        ck_assert(dl_reply_int_at(reply, (size_t)i, &n) && n == i + 1);
    }
    dl_reply_free(reply);
}
END_TEST

#define THREADS 16
#define ROUNDS 300

/* Each thread counts in a key of its own and reads another's text. */
static void *count_up(void *data)
{
    int me = *(int *)data;
    char key[32], text[64];

    snprintf(key, sizeof(key), "count:%d", me);
    for (int i = 1; i <= ROUNDS; i++) {
        const char *incr[] = { "INCR", key }, *echo[] = { "ECHO", text };
        const char *oops[] = { "LPUSH", key, "x" };
        size_t incr_len[] = { 4, strlen(key) }, echo_len[] = { 4, 0 };
        size_t oops_len[] = { 5, strlen(key), 1 };
        const dl_redis_cmd_t cmds[] = {
            { 2, incr, incr_len }, { 3, oops, oops_len },
            { 2, echo, echo_len }
        };
        redisReply *replies[3];

        echo_len[1] = (size_t)snprintf(text, sizeof(text), "%d of %d", i,
                                       me);
        ck_assert_int_eq(dl_redis_pool_call(pool, cmds, 3, replies),
                         APR_SUCCESS);
        ck_assert_int_eq(replies[0]->type, REDIS_REPLY_INTEGER);
        ck_assert_int_eq(replies[0]->integer, i);
        ck_assert_ptr_nonnull(dl_reply_error(replies[1]));
        ck_assert_str_eq(dl_reply_str(replies[2], NULL), text);
        for (int j = 0; j < 3; j++) {
            dl_reply_free(replies[j]);
        }
    }
    return NULL;
}

START_TEST(test_threads)
{
    pthread_t threads[THREADS];
    int names[THREADS], fds = open_descriptors();
    dl_redis_pool_stats_t stats;

    for (int i = 0; i < THREADS; i++) {
        names[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_up,
                                        &names[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_le(open_descriptors(), fds + LINKS);
    dl_redis_pool_stats(pool, &stats);
    ck_assert_uint_eq(stats.calls, THREADS * ROUNDS);
    ck_assert_uint_eq(stats.failures, 0);
    ck_assert_uint_le(stats.batches, stats.calls);
    ck_assert_uint_gt(stats.busy_us, 0);
    apr_pool_clear(p);
    ck_assert_int_eq(open_descriptors(), fds);
}
END_TEST

START_TEST(test_settings_out_of_bounds)
{
    const dl_redis_pool_conf_t bad[] = {
        { 0, 1, 1 }, { 65, 1, 1 }, { 1, 0, 1 }, { 1, 1, 0 }
    };

    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(dl_redis_pool_create(redis_fixture_addr(), &bad[i],
                                              p, &pool), APR_EINVAL);
    }
}
END_TEST

static char logged[4000];

static void keep_log(void *baton, dl_log_level_e level, const char *code,
                     const dl_log_about_t *about, const char *message)
{
    size_t len = strlen(logged);

    (void)baton, (void)level, (void)about;
    snprintf(logged + len, sizeof(logged) - len, "%s %s\n", code, message);
}

/* A call that must fail at once, with code in the log and no secret there. */
static void refused(dl_redis_addr_t addr, const char *code)
{
    const char *argv[] = { "PING" };
    const size_t lens[] = { 4 };
    const dl_redis_cmd_t cmd = { 1, argv, lens };
    redisReply *reply;

    logged[0] = '\0';
    make_pool(&addr);
    ck_assert_int_eq(dl_redis_pool_call(pool, &cmd, 1, &reply),
                     APR_ECONNREFUSED);
    ck_assert_msg(strstr(logged, code) != NULL, "log: %s", logged);
    ck_assert_msg(strstr(logged, "s3cret") == NULL, "log: %s", logged);
}

START_TEST(test_logins)
{
    const char *args[] = {
        "--requirepass", "s3cret pass",
        "--user", "ann", "on", ">s3cret-ann", "~*", "+@all",
        "--user", "free", "on", "nopass", "~*", "+get", NULL
    };
    redis_server_t server;
    dl_redis_addr_t addr;
    redisReply *reply;

    dl_log_sink_set(keep_log, NULL);
    redis_server_start(&server, args);

    addr = server.addr;
    addr.password = "s3cret pass";
    addr.db = 3;
    make_pool(&addr);
    dl_reply_free(ask("SET", "where", "three", NULL));
    reply = ask("CLIENT", "INFO", NULL);
    ck_assert_ptr_nonnull(strstr(reply->str, " db=3 "));
    dl_reply_free(reply);

    addr.user = "ann";
    addr.password = "s3cret-ann";
    make_pool(&addr);
    reply = ask("ACL", "WHOAMI", NULL);
    ck_assert_str_eq(dl_reply_str(reply, NULL), "ann");
    dl_reply_free(reply);

    /* may not even PING, but is let in */
    addr.user = "free";
    addr.password = NULL;
    addr.db = 0;
    make_pool(&addr);
    reply = ask("GET", "where", NULL);
    ck_assert_int_eq(reply->type, REDIS_REPLY_NIL);
    dl_reply_free(reply);
    reply = ask("SET", "where", "x", NULL);
    ck_assert_int_eq(dl_redis_error(reply), DL_REDIS_CONFIG);
    dl_reply_free(reply);

    refused(server.addr, "DL0202");
    addr.user = NULL;
    addr.password = "s3cret wrong";
    refused(addr, "DL0202");
    addr.user = "ann";
    refused(addr, "DL0202");
    addr.password = "s3cret-ann";
    addr.db = 99;
    refused(addr, "DL0202");
    addr.socket = "/nonexistent/s";
    refused(addr, "DL0203");
    redis_server_remove(&server);
}
END_TEST

static const struct {
    const char *text;
    dl_redis_error_e kind;
} errors[] = {
    { "LOADING Redis is loading the dataset in memory", DL_REDIS_NOT_NOW },
    { "READONLY You can't write against a read only replica.",
      DL_REDIS_NOT_NOW },
    { "MISCONF Redis is configured to save RDB snapshots", DL_REDIS_NOT_NOW },
    { "BUSY Redis is busy running a script.", DL_REDIS_NOT_NOW },
    { "MASTERDOWN Link with MASTER is down", DL_REDIS_NOT_NOW },
    { "ERR max number of clients reached", DL_REDIS_NOT_NOW },
    { "OOM command not allowed when used memory > 'maxmemory'.",
      DL_REDIS_FULL },
    { "ERR Error running script (call to f_12): @user_script:1: -OOM no",
      DL_REDIS_FULL },
    { "ERR Error running script (call to f_12): @user_script:1: what",
      DL_REDIS_ERROR },
    { "NOSCRIPT No matching script. Please use EVAL.", DL_REDIS_NOSCRIPT },
    { "NOAUTH Authentication required.", DL_REDIS_CONFIG },
    { "WRONGPASS invalid username-password pair", DL_REDIS_CONFIG },
    { "NOPERM this user has no permissions", DL_REDIS_CONFIG },
    { "ERR DB index is out of range", DL_REDIS_CONFIG },
    { "WRONGTYPE Operation against a key", DL_REDIS_ERROR },
    { "ERR unknown command", DL_REDIS_ERROR },
    { "", DL_REDIS_ERROR },
};

START_TEST(test_kinds)
{
    ck_assert_int_eq(dl_redis_error_text(errors[_i].text), errors[_i].kind);
    ck_assert_int_eq(dl_redis_error(NULL), DL_REDIS_ERROR);
}
END_TEST

Suite *test_redis_pool_suite(void);

Suite *test_redis_pool_suite(void)
{
    Suite *s = suite_create("redis_pool");
    TCase *tc = tcase_create("healthy");
    TCase *bare = tcase_create("logins");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_one);
    tcase_add_test(tc, test_error_in_the_middle);
    tcase_add_test(tc, test_huge_both_ways);
    tcase_add_test(tc, test_nested_and_many);
    tcase_add_test(tc, test_threads);
    suite_add_tcase(s, tc);
    tcase_add_checked_fixture(bare, setup_bare, teardown);
    tcase_add_test(bare, test_settings_out_of_bounds);
    tcase_add_test(bare, test_logins);
    tcase_add_loop_test(bare, test_kinds, 0,
                        sizeof(errors) / sizeof(errors[0]));
    suite_add_tcase(s, bare);
    return s;
}
