/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stages of an attempt.
 */
#include "dlw_task.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "dl_bundle.h"
#include "dl_utf8.h"

#define PROGRESS_MAX 99         /* 100 is said by the settlement */

static dlw_task_t *task_of(dlw_attempt_t *a)
{
    return a->task;
}

static int running(const dlw_task_t *task)
{
    return task->state == DLW_TASK_SOURCE || task->state == DLW_TASK_STORE;
}

/* --- outcome ----------------------------------------------------------- */

static void outcome(dlw_task_t *task)
{
    task->state = DLW_TASK_SETTLE;
    task->run = NULL;
    task->op = NULL;
    dl_timer_cancel(task->a.env->loop, &task->timeout);
    task->on->outcome(task);
}

static void fail(dlw_task_t *task, const dl_failure_t *failure)
{
    task->failed = 1;
    task->failure = *failure;
    outcome(task);
}

/** Stops source and store, whichever is at work. */
static void stop(dlw_task_t *task)
{
    const dlw_env_t *env = task->a.env;

    if (task->state == DLW_TASK_SOURCE && task->run)
        task->source->abort(&task->a, task->run);
    if (task->op)
        env->store_ops->abort(env->store, task->op);
    task->run = NULL;
    task->op = NULL;
    dl_timer_cancel(env->loop, &task->timeout);
}

static void on_timeout(dl_timer_t *timer)
{
    dlw_task_t *task = timer->baton;
    dl_failure_t failure = dlw_failure(
        "TIMEOUT", "The file was not ready in time", "in the store", 0);

    if (task->state == DLW_TASK_SOURCE) {
        failure.detail = NULL;
        if (task->source->detail && task->run)
            failure.detail = task->source->detail(&task->a, task->run);
        if (!failure.detail)
            failure.detail = "in the source";
    }
    stop(task);
    fail(task, &failure);
}

/* --- store ------------------------------------------------------------- */

static void on_stored(void *baton, const dl_failure_t *failure,
                      const dlw_object_t *object)
{
    dlw_task_t *task = baton;

    if (!running(task))
        return;
    if (failure) {
        task->op = NULL;
        stop(task);             /* the source, if it is still at work */
        fail(task, failure);
        return;
    }
    task->object = *object;
    task->object.sha256 = dlw_spool_sha256(task->a.spool);
    if (!task->object.content_type)
        task->object.content_type = task->a.content_type;
    task->ours = 1;
    outcome(task);
}

static const char *own_key(dlw_task_t *task)
{
    return dlw_store_attempt_key_as(task->a.conf, task->a.file_id,
                                    task->a.fence, task->again,
                                    task->a.extension,
                                    task->a.pool);
}

static void store(dlw_task_t *task)
{
    const dlw_env_t *env = task->a.env;
    void *op;

    task->state = DLW_TASK_STORE;
    task->run = NULL;
    if (task->op) {             /* begun while the source was at work */
        env->store_ops->finish(env->store, task->op);
        return;
    }
    op = env->store_ops->put(env->store, &task->a, own_key(task), on_stored,
                             task);
    if (task->state == DLW_TASK_STORE)
        task->op = op;
}

static void on_source_grown(dlw_attempt_t *a)
{
    dlw_task_t *task = task_of(a);
    const dlw_env_t *env = a->env;
    const dlw_store_ops_t *ops = env->store_ops;

    if (task->state != DLW_TASK_SOURCE || !ops->begin)
        return;
    if (task->op)
        ops->grown(env->store, task->op);
    else if (a->expected > ops->begin_above
             || dlw_spool_size(a->spool) > ops->begin_above)
        task->op = ops->begin(env->store, a, own_key(task), on_stored, task);
}

static void on_source_restart(dlw_attempt_t *a)
{
    dlw_task_t *task = task_of(a);

    if (!task->op)
        return;
    a->env->store_ops->abort(a->env->store, task->op);
    task->op = NULL;
    task->again++;
}

/* --- source ------------------------------------------------------------ */

static void on_source_done(dlw_attempt_t *a, const dl_failure_t *failure)
{
    dlw_task_t *task = task_of(a);

    if (task->state != DLW_TASK_SOURCE)
        return;
    if (failure) {
        task->run = NULL;
        stop(task);             /* the store, if it has begun */
        fail(task, failure);
    }
    else if (a->object.key) {   /* there already: `store` */
        task->object = a->object;
        outcome(task);
    }
    else {
        store(task);
    }
}

static void progress(dlw_task_t *task, int percent)
{
    if (percent > PROGRESS_MAX)
        percent = PROGRESS_MAX;
    if (!running(task) || percent <= task->progress)
        return;
    task->progress = percent;
    task->on->news(task);
}

