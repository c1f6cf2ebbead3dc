/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outbox of webhooks: claims, leases, tries, bounds, and hosts that have
 * no room.
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

START_TEST(test_delivered)
{
    const char *job = hook_ended(&bed, "https://a.example/x?token=s3same");
    dl_hook_t h = hook_take(&bed);

    ck_assert_str_eq(h.job->id, job);
    ck_assert_str_eq(h.id, apr_pstrcat(bed.p, job, ":completed", NULL));
    ck_assert_int_eq(h.tried, 1);
    ck_assert_int_eq(h.job->state, DL_JOB_COMPLETED);
    ck_assert_str_eq(h.job->callback_url, "https://a.example/x?token=s3same");
    ck_assert_str_eq(h.job->key, "k/70000");
    /* nobody else gets it meanwhile */
    ck_assert_int_eq(hook_claim(&bed, 10).hooks->nelts, 0);
    ck_assert_int_gt(hook_claim(&bed, 10).next_ms, 20000);
    ck_assert_int_eq(hook_settle(&bed, &h, DL_HOOK_DELIVERED, 0, 204, NULL), 1);
    ck_assert_int_eq(hook_settle(&bed, &h, DL_HOOK_DELIVERED, 0, 204, NULL), 0);
    ck_assert_int_eq(hook_claim(&bed, 10).hooks->nelts, 0);
    ck_assert_int_eq(hook_claim(&bed, 10).next_ms, -1);
    ck_assert_str_eq(bed_redis(&bed, "KEYS {t}:hook*"), "");
    ck_assert_str_eq(bed_redis(&bed, "KEYS {t}:queue:hooks"), "");
    ck_assert_int_eq(counter("hooks_delivered"), 1);
}
END_TEST

START_TEST(test_every_end)
{
    dl_admit_t a = bed_request(&bed, "ann", 80000);
    dl_hook_claim_t c;
    dl_task_t t;
    int seen[DL_JOB_CANCELLED + 1] = {0};

    a.callback_url = "https://a.example/";
    bed_send(&bed, &a);
    ck_assert_int_eq(bed_cancel(&bed, a.job_id, "ann"), DL_CANCEL_DONE);
    a = bed_request(&bed, "", 80001);
    a.callback_url = "https://a.example/";
    bed_send(&bed, &a);
    t = bed_take(&bed, "w");
    ck_assert_int_eq(bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL),
                     DL_SETTLE_OK);
    hook_ended(&bed, "https://a.example/");
    /* complete at its admission: the result stands */
    a = bed_request(&bed, "bob", 70000);
    a.callback_url = "https://a.example/";
    ck_assert_int_eq(bed_send(&bed, &a).job->state, DL_JOB_COMPLETED);
    bed_new(&bed, "carl", 70000);       /* asks for no call */
    c = hook_claim(&bed, 10);
    ck_assert_int_eq(c.hooks->nelts, 4);
    for (int i = 0; i < 4; i++)
        seen[APR_ARRAY_IDX(c.hooks, i, dl_hook_t).job->state]++;
    ck_assert_int_eq(seen[DL_JOB_COMPLETED], 2);
    ck_assert_int_eq(seen[DL_JOB_FAILED], 1);
    ck_assert_int_eq(seen[DL_JOB_CANCELLED], 1);
}
END_TEST

START_TEST(test_several_files)
{
    apr_int64_t ids[2] = {80000, 80001};
    dl_admit_t a = bed_request(&bed, "", 80000);
    dl_task_t t;
    dl_hook_t h;

    a.file_ids = ids;
    a.nfiles = a.total = 2;
    a.callback_url = "https://a.example/";
    bed_send(&bed, &a);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(hook_claim(&bed, 1).hooks->nelts, 0);
        t = bed_take(&bed, "w");
        bed_complete(&bed, &t);
    }
    ck_assert_int_gt(ttl("job:files", a.job_id), 86400);
    h = hook_take(&bed);
    ck_assert_int_eq(h.job->files->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(h.job->files, 1, dl_job_file_t).key,
                     "k/80001");
    hook_settle(&bed, &h, DL_HOOK_DELIVERED, 0, 200, NULL);
    ck_assert_int_le(ttl("job:files", a.job_id), 86400);
}
END_TEST

