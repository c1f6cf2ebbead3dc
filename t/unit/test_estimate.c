/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long it will take, and when to ask again.
 */
#include <check.h>
#include <string.h>

#include "dl_estimate.h"

#define DAY_MS APR_INT64_C(86400000)
#define NOW APR_INT64_C(1769862896789)

START_TEST(a_new_job_waits_and_then_runs)
{
    static const struct {
        apr_int64_t duration_ms;
        double per_second;
        apr_int64_t ahead;
        int ntasks;
        apr_int64_t total_ms;
    } cases[] = {
        { 0, 0, 0, 1, 0 },              /* nothing known */
        { 0, 5, 100, 1, 0 },
        { 90000, 0, 0, 1, 90000 },
        { 90000, 0, 50, 1, 90000 },     /* no throughput known */
        { 90000, 2, 0, 1, 90000 },
        { 90000, 2, 100, 1, 140000 },
        { 10000, 0.5, 10, 1, 30000 },
        { 10000, 1, 0, 11, 20000 },     /* its own other files */
        { 10000, 1e-9, 1000000, 1, DAY_MS },
        { 10000, 1e-300, 1, 1, DAY_MS },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_int_eq(dl_estimate_total_ms(
            cases[i].duration_ms, cases[i].per_second, cases[i].ahead,
            cases[i].ntasks), cases[i].total_ms);
    }
}
END_TEST

START_TEST(what_is_left_follows_clock_and_progress)
{
    static const struct {
        dl_job_state_e state;
        int created_ago, started_ago, estimate, progress, next_in;
        apr_int64_t left_ms;
    } cases[] = {
        { DL_JOB_QUEUED, 0, 0, 0, 0, 0, -1 },
        { DL_JOB_QUEUED, 10000, 0, 60000, 0, 0, 50000 },
        { DL_JOB_QUEUED, 70000, 0, 60000, 0, 0, 0 },
        /* too little progress to go by */
        { DL_JOB_PROCESSING, 10000, 5000, 60000, 4, 0, 50000 },
        { DL_JOB_PROCESSING, 10000, 5000, 0, 4, 0, -1 },
        /* half done in 10 s: half by the clock, half by its own pace */
        { DL_JOB_PROCESSING, 10000, 10000, 40000, 50, 0, 20000 },
        { DL_JOB_PROCESSING, 10000, 10000, 0, 50, 0, 10000 },
        { DL_JOB_PROCESSING, 10000, 10000, 40000, 100, 0, 0 },
        /* overdue: by its own pace alone */
        { DL_JOB_PROCESSING, 90000, 90000, 60000, 90, 0, 10000 },
        /* between attempts */
        { DL_JOB_QUEUED, 70000, 60000, 60000, 0, 20000, 20000 },
        { DL_JOB_QUEUED, 0, 0, 0, 0, 20000, 20000 },
        { DL_JOB_COMPLETED, 10000, 5000, 60000, 100, 0, 0 },
        { DL_JOB_FAILED, 10000, 5000, 60000, 10, 0, 0 },
        { DL_JOB_CANCELLED, 10000, 5000, 60000, 10, 0, 0 },
        /* a clock that runs behind */
        { DL_JOB_PROCESSING, -5000, -5000, 60000, 50, 0, 65000 },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dl_job_t job;

        memset(&job, 0, sizeof(job));
        job.state = cases[i].state;
        job.created_ms = NOW - cases[i].created_ago;
        job.started_ms = cases[i].started_ago ? NOW - cases[i].started_ago
                                              : 0;
        job.estimate_ms = cases[i].estimate;
        job.progress = cases[i].progress;
        job.next_attempt_ms = cases[i].next_in ? NOW + cases[i].next_in : 0;
        ck_assert_msg(dl_estimate_left_ms(&job, NOW) == cases[i].left_ms,
                      "case %d: %" APR_INT64_T_FMT, (int)i,
                      dl_estimate_left_ms(&job, NOW));
    }
}
END_TEST

START_TEST(retry_after_stays_within_its_bounds)
{
    static const struct {
        apr_int64_t left_ms;
        int seconds;
    } cases[] = {
        { -1, 5 }, { 0, 1 }, { 1, 1 }, { 1000, 1 }, { 1001, 2 },
        { 12000, 12 }, { 29001, 30 }, { 30000, 30 }, { 31000, 30 },
        { DAY_MS, 30 }, { APR_INT64_MIN, 5 },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_int_eq(dl_estimate_retry_after_s(cases[i].left_ms),
                         cases[i].seconds);
    }
}
END_TEST

Suite *test_estimate_suite(void);

Suite *test_estimate_suite(void)
{
    Suite *s = suite_create("estimate");
    TCase *tc = tcase_create("estimate");

    tcase_add_test(tc, a_new_job_waits_and_then_runs);
    tcase_add_test(tc, what_is_left_follows_clock_and_progress);
    tcase_add_test(tc, retry_after_stays_within_its_bounds);
    suite_add_tcase(s, tc);
    return s;
}
