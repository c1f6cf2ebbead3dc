/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Admission: each layer of deduplication; the limits are in
 * test_script_limits.c.
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

/* Moves a job's creation (and end) into the past. */
static void age(const char *job, int seconds)
{
    static const char *const fields[] = {"createdAt", "completedAt"};

    for (int i = 0; i < 2; i++)
        if (strcmp(bed_field(&bed, job, fields[i]), "(nil)") != 0)
            bed_redis(&bed, "HINCRBY {t}:job:status:%s %s %d", job,
                      fields[i], -1000 * seconds);
}

static dl_admit_e outcome_of(const char *user, apr_int64_t file_id)
{
    dl_admit_t a = bed_request(&bed, user, file_id);

    return bed_send(&bed, &a).outcome;
}

START_TEST(test_idempotency_key)
{
    dl_admit_t a = bed_request(&bed, "ann", 70000);
    dl_admit_t b = bed_request(&bed, "ann", 70000);
    dl_admit_t other = bed_request(&bed, "ann", 70001);
    dl_admitted_t out;
    dl_task_t t;

    a.idempotency_key = b.idempotency_key = other.idempotency_key = "k1";
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_NEW);
    out = bed_send(&bed, &b);
    ck_assert_int_eq(out.outcome, DL_ADMIT_IDEMPOTENT);
    ck_assert_str_eq(out.job->id, a.job_id);

    /* other payload, and nothing is written */
    {
        const char *keys = bed_redis(&bed, "DBSIZE");

        ck_assert_int_eq(bed_send(&bed, &other).outcome, DL_ADMIT_KEY_REUSED);
        ck_assert_str_eq(bed_redis(&bed, "DBSIZE"), keys);
    }
    b.callback_url = "https://example.org/x";
    ck_assert_int_eq(bed_send(&bed, &b).outcome, DL_ADMIT_KEY_REUSED);
    b.callback_url = NULL;
    b.priority = DL_PRIORITY_LOW;
    ck_assert_int_eq(bed_send(&bed, &b).outcome, DL_ADMIT_KEY_REUSED);
    b.priority = DL_PRIORITY_NORMAL;

    /* whatever state it is in */
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL);
    out = bed_send(&bed, &b);
    ck_assert_int_eq(out.outcome, DL_ADMIT_IDEMPOTENT);
    ck_assert_int_eq(out.job->state, DL_JOB_FAILED);

    /* another user's same key is another key, also when the names could be
     * cut elsewhere */
    b = bed_request(&bed, "ann:k", 70000);
    b.idempotency_key = "1";
    ck_assert_int_eq(bed_send(&bed, &b).outcome, DL_ADMIT_NEW);
    b = bed_request(&bed, "ann", 70000);
    b.idempotency_key = "k:1";
    ck_assert_int_eq(bed_send(&bed, &b).outcome, DL_ADMIT_NEW);

    ck_assert_int_gt(atoi(bed_redis(&bed, "TTL {t}:idempotency:ann:k1")),
                     86000);
    /* the job has expired: the key stands for nothing */
    bed_redis(&bed, "DEL {t}:job:status:%s", a.job_id);
    a.job_id = bed_id(&bed);
    ck_assert_int_ne(bed_send(&bed, &a).outcome, DL_ADMIT_IDEMPOTENT);
}
END_TEST

START_TEST(test_same_files_again)
{
    const char *id = bed_new(&bed, "ann", 70000);
    dl_admit_t a = bed_request(&bed, "ann", 70000);
    dl_admitted_t out = bed_send(&bed, &a);
    dl_task_t t;

    ck_assert_int_eq(out.outcome, DL_ADMIT_DUPLICATE);
    ck_assert_str_eq(out.job->id, id);
    age(id, 61);
    out = bed_send(&bed, &a);
    ck_assert_int_eq(out.outcome, DL_ADMIT_ACTIVE);
    ck_assert_str_eq(out.job->id, id);
    t = bed_take(&bed, "w");
    ck_assert_int_eq(outcome_of("ann", 70000), DL_ADMIT_ACTIVE);
    bed_complete(&bed, &t);
    out = bed_send(&bed, &a);
    ck_assert_int_eq(out.outcome, DL_ADMIT_REUSED);
    ck_assert_int_eq(out.job->state, DL_JOB_COMPLETED);
    ck_assert_str_eq(out.job->url, "/objects/k/70000?expires=1");

    /* it has ended an hour ago */
    age(id, 3600);
    out = bed_send(&bed, &a);
    ck_assert_int_eq(out.outcome, DL_ADMIT_NEW);
    /* its result stands (the test has not waited): complete at once */
    ck_assert_int_eq(out.job->state, DL_JOB_COMPLETED);
    ck_assert_str_eq(out.job->id, a.job_id);
    ck_assert_str_eq(out.job->key, "k/70000");
    ck_assert_int_eq(out.job->size, 100);
    ck_assert_ptr_null(out.job->url);
    ck_assert_int_eq(bed_claim(&bed, "w", 1).tasks->nelts, 0);
}
END_TEST

