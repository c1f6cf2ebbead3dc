/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operator asks of the engine: for dljobctl, the dashboard and
 * /metrics. One round trip each unless it says otherwise; errors and memory
 * as in dl_jobs.h. Cancelling a job as an operator is dl_jobs_cancel() with
 * user NULL; a user's jobs are dl_jobs_list().
 */
#ifndef DL_OPS_H
#define DL_OPS_H

#include "dl_jobs.h"

typedef struct dl_ops_counter_t {
    const char *name;           /**< "created", "completed", "failed",
                                     "cancelled", "retries", "lost", "dead",
                                     "repairs", "dedupe_key|recent|active|
                                     result|task", "refused_N" (dl_admit_e),
                                     "hooks_delivered|gone|again|dead|lost|
                                     replayed" (webhooks; again: tries that
                                     failed; lost: their job was gone),
                                     "attempt:CODE" (attempts that failed),
                                     "tasks", "task_ms", "le:N" and "le:inf"
                                     (tasks by duration, ms, not summed) */
    apr_int64_t value;
} dl_ops_counter_t;

typedef enum {
    DL_OPS_WAIT,
    DL_OPS_SUSPECT,             /**< has lost a worker, waiting */
    DL_OPS_DELAYED,
    DL_OPS_ACTIVE,
    DL_OPS_QUEUES
} dl_ops_queue_e;

typedef struct dl_ops_stats_t {
    apr_int64_t now_ms;         /**< Redis time */
    int tasks[DL_OPS_QUEUES][DL_PRIORITY_LOW + 1]; /**< by dl_priority_e;
                                     in a queue of more than 300 estimated
                                     from a sample, but for their sum */
    int waiting;                /**< tasks */
    int suspect;
    int delayed;
    int active;
    int dead;
    int hooks;                  /**< webhooks not delivered yet */
    int workers;                /**< with a heartbeat not older than 30 s */
    int slots;                  /**< tasks they can run together */
    int busy;                   /**< tasks they said they run */
    int paused;
    apr_int64_t oldest_ms;      /**< how long the task that waits longest has
                                     waited; in a queue of more than 300: the
                                     longest of a sample */
    dl_estimate_t estimate;
    apr_array_header_t *counters; /**< of dl_ops_counter_t, since for ever */
} dl_ops_stats_t;

/** The figures of a namespace. */
apr_status_t dl_ops_stats(dl_jobs_t *jobs, apr_pool_t *p,
                          dl_ops_stats_t *stats);

typedef struct dl_ops_worker_t {
    const char *name;
    apr_int64_t at_ms;          /**< of its last heartbeat, Redis time */
    const char *load;           /**< JSON as the worker wrote it; "" when its
                                     hash has expired */
} dl_ops_worker_t;

/** Workers heard of within the last hour, newest heartbeat first. Two round
 *  trips. @param workers  of dl_ops_worker_t */
apr_status_t dl_ops_workers(dl_jobs_t *jobs, apr_pool_t *p,
                            apr_array_header_t **workers);

typedef struct dl_ops_task_t {
    apr_int64_t file_id;
    const char *state;          /**< "waiting" …; "" when the task is gone */
    const char *job_id;         /**< the first that waits for it, or "" */
    const char *worker;         /**< of the last claim, or "" */
    int attempts;               /**< that failed */
    int lost;
    int progress;
    dl_priority_e priority;
    apr_int64_t at_ms;          /**< delayed: due; active: the lease's end;
                                     waiting: its place in the queue (time of
                                     admission and penalty) */
} dl_ops_task_t;

/** Tasks of one queue in its order, from @a first on, at most 500. Two round
 *  trips. @param tasks  of dl_ops_task_t */
apr_status_t dl_ops_tasks(dl_jobs_t *jobs, dl_ops_queue_e queue, int first,
                          int n, apr_pool_t *p, apr_array_header_t **tasks);

/**
 * All jobs of the namespace in no order, some at a time: walks the keyspace.
 * @param state   a dl_job_state_e, or -1: all
 * @param cursor  "0" to begin; set to the next one, "0" at the end
 * @param list    of dl_job_t *, without their files; may be empty before
 *                the end
 */
apr_status_t dl_ops_jobs(dl_jobs_t *jobs, int state, apr_pool_t *p,
                         const char **cursor, apr_array_header_t **list);

typedef struct dl_ops_dead_t {
    apr_int64_t file_id;
    apr_int64_t at_ms;
    const char *error_code;
    const char *error;
    const char *detail;         /**< such as the end of stderr, or "" */
    int attempts;
    int lost;
    const char *job_id;         /**< the first that waited, or "" */
    const char *user;           /**< its owner, or "" */
    const char *request_id;
    const char *traceparent;
} dl_ops_dead_t;

/** Dead letters, newest first, from @a first on, at most 500. Two round
 *  trips. @param dead  of dl_ops_dead_t */
