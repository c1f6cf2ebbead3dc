/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operator sees of webhooks, and sending one again.
 */
#include <stdlib.h>

#include "hook_bed.h"

static bed_t bed;

static void setup(void)
{
    bed_open(&bed);
}

static void teardown(void)
{
    bed_close(&bed);
}

static long long ttl(const char *key, const char *job)
{
    return atoll(bed_redis(&bed, "TTL {t}:%s:%s", key, job));
}

static long long counter(const char *name)
{
    return atoll(bed_redis(&bed, "HGET {t}:stats:engine %s", name));
}

START_TEST(test_again_until_dead)
{
    const char *job = hook_ended(&bed, "https://a.example/");
    dl_hook_t h = {0};
    apr_array_header_t *list;
    const dl_ops_hook_t *o;

    for (int try = 1; try <= HOOK_TRIES; try++) {
        hook_pass_time(&bed);
        h = hook_take(&bed);
        ck_assert_int_eq(h.tried, try);
        if (try == HOOK_TRIES)
            break;
        ck_assert_int_eq(hook_settle(&bed, &h,
                                     DL_HOOK_AGAIN, 100000, 500, "500"), 1);
        ck_assert_int_eq(hook_claim(&bed, 1).hooks->nelts, 0);
        ck_assert_int_gt(hook_claim(&bed, 1).next_ms, 90000);
    }
    ck_assert_int_eq(hook_settle(&bed, &h, DL_HOOK_DEAD, 0, 500, "500 thrice"),
                     1);
    hook_pass_time(&bed);
    ck_assert_int_eq(hook_claim(&bed, 1).hooks->nelts, 0);
    ck_assert_int_eq(counter("hooks_again"), HOOK_TRIES - 1);
    ck_assert_int_eq(counter("hooks_dead"), 1);
    ck_assert_int_eq(dl_ops_hooks(bed.jobs, 1, 0, 10, bed.p, &list),
                     APR_SUCCESS);
    ck_assert_int_eq(list->nelts, 1);
    o = &APR_ARRAY_IDX(list, 0, dl_ops_hook_t);
    ck_assert_str_eq(o->job_id, job);
    ck_assert_str_eq(o->error, "500 thrice");
    ck_assert_str_eq(o->host, "a.example");
    ck_assert_int_eq(o->status, 500);
    ck_assert_int_eq(o->tried, HOOK_TRIES);
    ck_assert_int_gt(o->at_ms, 1000000000000);
    ck_assert_int_gt(ttl("hook", job), 600000);
    ck_assert_int_gt(ttl("job:status", job), 600000);
}
END_TEST

static dl_ops_replay_e replay(const char *job)
{
    dl_ops_replay_e outcome;

    ck_assert_int_eq(dl_ops_hook_replay(bed.jobs, job, bed.p, &outcome),
                     APR_SUCCESS);
    return outcome;
}

START_TEST(test_replay)
{
    const char *job = hook_ended(&bed, "https://a.example/");
    const char *plain = bed_new(&bed, "", 90000);
    dl_hook_t h = hook_take(&bed);

    ck_assert_int_eq(replay(job), DL_OPS_REPLAY_SENDING);
    hook_settle(&bed, &h, DL_HOOK_DEAD, 0, 0, "x");
    ck_assert_int_eq(replay(job), DL_OPS_REPLAY_QUEUED);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:hooks:dead"), "0");
    h = hook_take(&bed);
    ck_assert_int_eq(h.tried, 1);
    hook_settle(&bed, &h, DL_HOOK_AGAIN, 100000, 500, "x");
    ck_assert_int_eq(replay(job), DL_OPS_REPLAY_QUEUED);    /* waits */
    h = hook_take(&bed);
    ck_assert_int_eq(h.tried, 1);
    hook_settle(&bed, &h, DL_HOOK_DELIVERED, 0, 200, NULL);
    ck_assert_int_eq(replay(job), DL_OPS_REPLAY_QUEUED);    /* delivered */
    h = hook_take(&bed);
    hook_settle(&bed, &h, DL_HOOK_DELIVERED, 0, 200, NULL);
    ck_assert_int_eq(replay(plain), DL_OPS_REPLAY_NONE);    /* has not ended */
    ck_assert_int_eq(replay(bed_id(&bed)), DL_OPS_REPLAY_NONE);
    ck_assert_int_eq(replay("*"), DL_OPS_REPLAY_NONE);
}
END_TEST

START_TEST(test_list)
{
    const char *a = hook_ended(&bed, "https://a.example/secret"), *b, *c;
    apr_array_header_t *list;
    const dl_ops_hook_t *o;
    dl_hook_t h = hook_take(&bed);

    hook_settle(&bed, &h, DL_HOOK_AGAIN, 3600000, 503, "503 from the receiver");
    b = hook_ended(&bed, "https://b.example:8443/");
    h = hook_take(&bed);
    c = hook_ended(&bed, "https://c.example/");
    bed_redis(&bed, "ZADD {t}:queue:hooks 1 %s:completed", c);
    ck_assert_int_eq(dl_ops_hooks(bed.jobs, 0, 0, 10, bed.p, &list),
                     APR_SUCCESS);
    ck_assert_int_eq(list->nelts, 3);
    o = (const dl_ops_hook_t *)list->elts;
    ck_assert_str_eq(o[0].job_id, c);
    ck_assert_str_eq(o[0].type, "download.completed");
    ck_assert_str_eq(o[0].host, "c.example");
    ck_assert_int_eq(o[0].tried, 0);
    ck_assert_int_eq(o[0].due_ms, 1);
    ck_assert_int_eq(o[0].at_ms, 0);
    ck_assert_str_eq(o[1].job_id, b);
    ck_assert_int_eq(o[1].sending, 1);
    ck_assert_str_eq(o[1].worker, "w");
    ck_assert_str_eq(o[1].host, "b.example:8443");
    ck_assert_str_eq(o[2].job_id, a);
    ck_assert_int_eq(o[2].sending, 0);
    ck_assert_int_eq(o[2].status, 503);
    ck_assert_str_eq(o[2].error, "503 from the receiver");
    ck_assert_int_gt(o[2].due_ms, o[2].at_ms);
    ck_assert_int_eq(dl_ops_hooks(bed.jobs, 1, 0, 10, bed.p, &list),
                     APR_SUCCESS);
    ck_assert_int_eq(list->nelts, 0);
    dl_ops_hooks(bed.jobs, 0, 2, 1, bed.p, &list);
    ck_assert_int_eq(list->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(list, 0, dl_ops_hook_t).job_id, a);
}
END_TEST

Suite *test_ops_hooks_suite(void);

Suite *test_ops_hooks_suite(void)
{
    Suite *s = suite_create("ops_hooks");
    TCase *tc = tcase_create("ops_hooks");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_again_until_dead);
    tcase_add_test(tc, test_replay);
    tcase_add_test(tc, test_list);
    suite_add_tcase(s, tc);
    return s;
}
