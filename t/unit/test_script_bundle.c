/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs whose files are wanted as one archive: the archive's task in all that
 * can become of it.
 */
#include "dl_ops.h"
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

/* A request for n files from 70000 on, as one archive. */
static dl_admit_t request(const char *user, int n, dl_bundle_e bundle)
{
    dl_admit_t a = bed_request_many(&bed, user, 70000, n);

    a.bundle = bundle;
    return a;
}

static const char *new_bundle(int n)
{
    dl_admit_t a = request("ann", n, DL_BUNDLE_ZIP);
    dl_admitted_t admitted = bed_send(&bed, &a);

    ck_assert_int_eq(admitted.outcome, DL_ADMIT_NEW);
    return apr_pstrdup(bed.p, admitted.job->id);
}

/* A new job of two files, both completed: the archive's task, claimed. */
static dl_task_t in_bundle(const char **job)
{
    *job = new_bundle(2);
    for (int i = 0; i < 2; i++) {
        dl_task_t t = bed_take(&bed, "w");

        ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_OK);
    }
    return bed_take(&bed, "w");
}

START_TEST(test_bundle_completes)
{
    const char *id = new_bundle(3);
    dl_job_t *job = bed_get(&bed, id);
    dl_task_t t[3], archive;

    ck_assert_int_eq(job->bundle, DL_BUNDLE_ZIP);
    ck_assert_int_eq(job->files->nelts, 3);
    for (int i = 0; i < 3; i++)
        t[i] = bed_take(&bed, "w");
    ck_assert_int_eq(bed_complete(&bed, &t[0]), DL_SETTLE_OK);
    ck_assert_int_eq(bed_fail(&bed, &t[1], "FILE_NOT_FOUND", 1, NULL),
                     DL_SETTLE_OK);
    ck_assert_int_eq(bed_claim(&bed, "w", 1).tasks->nelts, 0);
    ck_assert_int_eq(bed_complete(&bed, &t[2]), DL_SETTLE_OK);

    job = bed_get(&bed, id);
    ck_assert_int_eq(job->state, DL_JOB_PROCESSING);
    ck_assert_int_le(job->progress, 99);
    ck_assert_str_eq(job->message, "Making the archive");
    ck_assert_ptr_null(job->key);
    archive = bed_take(&bed, "w");
    ck_assert_int_ge(archive.file_id, DL_BUNDLE_FIRST_ID);
    ck_assert_str_eq(archive.job_id, id);
    ck_assert_int_eq(bed_beat(&bed, &archive, 50), 1);
    ck_assert_int_eq(bed_complete(&bed, &archive), DL_SETTLE_OK);

    job = bed_get(&bed, id);
    ck_assert_int_eq(job->state, DL_JOB_COMPLETED);
    ck_assert_int_eq(job->progress, 100);
    ck_assert_int_eq(job->partial, 1);
    ck_assert_int_eq(job->size, 100);
    ck_assert_ptr_nonnull(job->key);
    ck_assert_ptr_nonnull(job->url);
    ck_assert_ptr_null(job->message);
    ck_assert_int_eq(job->files->nelts, 3);
    /* a reply that was lost: the same again */
    ck_assert_int_eq(bed_complete(&bed, &archive), DL_SETTLE_OK);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:lease"), "0");
    ck_assert_int_eq(bed_audit(&bed), 0);
}
END_TEST

START_TEST(test_bundle_of_one)
{
    const char *id = new_bundle(1);
    dl_task_t t = bed_take(&bed, "w");

    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_OK);
    t = bed_take(&bed, "w");
    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_OK);
    ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_COMPLETED);
    ck_assert_int_eq(bed_get(&bed, id)->files->nelts, 1);
}
END_TEST

START_TEST(test_bundle_of_nothing)
{
    const char *id = new_bundle(2);

    for (int i = 0; i < 2; i++) {
        dl_task_t t = bed_take(&bed, "w");

        bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL);
    }
    ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_FAILED);
    ck_assert_int_eq(bed_claim(&bed, "w", 1).tasks->nelts, 0);
}
END_TEST