static void on_source_progress(dlw_attempt_t *a, int percent)
{
    task_of(a)->heard = 1;
    progress(task_of(a), percent);
}

void dlw_task_guess(dlw_task_t *task, int percent)
{
    if (!task->heard)
        progress(task, percent);
}

/** A line for the user: valid UTF-8 without control characters, cut. */
static void on_source_message(dlw_attempt_t *a, const char *text)
{
    dlw_task_t *task = task_of(a);
    apr_size_t left = strlen(text), used = 0;

    if (!running(task))
        return;
    while (left > 0) {
        int n = dl_utf8_len((const unsigned char *)text, left);

        if (used + (apr_size_t)(n ? n : 1) > DLW_MESSAGE_MAX)
            break;
        if (n > 1 || (n == 1 && !apr_iscntrl(*text))) {
            memcpy(task->message + used, text, (apr_size_t)n);
            used += (apr_size_t)n;
        }
        text += n ? n : 1;
        left -= (apr_size_t)(n ? n : 1);
    }
    task->message[used] = '\0';
    task->message_new = 1;
    task->on->news(task);
}

static const dlw_attempt_on_t source_on = {
    .progress = on_source_progress,
    .message = on_source_message,
    .grown = on_source_grown,
    .restart = on_source_restart,
    .done = on_source_done,
};

/* --- begin and end ----------------------------------------------------- */

static const char *copy(apr_pool_t *p, const char *s)
{
    return s && *s ? apr_pstrdup(p, s) : "";
}

static void fill_attempt(dlw_task_t *task, const dl_task_t *claimed)
{
    dlw_attempt_t *a = &task->a;

    a->conf = task->settings->conf;
    a->file_id = claimed->file_id;
    a->fence = claimed->fence;
    a->attempt = claimed->attempt;
    a->job_id = copy(a->pool, claimed->job_id);
    a->request_id = copy(a->pool, claimed->request_id);
    a->traceparent = copy(a->pool, claimed->traceparent);
    a->tracestate = copy(a->pool, claimed->tracestate);
    a->about = (dl_log_about_t){
        .job_id = a->job_id,
        .file_id = a->file_id,
        .attempt = a->attempt,
        .request_id = *a->request_id ? a->request_id : NULL,
        .duration_ms = -1};
    if (strlen(a->traceparent) >= 35)   /* 00-<32 digits>-… */
        a->about.trace_id = apr_pstrmemdup(a->pool, a->traceparent + 3, 32);
    a->spool = dlw_spool_create(a->conf->spool, a->conf->max_object,
                                a->pool);
    a->filename = NULL;
    a->content_type = NULL;
    a->extension = NULL;
    a->expected = -1;
    memset(&a->object, 0, sizeof(a->object));
    a->on = &source_on;
    a->task = task;
}

void dlw_task_begin(dlw_task_t *task, const dl_task_t *claimed,
                    dlw_settings_t *settings)
{
    dl_loop_t *loop = task->a.env->loop;
    void *run;

    task->settings = dlw_settings_ref(settings);
    fill_attempt(task, claimed);
    task->lost = claimed->lost;
    task->settled = claimed->settled;
    task->started_ms = dl_loop_now_ms(loop);
    task->progress = 0;
    task->heard = 0;
    task->again = 0;
    task->message_new = 0;
    task->failed = 0;
    task->ours = 0;
    memset(&task->object, 0, sizeof(task->object));
    task->run = task->op = NULL;
    task->timeout.fn = on_timeout;
    task->timeout.baton = task;
    if (task->settled) {
        outcome(task);
        return;
    }
    task->state = DLW_TASK_SOURCE;
    task->source = claimed->file_id >= DL_BUNDLE_FIRST_ID
                       ? &dlw_source_bundle
                       : dlw_source_of(task->a.conf->source.kind);
    run = task->source->start(&task->a);
    if (task->state == DLW_TASK_SOURCE)
        task->run = run;
    if (running(task))          /* many a task never needs the timer */
        dl_timer_set(loop, &task->timeout, task->a.conf->timeout_ms);
}

static void release(dlw_task_t *task)
{
    task->state = DLW_TASK_FREE;
    dlw_settings_unref(task->settings);
    task->settings = NULL;
}

void dlw_task_abort(dlw_task_t *task)
{
    stop(task);
    release(task);
}

void dlw_task_end(dlw_task_t *task, int keep)
{
    const dlw_env_t *env = task->a.env;

    if (!keep && task->ours)
        env->store_ops->remove(env->store, task->object.key);
    release(task);
}
