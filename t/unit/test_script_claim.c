/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims: order, leases, fences, lost workers, rate, pause, the wake token.
 */
#include <stdlib.h>

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

static const char *wake(void)
{
    return bed_redis(&bed, "LLEN {t}:queue:wake");
}

/* What BLPOP does for a worker that waits. */
static void take_token(void)
{
    ck_assert_str_eq(bed_redis(&bed, "LPOP {t}:queue:wake"), "1");
}

START_TEST(test_nothing)
{
    dl_claim_t claim = bed_claim(&bed, "w", 5);

    ck_assert_int_eq(claim.tasks->nelts, 0);
    ck_assert_int_eq(claim.next_ms, -1);
    ck_assert_int_eq(claim.paused, 0);
    ck_assert_int_eq(claim.more, 0);
    ck_assert_str_eq(bed_redis(&bed, "DBSIZE"), "0");
}
END_TEST

START_TEST(test_batch_and_order)
{
    dl_claim_t claim;

    for (int i = 0; i < 5; i++)
        bed_new(&bed, "", 70000 + i);
    claim = bed_claim(&bed, "w", 3);
    ck_assert_int_eq(claim.tasks->nelts, 3);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(APR_ARRAY_IDX(claim.tasks, i, dl_task_t).file_id,
                         70000 + i);
    ck_assert_int_eq(claim.more, 1);
    claim = bed_claim(&bed, "w", 3);
    ck_assert_int_eq(claim.tasks->nelts, 2);
    ck_assert_int_eq(claim.more, 0);
    ck_assert_int_gt(claim.next_ms, 29000);
    ck_assert_int_le(claim.next_ms, 30000);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:lease"), "5");
}
END_TEST

START_TEST(test_token_and_baton)
{
    dl_claim_t claim;

    ck_assert_str_eq(wake(), "0");
    for (int i = 0; i < 4; i++)
        bed_new(&bed, "", 70000 + i);
    ck_assert_str_eq(wake(), "1");
    take_token();
    claim = bed_claim(&bed, "w1", 1);
    ck_assert_int_eq(claim.more, 1);
    ck_assert_str_eq(wake(), "1");      /* passed on */
    bed_claim(&bed, "w1", 1);
    ck_assert_str_eq(wake(), "1");      /* never two */
    take_token();
    claim = bed_claim(&bed, "w2", 2);
    ck_assert_int_eq(claim.tasks->nelts, 2);
    ck_assert_int_eq(claim.more, 0);    /* nothing is left */
    ck_assert_str_eq(wake(), "0");
    /* a job of many files pushes one, too */
    bed_new_many(&bed, "", 71000, 20);
    ck_assert_str_eq(wake(), "1");
}
END_TEST

START_TEST(test_fence_rises_and_is_checked)
{
    const char *id = bed_new(&bed, "", 70000);
    dl_task_t first = bed_take(&bed, "w1"), second;

    bed_expire_lease(&bed, 70000);
    second = bed_take(&bed, "w2");
    ck_assert_int_gt(second.fence, first.fence);
    ck_assert_int_eq(second.attempt, 1);    /* none was spent */
    ck_assert_int_eq(second.lost, 1);

    /* the first worker wakes up: nothing of its reaches anything */
    bed_beat(&bed, &second, 20);
    ck_assert_int_eq(bed_beat(&bed, &first, 90), 0);
    ck_assert_int_eq(bed_get(&bed, id)->progress, 20);
    ck_assert_int_eq(bed_complete(&bed, &first), DL_SETTLE_STALE);
    ck_assert_int_eq(bed_fail(&bed, &first, "TIMEOUT", 1, NULL),
                     DL_SETTLE_STALE);
    ck_assert_int_eq(bed_release(&bed, &first), 0);
    ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_PROCESSING);
    ck_assert_int_eq(bed_complete(&bed, &second), DL_SETTLE_OK);
    ck_assert_int_eq(bed_complete(&bed, &first), DL_SETTLE_STALE);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:lease"), "0");
}
END_TEST

