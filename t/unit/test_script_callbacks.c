/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that are answered with a job which is there already, with a
 * callbackUrl of their own.
 */
#include <stdlib.h>

#include "dl_webhook.h"
#include "hook_bed.h"

#define FILE_ID 70000
#define MOST 16                 /* receivers of a job */

static bed_t bed;

static void setup(void)
{
    bed_open(&bed);
}

static void teardown(void)
{
    bed_close(&bed);
}

static dl_admitted_t ask(const char *user, const char *url)
{
    dl_admit_t a = bed_request(&bed, user, FILE_ID);

    a.callback_url = url;
    a.base = url ? "https://www.example/v1" : NULL;
    return bed_send(&bed, &a);
}

static void complete(void)
{
    dl_task_t t = bed_take(&bed, "w");

    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_OK);
}

/* Of a claim the hook for this URL, which must be there. */
static const dl_hook_t *of(const dl_hook_claim_t *c, const char *url)
{
    for (int i = 0; i < c->hooks->nelts; i++) {
        const dl_hook_t *h = &APR_ARRAY_IDX(c->hooks, i, dl_hook_t);

        if (!strcmp(h->job->callback_url, url))
            return h;
    }
    ck_abort_msg("no hook for %s", url);
    return NULL;
}

static long long ttl(const char *key, const char *job)
{
    return atoll(bed_redis(&bed, "TTL {t}:%s:%s", key, job));
}

START_TEST(test_each_is_told)
{
    const char *job = ask("", NULL).job->id;
    dl_hook_claim_t c;
    const dl_hook_t *a, *b;

    ck_assert_int_eq(ask("", "https://a.example/").outcome,
                     DL_ADMIT_DUPLICATE);
    ck_assert_int_eq(ask("", "https://a.example/").outcome,
                     DL_ADMIT_DUPLICATE);
    ck_assert_int_eq(ask("", "https://b.example/").outcome,
                     DL_ADMIT_DUPLICATE);
    ck_assert_int_eq(ask("", "https://b.example/").outcome,
                     DL_ADMIT_DUPLICATE);
    ck_assert_int_eq(hook_claim(&bed, 10).hooks->nelts, 0);
    complete();
    c = hook_claim(&bed, 10);
    ck_assert_int_eq(c.hooks->nelts, 2);
    a = of(&c, "https://a.example/");
    b = of(&c, "https://b.example/");
    ck_assert_str_eq(a->job->id, job);
    ck_assert_str_eq(b->job->id, job);
    ck_assert_str_eq(b->job->base, "https://www.example/v1");
    ck_assert_str_eq(b->job->key, "k/70000");
    ck_assert_str_eq(dl_webhook_id(a->id, bed.p),
                     apr_pstrcat(bed.p, "msg_", job, NULL));
    ck_assert_str_eq(dl_webhook_id(b->id, bed.p),
                     apr_pstrcat(bed.p, "msg_", job, "_2", NULL));
    ck_assert_str_eq(bed_redis(&bed, "HGET {t}:stats:engine created"), "1");
    /* the job stays for the other one's sake */
    hook_settle(&bed, a, DL_HOOK_DELIVERED, 0, 200, NULL);
    ck_assert_int_gt(ttl("job:status", job), 600000);
    ck_assert_int_gt(ttl("job:callbacks", job), 600000);
    ck_assert_int_eq(hook_claim(&bed, 10).hooks->nelts, 0);
    hook_settle(&bed, b, DL_HOOK_AGAIN, 10, 500, "500");
    hook_pass_time(&bed);
    ck_assert_str_eq(hook_take(&bed).job->callback_url,
                     "https://b.example/");
    hook_pass_time(&bed);
    c = hook_claim(&bed, 10);
    b = of(&c, "https://b.example/");
    ck_assert_int_eq(b->tried, 3);
    hook_settle(&bed, b, DL_HOOK_DELIVERED, 0, 200, NULL);
    ck_assert_int_le(ttl("job:status", job), 86400);
    ck_assert_int_le(ttl("job:callbacks", job), 86400);
    ck_assert_str_eq(bed_redis(&bed, "KEYS {t}:hook*"), "");
}
END_TEST

