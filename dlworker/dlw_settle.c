/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes outcomes to Redis: completions that are ready in the same turn in
 * one step of up to 32, failures one by one. A task of which many jobs wait
 * is told to them in slices. What is refused as stale, or wanted by nobody
 * any more, leaves nothing in the store.
 */
#include "dlw_worker.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "dl_log.h"
#include "dl_random.h"
#include "dl_store.h"

#define BATCH 32

typedef struct settle_call_t {
    dlw_worker_t *worker;
    int n;
    dlw_task_t *tasks[BATCH];
} settle_call_t;

static dl_log_about_t about(const dlw_task_t *task)
{
    dl_log_about_t about = task->a.about;

    about.duration_ms = dl_loop_now_ms(task->a.env->loop) - task->started_ms;
    return about;
}

/* --- the replies ------------------------------------------------------- */

static void finished(dlw_task_t *task, int keep)
{
    dlw_worker_t *worker = task->owner;

    worker->slots.nsettling--;
    dlw_task_end(task, keep);
    dlw_worker_slot(worker, task);
}

static void ready(dlw_worker_t *worker, dlw_task_t *task)
{
    dlw_settle_part_t *part = &worker->settle;

    task->next = NULL;
    *part->end = task;
    part->end = &task->next;
    dl_defer(worker->env.loop, &part->defer);
}

/** What holds of completions and failures alike. @return 1: dealt with */
static int common_outcome(dlw_task_t *task, dl_settle_e outcome)
{
    dl_log_about_t what = about(task);

    switch (outcome) {
    case DL_SETTLE_MORE:
        task->settled = 1;      /* nothing of it need be sent again */
        ready(task->owner, task);
        return 1;
    case DL_SETTLE_STALE:
        dl_log(DL_LOG_WARN, "DL0511", &what, "the lease went to another "
               "worker: this outcome is dropped");
        finished(task, 0);
        return 1;
    case DL_SETTLE_CANCELLED:
        dl_log(DL_LOG_INFO, "DL0512", &what, "nobody waits for it any more");
        finished(task, 0);
        return 1;
    default:
        return 0;
    }
}

static void completed(dlw_task_t *task, dl_settle_e outcome)
{
    dlw_worker_t *worker = task->owner;
    dl_log_about_t what = about(task);

    if (common_outcome(task, outcome))
        return;
    worker->settle.completed++;
    if (!task->settled)
        dlw_beat_took(worker, what.duration_ms);
    dl_log(DL_LOG_INFO, "DL0510", &what,
           task->object.key ? "completed" : "the rest of its jobs was told");
    finished(task, 1);
}

/** A detail (stderr of several lines) as one line for the log. */
static const char *one_line(dlw_task_t *task)
{
    char *line = apr_pstrdup(task->a.pool, task->failure.detail
                                               ? task->failure.detail : "-");

    for (char *c = line; *c; c++)
        if (*c == '\n')
            *c = ' ';
    return line;
}

static void failed(dlw_task_t *task, dl_settle_e outcome,
                   apr_int64_t next_ms)
{
    const dl_failure_t *f = &task->failure;
    dl_log_about_t what = about(task);

    if (common_outcome(task, outcome))
        return;
    if (outcome == DL_SETTLE_RETRY) {
        ((dlw_worker_t *)task->owner)->settle.retried++;
        dl_log(DL_LOG_WARN, "DL0513", &what, "%s: %s (%s); next attempt in %"
               APR_INT64_T_FMT " ms", f->error_code, f->error,
               one_line(task), next_ms);
    }
    else {
        ((dlw_worker_t *)task->owner)->settle.failed++;
        dl_log(DL_LOG_ERROR, "DL0514", &what, "failed for good: %s: %s (%s)",
               f->error_code, f->error, one_line(task));
    }
    finished(task, 0);
}

/** A reply that is none of ours: the lease runs out, and the task is tried
 *  again as after a lost worker. */
static void unsettled(dlw_task_t *task)
{
    dl_log(DL_LOG_ERROR, "DL0515", &task->a.about,
           "its outcome could not be written; another attempt will follow");
    finished(task, 0);
}

static void on_completed(void *baton, const redisReply *reply)
{
    settle_call_t *call = baton;
    apr_array_header_t *outcomes = NULL;
    apr_pool_t *p = call->worker->scratch;

    if (!reply || reply->type == REDIS_REPLY_ERROR
        || dl_task_complete_parse(reply, p, &outcomes) != APR_SUCCESS
        || outcomes->nelts != call->n)
        outcomes = NULL;
    for (int i = 0; i < call->n; i++) {
        if (outcomes)
            completed(call->tasks[i],
                      APR_ARRAY_IDX(outcomes, i, dl_settle_e));
        else
            unsettled(call->tasks[i]);
    }
    apr_pool_clear(p);
    free(call);
}

