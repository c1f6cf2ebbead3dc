/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tasks at work, and a store of used ones: a task's pool is cleared, not
 * made anew.
 */
#include "dlw_worker.h"

#include <stdlib.h>
#include <string.h>

#define SETTLING_MAX 128        /* beyond that, Redis is the bottleneck */

static void on_news(dlw_task_t *task)
{
    dlw_beat_news(task->owner, task);
}

static void on_outcome(dlw_task_t *task)
{
    dlw_worker_t *worker = task->owner;

    worker->slots.nsettling++;
    dlw_settle_task(worker, task);
}

static const dlw_task_on_t task_on = {
    .news = on_news,
    .outcome = on_outcome,
};

static dlw_task_t *task_new(dlw_worker_t *worker)
{
    dlw_task_t *task = apr_pcalloc(worker->pool, sizeof(*task));

    task->a.env = &worker->env;
    apr_pool_create(&task->a.pool, worker->pool);
    apr_pool_tag(task->a.pool, "dlw_attempt");
    task->on = &task_on;
    task->owner = worker;
    return task;
}

static void grow(dlw_slots_t *slots)
{
    int size = slots->size ? slots->size * 2 : 16;
    dlw_task_t **running = realloc(slots->running, size * sizeof(*running));

    if (!running)
        abort();
    slots->running = running;
    slots->size = size;
}

dlw_task_t *dlw_slots_take(dlw_worker_t *worker)
{
    dlw_slots_t *slots = &worker->slots;
    dlw_task_t *task = slots->spare;

    if (task)
        slots->spare = task->next;
    else
        task = task_new(worker);
    if (slots->nrunning == slots->size)
        grow(slots);
    task->next = NULL;
    task->slot = slots->nrunning;
    task->beat_progress = 0;
    task->beat_due = 0;
    task->beat_ms = dl_loop_now_ms(worker->env.loop);
    slots->running[slots->nrunning++] = task;
    return task;
}

void dlw_slots_give(dlw_worker_t *worker, dlw_task_t *task)
{
    dlw_slots_t *slots = &worker->slots;
    dlw_task_t *last = slots->running[--slots->nrunning];

    slots->running[task->slot] = last;
    last->slot = task->slot;
    apr_pool_clear(task->a.pool);
    task->next = slots->spare;
    slots->spare = task;
}

dlw_task_t *dlw_slots_find(const dlw_worker_t *worker, apr_int64_t file_id,
                           apr_int64_t fence)
{
    const dlw_slots_t *slots = &worker->slots;

    for (int i = 0; i < slots->nrunning; i++) {
        dlw_task_t *task = slots->running[i];

        if (task->a.fence == fence && task->a.file_id == file_id)
            return task;
    }
    return NULL;
}

int dlw_slots_free(const dlw_worker_t *worker)
{
    const dlw_slots_t *slots = &worker->slots;
    int most = worker->settings->conf->concurrency;
    int free = most - (slots->nrunning - slots->nsettling);

    /* one that settles needs no slot, but there is a bound to them too */
    if (slots->nsettling > SETTLING_MAX)
        return 0;
    return free > 0 ? free : 0;
}

int dlw_slots_suspects(const dlw_worker_t *worker)
{
    const dlw_slots_t *slots = &worker->slots;
    int n = 0;

    for (int i = 0; i < slots->nrunning; i++)
        n += slots->running[i]->lost > 0;
    return n;
}