START_TEST(test_fence_never_falls)
{
    dl_task_t t;
    apr_int64_t far = APR_INT64_C(8000000000000000);

    /* the host's clock was set back by centuries */
    bed_redis(&bed, "SET {t}:queue:fence %s", "8000000000000000");
    bed_new(&bed, "", 70000);
    t = bed_take(&bed, "w");
    ck_assert_int_eq(t.fence, far + 1);
    bed_complete(&bed, &t);
    bed_redis(&bed, "DEL {t}:result:file:70000:completed");
    bed_new(&bed, "x", 70000);
    t = bed_take(&bed, "w");
    ck_assert_int_eq(t.fence, far + 2);
    ck_assert_int_eq(bed_beat(&bed, &t, 10), 1);
    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_OK);
}
END_TEST

START_TEST(test_job_of_a_lost_worker_is_queued)
{
    const char *id = bed_new(&bed, "", 70000);
    dl_task_t t = bed_take(&bed, "w1");
    dl_job_t *job;
    dl_claim_t claim;

    bed_beat(&bed, &t, 40);
    bed_expire_lease(&bed, 70000);
    /* a worker that runs a suspect does not get it, but finds out */
    claim = bed_claim_as(&bed, "w2", 1, -1, 1);
    ck_assert_int_eq(claim.tasks->nelts, 0);
    ck_assert_int_eq(claim.more, 0);    /* the token must not go in circles */
    job = bed_get(&bed, id);
    ck_assert_int_eq(job->state, DL_JOB_QUEUED);
    ck_assert_int_eq(job->progress, 0);
    ck_assert_int_eq(job->next_attempt_ms, 0);
    ck_assert_int_eq(job->retries_remaining, -1);
    t = bed_take(&bed, "w3");
    ck_assert_int_eq(t.lost, 1);
    ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_PROCESSING);
    ck_assert_int_eq(bed_get(&bed, id)->attempt, 1);
}
END_TEST

START_TEST(test_suspects_one_at_a_time)
{
    dl_claim_t claim;

    for (int i = 0; i < 3; i++)
        bed_new(&bed, "", 70000 + i);
    bed_claim(&bed, "w1", 3);
    for (int i = 0; i < 3; i++)
        bed_expire_lease(&bed, 70000 + i);
    bed_new(&bed, "", 70010);
    claim = bed_claim(&bed, "w2", 3);
    /* one that has lost its worker, before what is new; no second one */
    ck_assert_int_eq(claim.tasks->nelts, 2);
    ck_assert_int_eq(APR_ARRAY_IDX(claim.tasks, 0, dl_task_t).lost, 1);
    ck_assert_int_eq(APR_ARRAY_IDX(claim.tasks, 1, dl_task_t).file_id, 70010);
    claim = bed_claim_as(&bed, "w2", 1, -1, 1);
    ck_assert_int_eq(claim.tasks->nelts, 0);
    claim = bed_claim(&bed, "w3", 3);
    ck_assert_int_eq(claim.tasks->nelts, 1);
    claim = bed_claim(&bed, "w4", 3);
    ck_assert_int_eq(claim.tasks->nelts, 1);
    ck_assert_int_eq(bed_claim(&bed, "w5", 3).tasks->nelts, 0);
}
END_TEST

START_TEST(test_poison)
{
    const char *id = bed_new(&bed, "ann", 70000);
    dl_job_t *job;

    for (int i = 0; i < 3; i++) {
        dl_task_t t = bed_take(&bed, "w");

        ck_assert_int_eq(t.lost, i);
        ck_assert_int_eq(t.attempt, 1);
        bed_expire_lease(&bed, 70000);
    }
    ck_assert_int_eq(bed_claim(&bed, "w", 1).tasks->nelts, 0);
    job = bed_get(&bed, id);
    ck_assert_int_eq(job->state, DL_JOB_FAILED);
    ck_assert_str_eq(job->error_code, "WORKER_LOST");
    ck_assert_str_eq(bed_redis(&bed, "HMGET {t}:dead:70000 errorCode lost"),
                     "WORKER_LOST 3");
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:lease"), "0");
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:suspect"), "0");
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:task:70000"), "0");
}
END_TEST

