/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivers webhooks: claims what is due, sends it, settles it.
 *
 * The outbox is looked at every second, five times as often while webhooks
 * come; a nudge by Pub/Sub would have every worker ask at once. Any worker
 * sends any hook, whoever ended the job. Tries and hosts are counted in Redis
 * (hook_claim.lua), so a receiver that is down takes the place of a few
 * tries and no more.
 */
#include "dlw_worker.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "dl_log.h"
#include "dl_random.h"
#include "dl_trace.h"
#include "dl_webhook.h"
#include "dlw_hook.h"

#define LOOK_MS 1000
#define LOOK_SOON_MS 200
#define SOON_FOR_MS 10000
#define CLAIM_MAX 16            /* a reply may hold 1,000 files a job */
#define SENDING_MAX 128         /* at once in this worker */

/* The hooks of one claim share their memory. */
typedef struct batch_t {
    apr_pool_t *pool;
    int refs;
} batch_t;

typedef struct dlw_sending_t {
    dlw_worker_t *worker;
    dlw_settings_t *settings;   /* as of its beginning */
    batch_t *batch;
    dl_hook_t hook;
    apr_pool_t *pool;           /* of the try */
    dlw_hook_t *try;
    apr_int64_t began_ms;
    char trace_id[33];
    struct dlw_sending_t *next, **prev;
} dlw_sending_t;

static apr_int64_t tasks_ended(const dlw_worker_t *worker)
{
    return worker->settle.completed + worker->settle.failed;
}

/* --- tries ------------------------------------------------------------- */

static void unref(batch_t *batch)
{
    if (--batch->refs == 0) {
        apr_pool_destroy(batch->pool);
        free(batch);
    }
}

/** Takes it off the list and frees it; the try has ended. */
static void drop(dlw_sending_t *s)
{
    s->worker->hooks.nsending--;
    *s->prev = s->next;
    if (s->next)
        s->next->prev = s->prev;
    apr_pool_destroy(s->pool);
    dlw_settings_unref(s->settings);
    unref(s->batch);
    free(s);
}

static void settle(dlw_sending_t *s, const dl_hook_result_t *result)
{
    dlw_worker_t *worker = s->worker;
    dl_redis_cmd_t *cmd = dl_hook_settle_cmd(s->settings->scripts,
                                             s->hook.id, s->hook.fence,
                                             result, worker->scratch);

    dlw_redis_call(worker->redis, s->settings, DL_SCRIPT_HOOK_SETTLE, cmd, 1,
                   NULL, NULL);
    apr_pool_clear(worker->scratch);
}

static dl_log_about_t about(const dlw_sending_t *s)
{
    const dl_job_t *job = s->hook.job;

    return (dl_log_about_t){
        .job_id = job->id,
        .file_id = job->file_id,
        .attempt = s->hook.tried,
        .trace_id = *s->trace_id ? s->trace_id : NULL,
        .request_id = job->request_id,
        .duration_ms = dl_loop_now_ms(s->worker->env.loop) - s->began_ms};
}

/** The receiver as a log may show it: the rest of its URL may be secret. */
static const char *host_of(const dlw_sending_t *s)
{
    const char *host = strstr(s->hook.job->callback_url, "://");

    return host ? apr_pstrmemdup(s->pool, host + 3,
                                 strcspn(host + 3, "/?#")) : "?";
}

static void log_again(const dlw_sending_t *s, const char *error,
                      const dl_hook_result_t *result)
{
    dl_log_about_t what = about(s);

    if (result->outcome == DL_HOOK_AGAIN)
        dl_log(DL_LOG_WARN, "DL0802", &what,
               "webhook to %s not delivered: %s; again in %.1f s", host_of(s),
               error, (double)result->wait_ms / 1000);
    else
        dl_log(DL_LOG_ERROR, "DL0803", &what,
               "webhook to %s given up: %s", host_of(s), error);
}

