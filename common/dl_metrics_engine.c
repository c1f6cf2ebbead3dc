/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Redis knows of a namespace, for Prometheus.
 *
 * Every label has a fixed set of values, all of them present from the first
 * scrape on (else rate() would miss the first of each). No job, user, file,
 * worker or trace is a label: there is no bound to their number.
 */
#include "dl_metrics.h"

#include <stdio.h>

#define CODES_MAX 32            /* of attempts: a bound for what we read */
#define BUCKET_FIRST_MS 100
#define BUCKET_LAST_MS 819200

/** A counter of the engine, and the label's value it is shown with. */
typedef struct row_t {
    const char *counter;
    const char *value;
} row_t;

static const row_t outcomes[] = {
    { "completed", "completed" }, { "failed", "failed" },
    { "cancelled", "cancelled" }, { NULL, NULL }
};

/* Numbers of dl_admit_e, as admit.lua writes them. */
static const row_t refusals[] = {
    { "refused_5", "idempotency_key_reused" },
    { "refused_6", "rate_limited" },
    { "refused_7", "too_many_jobs" },
    { "refused_8", "queue_full" }, { NULL, NULL }
};

static const row_t layers[] = {
    { "dedupe_key", "key" }, { "dedupe_recent", "recent" },
    { "dedupe_active", "active" }, { "dedupe_result", "result" },
    { "dedupe_task", "task" }, { NULL, NULL }
};

static const row_t hooks[] = {
    { "hooks_delivered", "delivered" }, { "hooks_gone", "gone" },
    { "hooks_again", "again" }, { "hooks_dead", "dead" },
    { "hooks_lost", "lost" }, { "hooks_replayed", "replayed" },
    { NULL, NULL }
};

static const row_t codes[] = {
    { "attempt:FILE_NOT_FOUND", "FILE_NOT_FOUND" },
    { "attempt:SOURCE_ERROR", "SOURCE_ERROR" },
    { "attempt:STORAGE_ERROR", "STORAGE_ERROR" },
    { "attempt:TIMEOUT", "TIMEOUT" }, { NULL, NULL }
};

static const dl_ops_counter_t *counter_at(const dl_ops_stats_t *stats, int i)
{
    return &APR_ARRAY_IDX(stats->counters, i, dl_ops_counter_t);
}

static apr_int64_t counted(const dl_ops_stats_t *stats, const char *name)
{
    for (int i = 0; i < stats->counters->nelts; i++) {
        if (strcmp(counter_at(stats, i)->name, name) == 0) {
            return counter_at(stats, i)->value;
        }
    }
    return 0;
}

static void rows(dl_metrics_t *m, const dl_ops_stats_t *stats,
                 const row_t *row, const char *label)
{
    for (; row->counter; row++) {
        const char *labels[] = { label, row->value, NULL };

        dl_metrics_value(m, "", labels, counted(stats, row->counter), 0);
    }
}

static void tasks(dl_metrics_t *m, const dl_ops_stats_t *stats)
{
    static const char *const states[] = {
        [DL_OPS_WAIT] = "waiting", [DL_OPS_SUSPECT] = "suspect",
        [DL_OPS_DELAYED] = "delayed", [DL_OPS_ACTIVE] = "active"
    };
    static const char *const priorities[] = {
        [DL_PRIORITY_HIGH] = "high", [DL_PRIORITY_NORMAL] = "normal",
        [DL_PRIORITY_LOW] = "low"
    };
    static const char *const dead[] = { "state", "dead", NULL };

    dl_metrics_begin(m, "dljob_tasks", DL_METRICS_GAUGE,
                     "Tasks by state and priority. Sums over priorities are "
                     "exact; in a state of more than 300 tasks the "
                     "priorities are estimated from a sample.");
    for (int q = 0; q < DL_OPS_QUEUES; q++) {
        for (int i = 0; i <= DL_PRIORITY_LOW; i++) {
            const char *labels[] = { "state", states[q], "priority",
                                     priorities[i], NULL };

            dl_metrics_value(m, "", labels, stats->tasks[q][i], 0);
        }
    }
    dl_metrics_value(m, "", dead, stats->dead, 0);
}

static void queue(dl_metrics_t *m, const dl_ops_stats_t *stats)
{
    tasks(m, stats);
    dl_metrics_one(m, "dljob_oldest_task_seconds", DL_METRICS_GAUGE,
                   "How long the task that waits longest has waited.",
                   stats->oldest_ms, 3);
    dl_metrics_one(m, "dljob_webhooks_waiting", DL_METRICS_GAUGE,
                   "Webhooks not delivered yet.", stats->hooks, 0);
    dl_metrics_one(m, "dljob_paused", DL_METRICS_GAUGE,
                   "1 while an operator has paused the claims.",
                   stats->paused, 0);
    dl_metrics_one(m, "dljob_workers", DL_METRICS_GAUGE,
                   "Workers heard of within the last 30 s.",
                   stats->workers, 0);
    dl_metrics_one(m, "dljob_worker_slots", DL_METRICS_GAUGE,
                   "Tasks these workers can run together.",
                   stats->slots, 0);
    dl_metrics_one(m, "dljob_worker_slots_busy", DL_METRICS_GAUGE,
                   "Tasks they said they ran, with their last heartbeat.",
                   stats->busy, 0);
}