START_TEST(test_result_gone)
{
    const char *id = bed_new(&bed, "ann", 70000);
    dl_task_t t = bed_take(&bed, "w");

    bed_complete(&bed, &t);
    ck_assert_int_gt(atoi(bed_redis(&bed,
                         "TTL {t}:result:file:70000:completed")), 3500);
    ck_assert_int_eq(outcome_of("ann", 70000), DL_ADMIT_DUPLICATE);
    age(id, 61);
    bed_redis(&bed, "DEL {t}:result:file:70000:completed");
    ck_assert_int_eq(outcome_of("ann", 70000), DL_ADMIT_NEW);
    ck_assert_int_eq(bed_take(&bed, "w").file_id, 70000);
}
END_TEST

START_TEST(test_failed_and_cancelled_are_passed_over)
{
    const char *id = bed_new(&bed, "ann", 70000);
    dl_task_t t = bed_take(&bed, "w");

    bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL);
    ck_assert_int_eq(outcome_of("ann", 70000), DL_ADMIT_NEW);
    id = bed_new(&bed, "ann", 70001);
    ck_assert_int_eq(bed_cancel(&bed, id, "ann"), DL_CANCEL_DONE);
    ck_assert_int_eq(outcome_of("ann", 70001), DL_ADMIT_NEW);
    /* a job whose hash has vanished */
    id = bed_new(&bed, "ann", 70002);
    bed_redis(&bed, "DEL {t}:job:status:%s", id);
    ck_assert_int_eq(outcome_of("ann", 70002), DL_ADMIT_NEW);
}
END_TEST

START_TEST(test_users_share_only_the_task)
{
    const char *ann = bed_new(&bed, "ann", 70000);
    const char *bob = bed_new(&bed, "bob", 70000);
    const char *nobody = bed_new(&bed, "", 70000);
    dl_task_t t;

    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:wait"), "1");
    t = bed_take(&bed, "w");
    bed_beat(&bed, &t, 33);
    ck_assert_int_eq(bed_get(&bed, ann)->progress, 33);
    ck_assert_int_eq(bed_get(&bed, bob)->progress, 33);
    ck_assert_int_eq(bed_get(&bed, nobody)->state, DL_JOB_PROCESSING);
    /* who comes late sees where it stands */
    {
        dl_admit_t a = bed_request(&bed, "zoe", 70000);
        dl_admitted_t out = bed_send(&bed, &a);

        ck_assert_int_eq(out.outcome, DL_ADMIT_NEW);
        ck_assert_int_eq(out.job->state, DL_JOB_PROCESSING);
        ck_assert_int_eq(out.job->progress, 33);
        ck_assert_int_eq(out.job->attempt, 1);
    }
    ck_assert_int_eq(bed_claim(&bed, "w2", 1).tasks->nelts, 0);
    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_OK);
    ck_assert_int_eq(bed_get(&bed, ann)->state, DL_JOB_COMPLETED);
    ck_assert_int_eq(bed_get(&bed, bob)->state, DL_JOB_COMPLETED);
    ck_assert_int_eq(bed_get(&bed, nobody)->state, DL_JOB_COMPLETED);
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:task:jobs:70000"), "0");
}
END_TEST

