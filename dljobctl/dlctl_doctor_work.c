/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor: workers and what they should be doing.
 */
#include "dlctl_doctor.h"

#include <string.h>

#include <apr_strings.h>

#include "dlctl_text.h"
#include "dlctl_worker.h"

#define OLD_MS 600000           /* a task that waits longer is worth a word */
#define OLD_TIMES 20            /* … or so many times what one takes */
#define TASKS_SEEN 500

static void look_at_workers(dlctl_doctor_t *doctor,
                            const apr_array_header_t *workers,
                            apr_int64_t now_ms)
{
    int alive = 0, draining = 0;

    for (int i = 0; i < workers->nelts; i++) {
        const dlctl_worker_t *w = &APR_ARRAY_IDX(workers, i, dlctl_worker_t);

        alive += w->alive && !w->draining;
        draining += w->alive && w->draining;
        if (!w->alive && !w->draining)
            dlctl_found(doctor, "workers", DLCTL_WARNING, "see whether it "
                        "was killed, or cannot reach Redis; its files have "
                        "gone to others", "worker %s%s%s was last heard of "
                        "%s", w->name, *w->host ? " on " : "", w->host,
                        dlctl_text_ago(w->at_ms, now_ms, doctor->pool));
        if (w->alive && *w->version && strcmp(w->version, DL_VERSION) != 0)
            dlctl_found(doctor, "workers", DLCTL_WARNING, "let all hosts "
                        "have the same version", "worker %s is version %s, "
                        "this is " DL_VERSION, w->name, w->version);
    }
    if (alive)
        dlctl_found(doctor, "workers", DLCTL_FINE, "", "%s alive",
                    dlctl_text_count(alive, "worker", doctor->pool));
    else if (draining)
        dlctl_found(doctor, "workers", DLCTL_ERROR, "start one: systemctl "
                    "start dlworker", "all workers are draining: nothing "
                    "more is begun");
    else
        dlctl_found(doctor, "workers", DLCTL_ERROR, "start one: systemctl "
                    "start dlworker; its log says why if it does not stay",
                    "no worker is alive: nothing is prepared");
}

/* Leases that ran out long ago: somebody should have taken the tasks. */
static void look_at_leases(dlctl_doctor_t *doctor, apr_int64_t now_ms)
{
    apr_int64_t late_ms = 2 * doctor->conf->lease_ms;
    apr_array_header_t *tasks;
    int stuck = 0;

    if (dl_ops_tasks(doctor->ctl->jobs, DL_OPS_ACTIVE, 0, TASKS_SEEN,
                     doctor->pool, &tasks) != APR_SUCCESS)
        return;
    for (int i = 0; i < tasks->nelts; i++)
        stuck += APR_ARRAY_IDX(tasks, i, dl_ops_task_t).at_ms
                 < now_ms - late_ms;
    if (stuck)
        dlctl_found(doctor, "tasks", DLCTL_ERROR, "start a worker, or see "
                    "why those that run claim nothing (workers, pause)",
                    "%s of file %" APR_INT64_T_FMT " %s stuck: the lease ran "
                    "out %s and nobody took it",
                    dlctl_text_count(stuck, "task", doctor->pool),
                    APR_ARRAY_IDX(tasks, 0, dl_ops_task_t).file_id,
                    stuck == 1 ? "is" : "and others are",
                    dlctl_text_ago(APR_ARRAY_IDX(tasks, 0,
                                                 dl_ops_task_t).at_ms,
                                   now_ms, doctor->pool));
}

static void look_at_queue(dlctl_doctor_t *doctor, const dl_ops_stats_t *s)
{
    apr_int64_t old_ms = s->estimate.duration_ms * OLD_TIMES;
    int all = s->waiting + s->suspect + s->delayed + s->active;
    int max = doctor->conf->max_queue;

    if (max > 0 && all >= max)
        dlctl_found(doctor, "queue", DLCTL_ERROR, "start more workers, or "
                    "raise DLJobConcurrency, DLJobRate or DLJobMaxQueue",
                    "the queue is full: %d tasks; requests are refused", all);
    else if (max > 0 && all > max / 10 * 8)
        dlctl_found(doctor, "queue", DLCTL_WARNING, "start more workers, or "
                    "raise DLJobConcurrency, DLJobRate or DLJobMaxQueue",
                    "the queue is nearly full: %d tasks of %d", all, max);
    else
        dlctl_found(doctor, "queue", DLCTL_FINE, "", "%s, %d of them running",
                    dlctl_text_count(all, "task", doctor->pool), s->active);
    if (s->paused)
        dlctl_found(doctor, "queue", DLCTL_WARNING, "dljobctl resume",
                    "the queue is paused: nothing is begun");
    else if (s->waiting + s->suspect > 0
             && s->oldest_ms > (old_ms > OLD_MS ? old_ms : OLD_MS))
        dlctl_found(doctor, "queue", DLCTL_WARNING, s->busy < s->slots
                    ? "workers have room: raise DLJobRate, or see their logs"
                    : "start more workers, or raise DLJobConcurrency",
                    "a task has been waiting for %s",
                    dlctl_text_duration(s->oldest_ms, doctor->pool));
}

static void look_at_dead(dlctl_doctor_t *doctor, const dl_ops_stats_t *s)
{
    if (s->dead)
        dlctl_found(doctor, "dead-letters", DLCTL_WARNING, "dljobctl dead "
                    "list tells why; mend it, then dljobctl retry "
                    "--all-dead, or dljobctl dead purge --all",
                    "%s", dlctl_text_count(s->dead, "dead letter",
                                           doctor->pool));
    else
        dlctl_found(doctor, "dead-letters", DLCTL_FINE, "", "none");
}

static void look_at_webhooks(dlctl_doctor_t *doctor)
{
    int waiting = 0, dead = 0;

    if (dl_ops_hooks_count(doctor->ctl->jobs, doctor->pool, &waiting, &dead)
        != APR_SUCCESS)
        return;
    if (dead)
        dlctl_found(doctor, "webhooks", DLCTL_WARNING, "dljobctl webhooks "
                    "list --dead tells why; when the receivers are well, "
                    "dljobctl webhooks replay --all-dead", "%s given up",
                    dlctl_text_count(dead, "webhook", doctor->pool));
    else
        dlctl_found(doctor, "webhooks", DLCTL_FINE, "", "%d to be delivered",
                    waiting);
}

void dlctl_doctor_work(dlctl_doctor_t *doctor)
{
    dlctl_t *ctl = doctor->ctl;
    dl_redis_pool_conf_t links = {1, 5000, 10000};
    apr_array_header_t *workers;
    dl_ops_stats_t stats;

    ctl->conf = doctor->conf;
    if (dl_redis_pool_create(ctl->conf->redis, &links, ctl->pool,
                             &ctl->redis) != APR_SUCCESS
        || dl_jobs_create(ctl->conf, ctl->redis, ctl->pool, &ctl->jobs)
           != APR_SUCCESS)
        return;
    if (dl_ops_stats(ctl->jobs, ctl->pool, &stats) != APR_SUCCESS
        || dlctl_workers_get(ctl, stats.now_ms, ctl->pool, &workers)
           != DLCTL_OK) {
        dlctl_found(doctor, "workers", DLCTL_SKIPPED, "see what is said of "
                    "Redis above", "workers and tasks cannot be seen");
        return;
    }
    look_at_workers(doctor, workers, stats.now_ms);
    look_at_leases(doctor, stats.now_ms);
    look_at_queue(doctor, &stats);
    look_at_dead(doctor, &stats);
    look_at_webhooks(doctor);
}