static void jobs(dl_metrics_t *m, const dl_ops_stats_t *stats)
{
    dl_metrics_one(m, "dljob_jobs_created_total", DL_METRICS_COUNTER,
                   "Jobs admitted as new.", counted(stats, "created"), 0);
    dl_metrics_begin(m, "dljob_jobs_total", DL_METRICS_COUNTER,
                     "Jobs that have ended, by outcome.");
    rows(m, stats, outcomes, "outcome");
    dl_metrics_begin(m, "dljob_jobs_refused_total", DL_METRICS_COUNTER,
                     "Requests that were not admitted, by reason.");
    rows(m, stats, refusals, "reason");
    dl_metrics_begin(m, "dljob_dedupe_hits_total", DL_METRICS_COUNTER,
                     "Requests and files that needed no work of their own, "
                     "by what they met: an idempotency key, the same "
                     "request within a minute, an active job, a result, a "
                     "task.");
    rows(m, stats, layers, "layer");
}

static int is_known(const char *counter)
{
    for (const row_t *row = codes; row->counter; row++) {
        if (strcmp(row->counter, counter) == 0) {
            return 1;
        }
    }
    return 0;
}

static void attempts(dl_metrics_t *m, const dl_ops_stats_t *stats)
{
    int others = 0;

    dl_metrics_begin(m, "dljob_attempts_failed_total", DL_METRICS_COUNTER,
                     "Attempts that failed, by errorCode.");
    rows(m, stats, codes, "code");
    for (int i = 0; i < stats->counters->nelts && others < CODES_MAX; i++) {
        const dl_ops_counter_t *counter = counter_at(stats, i);
        const char *labels[] = { "code", counter->name + 8, NULL };

        if (strncmp(counter->name, "attempt:", 8) == 0
            && !is_known(counter->name)) {
            dl_metrics_value(m, "", labels, counter->value, 0);
            others++;
        }
    }
    dl_metrics_one(m, "dljob_retries_total", DL_METRICS_COUNTER,
                   "Attempts that failed and are followed by another.",
                   counted(stats, "retries"), 0);
    dl_metrics_one(m, "dljob_workers_lost_total", DL_METRICS_COUNTER,
                   "Tasks whose worker was lost: its lease ran out.",
                   counted(stats, "lost"), 0);
    dl_metrics_one(m, "dljob_dead_letters_total", DL_METRICS_COUNTER,
                   "Tasks that were given up.", counted(stats, "dead"), 0);
    dl_metrics_one(m, "dljob_repairs_total", DL_METRICS_COUNTER,
                   "Inconsistencies that the workers' audit has repaired.",
                   counted(stats, "repairs"), 0);
}

static void webhooks(dl_metrics_t *m, const dl_ops_stats_t *stats)
{
    dl_metrics_begin(m, "dljob_webhooks_total", DL_METRICS_COUNTER,
                     "Webhooks by what became of them: delivered, not wanted "
                     "any more (gone), tried in vain for now (again) or for "
                     "good (dead), without their job (lost), and those an "
                     "operator has replayed.");
    rows(m, stats, hooks, "outcome");
}

/* A bound in ms as seconds: 100 is "0.1". */
static const char *seconds(int ms, char *to, size_t size)
{
    if (ms % 1000 == 0) {
        snprintf(to, size, "%d", ms / 1000);
    }
    else {
        snprintf(to, size, "%d.%d", ms / 1000, ms % 1000 / 100);
    }
    return to;
}

/* complete.lua counts each task once, in the smallest bucket that holds it. */
static void durations(dl_metrics_t *m, const dl_ops_stats_t *stats)
{
    static const char *const all[] = { "le", "+Inf", NULL };
    apr_int64_t sum = 0, count = counted(stats, "tasks");
    char name[24], le[24];

    dl_metrics_begin(m, "dljob_task_duration_seconds", DL_METRICS_HISTOGRAM,
                     "From a task's claim to its stored result.");
    for (int ms = BUCKET_FIRST_MS; ms <= BUCKET_LAST_MS; ms *= 2) {
        const char *labels[] = { "le", seconds(ms, le, sizeof(le)), NULL };

        snprintf(name, sizeof(name), "le:%d", ms);
        sum += counted(stats, name);
        dl_metrics_value(m, "_bucket", labels, sum, 0);
    }
    dl_metrics_value(m, "_bucket", all, count, 0);
    dl_metrics_value(m, "_sum", NULL, counted(stats, "task_ms"), 3);
    dl_metrics_value(m, "_count", NULL, count, 0);
}

void dl_metrics_engine(dl_metrics_t *metrics, const dl_ops_stats_t *stats)
{
    queue(metrics, stats);
    jobs(metrics, stats);
    attempts(metrics, stats);
    webhooks(metrics, stats);
    durations(metrics, stats);
}