START_TEST(test_odd_users)
{
    static const char *const odd[] = {
        "%s%d", "a b", "\xff\xfe", "x:window:1", "'\"\\", "{}:*?[a]", "-1"
    };

    bed.conf->rate_limit = 10;
    bed.conf->rate_window_s = 3600;
    bed.conf->max_active = 2;
    bed_apply(&bed);
    for (int i = 0; i < 7; i++) {
        const char *id = bed_new(&bed, odd[i], 70000);
        dl_admit_t a = bed_request(&bed, odd[i], 71000 + i);
        dl_admitted_t out = bed_send(&bed, &a);

        ck_assert_int_eq(out.outcome, DL_ADMIT_NEW);
        ck_assert_int_eq(out.rate_remaining, 8);
        ck_assert_str_eq(bed_get(&bed, id)->user, odd[i]);
        ck_assert_int_eq(outcome_of(odd[i], 72000), DL_ADMIT_TOO_MANY_JOBS);
        ck_assert_int_eq(bed_cancel(&bed, id, odd[i]), DL_CANCEL_DONE);
        ck_assert_int_eq(outcome_of(odd[i], 72000), DL_ADMIT_NEW);
    }
}
END_TEST

START_TEST(test_join_in_backoff)
{
    dl_task_t t;
    dl_admit_t b = bed_request(&bed, "bob", 70000);
    dl_admitted_t out;

    bed_new(&bed, "ann", 70000);
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "TIMEOUT", 0, NULL);
    out = bed_send(&bed, &b);
    ck_assert_int_eq(out.job->state, DL_JOB_QUEUED);
    ck_assert_int_eq(out.job->attempt, 1);
    ck_assert_int_eq(out.job->retries_remaining, 2);
    ck_assert_int_gt(out.job->next_attempt_ms, out.now_ms);
    bed_make_due(&bed, 70000);
    t = bed_take(&bed, "w");
    ck_assert_int_eq(bed_get(&bed, b.job_id)->attempt, 2);
    ck_assert_int_eq(bed_get(&bed, b.job_id)->state, DL_JOB_PROCESSING);
}
END_TEST

START_TEST(test_anonymous_holders)
{
    const char *id = bed_new(&bed, "", 70000);
    dl_admit_t a = bed_request(&bed, "", 70000);
    dl_admitted_t out = bed_send(&bed, &a);

    ck_assert_int_eq(out.outcome, DL_ADMIT_DUPLICATE);
    ck_assert_str_eq(out.job->id, id);
    ck_assert_int_eq(out.job->holders, 2);
    /* the same sending again counts once */
    ck_assert_int_eq(bed_send(&bed, &a).job->holders, 2);
    a.job_id = bed_id(&bed);
    ck_assert_int_eq(bed_send(&bed, &a).job->holders, 3);
    /* a retry with its idempotency key is the same caller */
    a.job_id = bed_id(&bed);
    a.idempotency_key = "k";
    ck_assert_int_eq(bed_send(&bed, &a).job->holders, 4);
    a.job_id = bed_id(&bed);
    out = bed_send(&bed, &a);
    ck_assert_int_eq(out.outcome, DL_ADMIT_IDEMPOTENT);
    ck_assert_int_eq(out.job->holders, 4);
    /* of an identified user there is one */
    bed_new(&bed, "ann", 70000);
    ck_assert_int_eq(outcome_of("ann", 70000), DL_ADMIT_DUPLICATE);
    ck_assert_int_eq(bed_get(&bed, id)->holders, 4);
}
END_TEST

START_TEST(test_sent_twice)
{
    dl_admit_t a = bed_request(&bed, "ann", 70000);
    dl_admitted_t out;
    dl_task_t t;

    bed.conf->rate_limit = 2;
    bed.conf->rate_window_s = 3600;
    bed.conf->max_active = 1;
    bed.conf->max_queue = 1;
    bed_apply(&bed);
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_NEW);
    /* the answer was lost: no limit stands against the same again */
    out = bed_send(&bed, &a);
    ck_assert_int_eq(out.outcome, DL_ADMIT_NEW);
    ck_assert_str_eq(out.job->id, a.job_id);
    ck_assert_int_eq(out.rate_remaining, 1);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:wait"), "1");
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:user:jobs:ann"), "1");

    /* nor does it live a second time when it has ended meanwhile */
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL);
    out = bed_send(&bed, &a);
    ck_assert_int_eq(out.outcome, DL_ADMIT_NEW);
    ck_assert_int_eq(out.job->state, DL_JOB_FAILED);
    ck_assert_int_eq(bed_claim(&bed, "w", 1).tasks->nelts, 0);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:user:jobs:ann"), "1");
}
END_TEST

