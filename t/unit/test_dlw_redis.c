/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's calls against a Redis that goes away, forgets its scripts and
 * answers late.
 */
#include <check.h>
#include <signal.h>
#include <string.h>

#include "dl_reply.h"
#include "dl_task.h"
#include "dlw_redis.h"
#include "redis_fixture.h"

static apr_pool_t *pool;
static dl_loop_t *loop;
static dlw_clock_t wall;
static dlw_settings_t *settings;
static int ups, downs;

static void on_state(void *baton, int up)
{
    (void)baton;
    if (up)
        ups++;
    else
        downs++;
}

static void setup(void)
{
    apr_pool_t *below;

    apr_pool_create(&pool, NULL);
    apr_pool_create(&below, pool);
    ck_assert_int_eq(dl_loop_create(pool, &loop), APR_SUCCESS);
    ck_assert_int_eq(dlw_settings_create(dl_config_create(below), below,
                                         &settings), APR_SUCCESS);
    memset(&wall, 0, sizeof(wall));
    ups = downs = 0;
    redis_fixture_flush();
}

static void teardown(void)
{
    ck_assert_int_eq(settings->refs, 1);
    apr_pool_destroy(pool);
}

static dlw_redis_t *start(const dl_redis_addr_t *addr, apr_pool_t *p)
{
    dlw_redis_conf_t conf = {.addr = addr, .clock = &wall,
                             .on_state = on_state};

    return dlw_redis_create(loop, &conf, p);
}

static void turns_until(const int *counter, int n)
{
    apr_int64_t end_ms = dl_loop_now_ms(loop) + 30000;

    while (*counter < n && dl_loop_now_ms(loop) < end_ms)
        dl_loop_turn(loop, 50);
    ck_assert_int_ge(*counter, n);
}

static int answered, nothing;

static void on_ping(void *baton, const redisReply *reply)
{
    (void)baton;
    if (reply)
        ck_assert_str_eq(dl_reply_str(reply, NULL), "PONG");
    else
        nothing++;
    answered++;
}

static void ping(dlw_redis_t *redis)
{
    dlw_redis_command(redis, 1, (const char *[]){"PING"}, on_ping, NULL);
}

static void on_claimed(void *baton, const redisReply *reply)
{
    (void)baton;
    ck_assert_ptr_nonnull(reply);
    ck_assert_int_eq(reply->type, REDIS_REPLY_ARRAY);
    answered++;
}

static void claim(dlw_redis_t *redis, int keep)
{
    apr_pool_t *p;

    apr_pool_create(&p, pool);
    dlw_redis_call(redis, settings, DL_SCRIPT_CLAIM,
                   dl_task_claim_cmd(settings->scripts, "w", 1, -1, 0, p),
                   keep, on_claimed, NULL);
    apr_pool_destroy(p);        /* the command is the call's own */
}

START_TEST(test_it_connects_and_learns_the_time)
{
    apr_pool_t *p;
    dlw_redis_t *redis;

    apr_pool_create(&p, pool);
    redis = start(redis_fixture_addr(), p);
    ping(redis);                /* not up yet: nothing, but not from within */
    ck_assert_int_eq(answered, 0);
    turns_until(&ups, 1);
    ck_assert_int_eq(nothing, 1);
    ck_assert_int_eq(wall.learnt, 1);
    answered = 0;
    ping(redis);
    ping(redis);
    turns_until(&answered, 2);
    ck_assert_int_eq(nothing, 1);
    ck_assert_int_eq(dlw_redis_pending(redis), 0);
    apr_pool_destroy(p);
}
END_TEST

START_TEST(test_scripts_are_loaded_when_missing)
{
    redisContext *c = redis_fixture_connect();
    apr_pool_t *p;
    dlw_redis_t *redis;

    apr_pool_create(&p, pool);
    redis = start(redis_fixture_addr(), p);
    turns_until(&ups, 1);
    for (int round = 1; round <= 2; round++) {
        freeReplyObject(redisCommand(c, "SCRIPT FLUSH"));
        claim(redis, 0);
        claim(redis, 0);
        turns_until(&answered, 2 * round);
    }
    redisFree(c);
    apr_pool_destroy(p);
}
END_TEST