/* Its own job, unless set and kind are the same. */
START_TEST(test_bundle_dedupe)
{
    const char *id = new_bundle(2);
    dl_admit_t a = request("ann", 2, DL_BUNDLE_ZIP);
    dl_admitted_t admitted = bed_send(&bed, &a);

    ck_assert_int_eq(admitted.outcome, DL_ADMIT_DUPLICATE);
    ck_assert_str_eq(admitted.job->id, id);
    a = request("ann", 2, DL_BUNDLE_TAR);
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_NEW);
    a = request("ann", 2, DL_BUNDLE_NONE);
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_NEW);
    a = request("ann", 1, DL_BUNDLE_TAR);
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_NEW);
    a = request("ann", 1, DL_BUNDLE_NONE);
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_NEW);

    /* one idempotency key, another kind: another payload */
    a = request("ann", 3, DL_BUNDLE_ZIP);
    a.idempotency_key = "k";
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_NEW);
    a = request("ann", 3, DL_BUNDLE_TAR);
    a.idempotency_key = "k";
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_KEY_REUSED);
    ck_assert_int_eq(bed_audit(&bed), 0);
}
END_TEST

/* All files are there already: the archive alone is to be made. */
START_TEST(test_bundle_of_results)
{
    const char *id, *first;
    dl_task_t archive = in_bundle(&first);
    dl_admit_t a = request("bob", 2, DL_BUNDLE_ZIP);
    dl_admitted_t admitted;

    ck_assert_int_eq(bed_complete(&bed, &archive), DL_SETTLE_OK);
    admitted = bed_send(&bed, &a);
    ck_assert_int_eq(admitted.outcome, DL_ADMIT_NEW);
    ck_assert_int_eq(admitted.job->state, DL_JOB_PROCESSING);
    id = admitted.job->id;
    archive = bed_take(&bed, "w");
    ck_assert_str_eq(archive.job_id, id);
    ck_assert_int_eq(bed_complete(&bed, &archive), DL_SETTLE_OK);
    ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_COMPLETED);
    /* and asked for again a minute later: the same archive */
    bed_redis(&bed, "HINCRBY {t}:job:status:%s createdAt -100000", id);
    a = request("bob", 2, DL_BUNDLE_ZIP);
    admitted = bed_send(&bed, &a);
    ck_assert_int_eq(admitted.outcome, DL_ADMIT_REUSED);
    ck_assert_str_eq(admitted.job->id, id);
}
END_TEST

START_TEST(test_bundle_cancelled)
{
    const char *id;
    dl_task_t archive = in_bundle(&id);
    redisContext *control = bed_subscribe(&bed, "{t}:control");

    ck_assert_int_eq(bed_cancel(&bed, id, "ann"), DL_CANCEL_DONE);
    ck_assert_str_eq(bed_heard(&bed, control),
                     apr_psprintf(bed.p, "{\"cancel\":%" APR_INT64_T_FMT
                                  ",\"fence\":%" APR_INT64_T_FMT "}",
                                  archive.file_id, archive.fence));
    redisFree(control);
    ck_assert_int_eq(bed_beat(&bed, &archive, 10), 0);
    ck_assert_int_eq(bed_complete(&bed, &archive), DL_SETTLE_CANCELLED);
    ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_CANCELLED);
    ck_assert_str_eq(bed_task(&bed, archive.file_id, "state"), "(nil)");

    /* while it waits */
    id = new_bundle(2);         /* its files are there */
    archive = bed_take(&bed, "w");
    ck_assert_int_eq(bed_release(&bed, &archive), 1);
    ck_assert_int_eq(bed_cancel(&bed, id, "ann"), DL_CANCEL_DONE);
    ck_assert_int_eq(bed_claim(&bed, "w", 1).tasks->nelts, 0);
    ck_assert_int_eq(bed_audit(&bed), 0);
}
END_TEST

START_TEST(test_bundle_retried)
{
    const char *id;
    dl_task_t archive = in_bundle(&id);

    for (int i = 1; i < 3; i++) {
        ck_assert_int_eq(bed_fail(&bed, &archive, "STORAGE_ERROR", 0, NULL),
                         DL_SETTLE_RETRY);
        ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_PROCESSING);
        bed_make_due(&bed, archive.file_id);
        archive = bed_take(&bed, "w");
        ck_assert_int_eq(archive.attempt, i + 1);
    }
    ck_assert_int_eq(bed_fail(&bed, &archive, "STORAGE_ERROR", 0, NULL),
                     DL_SETTLE_OK);
    ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_FAILED);
    ck_assert_str_eq(bed_get(&bed, id)->error_code, "STORAGE_ERROR");
    ck_assert_ptr_null(bed_get(&bed, id)->message);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:dead"), "1");
    ck_assert_int_eq(bed_audit(&bed), 0);
}
END_TEST