START_TEST(test_gone)
{
    dl_hook_t h;

    hook_ended(&bed, "https://a.example/");
    h = hook_take(&bed);
    ck_assert_int_eq(hook_settle(&bed, &h, DL_HOOK_GONE, 0, 410, NULL), 1);
    hook_pass_time(&bed);
    ck_assert_int_eq(hook_claim(&bed, 1).hooks->nelts, 0);
    ck_assert_int_eq(counter("hooks_gone"), 1);
    ck_assert_str_eq(bed_redis(&bed, "KEYS {t}:hooks:dead"), "");
}
END_TEST

START_TEST(test_lost_worker)
{
    dl_hook_t first, second;

    hook_ended(&bed, "https://a.example/");
    first = hook_take(&bed);
    hook_pass_time(&bed);
    second = hook_take(&bed);
    ck_assert_str_eq(second.id, first.id);
    ck_assert_str_ne(second.fence, first.fence);
    ck_assert_int_eq(second.tried, 2);
    /* the first comes back late: it has no say any more */
    ck_assert_int_eq(hook_settle(&bed, &first, DL_HOOK_AGAIN, 1, 0, "x"), 0);
    ck_assert_int_eq(hook_settle(&bed, &first, DL_HOOK_DELIVERED, 0, 200, NULL),
                     0);
    ck_assert_int_eq(hook_claim(&bed, 1).hooks->nelts, 0);
    ck_assert_int_eq(hook_settle(&bed, &second,
                                 DL_HOOK_DELIVERED, 0, 200, NULL), 1);
    ck_assert_int_eq(hook_settle(&bed, &first, DL_HOOK_AGAIN, 1, 0, "x"), 0);
    hook_pass_time(&bed);
    ck_assert_int_eq(hook_claim(&bed, 1).hooks->nelts, 0);
}
END_TEST

/* One that takes its workers with it does not do so for ever. */
START_TEST(test_lost_too_often)
{
    hook_ended(&bed, "https://a.example/");
    for (int try = 1; try <= HOOK_TRIES; try++) {
        hook_take(&bed);
        hook_pass_time(&bed);
    }
    ck_assert_int_eq(hook_claim(&bed, 1).hooks->nelts, 0);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:hooks:dead"), "1");
}
END_TEST

START_TEST(test_released)
{
    dl_hook_t h;

    hook_ended(&bed, "https://a.example/");
    h = hook_take(&bed);
    ck_assert_int_eq(hook_settle(&bed, &h, DL_HOOK_RELEASED, 0, 0, NULL), 1);
    h = hook_take(&bed);
    ck_assert_int_eq(h.tried, 1);
    ck_assert_int_eq(hook_settle(&bed, &h, DL_HOOK_DELIVERED, 0, 200, NULL), 1);
}
END_TEST

/* Leases that ran out give their room back. */
START_TEST(test_room_after_loss)
{
    for (int i = 0; i < 9; i++)
        hook_ended(&bed, "https://a.example/");
    ck_assert_int_eq(hook_claim(&bed, 64).hooks->nelts, 8);
    ck_assert_int_eq(hook_claim(&bed, 64).hooks->nelts, 0);
    hook_pass_time(&bed);
    bed_redis(&bed, "ZADD {t}:hooks:hosts 1 a.example");
    ck_assert_int_eq(hook_claim(&bed, 64).hooks->nelts, 8);
}
END_TEST

START_TEST(test_slices)
{
    dl_hook_claim_t c;
    int n = 0;

    for (int i = 0; i < 100; i++)
        hook_ended(&bed, apr_psprintf(bed.p, "https://h%d.example/", i));
    c = hook_claim(&bed, 3);
    ck_assert_int_eq(c.hooks->nelts, 3);
    ck_assert_int_eq(c.more, 1);
    n = 3;
    while (c.more) {
        c = hook_claim(&bed, 64);
        n += c.hooks->nelts;
    }
    ck_assert_int_eq(n, 100);
}
END_TEST