START_TEST(test_kept_calls_outlive_a_lost_link)
{
    redisContext *c = redis_fixture_connect();
    apr_pool_t *p;
    dlw_redis_t *redis;

    apr_pool_create(&p, pool);
    redis = start(redis_fixture_addr(), p);
    claim(redis, 1);            /* before there is any link */
    turns_until(&answered, 1);
    kill(redis_fixture_pid(), SIGSTOP);
    claim(redis, 1);
    ping(redis);
    dl_loop_turn(loop, 0);      /* sent */
    dl_loop_turn(loop, 0);
    kill(redis_fixture_pid(), SIGCONT);
    freeReplyObject(redisCommand(c, "CLIENT KILL TYPE normal SKIPME yes"));
    turns_until(&answered, 3);
    turns_until(&ups, 1 + downs);
    ck_assert_int_eq(dlw_redis_pending(redis), 0);
    redisFree(c);
    apr_pool_destroy(p);
}
END_TEST

START_TEST(test_no_answer_in_time_is_a_lost_link)
{
    apr_pool_t *p;
    dlw_redis_t *redis;

    apr_pool_create(&p, pool);
    redis = start(redis_fixture_addr(), p);
    turns_until(&ups, 1);
    kill(redis_fixture_pid(), SIGSTOP);
    ping(redis);
    claim(redis, 1);
    turns_until(&downs, 1);     /* five seconds */
    ck_assert_int_eq(nothing, 1);
    kill(redis_fixture_pid(), SIGCONT);
    turns_until(&ups, 2);
    turns_until(&answered, 2);
    ck_assert_int_ge(dlw_redis_outage_ms(redis), 0);
    apr_pool_destroy(p);
}
END_TEST

START_TEST(test_not_now_is_tried_again)
{
    redisContext *c = redis_fixture_connect();
    apr_pool_t *p;
    dlw_redis_t *redis;
    int waited = 0;

    apr_pool_create(&p, pool);
    redis = start(redis_fixture_addr(), p);
    turns_until(&ups, 1);
    freeReplyObject(redisCommand(c, "REPLICAOF 127.0.0.1 1"));
    claim(redis, 1);            /* -READONLY */
    for (; waited < 10; waited++)
        dl_loop_turn(loop, 20);
    ck_assert_int_eq(answered, 0);
    ck_assert_int_eq(dlw_redis_pending(redis), 1);
    freeReplyObject(redisCommand(c, "REPLICAOF NO ONE"));
    turns_until(&answered, 1);
    redisFree(c);
    apr_pool_destroy(p);
}
END_TEST

START_TEST(test_what_is_left_at_the_end_is_given_back)
{
    static const dl_redis_addr_t nowhere = {.socket = "/nonexistent/redis",
                                            .display = "nowhere"};
    apr_pool_t *p;
    dlw_redis_t *redis;

    apr_pool_create(&p, pool);
    redis = start(&nowhere, p);
    claim(redis, 1);
    for (int i = 0; i < 5; i++)
        dl_loop_turn(loop, 20);
    ck_assert_int_eq(dlw_redis_pending(redis), 1);
    ck_assert_int_eq(ups, 0);
    apr_pool_destroy(p);        /* teardown looks at the references */
    ck_assert_int_eq(answered, 0);
}
END_TEST

Suite *test_dlw_redis_suite(void);

Suite *test_dlw_redis_suite(void)
{
    Suite *s = suite_create("dlw_redis");
    TCase *tc = tcase_create("calls");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_it_connects_and_learns_the_time);
    tcase_add_test(tc, test_scripts_are_loaded_when_missing);
    tcase_add_test(tc, test_kept_calls_outlive_a_lost_link);
    tcase_add_test(tc, test_no_answer_in_time_is_a_lost_link);
    tcase_add_test(tc, test_not_now_is_tried_again);
    tcase_add_test(tc, test_what_is_left_at_the_end_is_given_back);
    suite_add_tcase(s, tc);
    return s;
}