START_TEST(test_two_budgets)
{
    dl_task_t t;

    bed_new(&bed, "ann", 70000);
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "TIMEOUT", 0, NULL);
    bed_make_due(&bed, 70000);
    t = bed_take(&bed, "w");
    ck_assert_int_eq(t.attempt, 2);
    bed_expire_lease(&bed, 70000);
    t = bed_take(&bed, "w");
    ck_assert_int_eq(t.attempt, 2);
    ck_assert_int_eq(t.lost, 1);
    bed_fail(&bed, &t, "TIMEOUT", 0, NULL);
    bed_make_due(&bed, 70000);
    t = bed_take(&bed, "w");            /* still a suspect */
    ck_assert_int_eq(t.attempt, 3);
    ck_assert_int_eq(t.lost, 1);
    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_OK);
}
END_TEST

START_TEST(test_restart_of_the_same_name)
{
    dl_claim_t claim;
    dl_task_t old;

    bed_new(&bed, "", 70000);
    old = bed_take(&bed, "w");
    bed_new(&bed, "", 70001);
    bed_take(&bed, "other");
    claim = bed_claim_as(&bed, "w", 5, 0, 0);
    ck_assert_int_eq(claim.tasks->nelts, 1);
    ck_assert_int_eq(APR_ARRAY_IDX(claim.tasks, 0, dl_task_t).file_id, 70000);
    ck_assert_int_eq(APR_ARRAY_IDX(claim.tasks, 0, dl_task_t).lost, 1);
    ck_assert_int_eq(APR_ARRAY_IDX(claim.tasks, 0, dl_task_t).attempt, 1);
    ck_assert_int_gt(APR_ARRAY_IDX(claim.tasks, 0, dl_task_t).fence,
                     old.fence);
    ck_assert_int_eq(bed_beat(&bed, &old, 1), 0);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:lease"), "2");
}
END_TEST

START_TEST(test_lost_reply_of_a_claim)
{
    dl_claim_t claim;
    dl_task_t known, again;

    bed_new(&bed, "", 70000);
    known = bed_take(&bed, "w");
    for (int i = 1; i < 4; i++)
        bed_new(&bed, "", 70000 + i);
    bed_claim(&bed, "w", 2);            /* and its reply never arrives */
    claim = bed_claim_as(&bed, "w", 2, known.fence, 0);
    ck_assert_int_eq(claim.tasks->nelts, 2);
    for (int i = 0; i < 2; i++) {
        again = APR_ARRAY_IDX(claim.tasks, i, dl_task_t);
        ck_assert_int_gt(again.file_id, 70000);
        ck_assert_int_lt(again.file_id, 70003);
        ck_assert_int_eq(again.lost, 0);
        ck_assert_int_eq(again.attempt, 1);
    }
    /* what it has is left alone */
    ck_assert_int_eq(bed_beat(&bed, &known, 10), 1);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:lease"), "3");
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:wait"), "1");
}
END_TEST

START_TEST(test_release)
{
    const char *id = bed_new(&bed, "", 70000);
    dl_task_t t = bed_take(&bed, "w");
    dl_job_t *job;

    bed_new(&bed, "", 70001);
    bed_redis(&bed, "DEL {t}:queue:wake");
    bed_beat(&bed, &t, 60);
    ck_assert_int_eq(bed_release(&bed, &t), 1);
    ck_assert_int_eq(bed_release(&bed, &t), 1);     /* said twice */
    ck_assert_str_eq(wake(), "1");
    job = bed_get(&bed, id);
    ck_assert_int_eq(job->state, DL_JOB_QUEUED);
    ck_assert_int_eq(job->progress, 0);
    ck_assert_int_eq(bed_beat(&bed, &t, 61), 0);
    /* it stands where it stood: before what came later */
    t = bed_take(&bed, "w2");
    ck_assert_int_eq(t.file_id, 70000);
    ck_assert_int_eq(t.attempt, 1);
    ck_assert_int_eq(t.lost, 0);
}
END_TEST

