/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits of admission, priorities and estimates.
 */
#include <stdlib.h>

#include "engine_bed.h"

static bed_t bed;

static void setup(void)
{
    bed_open(&bed);
}

static void teardown(void)
{
    bed_close(&bed);
}

static dl_admit_e outcome_of(const char *user, apr_int64_t file_id)
{
    dl_admit_t a = bed_request(&bed, user, file_id);

    return bed_send(&bed, &a).outcome;
}

START_TEST(test_order_of_layers)
{
    dl_admit_t a = bed_request(&bed, "ann", 70000);

    bed.conf->rate_limit = 1;
    bed.conf->rate_window_s = 3600;
    bed.conf->max_active = 1;
    bed.conf->max_queue = 1;
    bed_apply(&bed);
    a.idempotency_key = "k";
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_NEW);
    /* all limits are reached: replays and reuses pass */
    a.job_id = bed_id(&bed);
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_IDEMPOTENT);
    ck_assert_int_eq(outcome_of("ann", 70000), DL_ADMIT_DUPLICATE);
    ck_assert_int_eq(outcome_of("ann", 70001), DL_ADMIT_RATE_LIMITED);
    bed.conf->rate_limit = 100;
    bed_apply(&bed);
    ck_assert_int_eq(outcome_of("ann", 70001), DL_ADMIT_TOO_MANY_JOBS);
    ck_assert_int_eq(outcome_of("bob", 70001), DL_ADMIT_QUEUE_FULL);
    /* what joins a task needs no place */
    ck_assert_int_eq(outcome_of("bob", 70000), DL_ADMIT_NEW);
    ck_assert_int_eq(outcome_of("", 70000), DL_ADMIT_NEW);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:wait"), "1");
}
END_TEST

START_TEST(test_refusal_writes_nothing)
{
    const char *before;

    bed.conf->rate_limit = 1;
    bed.conf->rate_window_s = 3600;
    bed_apply(&bed);
    bed_new(&bed, "ann", 70000);
    outcome_of("ann", 70001);   /* counts the first refusal */
    before = bed_redis(&bed, "DBSIZE");
    {
        dl_admit_t a = bed_request(&bed, "ann", 70001);

        a.idempotency_key = "k";
        ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_RATE_LIMITED);
    }
    ck_assert_str_eq(bed_redis(&bed, "DBSIZE"), before);
}
END_TEST

/* Ms since the epoch by Redis. */
static apr_int64_t now_ms(void)
{
    dl_admit_t a = bed_request(&bed, "", 99999);

    return bed_send(&bed, &a).now_ms;
}

/* Asks until it is that late: Redis is the only clock here. */
static void wait_until(apr_int64_t ms)
{
    while (now_ms() < ms)
        ;
}

START_TEST(test_rate_limit_and_retry_after)
{
    dl_admit_t a = bed_request(&bed, "ann", 70000);
    dl_admitted_t out;
    int file = 70000, refused = 0;

    bed.conf->rate_limit = 4;
    bed.conf->rate_window_s = 2;
    bed_apply(&bed);
    ck_assert_int_eq(bed_send(&bed, &a).rate_remaining, 3);
    while (refused < 3) {
        a = bed_request(&bed, "ann", ++file);
        out = bed_send(&bed, &a);
        if (out.outcome == DL_ADMIT_NEW) {
            ck_assert_int_ge(out.rate_remaining, 0);
            continue;
        }
        ck_assert_int_eq(out.outcome, DL_ADMIT_RATE_LIMITED);
        ck_assert_int_eq(out.rate_remaining, 0);
        ck_assert_int_ge(out.retry_after_s, 1);
        ck_assert_int_le(out.retry_after_s, 4);
        ck_assert_int_eq(out.rate_reset_s, out.retry_after_s);
        ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:job:status:%s",
                                   a.job_id), "0");
        /* obeyed: admitted */
        wait_until(out.now_ms + out.retry_after_s * 1000);
        a = bed_request(&bed, "ann", ++file);
        ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_NEW);
        refused++;
    }
    /* never more than the limit and what slides out, in any window */
    ck_assert_int_le(file - 70000, 4 * 3 + 6 + 3);
    /* other users are not touched; anonymous callers only by an address */
    a = bed_request(&bed, "bob", 80000);
    ck_assert_int_eq(bed_send(&bed, &a).rate_remaining, 3);
    a = bed_request(&bed, "", 80001);
    ck_assert_int_eq(bed_send(&bed, &a).rate_remaining, -1);
    for (int i = 0; i < 5; i++) {
        a = bed_request(&bed, "", 80010 + i);
        a.client = "192.0.2.1";
        out = bed_send(&bed, &a);
    }
    ck_assert_int_eq(out.outcome, DL_ADMIT_RATE_LIMITED);
}
END_TEST

