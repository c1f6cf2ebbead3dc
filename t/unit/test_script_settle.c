/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many jobs at one task, what the outbox gets, who is told.
 */
#include <stdlib.h>

#include "dl_cmd.h"
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

#define CROWD 2000

static const char **crowd(int n)
{
    const char **ids = apr_palloc(bed.p, n * sizeof(*ids));

    for (int i = 0; i < n; i++)
        ids[i] = bed_new(&bed, apr_psprintf(bed.p, "u%d", i), 70000);
    return ids;
}

static void all_in_state(const char **ids, int n, dl_job_state_e state)
{
    for (int i = 0; i < n; i++) {
        dl_job_t *job;
        apr_pool_t *p;

        apr_pool_create(&p, bed.p);
        ck_assert_int_eq(dl_jobs_get(bed.jobs, ids[i], p, &job),
                         APR_SUCCESS);
        ck_assert_int_eq(job->state, state);
        apr_pool_destroy(p);
    }
}

START_TEST(test_crowd_completes_in_slices)
{
    const char **ids = crowd(CROWD);
    dl_task_t t = bed_take(&bed, "w");
    dl_settle_e outcome;
    int calls = 0;

    ck_assert_int_eq(bed_beat(&bed, &t, 50), 1);
    do {
        outcome = bed_complete(&bed, &t);
        calls++;
        if (outcome == DL_SETTLE_MORE && calls == 3) {
            dl_admit_t a = bed_request(&bed, "late", 70000);

            /* who comes now finds the result */
            ck_assert_int_eq(bed_send(&bed, &a).job->state,
                             DL_JOB_COMPLETED);
        }
    } while (outcome == DL_SETTLE_MORE);
    ck_assert_int_eq(outcome, DL_SETTLE_OK);
    ck_assert_int_ge(calls, CROWD / 150);
    ck_assert_int_le(calls, CROWD / 100 + 1);
    all_in_state(ids, CROWD, DL_JOB_COMPLETED);
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:task:70000"), "0");
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:task:jobs:70000"), "0");
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:lease"), "0");
    ck_assert_str_eq(bed_redis(&bed, "HGET {t}:stats:engine completed"),
                     "2001");
    ck_assert_str_eq(bed_redis(&bed, "HGET {t}:stats:engine tasks"), "1");
}
END_TEST

START_TEST(test_crowd_fails_in_slices)
{
    const char **ids = crowd(300);
    dl_task_t t = bed_take(&bed, "w");
    const char *late;

    ck_assert_int_eq(bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL),
                     DL_SETTLE_MORE);
    late = bed_new(&bed, "late", 70000);
    ck_assert_int_eq(bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL),
                     DL_SETTLE_MORE);
    ck_assert_int_eq(bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL),
                     DL_SETTLE_OK);
    all_in_state(ids, 300, DL_JOB_FAILED);
    ck_assert_int_eq(bed_get(&bed, late)->state, DL_JOB_FAILED);
    ck_assert_str_eq(bed_get(&bed, late)->error_code, "FILE_NOT_FOUND");
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:lease"), "0");
}
END_TEST

START_TEST(test_worker_dies_while_settling)
{
    const char **ids = crowd(300);
    dl_task_t t = bed_take(&bed, "w"), again;
    dl_settle_e outcome;

    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_MORE);
    ck_assert_int_eq(bed_beat(&bed, &t, -1), 1);    /* its lease holds */
    bed_expire_lease(&bed, 70000);
    again = bed_take(&bed, "w2");
    ck_assert_int_eq(again.settled, 1);
    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_STALE);
    bed_redis(&bed, "DEL {t}:result:file:70000:completed"); /* expired */
    /* the second worker has nothing in its hands; either call goes on */
    do {
        dl_completion_t none = {again.file_id, again.fence, {NULL}};
        dl_redis_cmd_t *cmd = dl_task_complete_cmd(bed.scripts, "w2", &none,
                                                   1, bed.p);
        redisReply *r = redisCommandArgv(bed.c, cmd->argc, cmd->argv,
                                         cmd->lens);

        ck_assert_int_eq(r->type, REDIS_REPLY_ARRAY);
        outcome = (dl_settle_e)r->element[0]->integer;
        freeReplyObject(r);
    } while (outcome == DL_SETTLE_MORE);
    ck_assert_int_eq(outcome, DL_SETTLE_OK);
    all_in_state(ids, 300, DL_JOB_COMPLETED);
    ck_assert_str_eq(bed_get(&bed, ids[299])->key, "k/70000");
}
END_TEST

