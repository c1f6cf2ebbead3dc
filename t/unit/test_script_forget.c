/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects that are gone while their results stand: admission asks for a look
 * at what it would reuse, and what is gone is prepared again.
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

/* A request by one who looks, for n files from 70000 on. */
static dl_admit_t request(const char *user, int n, dl_bundle_e bundle)
{
    dl_admit_t a = bed_request_many(&bed, user, 70000, n);

    a.bundle = bundle;
    a.verify = 1;
    return a;
}

/* Whoever waits gets what it waits for. */
static void work(void)
{
    while (bed_redis(&bed, "ZCARD {t}:queue:wait")[0] != '0') {
        dl_task_t t = bed_take(&bed, "w");

        const char *key = apr_psprintf(bed.p, "k/%" APR_INT64_T_FMT ".%"
                                       APR_INT64_T_FMT, t.file_id, t.fence);

        ck_assert_int_eq(bed_complete_as(&bed, &t, key), DL_SETTLE_OK);
    }
}

static dl_object_ref_t reused(const dl_admitted_t *admitted, int i)
{
    ck_assert_int_eq(admitted->outcome, DL_ADMIT_VERIFY);
    ck_assert_int_lt(i, admitted->reused->nelts);
    ck_assert_ptr_null(admitted->job);
    return APR_ARRAY_IDX(admitted->reused, i, dl_object_ref_t);
}

static void forget(const dl_admitted_t *admitted)
{
    ck_assert_int_eq(dl_jobs_forget(
        bed.jobs, admitted->reused_job,
        (const dl_object_ref_t *)admitted->reused->elts,
        admitted->reused->nelts, bed.p), APR_SUCCESS);
}

START_TEST(test_forget_looks_first)
{
    dl_admit_t a = request("ann", 1, DL_BUNDLE_NONE);
    dl_admitted_t got = bed_send(&bed, &a);
    const char *id = a.job_id;
    dl_object_ref_t object;

    ck_assert_int_eq(got.outcome, DL_ADMIT_NEW);    /* nothing to look at */
    a = request("ann", 1, DL_BUNDLE_NONE);
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_DUPLICATE);
    work();

    a = request("ann", 1, DL_BUNDLE_NONE);
    a.idempotency_key = "k";
    got = bed_send(&bed, &a);
    object = reused(&got, 0);
    ck_assert_int_eq(object.file_id, 70000);
    ck_assert_str_eq(object.key, bed_field(&bed, id, "s3Key"));
    ck_assert_str_eq(got.reused_job, id);
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:idempotency:ann:k"), "0");
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:job:status:%s", a.job_id),
                     "0");

    a.verify = 0;               /* it is there: the same, sent again */
    got = bed_send(&bed, &a);
    ck_assert_int_eq(got.outcome, DL_ADMIT_DUPLICATE);
    ck_assert_str_eq(got.job->id, id);
    /* that key's job is its job, whatever became of the object */
    a = request("ann", 1, DL_BUNDLE_NONE);
    a.idempotency_key = "k";
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_IDEMPOTENT);
}
END_TEST

START_TEST(test_forget_prepares_again)
{
    dl_admit_t a = request("ann", 1, DL_BUNDLE_NONE);
    dl_admitted_t got;
    const char *first = a.job_id, *key;

    bed_send(&bed, &a);
    work();
    key = bed_field(&bed, first, "s3Key");
    for (int older = 0; older < 2; older++) {   /* than a minute: reused */
        a = request("ann", 1, DL_BUNDLE_NONE);
        got = bed_send(&bed, &a);
        reused(&got, 0);
        forget(&got);
        forget(&got);           /* said twice */
        ck_assert_str_eq(
            bed_redis(&bed, "EXISTS {t}:result:file:70000:completed"), "0");
        got = bed_send(&bed, &a);
        ck_assert_int_eq(got.outcome, DL_ADMIT_NEW);
        ck_assert_int_eq(got.job->state, DL_JOB_QUEUED);
        work();
        ck_assert_str_ne(bed_field(&bed, a.job_id, "s3Key"), key);
        bed_redis(&bed, "HINCRBY {t}:job:status:%s createdAt -100000",
                  a.job_id);
    }
    /* the job that had it is as it was */
    ck_assert_int_eq(bed_get(&bed, first)->state, DL_JOB_COMPLETED);
    ck_assert_int_eq(bed_audit(&bed), 0);
}
END_TEST

/* Said too late: another object, another job stand there now. */
START_TEST(test_forget_is_fenced)
{
    dl_admit_t a = request("ann", 1, DL_BUNDLE_NONE);
    dl_admitted_t old, got;

    bed_send(&bed, &a);
    work();
    a = request("ann", 1, DL_BUNDLE_NONE);
    old = bed_send(&bed, &a);
    reused(&old, 0);
    forget(&old);
    bed_send(&bed, &a);
    forget(&old);               /* while the new one is under way */
    ck_assert_str_eq(
        bed_redis(&bed, "GET {t}:job:active:file:70000:user:ann"), a.job_id);
    work();
    forget(&old);               /* and after it */
    ck_assert_str_eq(
        bed_redis(&bed, "EXISTS {t}:result:file:70000:completed"), "1");
    a = request("ann", 1, DL_BUNDLE_NONE);
    got = bed_send(&bed, &a);
    ck_assert_str_ne(reused(&got, 0).key, reused(&old, 0).key);
}
END_TEST

