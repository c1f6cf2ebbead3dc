/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cancels: queued, in backoff, running, shared; against completion.
 */
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

START_TEST(test_cancel_queued)
{
    const char *id = bed_new(&bed, "ann", 70000);

    ck_assert_int_eq(bed_cancel(&bed, id, "bob"), DL_CANCEL_NOT_FOUND);
    ck_assert_int_eq(bed_cancel(&bed, id, ""), DL_CANCEL_NOT_FOUND);
    ck_assert_int_eq(bed_cancel(&bed, bed_id(&bed), "ann"),
                     DL_CANCEL_NOT_FOUND);
    ck_assert_int_eq(bed_cancel(&bed, "not-an-id", "ann"),
                     DL_CANCEL_NOT_FOUND);
    ck_assert_int_eq(bed_cancel(&bed, id, "ann"), DL_CANCEL_DONE);
    ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_CANCELLED);
    ck_assert_int_gt(bed_get(&bed, id)->completed_ms, 0);
    ck_assert_int_eq(bed_get(&bed, id)->version, 2);
    ck_assert_int_eq(bed_cancel(&bed, id, "ann"), DL_CANCEL_DONE);
    ck_assert_int_eq(bed_get(&bed, id)->version, 2);
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:task:70000"), "0");
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:wait"), "0");
    ck_assert_int_eq(bed_claim(&bed, "w", 1).tasks->nelts, 0);
}
END_TEST

START_TEST(test_cancel_in_backoff)
{
    const char *id = bed_new(&bed, "ann", 70000);
    dl_task_t t = bed_take(&bed, "w");

    bed_fail(&bed, &t, "TIMEOUT", 0, NULL);
    ck_assert_int_eq(bed_cancel(&bed, id, NULL), DL_CANCEL_DONE);
    ck_assert_int_eq(bed_get(&bed, id)->next_attempt_ms, 0);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:delayed"), "0");
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:task:70000"), "0");
}
END_TEST

START_TEST(test_cancel_running)
{
    const char *id = bed_new(&bed, "ann", 70000);
    dl_task_t t = bed_take(&bed, "w");
    redisContext *control = bed_subscribe(&bed, "{t}:control");

    ck_assert_int_eq(bed_cancel(&bed, id, "ann"), DL_CANCEL_DONE);
    ck_assert_str_eq(bed_heard(&bed, control),
                     apr_psprintf(bed.p, "{\"cancel\":70000,\"fence\":%"
                                  APR_INT64_T_FMT "}", t.fence));
    redisFree(control);
    ck_assert_int_eq(bed_beat(&bed, &t, 10), 0);
    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_CANCELLED);
    ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_CANCELLED);
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:result:file:70000:completed"
                               ), "0");
    /* another claim of the file has nothing to do with the old one */
    bed_new(&bed, "ann", 70000);
    {
        dl_task_t next = bed_take(&bed, "w");

        ck_assert_int_gt(next.fence, t.fence);
        ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_STALE);
        ck_assert_int_eq(bed_complete(&bed, &next), DL_SETTLE_OK);
    }
}
END_TEST

START_TEST(test_cancel_against_complete)
{
    for (int i = 0; i < 50; i++) {
        const char *id = bed_new(&bed, "ann", 70000 + i);
        dl_task_t t = bed_take(&bed, "w");

        if (i % 2) {
            ck_assert_int_eq(bed_cancel(&bed, id, "ann"), DL_CANCEL_DONE);
            ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_CANCELLED);
            ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_CANCELLED);
        }
        else {
            ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_OK);
            ck_assert_int_eq(bed_cancel(&bed, id, "ann"),
                             DL_CANCEL_TERMINAL);
            ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_COMPLETED);
        }
    }
}
END_TEST

START_TEST(test_cancel_one_of_several_jobs)
{
    const char *a = bed_new(&bed, "ann", 70000);
    const char *b = bed_new(&bed, "bob", 70000);
    const char *c = bed_new(&bed, "cid", 70000);
    dl_task_t t;

    ck_assert_int_eq(bed_cancel(&bed, a, "ann"), DL_CANCEL_DONE);
    t = bed_take(&bed, "w");
    ck_assert(strcmp(t.job_id, b) == 0 || strcmp(t.job_id, c) == 0);
    ck_assert_int_eq(bed_cancel(&bed, b, "bob"), DL_CANCEL_DONE);
    ck_assert_int_eq(bed_beat(&bed, &t, 10), 1);
    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_OK);
    ck_assert_int_eq(bed_get(&bed, a)->state, DL_JOB_CANCELLED);
    ck_assert_int_eq(bed_get(&bed, b)->state, DL_JOB_CANCELLED);
    ck_assert_int_eq(bed_get(&bed, c)->state, DL_JOB_COMPLETED);
}
END_TEST

