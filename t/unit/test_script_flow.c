/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job's way through the engine, and the state of its fields at each step.
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

START_TEST(test_one_file)
{
    dl_admit_t a = bed_request(&bed, "ann", 70000);
    dl_admitted_t out;
    dl_job_t *job;
    dl_task_t t;

    a.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    out = bed_send(&bed, &a);
    ck_assert_int_eq(out.outcome, DL_ADMIT_NEW);
    ck_assert_int_eq(out.rate_remaining, -1);
    ck_assert_int_eq(out.queue_length, 0);
    ck_assert_int_eq(out.job->state, DL_JOB_QUEUED);
    ck_assert_int_eq(out.job->created_ms, out.now_ms);
    ck_assert_str_eq(bed_redis(&bed, "LLEN {t}:queue:wake"), "1");

    job = bed_get(&bed, a.job_id);
    ck_assert_int_eq(job->state, DL_JOB_QUEUED);
    ck_assert_int_eq(job->version, 1);
    ck_assert_int_eq(job->file_id, 70000);
    ck_assert_int_eq(job->total, 1);
    ck_assert_int_eq(job->attempt, 0);
    ck_assert_int_eq(job->created_ms, out.now_ms);
    ck_assert_str_eq(job->user, "ann");
    ck_assert_str_eq(job->request_id, "req-1");
    ck_assert_str_eq(job->traceparent, a.traceparent);

    t = bed_take(&bed, "w");
    ck_assert_int_eq(t.file_id, 70000);
    ck_assert_int_gt(t.fence, 0);
    ck_assert_int_eq(t.attempt, 1);
    ck_assert_int_eq(t.lost, 0);
    ck_assert_int_eq(t.settled, 0);
    ck_assert_str_eq(t.job_id, a.job_id);
    ck_assert_str_eq(t.request_id, "req-1");
    ck_assert_str_eq(t.traceparent, a.traceparent);
    ck_assert_str_eq(t.tracestate, "");

    job = bed_get(&bed, a.job_id);
    ck_assert_int_eq(job->state, DL_JOB_PROCESSING);
    ck_assert_int_eq(job->version, 2);
    ck_assert_int_eq(job->attempt, 1);
    ck_assert_int_gt(job->started_ms, 0);

    ck_assert_int_eq(bed_beat(&bed, &t, 45), 1);
    job = bed_get(&bed, a.job_id);
    ck_assert_int_eq(job->progress, 45);
    ck_assert_int_eq(job->version, 3);
    /* never falls, and what changes nothing is no new version */
    ck_assert_int_eq(bed_beat(&bed, &t, 40), 1);
    ck_assert_int_eq(bed_beat(&bed, &t, -1), 1);
    job = bed_get(&bed, a.job_id);
    ck_assert_int_eq(job->progress, 45);
    ck_assert_int_eq(job->version, 3);
    ck_assert_int_eq(bed_beat(&bed, &t, 100), 1);
    ck_assert_int_eq(bed_get(&bed, a.job_id)->progress, 99);

    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_OK);
    job = bed_get(&bed, a.job_id);
    ck_assert_int_eq(job->state, DL_JOB_COMPLETED);
    ck_assert_int_eq(job->version, 5);
    ck_assert_int_eq(job->progress, 100);
    ck_assert_str_eq(job->key, "k/70000");
    ck_assert_int_eq(job->size, 100);
    ck_assert_str_eq(job->filename, "report.csv");
    ck_assert_str_eq(job->content_type, "text/csv");
    ck_assert_str_eq(job->url, "/objects/k/70000?expires=1");
    ck_assert_int_eq(job->url_expires_s, 2000000000);
    ck_assert_int_ge(job->completed_ms, job->started_ms);
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:task:70000"), "0");
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:lease"), "0");
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:wait"), "0");

    /* the answer may have been lost: the same again is no news */
    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_OK);
    ck_assert_int_eq(bed_get(&bed, a.job_id)->version, 5);
}
END_TEST

START_TEST(test_several_files)
{
    const char *id = bed_new_many(&bed, "ann", 20000, 4);
    dl_job_t *job = bed_get(&bed, id);
    dl_job_file_t *f;
    dl_task_t t;

    ck_assert_int_eq(job->total, 4);
    ck_assert_int_eq(job->file_id, 0);
    ck_assert_int_eq(job->files->nelts, 4);
    ck_assert_int_eq(job->state, DL_JOB_QUEUED);
    for (int i = 0; i < 4; i++) {
        f = &APR_ARRAY_IDX(job->files, i, dl_job_file_t);
        ck_assert_int_eq(f->file_id, 20000 + i);
        ck_assert_int_eq(f->state, DL_JOB_QUEUED);
    }

    t = bed_take(&bed, "w");
    ck_assert_int_eq(bed_beat(&bed, &t, 50), 1);
    job = bed_get(&bed, id);
    ck_assert_int_eq(job->state, DL_JOB_PROCESSING);
    ck_assert_int_eq(job->progress, 12);
    f = &APR_ARRAY_IDX(job->files, t.file_id - 20000, dl_job_file_t);
    ck_assert_int_eq(f->state, DL_JOB_PROCESSING);
    ck_assert_int_eq(f->progress, 50);
    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_OK);
    job = bed_get(&bed, id);
    ck_assert_int_eq(job->progress, 25);
    f = &APR_ARRAY_IDX(job->files, t.file_id - 20000, dl_job_file_t);
    ck_assert_int_eq(f->state, DL_JOB_COMPLETED);
    ck_assert_int_eq(f->size, 100);
    ck_assert_str_eq(f->filename, "report.csv");
    ck_assert_str_eq(f->content_type, "text/csv");

    for (int i = 0; i < 2; i++) {
        t = bed_take(&bed, "w");
        ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_OK);
    }
    t = bed_take(&bed, "w");
    ck_assert_int_eq(bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL),
                     DL_SETTLE_OK);
    job = bed_get(&bed, id);
    ck_assert_int_eq(job->state, DL_JOB_COMPLETED);
    ck_assert_int_eq(job->partial, 1);
    ck_assert_int_eq(job->progress, 100);
    f = &APR_ARRAY_IDX(job->files, t.file_id - 20000, dl_job_file_t);
    ck_assert_int_eq(f->state, DL_JOB_FAILED);
    ck_assert_str_eq(f->error_code, "FILE_NOT_FOUND");
    ck_assert_str_eq(f->error, "It did not work");
}
END_TEST