/* Another user asks for the same file: its result is looked at. */
START_TEST(test_forget_results)
{
    dl_admit_t a = request("ann", 1, DL_BUNDLE_NONE);
    dl_admitted_t got;

    bed_send(&bed, &a);
    work();
    a = request("bob", 1, DL_BUNDLE_NONE);
    got = bed_send(&bed, &a);
    ck_assert_str_eq(got.reused_job, "");
    ck_assert_int_eq(reused(&got, 0).file_id, 70000);
    a.verify = 0;
    got = bed_send(&bed, &a);
    ck_assert_int_eq(got.outcome, DL_ADMIT_NEW);
    ck_assert_int_eq(got.job->state, DL_JOB_COMPLETED);

    a = request("eve", 1, DL_BUNDLE_NONE);
    got = bed_send(&bed, &a);
    reused(&got, 0);
    forget(&got);
    got = bed_send(&bed, &a);
    ck_assert_int_eq(got.job->state, DL_JOB_QUEUED);
    work();
    /* ann's job still names the object that is gone: hers is looked at */
    a = request("ann", 1, DL_BUNDLE_NONE);
    got = bed_send(&bed, &a);
    ck_assert_str_ne(got.reused_job, "");
    forget(&got);
    got = bed_send(&bed, &a);   /* and the result of eve's job is there */
    ck_assert_str_eq(got.reused_job, "");
    a.verify = 0;
    ck_assert_int_eq(bed_send(&bed, &a).job->state, DL_JOB_COMPLETED);
}
END_TEST

/* Of several files those alone are prepared again that are gone. */
START_TEST(test_forget_one_of_several)
{
    dl_admit_t a = request("ann", 3, DL_BUNDLE_NONE);
    dl_admitted_t got;
    dl_object_ref_t gone;

    bed_send(&bed, &a);
    work();
    a = request("ann", 3, DL_BUNDLE_NONE);
    got = bed_send(&bed, &a);
    ck_assert_int_eq(got.reused->nelts, 3);
    gone = reused(&got, 1);
    ck_assert_int_eq(dl_jobs_forget(bed.jobs, got.reused_job, &gone, 1,
                                    bed.p), APR_SUCCESS);
    got = bed_send(&bed, &a);
    ck_assert_int_eq(got.reused->nelts, 2);
    ck_assert_str_eq(got.reused_job, "");
    a.verify = 0;
    got = bed_send(&bed, &a);
    ck_assert_int_eq(got.outcome, DL_ADMIT_NEW);
    ck_assert_int_eq(got.job->state, DL_JOB_PROCESSING);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:wait"), "1");
    work();
    ck_assert_int_eq(bed_get(&bed, a.job_id)->state, DL_JOB_COMPLETED);
    ck_assert_int_eq(bed_audit(&bed), 0);
}
END_TEST

/* An archive that is gone is made again, of files that are there. */
START_TEST(test_forget_an_archive)
{
    dl_admit_t a = request("ann", 2, DL_BUNDLE_ZIP);
    dl_admitted_t got;
    dl_object_ref_t archive;

    bed_send(&bed, &a);
    work();
    a = request("ann", 2, DL_BUNDLE_ZIP);
    got = bed_send(&bed, &a);
    ck_assert_int_eq(got.reused->nelts, 3);
    archive = reused(&got, 0);
    ck_assert_int_eq(archive.file_id, 0);
    ck_assert_int_eq(dl_jobs_forget(bed.jobs, got.reused_job, &archive, 1,
                                    bed.p), APR_SUCCESS);
    got = bed_send(&bed, &a);
    ck_assert_int_eq(got.reused->nelts, 2);
    a.verify = 0;
    got = bed_send(&bed, &a);
    ck_assert_int_eq(got.outcome, DL_ADMIT_NEW);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:wait"), "1");
    work();
    ck_assert_str_ne(bed_field(&bed, a.job_id, "s3Key"), archive.key);
}
END_TEST

Suite *test_script_forget_suite(void);
Suite *test_script_forget_suite(void)
{
    Suite *s = suite_create("script_forget");
    TCase *tc = tcase_create("script_forget");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_forget_looks_first);
    tcase_add_test(tc, test_forget_prepares_again);
    tcase_add_test(tc, test_forget_is_fenced);
    tcase_add_test(tc, test_forget_results);
    tcase_add_test(tc, test_forget_one_of_several);
    tcase_add_test(tc, test_forget_an_archive);
    suite_add_tcase(s, tc);
    return s;
}