START_TEST(test_beat_renews)
{
    dl_task_t t;
    double before;

    bed_new(&bed, "", 70000);
    t = bed_take(&bed, "w");
    bed_redis(&bed, "ZINCRBY {t}:queue:lease -20000 70000");
    before = atof(bed_redis(&bed, "ZSCORE {t}:queue:lease 70000"));
    ck_assert_int_eq(bed_beat(&bed, &t, -1), 1);
    ck_assert(atof(bed_redis(&bed, "ZSCORE {t}:queue:lease 70000"))
              >= before + 20000);
}
END_TEST

START_TEST(test_pause)
{
    dl_claim_t claim;

    bed_new(&bed, "", 70000);
    ck_assert_int_eq(dl_ops_pause(bed.jobs, 1, bed.p), APR_SUCCESS);
    take_token();
    claim = bed_claim(&bed, "w", 1);
    ck_assert_int_eq(claim.paused, 1);
    ck_assert_int_eq(claim.tasks->nelts, 0);
    ck_assert_int_gt(claim.next_ms, 0);
    ck_assert_str_eq(wake(), "0");
    ck_assert_int_eq(dl_ops_pause(bed.jobs, 0, bed.p), APR_SUCCESS);
    ck_assert_str_eq(wake(), "1");
    ck_assert_int_eq(dl_ops_pause(bed.jobs, 0, bed.p), APR_SUCCESS);
    ck_assert_str_eq(wake(), "1");
    ck_assert_int_eq(bed_take(&bed, "w").file_id, 70000);
}
END_TEST

START_TEST(test_rate)
{
    dl_claim_t claim;
    apr_time_t begun;

    bed.conf->rate = 4;
    bed_apply(&bed);
    for (int i = 0; i < 12; i++)
        bed_new(&bed, "", 70000 + i);
    begun = apr_time_now();
    claim = bed_claim(&bed, "w", 3);
    ck_assert_int_eq(claim.tasks->nelts, 3);
    bed_redis(&bed, "DEL {t}:queue:wake");
    claim = bed_claim(&bed, "w", 3);
    ck_assert_int_eq(claim.tasks->nelts, 1);
    ck_assert_int_gt(claim.next_ms, 0);
    ck_assert_int_le(claim.next_ms, 1000);
    ck_assert_int_eq(claim.more, 0);    /* nobody could take it now */
    ck_assert_str_eq(wake(), "0");
    claim = bed_claim(&bed, "w2", 100);
    ck_assert_int_eq(claim.tasks->nelts, 0);
    /* the next ones are free a second after the first ones, not before */
    do
        claim = bed_claim(&bed, "w", 100);
    while (claim.tasks->nelts == 0);
    ck_assert_int_ge(apr_time_now() - begun, 999000);
    ck_assert_int_ge(claim.tasks->nelts, 3);
    ck_assert_int_le(claim.tasks->nelts, 4);
    ck_assert_str_eq(bed_redis(&bed, "LLEN {t}:queue:rate"), "4");
    ck_assert_int_gt(atoi(bed_redis(&bed, "PTTL {t}:queue:rate")), 0);
}
END_TEST

START_TEST(test_due_retries_in_slices)
{
    int got = 0, calls = 0;

    for (int i = 0; i < 350; i++)
        bed_redis(&bed, "HSET {t}:task:%d state delayed job x score %d",
                  70000 + i, i);
    for (int i = 0; i < 350; i++)
        bed_redis(&bed, "ZADD {t}:queue:delayed 1 %d", 70000 + i);
    bed_claim(&bed, "w", 1);
    /* a slice, not all of them */
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:delayed"), "250");
    for (int i = 0; i < 350; i++) {
        bed_redis(&bed, "HSET {t}:job:status:j%d status queued version 1 "
                  "createdAt 1", i);
        bed_redis(&bed, "HSET {t}:task:%d state delayed job j%d score %d",
                  70000 + i, i, i);
        bed_redis(&bed, "ZADD {t}:queue:delayed 1 %d", 70000 + i);
        bed_redis(&bed, "ZREM {t}:queue:wait %d", 70000 + i);
    }
    while (got < 350) {
        dl_claim_t claim = bed_claim(&bed, "w", 50);

        ck_assert_int_le(claim.tasks->nelts, 50);
        got += claim.tasks->nelts;
        ck_assert_int_le(++calls, 20);
        ck_assert_msg(claim.tasks->nelts > 0, "stopped at %d", got);
    }
    ck_assert_int_eq(got, 350);
}
END_TEST