static void on_failed(void *baton, const redisReply *reply)
{
    dlw_task_t *task = baton;
    dl_settle_e outcome;
    apr_int64_t next_ms = 0;

    if (reply && reply->type != REDIS_REPLY_ERROR
        && dl_task_fail_parse(reply, &outcome, &next_ms) == APR_SUCCESS)
        failed(task, outcome, next_ms);
    else
        unsettled(task);
}

/* --- the calls --------------------------------------------------------- */

/** Fills in a completion; the link is signed by Redis time. */
static void fill(dlw_task_t *task, dl_completion_t *done)
{
    const dlw_attempt_t *a = &task->a;
    dl_result_t *r = &done->result;

    done->file_id = a->file_id;
    done->fence = a->fence;
    *r = (dl_result_t){.key = "", .url = "", .size = -1};
    if (task->settled)
        return;
    r->key = task->object.key;
    r->size = task->object.size;
    r->etag = task->object.etag;
    r->sha256 = task->object.sha256;
    r->filename = a->filename;
    r->content_type = task->object.content_type;
    r->duration_ms = dl_loop_now_ms(a->env->loop) - task->started_ms;
    if (dl_store_link(a->conf, a->conf->public_url ? a->conf->public_url : "",
                      r->key, r->filename, r->content_type,
                      dlw_clock_s(a->env->clock), a->pool, &r->url,
                      &r->url_expires_s)
        != APR_SUCCESS) {
        r->url = "";            /* whoever reads the job signs one */
        r->url_expires_s = 0;
    }
}

static void send_completions(dlw_worker_t *worker, settle_call_t *call)
{
    dl_completion_t done[BATCH];
    dl_redis_cmd_t *cmd;

    for (int i = 0; i < call->n; i++)
        fill(call->tasks[i], &done[i]);
    cmd = dl_task_complete_cmd(worker->settings->scripts, worker->name, done,
                               call->n, worker->scratch);
    dlw_redis_call(worker->redis, worker->settings, DL_SCRIPT_COMPLETE, cmd,
                   1, on_completed, call);
    apr_pool_clear(worker->scratch);
}

static void send_failure(dlw_worker_t *worker, dlw_task_t *task)
{
    dl_random_t random;
    dl_redis_cmd_t *cmd;

    dl_random_init(&random);
    task->failure.jitter_ppm = dl_random_below(&random, 1000001);
    cmd = dl_task_fail_cmd(worker->settings->scripts, worker->name,
                           task->a.file_id, task->a.fence, &task->failure,
                           worker->scratch);
    dlw_redis_call(worker->redis, worker->settings, DL_SCRIPT_FAIL, cmd, 1,
                   on_failed, task);
    apr_pool_clear(worker->scratch);
}

static void on_defer(dl_defer_t *defer)
{
    dlw_worker_t *worker = defer->baton;
    dlw_settle_part_t *part = &worker->settle;
    dlw_task_t *task = part->ready, *next;
    settle_call_t *call = NULL;

    part->ready = NULL;
    part->end = &part->ready;
    for (; task; task = next) {
        next = task->next;
        if (task->failed) {
            send_failure(worker, task);
            continue;
        }
        if (!call) {
            if (!(call = malloc(sizeof(*call))))
                abort();
            call->worker = worker;
            call->n = 0;
        }
        call->tasks[call->n++] = task;
        if (call->n == BATCH) {
            send_completions(worker, call);
            call = NULL;
        }
    }
    if (call)
        send_completions(worker, call);
}

void dlw_settle_task(dlw_worker_t *worker, dlw_task_t *task)
{
    ready(worker, task);
    dlw_claim_slot(worker);     /* its slot is free for another */
}

void dlw_settle_drop(dlw_worker_t *worker, dlw_task_t *task, const char *why)
{
    dl_log_about_t what = about(task);

    dl_log(DL_LOG_INFO, "DL0516", &what, "stopped: %s", why);
    dlw_task_abort(task);
    dlw_worker_slot(worker, task);
}

void dlw_settle_release(dlw_worker_t *worker, dlw_task_t *task)
{
    dl_redis_cmd_t *cmd =
        dl_task_release_cmd(worker->settings->scripts, worker->name,
                            task->a.file_id, task->a.fence, worker->scratch);
    dl_log_about_t what = about(task);

    dl_log(DL_LOG_INFO, "DL0517", &what, "handed back to the queue");
    dlw_task_abort(task);
    dlw_redis_call(worker->redis, worker->settings, DL_SCRIPT_RELEASE, cmd,
                   1, NULL, NULL);
    apr_pool_clear(worker->scratch);
    dlw_worker_slot(worker, task);
}

void dlw_settle_start(dlw_worker_t *worker)
{
    dlw_settle_part_t *part = &worker->settle;

    part->end = &part->ready;
    part->defer = (dl_defer_t){.fn = on_defer, .baton = worker};
}