START_TEST(test_failure_handed_on_while_settling)
{
    const char **ids = crowd(300);
    dl_task_t t = bed_take(&bed, "w");

    ck_assert_int_eq(bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL),
                     DL_SETTLE_MORE);
    bed_expire_lease(&bed, 70000);
    t = bed_take(&bed, "w2");
    ck_assert_int_eq(t.settled, 1);
    /* complete() of a failure that is settling tells the failure */
    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_MORE);
    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_OK);
    all_in_state(ids, 300, DL_JOB_FAILED);
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:result:file:70000:completed"
                               ), "0");
}
END_TEST

START_TEST(test_poison_with_a_crowd)
{
    const char **ids = crowd(300);
    dl_task_t t;
    dl_claim_t claim;

    bed.conf->max_lost = 1;
    bed_apply(&bed);
    bed_take(&bed, "w");
    bed_expire_lease(&bed, 70000);
    claim = bed_claim(&bed, "w2", 1);
    ck_assert_int_eq(claim.tasks->nelts, 1);
    t = APR_ARRAY_IDX(claim.tasks, 0, dl_task_t);
    ck_assert_int_eq(t.settled, 1);
    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_MORE);
    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_OK);
    all_in_state(ids, 300, DL_JOB_FAILED);
    ck_assert_str_eq(bed_get(&bed, ids[0])->error_code, "WORKER_LOST");
}
END_TEST

START_TEST(test_batch_completion)
{
    dl_completion_t done[3];
    dl_claim_t claim;
    dl_redis_cmd_t *cmd;
    redisReply *r;
    const char *a = bed_new(&bed, "", 70000), *b = bed_new(&bed, "", 70001);

    bed_new(&bed, "", 70002);
    claim = bed_claim(&bed, "w", 3);
    ck_assert_int_eq(claim.tasks->nelts, 3);
    for (int i = 0; i < 3; i++)
        done[i] = bed_made(&bed, &APR_ARRAY_IDX(claim.tasks, i, dl_task_t));
    done[2].fence--;
    cmd = dl_task_complete_cmd(bed.scripts, "w", done, 3, bed.p);
    bed_complete(&bed, &(dl_task_t){.file_id = 1, .fence = 1}); /* loads it */
    r = redisCommandArgv(bed.c, cmd->argc, cmd->argv, cmd->lens);
    ck_assert_int_eq(r->elements, 3);
    ck_assert_int_eq(r->element[0]->integer, DL_SETTLE_OK);
    ck_assert_int_eq(r->element[1]->integer, DL_SETTLE_OK);
    ck_assert_int_eq(r->element[2]->integer, DL_SETTLE_STALE);
    freeReplyObject(r);
    ck_assert_int_eq(bed_get(&bed, a)->state, DL_JOB_COMPLETED);
    ck_assert_int_eq(bed_get(&bed, b)->state, DL_JOB_COMPLETED);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:lease"), "1");
}
END_TEST

START_TEST(test_outbox)
{
    dl_admit_t a = bed_request(&bed, "ann", 70000);
    dl_task_t t;

    a.callback_url = "https://example.org/hook";
    bed_send(&bed, &a);
    t = bed_take(&bed, "w");
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:hooks"), "0");
    bed_complete(&bed, &t);
    bed_complete(&bed, &t);
    ck_assert_str_eq(bed_redis(&bed, "ZRANGE {t}:queue:hooks 0 -1"),
                     apr_psprintf(bed.p, "%s:completed", a.job_id));
    bed_redis(&bed, "DEL {t}:queue:hooks");

    a = bed_request(&bed, "ann", 70001);
    a.callback_url = "https://example.org/hook";
    bed_send(&bed, &a);
    bed_cancel(&bed, a.job_id, "ann");
    bed_cancel(&bed, a.job_id, "ann");
    ck_assert_str_eq(bed_redis(&bed, "ZRANGE {t}:queue:hooks 0 -1"),
                     apr_psprintf(bed.p, "%s:cancelled", a.job_id));
    bed_redis(&bed, "DEL {t}:queue:hooks");

    a = bed_request(&bed, "ann", 70002);
    a.callback_url = "https://example.org/hook";
    bed_send(&bed, &a);
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "TIMEOUT", 0, NULL);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:hooks"), "0");
    bed_make_due(&bed, 70002);
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL);
    ck_assert_str_eq(bed_redis(&bed, "ZRANGE {t}:queue:hooks 0 -1"),
                     apr_psprintf(bed.p, "%s:failed", a.job_id));

    /* complete at admission */
    a = bed_request(&bed, "bob", 70000);
    a.callback_url = "https://example.org/hook";
    ck_assert_int_eq(bed_send(&bed, &a).job->state, DL_JOB_COMPLETED);
    ck_assert_str_ne(bed_redis(&bed, "ZSCORE {t}:queue:hooks %s:completed",
                               a.job_id), "(nil)");
}
END_TEST