START_TEST(test_max_active)
{
    const char *first;
    dl_admit_t a;
    dl_admitted_t out;
    dl_task_t t;

    bed.conf->max_active = 3;
    bed_apply(&bed);
    first = bed_new(&bed, "ann", 70000);
    bed_new(&bed, "ann", 70001);
    bed_new_many(&bed, "ann", 70010, 3);
    a = bed_request(&bed, "ann", 70002);
    out = bed_send(&bed, &a);
    ck_assert_int_eq(out.outcome, DL_ADMIT_TOO_MANY_JOBS);
    ck_assert_int_ge(out.retry_after_s, 1);
    bed_new(&bed, "bob", 70002);

    /* each way to end a job makes room */
    bed_cancel(&bed, first, "ann");
    bed_new(&bed, "ann", 70003);
    ck_assert_int_eq(outcome_of("ann", 70004), DL_ADMIT_TOO_MANY_JOBS);
    t = bed_take(&bed, "w");
    ck_assert_int_eq(t.file_id, 70001);
    bed_complete(&bed, &t);
    bed_new(&bed, "ann", 70004);
    ck_assert_int_eq(outcome_of("ann", 70005), DL_ADMIT_TOO_MANY_JOBS);
    for (int i = 0; i < 3; i++) {
        t = bed_take(&bed, "w");
        ck_assert_int_eq(t.file_id, 70010 + i);
        bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL);
    }
    bed_new(&bed, "ann", 70005);
    ck_assert_int_eq(outcome_of("ann", 70006), DL_ADMIT_TOO_MANY_JOBS);

    /* and a job that vanished does not count for ever */
    bed_redis(&bed, "DEL {t}:job:status:%s", a.job_id);
    {
        dl_job_list_t list;

        dl_jobs_list(bed.jobs, "ann", DL_JOB_QUEUED, 10, NULL, bed.p, &list);
        ck_assert_int_eq(list.jobs->nelts, 3);
        bed_redis(&bed, "DEL {t}:job:status:%s",
                  APR_ARRAY_IDX(list.jobs, 0, dl_job_t *)->id);
    }
    bed_new(&bed, "ann", 70007);
    /* nor does one that ended unnoticed */
    ck_assert_int_eq(outcome_of("ann", 70008), DL_ADMIT_TOO_MANY_JOBS);
    {
        dl_job_list_t list;

        dl_jobs_list(bed.jobs, "ann", DL_JOB_QUEUED, 10, NULL, bed.p, &list);
        bed_redis(&bed, "HSET {t}:job:status:%s status failed",
                  APR_ARRAY_IDX(list.jobs, 0, dl_job_t *)->id);
    }
    bed_new(&bed, "ann", 70008);
}
END_TEST

START_TEST(test_queue_bound)
{
    dl_admit_t a;
    dl_admitted_t out;
    dl_task_t t;

    bed.conf->max_queue = 4;
    bed_apply(&bed);
    bed_new(&bed, "u1", 70000);
    bed_new(&bed, "u2", 70001);
    bed_new(&bed, "u3", 70002);
    bed_new(&bed, "u4", 70003);
    /* one runs, one waits for its next attempt: still four */
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "TIMEOUT", 0, NULL);
    t = bed_take(&bed, "w");
    a = bed_request(&bed, "u5", 70004);
    out = bed_send(&bed, &a);
    ck_assert_int_eq(out.outcome, DL_ADMIT_QUEUE_FULL);
    ck_assert_int_eq(out.retry_after_s, 5);
    bed_complete(&bed, &t);
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_NEW);

    /* several: those with a task or a result need no place */
    {
        apr_int64_t ids[3] = {70000, 70001, 70002};

        a = bed_request(&bed, "u6", 70000);
        a.file_ids = ids;
        a.nfiles = a.total = 3;
        out = bed_send(&bed, &a);
        ck_assert_int_eq(out.outcome, DL_ADMIT_NEW);
        ids[0] = 69999;
        a.job_id = bed_id(&bed);
        out = bed_send(&bed, &a);
        ck_assert_int_eq(out.outcome, DL_ADMIT_QUEUE_FULL);
        ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:task:69999"), "0");
    }
}
END_TEST