/* A job that is completed already tells at once, and nobody twice. */
START_TEST(test_reused)
{
    const char *job = hook_ended(&bed, "https://a.example/");
    dl_admit_t again;
    dl_hook_t h = hook_take(&bed);

    hook_settle(&bed, &h, DL_HOOK_DELIVERED, 0, 200, NULL);
    ck_assert_int_eq(ask("", "https://a.example/").outcome,
                     DL_ADMIT_DUPLICATE);
    ck_assert_int_eq(hook_claim(&bed, 10).hooks->nelts, 0);
    ck_assert_int_eq(ask("", "https://b.example/").outcome,
                     DL_ADMIT_DUPLICATE);
    h = hook_take(&bed);
    ck_assert_str_eq(h.job->id, job);
    ck_assert_str_eq(h.job->callback_url, "https://b.example/");
    hook_settle(&bed, &h, DL_HOOK_DELIVERED, 0, 200, NULL);
    bed_redis(&bed, "HINCRBY {t}:job:status:%s createdAt -61000", job);
    again = bed_request(&bed, "", FILE_ID);
    again.callback_url = "https://c.example/";
    ck_assert_int_eq(bed_send(&bed, &again).outcome, DL_ADMIT_REUSED);
    /* sent again, as its answer was lost */
    ck_assert_int_eq(bed_send(&bed, &again).outcome, DL_ADMIT_REUSED);
    h = hook_take(&bed);
    ck_assert_str_eq(h.job->callback_url, "https://c.example/");
    ck_assert_int_gt(ttl("job:callbacks", job), 600000);
    hook_settle(&bed, &h, DL_HOOK_DELIVERED, 0, 200, NULL);
    ck_assert_int_eq(ask("", "https://b.example/").outcome, DL_ADMIT_REUSED);
    ck_assert_int_eq(hook_claim(&bed, 10).hooks->nelts, 0);
}
END_TEST

/* The first to ask wanted no call, and the job has ended. */
START_TEST(test_first_without)
{
    dl_hook_t h;

    ask("ann", NULL);
    complete();
    ck_assert_int_eq(ask("ann", "https://a.example/").outcome,
                     DL_ADMIT_DUPLICATE);
    h = hook_take(&bed);
    ck_assert_str_eq(h.job->callback_url, "https://a.example/");
    ck_assert_str_eq(h.job->base, "https://www.example/v1");
}
END_TEST

START_TEST(test_one_too_many)
{
    const char *job = ask("", "https://a.example/").job->id, *second;
    dl_admitted_t last;
    dl_hook_claim_t c;
    int n = 0;

    for (int i = 2; i <= MOST; i++)
        ck_assert_str_eq(
            ask("", apr_psprintf(bed.p, "https://h%d.example/", i)).job->id,
            job);
    last = ask("", "https://last.example/");
    ck_assert_int_eq(last.outcome, DL_ADMIT_NEW);
    second = last.job->id;
    ck_assert_str_ne(second, job);
    ck_assert_str_eq(ask("", "https://b.example/").job->id, second);
    ck_assert_str_eq(bed_redis(&bed, "HLEN {t}:job:callbacks:%s", job), "15");
    complete();
    do {
        c = hook_claim(&bed, 64);
        n += c.hooks->nelts;
    } while (c.more);
    ck_assert_int_eq(n, MOST + 2);
    bed_audit(&bed);
}
END_TEST

START_TEST(test_other_ends)
{
    dl_hook_claim_t c;
    dl_task_t t;

    ask("", "https://a.example/");
    ask("", "https://b.example/");
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL);
    c = hook_claim(&bed, 10);
    ck_assert_int_eq(c.hooks->nelts, 2);
    ck_assert_int_eq(of(&c, "https://b.example/")->job->state,
                     DL_JOB_FAILED);
    /* a failed job is nobody's: the next one gets another */
    ck_assert_int_eq(ask("ann", "https://a.example/").outcome, DL_ADMIT_NEW);
    ask("ann", "https://c.example/");
    ck_assert_int_eq(bed_cancel(&bed, ask("ann", NULL).job->id, "ann"),
                     DL_CANCEL_DONE);
    c = hook_claim(&bed, 10);
    ck_assert_int_eq(c.hooks->nelts, 2);
    ck_assert_int_eq(of(&c, "https://c.example/")->job->state,
                     DL_JOB_CANCELLED);
}
END_TEST