/** Writes what became of a try that failed. */
static void failed(dlw_sending_t *s, const dlw_hook_answer_t *answer)
{
    dl_hook_result_t result = {DL_HOOK_AGAIN, 0, answer->status,
                               answer->error};
    dl_random_t random;

    dl_random_init(&random);
    result.wait_ms = dl_webhook_next_ms(s->settings->conf->webhook_retry,
                                        s->hook.tried, answer->retry_after_s,
                                        &random);
    if (result.wait_ms < 0) {
        result.outcome = DL_HOOK_DEAD;
        result.wait_ms = 0;
    }
    log_again(s, answer->error, &result);
    settle(s, &result);
}

static void on_answer(void *baton, const dlw_hook_answer_t *answer)
{
    dlw_sending_t *s = baton;
    dlw_worker_t *worker = s->worker;
    dl_hook_result_t result = {DL_HOOK_DELIVERED, 0, answer->status, NULL};
    dl_log_about_t what = about(s);

    switch (dl_webhook_outcome(answer->status)) {
    case DL_WEBHOOK_DELIVERED:
        dl_log(DL_LOG_INFO, "DL0801", &what, "webhook delivered to %s: %d",
               host_of(s), answer->status);
        settle(s, &result);
        break;
    case DL_WEBHOOK_GONE:
        dl_log(DL_LOG_INFO, "DL0804", &what,
               "%s wants no more of this webhook: 410", host_of(s));
        result.outcome = DL_HOOK_GONE;
        settle(s, &result);
        break;
    default:
        failed(s, answer);
    }
    drop(s);
    dlw_hooks_look(worker);     /* there is room again */
    dlw_life_slot(worker);
}

static void tell_unsigned(dlw_worker_t *worker)
{
    const apr_array_header_t *secrets =
        worker->settings->conf->webhook_secrets;

    if ((secrets && secrets->nelts > 0) || worker->hooks.told_unsigned)
        return;
    worker->hooks.told_unsigned = 1;
    dl_log(DL_LOG_WARN, "DL0806", NULL,
           "webhooks are not signed: DLJobWebhookSecret is not set");
}

static void begin(dlw_worker_t *worker, batch_t *batch, const dl_hook_t *hook)
{
    dlw_hooks_part_t *part = &worker->hooks;
    dlw_hook_answer_t answer = {0, 0, NULL};
    dlw_sending_t *s = calloc(1, sizeof(*s));
    dl_trace_t trace;

    if (!s)
        abort();
    batch->refs++;
    s->worker = worker;
    s->batch = batch;
    s->hook = *hook;
    s->settings = dlw_settings_ref(worker->settings);
    s->began_ms = dl_loop_now_ms(worker->env.loop);
    if (hook->job->traceparent
        && dl_trace_parse(hook->job->traceparent, &trace))
        memcpy(s->trace_id, trace.trace_id, sizeof(s->trace_id));
    apr_pool_create(&s->pool, batch->pool);
    apr_pool_tag(s->pool, "dlw_hook");
    s->next = part->sending;
    s->prev = &part->sending;
    if (s->next)
        s->next->prev = &s->next;
    part->sending = s;
    part->nsending++;
    tell_unsigned(worker);
    answer.error = dlw_hook_send(&worker->env, s->settings, &s->hook, s->pool,
                                 on_answer, s, &s->try);
    if (answer.error) {
        failed(s, &answer);
        drop(s);
    }
}

/* --- claims ------------------------------------------------------------ */

static void look_later(dlw_worker_t *worker, apr_int64_t next_ms)
{
    dlw_hooks_part_t *part = &worker->hooks;
    dl_loop_t *loop = worker->env.loop;
    apr_int64_t most = part->seen_ms > 0
        && dl_loop_now_ms(loop) - part->seen_ms < SOON_FOR_MS ? LOOK_SOON_MS
                                                              : LOOK_MS;

    if (!part->stopped)
        dl_timer_set(loop, &part->timer,
                     next_ms < 0 || next_ms > most ? most : next_ms);
}

static void after(dlw_worker_t *worker, const dl_hook_claim_t *claim)
{
    dlw_hooks_part_t *part = &worker->hooks;

    if (claim->hooks->nelts > 0)
        part->seen_ms = dl_loop_now_ms(worker->env.loop);
    part->idle_at = claim->hooks->nelts > 0 || claim->more
                    ? -1 : part->idle_at;
    look_later(worker, claim->next_ms);
    if (claim->more)
        dlw_hooks_look(worker);
    else if (claim->hooks->nelts == 0)
        dlw_life_idle(worker);
}

