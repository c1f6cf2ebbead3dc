/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases and progress.
 *
 * Every third of DLJobLease all leases are renewed, with all progress and
 * the worker's own heartbeat. In between progress is written when it moved by
 * 5 % or a second has passed since the last time; what comes within a few
 * milliseconds travels together.
 */
#include "dlw_worker.h"

#include <stdlib.h>

#include "dl_log.h"

#define STEP 5                  /* per cent */
#define AGE_MS 1000
#define MESSAGE_AGE_MS 200
#define GATHER_MS 10
#define TASKS_A_CALL 64
#define GUESS_MAX 95

/** Whom a call was about: a task may be gone, or another, at its reply. */
typedef struct beat_call_t {
    dlw_worker_t *worker;
    int n;
    struct {
        apr_int64_t file_id;
        apr_int64_t fence;
        int slot;               /* where it was: it mostly still is */
    } who[TASKS_A_CALL];
} beat_call_t;

static dlw_task_t *find(const beat_call_t *call, int i)
{
    const dlw_slots_t *slots = &call->worker->slots;

    if (call->who[i].slot < slots->nrunning) {
        dlw_task_t *task = slots->running[call->who[i].slot];

        if (task->a.fence == call->who[i].fence
            && task->a.file_id == call->who[i].file_id)
            return task;
    }
    return dlw_slots_find(call->worker, call->who[i].file_id,
                          call->who[i].fence);
}

static void on_beaten(void *baton, const redisReply *reply)
{
    beat_call_t *call = baton;
    dlw_worker_t *worker = call->worker;
    apr_array_header_t *alive;
    apr_pool_t *p;

    if (reply && reply->type != REDIS_REPLY_ERROR) {
        apr_pool_create(&p, worker->pool);
        if (dl_task_beat_parse(reply, p, &alive) == APR_SUCCESS) {
            for (int i = 0; i < call->n && i < alive->nelts; i++) {
                dlw_task_t *task = find(call, i);

                /* one that settles hears of it from its settlement */
                if (!APR_ARRAY_IDX(alive, i, int) && task
                    && task->state != DLW_TASK_SETTLE)
                    dlw_settle_drop(worker, task, "it was cancelled, or its "
                                    "lease went to another worker");
            }
        }
        apr_pool_destroy(p);
    }
    free(call);
}

/** Sends the beats of tasks[0 .. n-1]. */
static void send_beats(dlw_worker_t *worker, dlw_task_t **tasks, int n,
                       const char *load)
{
    dl_beat_t beats[TASKS_A_CALL];
    beat_call_t *call = malloc(sizeof(*call));
    dl_redis_cmd_t *cmd;

    if (!call)
        abort();
    call->worker = worker;
    call->n = n;
    for (int i = 0; i < n; i++) {
        dlw_task_t *task = tasks[i];

        call->who[i].file_id = beats[i].file_id = task->a.file_id;
        call->who[i].fence = beats[i].fence = task->a.fence;
        call->who[i].slot = task->slot;
        beats[i].progress = task->progress > task->beat_progress
                                ? task->progress : -1;
        beats[i].message = task->message_new ? task->message : NULL;
        task->beat_progress = task->progress;
        task->message_new = 0;
        task->beat_ms = dl_loop_now_ms(worker->env.loop);
    }
    cmd = dl_task_beat_cmd(worker->settings->scripts, worker->name, beats, n,
                           load, worker->scratch);
    dlw_redis_call(worker->redis, worker->settings, DL_SCRIPT_BEAT, cmd, 0,
                   on_beaten, call);
    apr_pool_clear(worker->scratch);
}

/* --- leases ------------------------------------------------------------ */

void dlw_beat_all(dlw_worker_t *worker)
{
    dlw_slots_t *slots = &worker->slots;
    apr_pool_t *p;
    const char *load;
    int at = 0;

    apr_pool_create(&p, worker->pool);
    load = dlw_life_load(worker, p);
    do {                        /* once even when nothing runs */
        int n = slots->nrunning - at;

        if (n > TASKS_A_CALL)
            n = TASKS_A_CALL;
        send_beats(worker, slots->running + at, n, load);
        load = NULL;
        at += n;
    } while (at < slots->nrunning);
    apr_pool_destroy(p);
}

static void on_lease(dl_timer_t *timer)
{
    dlw_worker_t *worker = timer->baton;

    dl_timer_set(worker->env.loop, timer,
                 worker->settings->conf->lease_ms / 3);
    if (dlw_redis_up(worker->redis))
        dlw_beat_all(worker);
}