START_TEST(test_listeners)
{
    dl_admit_t a = bed_request(&bed, "ann", 70000);
    redisContext *job, *user;
    const char *text;
    dl_task_t t;
    apr_size_t len;

    job = bed_subscribe(&bed, apr_psprintf(bed.p, "{t}:job:%s", a.job_id));
    user = bed_subscribe(&bed, "{t}:user:ann");
    bed_send(&bed, &a);
    ck_assert_str_eq(bed_heard(&bed, user), apr_psprintf(bed.p,
        "{\"jobId\":\"%s\",\"version\":1,\"reread\":true}", a.job_id));
    t = bed_take(&bed, "w");
    text = bed_heard(&bed, job);
    ck_assert_str_eq(bed_heard(&bed, user), text);
    {
        dl_job_t *now = bed_get(&bed, a.job_id);
        dl_job_links_t none = {NULL, NULL};
        const char *body = dl_job_body(now, &none, bed.p, &len);
        const char *start = apr_psprintf(bed.p, "{\"jobId\":\"%s\","
                                         "\"version\":2,\"status\":\"proc"
                                         "essing\"", a.job_id);

        /* the job's own body, and the version */
        ck_assert_msg(strncmp(text, start, strlen(start)) == 0, "%s", text);
        ck_assert_msg(strcmp(strstr(text, "\"status\""),
                             strstr(body, "\"status\"")) == 0,
                      "%s\n%s", text, body);
    }
    bed_fail(&bed, &t, "TIMEOUT", 0, NULL);
    text = bed_heard(&bed, job);
    ck_assert_ptr_nonnull(strstr(text, "\"status\":\"queued\""));
    ck_assert_ptr_nonnull(strstr(text, "\"nextAttemptAt\":\"2"));
    ck_assert_ptr_nonnull(strstr(text, "\"retriesRemaining\":2"));
    bed_make_due(&bed, 70000);
    t = bed_take(&bed, "w");
    bed_heard(&bed, job);
    {
        dl_beat_t beat = {t.file_id, t.fence, 12, "half \"way\" \xc3\xbc"};
        dl_redis_cmd_t *cmd = dl_task_beat_cmd(bed.scripts, "w", &beat, 1,
                                               NULL, bed.p);

        bed_beat(&bed, &t, 11);
        bed_heard(&bed, job);
        freeReplyObject(redisCommandArgv(bed.c, cmd->argc, cmd->argv,
                                         cmd->lens));
        text = bed_heard(&bed, job);
        ck_assert_ptr_nonnull(strstr(text, "\"progress\":12,"));
        ck_assert_ptr_nonnull(strstr(text,
            "\"message\":\"half \\\"way\\\" \xc3\xbc\"}"));
    }
    bed_complete(&bed, &t);
    ck_assert_str_eq(bed_heard(&bed, job), apr_psprintf(bed.p,
        "{\"jobId\":\"%s\",\"version\":7,\"reread\":true}", a.job_id));
    redisFree(job);
    redisFree(user);
}
END_TEST

START_TEST(test_link)
{
    const char *id = bed_new(&bed, "ann", 70000);
    dl_task_t t;
    dl_job_t *job;

    ck_assert_int_eq(dl_jobs_link(bed.jobs, id, "/u1", 5, bed.p),
                     APR_SUCCESS);
    ck_assert_ptr_null(bed_get(&bed, id)->url);
    t = bed_take(&bed, "w");
    bed_complete(&bed, &t);
    ck_assert_int_eq(dl_jobs_link(bed.jobs, id, "/u1", 5, bed.p),
                     APR_SUCCESS);
    job = bed_get(&bed, id);
    ck_assert_str_eq(job->url, "/u1");
    ck_assert_int_eq(job->url_expires_s, 5);
    ck_assert_int_eq(job->version, 3);
    ck_assert_int_eq(dl_jobs_link(bed.jobs, bed_id(&bed), "/u1", 5, bed.p),
                     APR_SUCCESS);
}
END_TEST

Suite *test_script_settle_suite(void);

Suite *test_script_settle_suite(void)
{
    Suite *s = suite_create("script_settle");
    TCase *tc = tcase_create("settle");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_crowd_completes_in_slices);
    tcase_add_test(tc, test_crowd_fails_in_slices);
    tcase_add_test(tc, test_worker_dies_while_settling);
    tcase_add_test(tc, test_failure_handed_on_while_settling);
    tcase_add_test(tc, test_poison_with_a_crowd);
    tcase_add_test(tc, test_batch_completion);
    suite_add_tcase(s, tc);
    tc = tcase_create("told");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_outbox);
    tcase_add_test(tc, test_listeners);
    tcase_add_test(tc, test_link);
    suite_add_tcase(s, tc);
    return s;
}
