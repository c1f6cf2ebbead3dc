/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Has Redis look after itself: about every 30 s one sweep, slice by slice,
 * over active tasks without a lease, leases without a task, and so on. What
 * was repaired is logged.
 */
#include "dlw_worker.h"

#include <stdlib.h>
#include <string.h>

#include "dl_log.h"
#include "dl_random.h"

#define SWEEP_MS 30000
#define SLICE_MS 50

static void next_sweep(dlw_worker_t *worker)
{
    dl_random_t random;

    /* jittered by a third: the workers of a namespace shall not meet */
    dl_random_init(&random);
    dl_timer_set(worker->env.loop, &worker->audit.timer,
                 SWEEP_MS * 5 / 6 + dl_random_below(&random, SWEEP_MS / 3));
}

static void on_audited(void *baton, const redisReply *reply)
{
    dlw_worker_t *worker = baton;
    dlw_audit_part_t *part = &worker->audit;
    apr_array_header_t *repairs;
    const char *cursor;

    if (!reply || reply->type == REDIS_REPLY_ERROR
        || dl_task_audit_parse(reply, worker->scratch, &repairs, &cursor)
               != APR_SUCCESS) {
        strcpy(part->cursor, "0");
        next_sweep(worker);
        return;
    }
    for (int i = 0; i < repairs->nelts; i++)
        dl_log(DL_LOG_WARN, "DL0530", NULL, "repaired: %s",
               APR_ARRAY_IDX(repairs, i, const char *));
    if (strlen(cursor) < sizeof(part->cursor))
        strcpy(part->cursor, cursor);
    else
        strcpy(part->cursor, "0");
    apr_pool_clear(worker->scratch);
    if (strcmp(part->cursor, "0") == 0)
        next_sweep(worker);
    else
        dl_timer_set(worker->env.loop, &part->timer, SLICE_MS);
}

static void on_timer(dl_timer_t *timer)
{
    dlw_worker_t *worker = timer->baton;
    dl_redis_cmd_t *cmd;

    if (!dlw_redis_up(worker->redis)) {
        next_sweep(worker);
        return;
    }
    cmd = dl_task_audit_cmd(worker->settings->scripts, worker->audit.cursor,
                            worker->scratch);
    dlw_redis_call(worker->redis, worker->settings, DL_SCRIPT_AUDIT, cmd, 0,
                   on_audited, worker);
    apr_pool_clear(worker->scratch);
}

void dlw_audit_start(dlw_worker_t *worker)
{
    worker->audit.timer = (dl_timer_t){.fn = on_timer, .baton = worker};
    strcpy(worker->audit.cursor, "0");
    next_sweep(worker);
}