START_TEST(test_cancel_shared_anonymous)
{
    const char *id = bed_new(&bed, "", 70000), *token = bed_id(&bed);
    dl_admit_t a = bed_request(&bed, "", 70000);
    dl_cancelled_t out;

    bed_send(&bed, &a);
    a.job_id = bed_id(&bed);
    ck_assert_int_eq(bed_send(&bed, &a).job->holders, 3);
    for (int i = 0; i < 2; i++) {       /* sent twice: counts once */
        dl_jobs_cancel(bed.jobs, id, "", token, bed.p, &out);
        ck_assert_int_eq(out.outcome, DL_CANCEL_RELEASED);
        ck_assert_int_eq(out.job->holders, 2);
        ck_assert_int_eq(out.job->state, DL_JOB_QUEUED);
    }
    token = bed_id(&bed);
    dl_jobs_cancel(bed.jobs, id, "", token, bed.p, &out);
    ck_assert_int_eq(out.outcome, DL_CANCEL_RELEASED);
    dl_jobs_cancel(bed.jobs, id, "", token, bed.p, &out);
    ck_assert_int_eq(out.outcome, DL_CANCEL_RELEASED);
    ck_assert_int_eq(bed_cancel(&bed, id, ""), DL_CANCEL_DONE);
    ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_CANCELLED);

    /* an operator need not ask the holders */
    id = bed_new(&bed, "", 70001);
    a = bed_request(&bed, "", 70001);
    bed_send(&bed, &a);
    ck_assert_int_eq(bed_cancel(&bed, id, NULL), DL_CANCEL_DONE);
}
END_TEST

START_TEST(test_cancel_several_files)
{
    const char *many = bed_new_many(&bed, "ann", 70000, 1000);
    const char *one = bed_new(&bed, "bob", 70500);
    dl_claim_t claim = bed_claim(&bed, "w", 3);
    dl_task_t *t = (dl_task_t *)claim.tasks->elts;
    dl_job_t *job;

    bed_complete(&bed, &t[0]);
    ck_assert_int_eq(bed_cancel(&bed, many, "ann"), DL_CANCEL_DONE);
    ck_assert_int_eq(bed_beat(&bed, &t[1], 5), 0);
    ck_assert_int_eq(bed_beat(&bed, &t[2], 5), 0);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:lease"), "0");
    ck_assert_str_eq(bed_redis(&bed, "ZRANGE {t}:queue:wait 0 -1"), "70500");
    job = bed_get(&bed, many);
    ck_assert_int_eq(job->files->nelts, 1000);
    ck_assert_int_eq(APR_ARRAY_IDX(job->files, 0, dl_job_file_t).state,
                     DL_JOB_COMPLETED);
    ck_assert_int_eq(APR_ARRAY_IDX(job->files, 1, dl_job_file_t).state,
                     DL_JOB_CANCELLED);
    ck_assert_int_eq(APR_ARRAY_IDX(job->files, 999, dl_job_file_t).state,
                     DL_JOB_CANCELLED);
    *t = bed_take(&bed, "w");
    ck_assert_str_eq(t->job_id, one);
    bed_complete(&bed, t);
    ck_assert_int_eq(bed_get(&bed, one)->state, DL_JOB_COMPLETED);
}
END_TEST

Suite *test_script_cancel_suite(void);

Suite *test_script_cancel_suite(void)
{
    Suite *s = suite_create("script_cancel");
    TCase *tc = tcase_create("cancel");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_cancel_queued);
    tcase_add_test(tc, test_cancel_in_backoff);
    tcase_add_test(tc, test_cancel_running);
    tcase_add_test(tc, test_cancel_against_complete);
    tcase_add_test(tc, test_cancel_one_of_several_jobs);
    tcase_add_test(tc, test_cancel_shared_anonymous);
    tcase_add_test(tc, test_cancel_several_files);
    suite_add_tcase(s, tc);
    return s;
}