/* What an operator has deleted or spoiled is dropped, not sent. */
START_TEST(test_tampered)
{
    const char *job = hook_ended(&bed, "https://a.example/");

    bed_redis(&bed, "DEL {t}:job:status:%s", job);
    bed_redis(&bed, "ZADD {t}:queue:hooks 1 nonsense 2 x:y 3 :");
    job = hook_ended(&bed, "https://a.example/");
    bed_redis(&bed, "HSET {t}:job:status:%s status processing", job);
    job = hook_ended(&bed, "https://a.example/");
    bed_redis(&bed, "HSET {t}:job:status:%s callbackUrl rubbish", job);
    ck_assert_int_eq(hook_claim(&bed, 64).hooks->nelts, 0);
    ck_assert_str_eq(bed_redis(&bed, "KEYS {t}:queue:hooks"), "");
}
END_TEST

START_TEST(test_job_waits_for_its_hook)
{
    const char *job;
    dl_hook_t h;

    bed.conf->job_ttl_s = 60;
    bed_apply(&bed);
    job = hook_ended(&bed, "https://a.example/");
    ck_assert_int_gt(ttl("job:status", job), 600000);
    h = hook_take(&bed);
    hook_settle(&bed, &h, DL_HOOK_AGAIN, 30 * 86400000LL, 500, "500");
    ck_assert_int_gt(ttl("job:status", job), 30 * 86400);
    ck_assert_int_gt(ttl("hook", job), 30 * 86400);
    hook_pass_time(&bed);
    h = hook_take(&bed);
    hook_settle(&bed, &h, DL_HOOK_DELIVERED, 0, 200, NULL);
    ck_assert_int_le(ttl("job:status", job), 60);
}
END_TEST

START_TEST(test_dead_are_bounded)
{
    const char *job = hook_ended(&bed, "https://a.example/");
    dl_hook_t h = hook_take(&bed);

    bed_redis(&bed, "EVAL %s 0", "local t = redis.call('TIME')[1] * 1000 "
              "for i = 1, 5010 do redis.call('ZADD', '{t}:hooks:dead', "
              "t - i, i .. ':failed') "
              "redis.call('HSET', '{t}:hook:' .. i, 'at', t) end "
              "redis.call('ZADD', '{t}:hooks:dead', 1, 'old:failed')");
    hook_settle(&bed, &h, DL_HOOK_DEAD, 0, 0, "x");
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:hooks:dead"), "5000");
    ck_assert_str_eq(bed_redis(&bed, "ZSCORE {t}:hooks:dead old:failed"),
                     "(nil)");
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:hook:5010"), "0");
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:hook:1"), "1");
    ck_assert_str_ne(bed_redis(&bed, "ZSCORE {t}:hooks:dead %s:completed",
                               job), "(nil)");
}
END_TEST

START_TEST(test_parse_hostile)
{
    static const char *const replies[] = {
        "return 1", "return {}", "return {1}", "return {'x', 0}",
        "return {1, 0, 'a:completed'}", "return redis.error_reply('ERR x')",
    };
    dl_hook_claim_t c;

    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        redisReply *r = redisCommand(bed.c, "EVAL %s 0", replies[i]);

        ck_assert_int_ne(dl_hook_claim_parse(r, bed.p, &c), APR_SUCCESS);
        freeReplyObject(r);
    }
    {   /* rows that cannot be sent are left out */
        redisReply *r = redisCommand(bed.c, "EVAL %s 0", "return {1, 1, "
            "'nocolon', '1', 1, 'u', {'status', 'completed'}, {}, "
            "'a:completed', '1', 1, 'u', {}, {}, "
            "'a:completed', '1', 1, {}, {'status', 'completed'}, {}, "
            "'a:queued', '1', 1, 'u', {'status', 'queued'}, {}, "
            "'a:failed', {}, 1, 'u', {'status', 'failed'}, {}}");

        ck_assert_int_eq(dl_hook_claim_parse(r, bed.p, &c), APR_SUCCESS);
        ck_assert_int_eq(c.hooks->nelts, 0);
        freeReplyObject(r);
    }
}
END_TEST