START_TEST(test_priorities)
{
    dl_admit_t a = bed_request(&bed, "ann", 70000);

    a.priority = DL_PRIORITY_LOW;
    bed_send(&bed, &a);
    bed_new(&bed, "ann", 70001);
    a = bed_request(&bed, "ann", 70002);
    a.priority = DL_PRIORITY_HIGH;
    bed_send(&bed, &a);
    a = bed_request(&bed, "ann", 70003);
    a.priority = DL_PRIORITY_LOW;
    bed_send(&bed, &a);
    ck_assert_int_eq(bed_take(&bed, "w").file_id, 70002);
    /* whoever joins may raise it */
    a = bed_request(&bed, "bob", 70003);
    a.priority = DL_PRIORITY_HIGH;
    bed_send(&bed, &a);
    ck_assert_int_eq(bed_take(&bed, "w").file_id, 70003);
    /* but not lower it */
    a = bed_request(&bed, "bob", 70001);
    a.priority = DL_PRIORITY_LOW;
    bed_send(&bed, &a);
    ck_assert_int_eq(bed_take(&bed, "w").file_id, 70001);
    /* the same user asks again with more haste */
    bed_new(&bed, "ann", 70004);
    a = bed_request(&bed, "ann", 70000);
    a.priority = DL_PRIORITY_HIGH;
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_DUPLICATE);
    ck_assert_int_eq(bed_take(&bed, "w").file_id, 70000);
    ck_assert_int_eq(bed_take(&bed, "w").file_id, 70004);
}
END_TEST

START_TEST(test_low_is_not_starved)
{
    dl_admit_t a = bed_request(&bed, "ann", 70000);

    a.priority = DL_PRIORITY_LOW;
    bed_send(&bed, &a);
    /* five minutes later it goes before what comes then */
    bed_redis(&bed, "ZINCRBY {t}:queue:wait -301000000 70000");
    a = bed_request(&bed, "ann", 70001);
    a.priority = DL_PRIORITY_HIGH;
    bed_send(&bed, &a);
    ck_assert_int_eq(bed_take(&bed, "w").file_id, 70000);
}
END_TEST

START_TEST(test_estimate)
{
    dl_estimate_t e;
    dl_admit_t a;
    dl_admitted_t out;

    ck_assert_int_eq(dl_jobs_estimate(bed.jobs, bed.p, &e), APR_SUCCESS);
    ck_assert_int_eq(e.duration_ms, 0);
    for (int i = 0; i < 20; i++) {
        dl_task_t t;

        bed_new(&bed, "", 70000 + i);
        t = bed_take(&bed, "w");
        bed_complete(&bed, &t); /* 1,500 ms each */
    }
    ck_assert_int_eq(dl_jobs_estimate(bed.jobs, bed.p, &e), APR_SUCCESS);
    ck_assert_int_eq(e.duration_ms, 1500);
    ck_assert(e.per_second > 0);
    a = bed_request(&bed, "ann", 80000);
    out = bed_send(&bed, &a);
    ck_assert_int_ge(out.job->estimate_ms, 1500);
    ck_assert_int_eq(bed_get(&bed, a.job_id)->estimate_ms,
                     out.job->estimate_ms);
}
END_TEST

Suite *test_script_limits_suite(void);

Suite *test_script_limits_suite(void)
{
    Suite *s = suite_create("script_limits");
    TCase *tc = tcase_create("limits");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_order_of_layers);
    tcase_add_test(tc, test_refusal_writes_nothing);
    tcase_add_test(tc, test_rate_limit_and_retry_after);
    tcase_add_test(tc, test_max_active);
    tcase_add_test(tc, test_queue_bound);
    tcase_add_test(tc, test_priorities);
    tcase_add_test(tc, test_low_is_not_starved);
    tcase_add_test(tc, test_estimate);
    suite_add_tcase(s, tc);
    return s;
}