START_TEST(test_job_vanished)
{
    const char *a = bed_new(&bed, "ann", 70000);
    const char *b = bed_new(&bed, "bob", 70000);
    const char *c;
    dl_task_t t;

    /* before the claim: the next one that waits takes its place */
    bed_redis(&bed, "DEL {t}:job:status:%s", a);
    t = bed_take(&bed, "w");
    ck_assert_str_eq(t.job_id, b);
    /* while it runs: another one … */
    c = bed_new(&bed, "zoe", 70000);
    bed_redis(&bed, "DEL {t}:job:status:%s", b);
    ck_assert_int_eq(bed_beat(&bed, &t, 10), 1);
    ck_assert_int_eq(bed_get(&bed, c)->progress, 10);
    ck_assert_str_eq(bed_task(&bed, 70000, "job"), c);
    /* … or none: abort, and no slot is lost */
    bed_redis(&bed, "DEL {t}:job:status:%s", c);
    ck_assert_int_eq(bed_beat(&bed, &t, 20), 0);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:lease"), "0");
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:task:70000"), "0");
    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_CANCELLED);
    ck_assert_int_eq(bed_fail(&bed, &t, "TIMEOUT", 0, NULL),
                     DL_SETTLE_CANCELLED);

    /* vanished, and no beat in between: it completes for nobody */
    a = bed_new(&bed, "ann", 70001);
    t = bed_take(&bed, "w");
    bed_redis(&bed, "DEL {t}:job:status:%s", a);
    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_OK);
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:job:status:%s", a), "0");
    a = bed_new(&bed, "ann", 70002);
    t = bed_take(&bed, "w");
    bed_redis(&bed, "DEL {t}:job:status:%s", a);
    ck_assert_int_eq(bed_fail(&bed, &t, "TIMEOUT", 0, NULL),
                     DL_SETTLE_RETRY);
    bed_make_due(&bed, 70002);
    ck_assert_int_eq(bed_claim(&bed, "w", 1).tasks->nelts, 0);
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:task:70002"), "0");
}
END_TEST

START_TEST(test_task_hash_vanished)
{
    const char *a = bed_new(&bed, "ann", 70000);
    dl_task_t t;

    bed_redis(&bed, "DEL {t}:task:70000");
    ck_assert_int_eq(bed_claim(&bed, "w", 1).tasks->nelts, 0);
    a = bed_new(&bed, "ann", 70001);
    t = bed_take(&bed, "w");
    bed_redis(&bed, "DEL {t}:task:70001");
    ck_assert_int_eq(bed_beat(&bed, &t, 10), 0);
    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_CANCELLED);
    bed_expire_lease(&bed, 70001);
    ck_assert_int_eq(bed_claim(&bed, "w", 1).tasks->nelts, 0);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:lease"), "0");
    (void)a;
}
END_TEST

Suite *test_script_claim_suite(void);

Suite *test_script_claim_suite(void)
{
    Suite *s = suite_create("script_claim");
    TCase *tc = tcase_create("claim");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_nothing);
    tcase_add_test(tc, test_batch_and_order);
    tcase_add_test(tc, test_token_and_baton);
    tcase_add_test(tc, test_fence_rises_and_is_checked);
    tcase_add_test(tc, test_fence_never_falls);
    tcase_add_test(tc, test_job_of_a_lost_worker_is_queued);
    tcase_add_test(tc, test_suspects_one_at_a_time);
    tcase_add_test(tc, test_poison);
    tcase_add_test(tc, test_two_budgets);
    tcase_add_test(tc, test_restart_of_the_same_name);
    tcase_add_test(tc, test_lost_reply_of_a_claim);
    tcase_add_test(tc, test_release);
    tcase_add_test(tc, test_beat_renews);
    tcase_add_test(tc, test_pause);
    tcase_add_test(tc, test_rate);
    tcase_add_test(tc, test_due_retries_in_slices);
    tcase_add_test(tc, test_job_vanished);
    tcase_add_test(tc, test_task_hash_vanished);
    suite_add_tcase(s, tc);
    return s;
}