apr_status_t dl_ops_dead(dl_jobs_t *jobs, int first, int n, apr_pool_t *p,
                         apr_array_header_t **dead);

/** What the store holds for a file, as long as it is reused. */
typedef struct dl_ops_result_t {
    const char *key;
    apr_int64_t size;           /**< bytes, -1: not known */
    const char *filename;       /**< or "", so the next two */
    const char *content_type;
    const char *sha256;
    apr_int64_t ttl_s;          /**< until it is prepared anew */
} dl_ops_result_t;

/** All there is about a file. */
typedef struct dl_ops_file_t {
    apr_int64_t file_id;
    dl_ops_task_t *task;        /**< in flight, or NULL */
    int queue;                  /**< a dl_ops_queue_e, or -1: in none */
    int rank;                   /**< tasks before it in the queue of those
                                     that wait; -1: it does not wait */
    apr_array_header_t *jobs;   /**< of const char *: some of those that wait
                                     for it, the task's first one first */
    int njobs;                  /**< how many wait in all */
    dl_ops_result_t *result;    /**< or NULL */
    dl_ops_dead_t *dead;        /**< or NULL */
} dl_ops_file_t;

/**
 * Looks at files, in the order given; one of which nothing is known has NULL
 * everywhere. A round trip for every 20.
 * @param files  of dl_ops_file_t
 */
apr_status_t dl_ops_files(dl_jobs_t *jobs, const apr_int64_t *ids, int n,
                          apr_pool_t *p, apr_array_header_t **files);

/**
 * Gives a dead letter's file another try, as a new job of the same user.
 * @param job_id      fresh
 * @param request_id  for logs, or NULL
 * @param made        the new job's id; or that of a job for this file that is
 *                    under way already
 * @return APR_NOTFOUND when there is no such dead letter
 */
apr_status_t dl_ops_dead_retry(dl_jobs_t *jobs, apr_int64_t file_id,
                               const char *job_id, const char *request_id,
                               apr_pool_t *p, const char **made);

/**
 * Removes one dead letter, or (@a file_id 0) up to 500 that died at
 * @a before_ms or earlier: call again until @a removed is 0.
 */
apr_status_t dl_ops_dead_purge(dl_jobs_t *jobs, apr_int64_t file_id,
                               apr_int64_t before_ms, apr_pool_t *p,
                               int *removed);

/** Stops (1) or allows (0) claims in the namespace; what runs goes on. */
apr_status_t dl_ops_pause(dl_jobs_t *jobs, int paused, apr_pool_t *p);

/** Tells a worker, or all ("*"), to drain: finish, hand back, end.
 *  @param heard  how many listened */
apr_status_t dl_ops_drain(dl_jobs_t *jobs, const char *worker, apr_pool_t *p,
                          int *heard);

typedef struct dl_ops_hook_t {
    const char *id;             /**< of the outbox */
    const char *webhook_id;     /**< as the receiver sees it */
    const char *job_id;
    const char *type;           /**< "download.completed" … */
    const char *host;           /**< of the receiver, "host[:port]"; the rest
                                     of its URL may hold what nobody but it
                                     should see; "" when the job is gone */
    apr_int64_t due_ms;         /**< the next try; 0: dead, or it waits until
                                     its host has room (host_waits) */
    apr_int64_t at_ms;          /**< of the last try, 0: none yet; of a dead
                                     letter when it was given up */
    int tried;                  /**< how often, with the one under way */
    int sending;                /**< a worker sends it now */
    int host_waits;             /**< others for its host come first */
    const char *worker;         /**< that sends it, or "" */
    int status;                 /**< HTTP, of the last answer; 0: none */
    const char *error;          /**< of the last try, or "" */
} dl_ops_hook_t;

/** Webhooks not delivered yet (@a dead 0, next to be sent first) or given up
 *  (@a dead 1, latest first), from @a first on, at most 500. Two or three
 *  round trips.
 *  @param hooks  of dl_ops_hook_t */
apr_status_t dl_ops_hooks(dl_jobs_t *jobs, int dead, int first, int n,
                          apr_pool_t *p, apr_array_header_t **hooks);

/** Counts them. @param waiting, dead  either may be NULL */
apr_status_t dl_ops_hooks_count(dl_jobs_t *jobs, apr_pool_t *p, int *waiting,
                                int *dead);

typedef enum {
    DL_OPS_REPLAY_NONE,         /**< no such job, not ended, no callbackUrl */
    DL_OPS_REPLAY_QUEUED,       /**< a worker sends it now, all tries anew */
    DL_OPS_REPLAY_SENDING       /**< all are being sent already */
} dl_ops_replay_e;

/** Has webhooks sent (again), whatever became of them before: a dead letter,
 *  one that waits, one that was delivered.
 *  @param name  a job's id: all of its receivers; or a webhook-id: that one */
apr_status_t dl_ops_hook_replay(dl_jobs_t *jobs, const char *name,
                                apr_pool_t *p, dl_ops_replay_e *outcome);

#endif /* DL_OPS_H */