START_TEST(test_several_with_results_and_joins)
{
    dl_task_t t;
    dl_admit_t a;
    dl_admitted_t out;
    apr_int64_t ids[3] = {70000, 70001, 70002};
    dl_job_file_t *f;

    bed_new(&bed, "bob", 70000);
    t = bed_take(&bed, "w");
    bed_complete(&bed, &t);
    bed_new(&bed, "bob", 70001);
    t = bed_take(&bed, "w");
    bed_beat(&bed, &t, 50);
    a = bed_request(&bed, "ann", 0);
    a.file_ids = ids;
    a.nfiles = 3;
    a.total = 5;
    out = bed_send(&bed, &a);
    ck_assert_int_eq(out.outcome, DL_ADMIT_NEW);
    ck_assert_int_eq(out.job->state, DL_JOB_PROCESSING);
    ck_assert_int_eq(out.job->total, 5);
    ck_assert_int_eq(out.job->progress, 50);
    f = (dl_job_file_t *)out.job->files->elts;
    ck_assert_int_eq(f[0].state, DL_JOB_COMPLETED);
    ck_assert_str_eq(f[0].key, "k/70000");
    ck_assert_int_eq(f[1].state, DL_JOB_PROCESSING);
    ck_assert_int_eq(f[1].progress, 50);
    ck_assert_int_eq(f[2].state, DL_JOB_QUEUED);
    bed_complete(&bed, &t);
    t = bed_take(&bed, "w");
    bed_complete(&bed, &t);
    ck_assert_int_eq(bed_get(&bed, a.job_id)->state, DL_JOB_COMPLETED);

    /* all there already: complete at admission, then reused, then not when
     * one result is gone */
    a = bed_request(&bed, "zoe", 0);
    a.file_ids = ids;
    a.nfiles = a.total = 3;
    out = bed_send(&bed, &a);
    ck_assert_int_eq(out.outcome, DL_ADMIT_NEW);
    ck_assert_int_eq(out.job->state, DL_JOB_COMPLETED);
    ck_assert_int_eq(out.job->progress, 100);
    age(a.job_id, 61);
    a.job_id = bed_id(&bed);
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_REUSED);
    bed_redis(&bed, "DEL {t}:result:file:70001:completed");
    out = bed_send(&bed, &a);
    ck_assert_int_eq(out.outcome, DL_ADMIT_NEW);
    ck_assert_int_eq(out.job->state, DL_JOB_PROCESSING);
    ck_assert_int_eq(bed_take(&bed, "w").file_id, 70001);
}
END_TEST

START_TEST(test_partial_is_not_reused)
{
    const char *id = bed_new_many(&bed, "ann", 70000, 2);
    dl_task_t t = bed_take(&bed, "w");
    dl_admit_t a;
    apr_int64_t ids[2] = {70000, 70001};

    bed_complete(&bed, &t);
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL);
    ck_assert_int_eq(bed_get(&bed, id)->partial, 1);
    age(id, 61);
    a = bed_request(&bed, "ann", 0);
    a.file_ids = ids;
    a.nfiles = a.total = 2;
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_NEW);
}
END_TEST

Suite *test_script_admit_suite(void);

Suite *test_script_admit_suite(void)
{
    Suite *s = suite_create("script_admit");
    TCase *tc = tcase_create("admit");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_idempotency_key);
    tcase_add_test(tc, test_same_files_again);
    tcase_add_test(tc, test_result_gone);
    tcase_add_test(tc, test_failed_and_cancelled_are_passed_over);
    tcase_add_test(tc, test_users_share_only_the_task);
    tcase_add_test(tc, test_odd_users);
    tcase_add_test(tc, test_join_in_backoff);
    tcase_add_test(tc, test_anonymous_holders);
    tcase_add_test(tc, test_sent_twice);
    tcase_add_test(tc, test_several_with_results_and_joins);
    tcase_add_test(tc, test_partial_is_not_reused);
    suite_add_tcase(s, tc);
    return s;
}