/* A receiver that is down must stand in nobody's way, however many wait. */
START_TEST(test_room_by_host)
{
    enum { MANY = 200 };
    dl_hook_t held[8], other;
    dl_hook_claim_t c;
    apr_array_header_t *list;
    int waits = 0, waiting;

    for (int i = 0; i < MANY; i++)
        hook_ended(&bed, "https://DOWN.example:8443/x");
    hook_ended(&bed, "https://up.example/");
    for (int i = 0, n = 0; n < 9;) {
        c = hook_claim(&bed, 64);
        for (int k = 0; k < c.hooks->nelts; k++, n++) {
            dl_hook_t *h = &APR_ARRAY_IDX(c.hooks, k, dl_hook_t);

            if (strstr(h->job->callback_url, "up."))
                other = *h;
            else
                held[i++] = *h;
        }
        ck_assert(c.more || n == 9);
    }
    ck_assert_int_eq(hook_settle(&bed, &other, DL_HOOK_DELIVERED, 0, 200, NULL),
                     1);
    dl_ops_hooks_count(bed.jobs, bed.p, &waiting, NULL);
    ck_assert_int_eq(waiting, MANY);
    dl_ops_hooks(bed.jobs, 0, 0, 500, bed.p, &list);
    ck_assert_int_eq(list->nelts, MANY);
    for (int i = 0; i < MANY; i++)
        waits += APR_ARRAY_IDX(list, i, dl_ops_hook_t).host_waits;
    ck_assert_int_eq(waits, MANY - 8);

    /* it does not answer: one at a time from now on, the next in line */
    for (int i = 0; i < 8; i++)
        hook_settle(&bed, &held[i], DL_HOOK_AGAIN, 100000, 0, "no answer");
    c = hook_claim(&bed, 64);
    ck_assert_int_eq(c.hooks->nelts, 1);
    ck_assert_int_eq(c.more, 0);
    held[0] = APR_ARRAY_IDX(c.hooks, 0, dl_hook_t);
    ck_assert_int_eq(held[0].tried, 1);
    /* it is back: more at a time, until all are through */
    hook_settle(&bed, &held[0], DL_HOOK_DELIVERED, 0, 200, NULL);
    for (int n = 8; n < MANY - 1;) {
        c = hook_claim(&bed, 64);
        ck_assert_int_ge(c.hooks->nelts, 1);
        ck_assert_int_le(c.hooks->nelts, 8);
        for (int k = 0; k < c.hooks->nelts; k++, n++)
            hook_settle(&bed, &APR_ARRAY_IDX(c.hooks, k, dl_hook_t),
                        DL_HOOK_DELIVERED, 0, 200, NULL);
    }
    ck_assert_str_eq(bed_redis(&bed, "KEYS {t}:hooks:host*"), "");
    dl_ops_hooks_count(bed.jobs, bed.p, &waiting, NULL);
    ck_assert_int_eq(waiting, 8);
}
END_TEST

Suite *test_script_hooks_suite(void);

Suite *test_script_hooks_suite(void)
{
    Suite *s = suite_create("script_hooks");
    TCase *tc = tcase_create("script_hooks");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_delivered);
    tcase_add_test(tc, test_every_end);
    tcase_add_test(tc, test_several_files);
    tcase_add_test(tc, test_gone);
    tcase_add_test(tc, test_lost_worker);
    tcase_add_test(tc, test_lost_too_often);
    tcase_add_test(tc, test_released);
    tcase_add_test(tc, test_room_after_loss);
    tcase_add_test(tc, test_slices);
    tcase_add_test(tc, test_tampered);
    tcase_add_test(tc, test_job_waits_for_its_hook);
    tcase_add_test(tc, test_dead_are_bounded);
    tcase_add_test(tc, test_parse_hostile);
    tcase_add_test(tc, test_room_by_host);
    suite_add_tcase(s, tc);
    return s;
}