/* An operator's second chance: a new job with the same files. */
START_TEST(test_bundle_dead)
{
    const char *id, *made;
    dl_task_t archive = in_bundle(&id);
    dl_job_t *job;

    ck_assert_int_eq(bed_fail(&bed, &archive, "TOO_LARGE", 1, NULL),
                     DL_SETTLE_OK);
    ck_assert_int_eq(dl_ops_dead_retry(bed.jobs, archive.file_id,
                                       bed_id(&bed), "r", bed.p, &made),
                     APR_SUCCESS);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:dead"), "0");
    job = bed_get(&bed, made);
    ck_assert_int_eq(job->state, DL_JOB_PROCESSING);
    ck_assert_int_eq(job->bundle, DL_BUNDLE_ZIP);
    ck_assert_int_eq(job->files->nelts, 2);
    ck_assert_str_eq(job->user, "ann");
    archive = bed_take(&bed, "w");
    ck_assert_str_eq(archive.job_id, made);
    ck_assert_int_eq(bed_complete(&bed, &archive), DL_SETTLE_OK);
    ck_assert_int_eq(bed_get(&bed, made)->state, DL_JOB_COMPLETED);
    ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_FAILED);

    /* its job is gone: nothing to take over */
    id = new_bundle(3);
    archive = bed_take(&bed, "w");
    ck_assert_int_eq(bed_complete(&bed, &archive), DL_SETTLE_OK);
    archive = bed_take(&bed, "w");
    ck_assert_int_eq(bed_fail(&bed, &archive, "TOO_LARGE", 1, NULL),
                     DL_SETTLE_OK);
    bed_redis(&bed, "DEL {t}:job:status:%s {t}:job:files:%s", id, id);
    ck_assert_int_eq(dl_ops_dead_retry(bed.jobs, archive.file_id,
                                       bed_id(&bed), NULL, bed.p, &made),
                     APR_NOTFOUND);
    ck_assert_int_eq(bed_audit(&bed), 0);
}
END_TEST

START_TEST(test_bundle_lost)
{
    const char *id;
    dl_task_t archive = in_bundle(&id);

    for (int i = 0; i < bed.conf->max_lost; i++) {
        bed_expire_lease(&bed, archive.file_id);
        if (i + 1 < bed.conf->max_lost) {
            dl_task_t next = bed_take(&bed, "w2");

            ck_assert_int_eq(next.file_id, archive.file_id);
            ck_assert_int_eq(next.lost, i + 1);
            ck_assert_int_eq(bed_complete(&bed, &archive), DL_SETTLE_STALE);
            archive = next;
        }
    }
    ck_assert_int_eq(bed_claim(&bed, "w3", 1).tasks->nelts, 0);
    ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_FAILED);
    ck_assert_str_eq(bed_get(&bed, id)->error_code, "WORKER_LOST");
}
END_TEST

/* A task that somebody has deleted is made anew. */
START_TEST(test_bundle_audit)
{
    const char *id;
    dl_task_t archive = in_bundle(&id);

    bed_redis(&bed, "DEL {t}:task:%s",
              apr_psprintf(bed.p, "%" APR_INT64_T_FMT, archive.file_id));
    ck_assert_int_gt(bed_audit(&bed), 0);
    archive = bed_take(&bed, "w");
    ck_assert_int_eq(bed_complete(&bed, &archive), DL_SETTLE_OK);
    ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_COMPLETED);
}
END_TEST

Suite *test_script_bundle_suite(void);
Suite *test_script_bundle_suite(void)
{
    Suite *s = suite_create("script_bundle");
    TCase *tc = tcase_create("script_bundle");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_bundle_completes);
    tcase_add_test(tc, test_bundle_of_one);
    tcase_add_test(tc, test_bundle_of_nothing);
    tcase_add_test(tc, test_bundle_dedupe);
    tcase_add_test(tc, test_bundle_of_results);
    tcase_add_test(tc, test_bundle_cancelled);
    tcase_add_test(tc, test_bundle_retried);
    tcase_add_test(tc, test_bundle_dead);
    tcase_add_test(tc, test_bundle_lost);
    tcase_add_test(tc, test_bundle_audit);
    suite_add_tcase(s, tc);
    return s;
}