START_TEST(test_several_files_all_fail)
{
    const char *id = bed_new_many(&bed, "", 20000, 2);
    dl_job_t *job;

    for (int i = 0; i < 2; i++) {
        dl_task_t t = bed_take(&bed, "w");

        ck_assert_int_eq(bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL),
                         DL_SETTLE_OK);
    }
    job = bed_get(&bed, id);
    ck_assert_int_eq(job->state, DL_JOB_FAILED);
    ck_assert_int_eq(job->partial, 0);
    ck_assert_str_eq(job->error, "None of the 2 files is available");
    ck_assert_str_eq(job->error_code, "FILE_NOT_FOUND");
    ck_assert_int_eq(job->retryable, 0);
}
END_TEST

START_TEST(test_attempts)
{
    const char *id = bed_new(&bed, "ann", 70000);
    apr_int64_t next;
    dl_job_t *job;
    dl_task_t t = bed_take(&bed, "w");

    bed_beat(&bed, &t, 30);
    ck_assert_int_eq(bed_fail(&bed, &t, "SOURCE_ERROR", 0, &next),
                     DL_SETTLE_RETRY);
    ck_assert_int_eq(next, 1000);
    job = bed_get(&bed, id);
    ck_assert_int_eq(job->state, DL_JOB_QUEUED);
    ck_assert_int_eq(job->attempt, 1);
    ck_assert_int_eq(job->retries_remaining, 2);
    ck_assert_int_gt(job->next_attempt_ms, job->started_ms);
    ck_assert_int_eq(job->progress, 0);
    ck_assert_ptr_null(job->error);
    ck_assert_int_eq(job->retryable, -1);
    /* said twice: the same answer, no attempt more */
    ck_assert_int_eq(bed_fail(&bed, &t, "SOURCE_ERROR", 0, &next),
                     DL_SETTLE_RETRY);
    ck_assert_int_le(next, 1000);
    ck_assert_str_eq(bed_task(&bed, 70000, "attempts"), "1");

    ck_assert_int_eq(bed_claim(&bed, "w", 1).tasks->nelts, 0);
    ck_assert_int_le(bed_claim(&bed, "w", 1).next_ms, 1000);
    bed_make_due(&bed, 70000);
    t = bed_take(&bed, "w");
    ck_assert_int_eq(t.attempt, 2);
    job = bed_get(&bed, id);
    ck_assert_int_eq(job->state, DL_JOB_PROCESSING);
    ck_assert_int_eq(job->attempt, 2);
    ck_assert_int_eq(job->retries_remaining, 1);
    ck_assert_int_eq(job->next_attempt_ms, 0);

    ck_assert_int_eq(bed_fail(&bed, &t, "TIMEOUT", 0, &next),
                     DL_SETTLE_RETRY);
    ck_assert_int_eq(next, 2000);
    bed_make_due(&bed, 70000);
    t = bed_take(&bed, "w");
    ck_assert_int_eq(t.attempt, 3);
    ck_assert_int_eq(bed_fail(&bed, &t, "TIMEOUT", 0, &next), DL_SETTLE_OK);
    job = bed_get(&bed, id);
    ck_assert_int_eq(job->state, DL_JOB_FAILED);
    ck_assert_int_eq(job->attempt, 3);
    ck_assert_int_eq(job->retries_remaining, 0);
    ck_assert_int_eq(job->retryable, 1);
    ck_assert_str_eq(job->error_code, "TIMEOUT");
    ck_assert_str_eq(job->error, "It did not work");
    ck_assert_str_eq(bed_redis(&bed, "HMGET {t}:dead:70000 errorCode detail "
                               "attempts lost job userId"),
                     apr_psprintf(bed.p, "TIMEOUT stderr says why 3 0 %s ann",
                                  id));
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:dead"), "1");
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:task:70000"), "0");
    /* said twice */
    ck_assert_int_eq(bed_fail(&bed, &t, "TIMEOUT", 0, &next), DL_SETTLE_OK);
    ck_assert_int_eq(bed_get(&bed, id)->version, job->version);
}
END_TEST

Suite *test_script_flow_suite(void);

Suite *test_script_flow_suite(void)
{
    Suite *s = suite_create("script_flow");
    TCase *tc = tcase_create("flow");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_one_file);
    tcase_add_test(tc, test_several_files);
    tcase_add_test(tc, test_several_files_all_fail);
    tcase_add_test(tc, test_attempts);
    suite_add_tcase(s, tc);
    return s;
}