START_TEST(test_idempotency_key)
{
    dl_admit_t a = bed_request(&bed, "ann", FILE_ID);
    const char *other;
    dl_hook_claim_t c;

    ask("ann", "https://a.example/");
    a.callback_url = "https://b.example/";
    a.idempotency_key = "k";
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_DUPLICATE);
    a.job_id = other = bed_id(&bed);
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_IDEMPOTENT);
    a.callback_url = "https://c.example/";
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_KEY_REUSED);
    complete();
    c = hook_claim(&bed, 10);
    ck_assert_int_eq(c.hooks->nelts, 2);
    a.callback_url = "https://b.example/";
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_IDEMPOTENT);
    ck_assert_int_eq(hook_claim(&bed, 10).hooks->nelts, 0);
}
END_TEST

/* What an operator sees of them, and sending one of them again. */
START_TEST(test_operator)
{
    const char *job = ask("", "https://a.example/").job->id;
    dl_ops_replay_e outcome;
    apr_array_header_t *list;
    dl_hook_claim_t c;
    dl_hook_t h;

    ask("", "https://b.example/");
    complete();
    dl_ops_hooks(bed.jobs, 0, 0, 10, bed.p, &list);
    ck_assert_int_eq(list->nelts, 2);
    for (int i = 0; i < 2; i++) {
        const dl_ops_hook_t *o = &APR_ARRAY_IDX(list, i, dl_ops_hook_t);
        const char *number = o->webhook_id + strlen("msg_") + strlen(job);

        ck_assert_str_eq(o->job_id, job);
        ck_assert_str_eq(o->type, "download.completed");
        ck_assert_str_eq(o->host, strcmp(number, "_2") == 0
                                  ? "b.example" : "a.example");
    }
    c = hook_claim(&bed, 10);
    hook_settle(&bed, of(&c, "https://a.example/"), DL_HOOK_DELIVERED, 0, 200,
                NULL);
    hook_settle(&bed, of(&c, "https://b.example/"), DL_HOOK_DEAD, 0, 500,
                "500");
    ck_assert_int_gt(ttl("job:status", job), 600000);
    dl_ops_hooks(bed.jobs, 1, 0, 10, bed.p, &list);
    ck_assert_int_eq(list->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(list, 0, dl_ops_hook_t).error, "500");
#define REPLAY(name)                                                        \
    (dl_ops_hook_replay(bed.jobs, name, bed.p, &outcome), outcome)
    ck_assert_int_eq(REPLAY(apr_pstrcat(bed.p, "msg_", job, "_3", NULL)),
                     DL_OPS_REPLAY_NONE);
    ck_assert_int_eq(REPLAY(apr_pstrcat(bed.p, job, "_2", NULL)),
                     DL_OPS_REPLAY_NONE);
    ck_assert_int_eq(REPLAY(apr_pstrcat(bed.p, "msg_", job, "_x", NULL)),
                     DL_OPS_REPLAY_NONE);
    ck_assert_int_eq(REPLAY(APR_ARRAY_IDX(list, 0, dl_ops_hook_t).webhook_id),
                     DL_OPS_REPLAY_QUEUED);
    h = hook_take(&bed);
    ck_assert_str_eq(h.job->callback_url, "https://b.example/");
    hook_settle(&bed, &h, DL_HOOK_DELIVERED, 0, 200, NULL);
    ck_assert_int_eq(REPLAY(apr_pstrcat(bed.p, "msg_", job, NULL)),
                     DL_OPS_REPLAY_QUEUED);
    h = hook_take(&bed);
    ck_assert_str_eq(h.job->callback_url, "https://a.example/");
    ck_assert_int_eq(REPLAY(job), DL_OPS_REPLAY_QUEUED);
    c = hook_claim(&bed, 10);
    ck_assert_int_eq(c.hooks->nelts, 1);
    of(&c, "https://b.example/");
    ck_assert_int_eq(REPLAY(job), DL_OPS_REPLAY_SENDING);
}
END_TEST

Suite *test_script_callbacks_suite(void);

Suite *test_script_callbacks_suite(void)
{
    Suite *s = suite_create("script_callbacks");
    TCase *tc = tcase_create("script_callbacks");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_each_is_told);
    tcase_add_test(tc, test_reused);
    tcase_add_test(tc, test_first_without);
    tcase_add_test(tc, test_one_too_many);
    tcase_add_test(tc, test_other_ends);
    tcase_add_test(tc, test_idempotency_key);
    tcase_add_test(tc, test_operator);
    suite_add_tcase(s, tc);
    return s;
}