static void on_claimed(void *baton, const redisReply *reply)
{
    dlw_worker_t *worker = baton;
    batch_t *batch = calloc(1, sizeof(*batch));
    dl_hook_claim_t claim;

    if (!batch)
        abort();
    worker->hooks.asked = 0;
    batch->refs = 1;
    apr_pool_create(&batch->pool, worker->parts);
    apr_pool_tag(batch->pool, "dlw_hooks");
    if (!reply || reply->type == REDIS_REPLY_ERROR
        || dl_hook_claim_parse(reply, batch->pool, &claim) != APR_SUCCESS) {
        worker->hooks.idle_at = -1;
        look_later(worker, LOOK_MS);
    }
    else {
        for (int i = 0; i < claim.hooks->nelts; i++)
            begin(worker, batch, &APR_ARRAY_IDX(claim.hooks, i, dl_hook_t));
        after(worker, &claim);
    }
    unref(batch);
}

static void claim(dlw_worker_t *worker)
{
    dlw_hooks_part_t *part = &worker->hooks;
    int n = SENDING_MAX - part->nsending;
    dl_redis_cmd_t *cmd;

    if (part->stopped || part->asked || n <= 0
        || !dlw_redis_up(worker->redis))
        return;
    part->asked = 1;
    part->idle_at = tasks_ended(worker);
    cmd = dl_hook_claim_cmd(worker->settings->scripts, worker->name,
                            n < CLAIM_MAX ? n : CLAIM_MAX,
                            dl_webhook_tries(worker->settings->conf
                                                 ->webhook_retry),
                            worker->scratch);
    dlw_redis_call(worker->redis, worker->settings, DL_SCRIPT_HOOK_CLAIM, cmd,
                   0, on_claimed, worker);
    apr_pool_clear(worker->scratch);
}

static void on_timer(dl_timer_t *timer)
{
    dlw_worker_t *worker = timer->baton;

    look_later(worker, -1);     /* should nothing answer */
    claim(worker);
}

static void on_defer(dl_defer_t *defer)
{
    claim(defer->baton);
}

/* --- the worker's other parts ------------------------------------------ */

void dlw_hooks_look(dlw_worker_t *worker)
{
    if (!worker->hooks.stopped)
        dl_defer(worker->env.loop, &worker->hooks.defer);
}

void dlw_hooks_stop(dlw_worker_t *worker)
{
    worker->hooks.stopped = 1;
    dl_timer_cancel(worker->env.loop, &worker->hooks.timer);
    dl_defer_cancel(worker->env.loop, &worker->hooks.defer);
}

void dlw_hooks_hand_back(dlw_worker_t *worker)
{
    while (worker->hooks.sending) {
        dlw_sending_t *s = worker->hooks.sending;
        dl_hook_result_t result = {DL_HOOK_RELEASED, 0, 0, NULL};
        dl_log_about_t what = about(s);

        dl_log(DL_LOG_INFO, "DL0805", &what,
               "webhook to %s interrupted: another worker sends it",
               host_of(s));
        dlw_hook_abort(s->try);
        settle(s, &result);
        drop(s);
    }
}

int dlw_hooks_idle(dlw_worker_t *worker)
{
    dlw_hooks_part_t *part = &worker->hooks;

    if (part->nsending > 0)
        return 0;               /* its end looks again */
    if (!part->asked && part->idle_at == tasks_ended(worker))
        return 1;
    dlw_hooks_look(worker);
    return 0;
}

void dlw_hooks_end(dlw_worker_t *worker)
{
    while (worker->hooks.sending) {
        dlw_hook_abort(worker->hooks.sending->try);
        drop(worker->hooks.sending);
    }
}

void dlw_hooks_start(dlw_worker_t *worker)
{
    dlw_hooks_part_t *part = &worker->hooks;

    part->timer = (dl_timer_t){.fn = on_timer, .baton = worker};
    part->defer = (dl_defer_t){.fn = on_defer, .baton = worker};
    part->idle_at = -1;
    dl_timer_set(worker->env.loop, &part->timer, 0);
}