void dlw_beat_now(dlw_worker_t *worker)
{
    dl_timer_set(worker->env.loop, &worker->beat.lease, 0);
}

/* --- progress ---------------------------------------------------------- */

/** In how many ms the task's news are to be written; -1: there are none. */
static apr_int64_t due_in_ms(const dlw_task_t *task, apr_int64_t now_ms)
{
    apr_int64_t age_ms = now_ms - task->beat_ms;
    int moved = task->progress - task->beat_progress;
    apr_int64_t wait_ms = task->message_new ? MESSAGE_AGE_MS : AGE_MS;

    if (moved <= 0 && !task->message_new)
        return -1;
    if (moved >= STEP || age_ms >= wait_ms)
        return 0;
    return wait_ms - age_ms;
}

static void on_news(dl_timer_t *timer)
{
    dlw_worker_t *worker = timer->baton;
    dlw_slots_t *slots = &worker->slots;
    apr_int64_t now_ms = dl_loop_now_ms(worker->env.loop);
    apr_int64_t next_ms = -1;
    dlw_task_t *due[TASKS_A_CALL];
    int n = 0;

    for (int i = 0; i < slots->nrunning; i++) {
        apr_int64_t ms = due_in_ms(slots->running[i], now_ms);

        if (ms == 0)
            due[n++] = slots->running[i];
        else if (ms > 0 && (next_ms < 0 || ms < next_ms))
            next_ms = ms;
        if (n == TASKS_A_CALL || (n > 0 && i + 1 == slots->nrunning)) {
            send_beats(worker, due, n, NULL);
            n = 0;
        }
    }
    if (next_ms >= 0)
        dl_timer_set(worker->env.loop, timer, next_ms);
}

void dlw_beat_news(dlw_worker_t *worker, dlw_task_t *task)
{
    dl_timer_t *timer = &worker->beat.news;
    apr_int64_t now_us = dl_loop_now_us(worker->env.loop);
    apr_int64_t ms = due_in_ms(task, now_us / 1000);

    if (ms < 0)
        return;
    if (ms < GATHER_MS)
        ms = GATHER_MS;
    if (!timer->slot || timer->due_us > now_us + ms * 1000)
        dl_timer_set(worker->env.loop, timer, ms);
}

/* --- guesses where the source says nothing ----------------------------- */

static int by_size(const void *a, const void *b)
{
    apr_int64_t x = *(const apr_int64_t *)a, y = *(const apr_int64_t *)b;

    return x < y ? -1 : x > y;
}

void dlw_beat_took(dlw_worker_t *worker, apr_int64_t duration_ms)
{
    enum { N = sizeof(worker->beat.durations_ms)
               / sizeof(worker->beat.durations_ms[0]) };
    dlw_beat_part_t *beat = &worker->beat;
    apr_int64_t sorted[N];
    int n;

    beat->durations_ms[beat->ndurations++ % N] = duration_ms;
    n = beat->ndurations < N ? beat->ndurations : N;
    if (beat->ndurations > 8 && beat->ndurations % 16 != 0)
        return;                 /* it moves slowly enough */
    for (int i = 0; i < n; i++)
        sorted[i] = beat->durations_ms[i];
    qsort(sorted, (size_t)n, sizeof(sorted[0]), by_size);
    beat->p75_ms = sorted[n * 3 / 4];
}

static void on_guess(dl_timer_t *timer)
{
    dlw_worker_t *worker = timer->baton;
    dlw_slots_t *slots = &worker->slots;
    apr_int64_t now_ms = dl_loop_now_ms(worker->env.loop);
    apr_int64_t p75_ms = worker->beat.p75_ms;

    if (p75_ms >= AGE_MS) {
        for (int i = 0; i < slots->nrunning; i++) {
            apr_int64_t age_ms = now_ms - slots->running[i]->started_ms;
            apr_int64_t percent = age_ms * GUESS_MAX / p75_ms;

            dlw_task_guess(slots->running[i],
                           percent > GUESS_MAX ? GUESS_MAX : (int)percent);
        }
    }
    dl_timer_set(worker->env.loop, timer, AGE_MS);
}

void dlw_beat_start(dlw_worker_t *worker)
{
    dlw_beat_part_t *beat = &worker->beat;

    beat->lease = (dl_timer_t){.fn = on_lease, .baton = worker};
    beat->news = (dl_timer_t){.fn = on_news, .baton = worker};
    beat->guess = (dl_timer_t){.fn = on_guess, .baton = worker};
    dl_timer_set(worker->env.loop, &beat->lease,
                 worker->settings->conf->lease_ms / 3);
    dl_timer_set(worker->env.loop, &beat->guess, AGE_MS);
}
