/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's side of the engine: commands to send and replies to read.
 *
 * Pure: makes argv and reads a redisReply; who sends them (dlworker, over
 * hiredis' async API) is not known here. Every write carries the fence of its
 * claim and is refused when another claim has come since.
 */
#ifndef DL_TASK_H
#define DL_TASK_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <hiredis/hiredis.h>

#include "dl_redis_pool.h"
#include "dl_script.h"

/** What a claim hands to a worker. */
typedef struct dl_task_t {
    apr_int64_t file_id;
    apr_int64_t fence;
    int attempt;                /**< this one, from 1 */
    int lost;                   /**< workers lost with this task so far */
    const char *job_id;         /**< the job that asked first; for exec, logs.
                                     "" when not known; so the next three */
    const char *request_id;
    const char *traceparent;
    const char *tracestate;
    int settled;                /**< its result or failure is recorded but not
                                     all of its jobs have been told: run
                                     nothing, call complete or fail again
                                     with the same arguments empty */
} dl_task_t;

typedef struct dl_claim_t {
    apr_array_header_t *tasks;  /**< of dl_task_t */
    apr_int64_t next_ms;        /**< ms from now when something is due or a
                                     rate token comes; -1: nothing known */
    int paused;
    int more;                   /**< work is left: the wake token went on */
} dl_claim_t;

/**
 * Claims up to @a n tasks: promotes what is due in backoff, reaps leases that
 * ran out (a bounded slice), honours pause and DLJobRate.
 * @param own  -1: nothing of that; 0: this worker has just started: what its
 *             name still holds was lost in a crash (no attempt spent) and is
 *             claimable at once; above 0: the reply to a claim was lost, and
 *             this is the highest fence the worker knows of: what was handed
 *             out in that reply is handed out again
 * @param suspects  how many tasks with lost > 0 this worker runs now: no
 *             worker is given a second one, so a poison task takes no
 *             others with it
 */
dl_redis_cmd_t *dl_task_claim_cmd(const dl_scripts_t *scripts,
                                  const char *worker, int n,
                                  apr_int64_t own, int suspects,
                                  apr_pool_t *p);
apr_status_t dl_task_claim_parse(const redisReply *reply, apr_pool_t *p,
                                 dl_claim_t *claim);

/** One task's news for a beat. */
typedef struct dl_beat_t {
    apr_int64_t file_id;
    apr_int64_t fence;
    int progress;               /**< -1: lease only */
    const char *message;        /**< or NULL */
} dl_beat_t;

/**
 * Renews the leases of @a n tasks and writes their progress (never falling
 * within an attempt), and this worker's own heartbeat.
 * @param load  JSON for worker:<id>, or NULL: leave it
 */
dl_redis_cmd_t *dl_task_beat_cmd(const dl_scripts_t *scripts,
                                 const char *worker, const dl_beat_t *beats,
                                 int n, const char *load, apr_pool_t *p);
/** Per task: 1 go on; 0 stale fence or cancelled: abort, write nothing. */
apr_status_t dl_task_beat_parse(const redisReply *reply, apr_pool_t *p,
                                apr_array_header_t **alive /* of int */);

/** What a worker made. */
typedef struct dl_result_t {
    const char *key;            /**< in the store */
    apr_int64_t size;
    const char *filename;       /**< or NULL */
    const char *content_type;   /**< or NULL */
    const char *sha256;         /**< 64 hex digits or NULL */
    const char *etag;           /**< or NULL */
    const char *url;            /**< signed link */
    apr_int64_t url_expires_s;
    apr_int64_t duration_ms;    /**< of the attempt, for the estimates */
} dl_result_t;

typedef struct dl_completion_t {
    apr_int64_t file_id;
    apr_int64_t fence;
    dl_result_t result;
} dl_completion_t;

/** Completes up to 32 tasks in one step, each by its own fence. */
dl_redis_cmd_t *dl_task_complete_cmd(const dl_scripts_t *scripts,
                                     const char *worker,
                                     const dl_completion_t *done, int n,
                                     apr_pool_t *p);

typedef enum {
    DL_SETTLE_STALE,            /**< fence refused: remove what was stored */
    DL_SETTLE_OK,               /**< all jobs told */
    DL_SETTLE_MORE,             /**< recorded; call again for further jobs */
    DL_SETTLE_RETRY,            /**< fail only: another attempt is due */
    DL_SETTLE_CANCELLED         /**< nobody waits any more: remove it */
} dl_settle_e;

/** One dl_settle_e per task, in order. */
apr_status_t dl_task_complete_parse(const redisReply *reply, apr_pool_t *p,
                                    apr_array_header_t **outcomes);

typedef struct dl_failure_t {
    const char *error_code;     /**< FILE_NOT_FOUND, SOURCE_ERROR,
                                     STORAGE_ERROR, TIMEOUT … */
    const char *error;          /**< for the user: nothing internal */
    const char *detail;         /**< for dead letter and log (stderr tail),
                                     <= 2 KiB, or NULL */
    int permanent;
    apr_int64_t retry_after_ms; /**< the source's wish; -1: none */
    apr_int64_t jitter_ppm;     /**< random 0 .. 1000000, for the backoff */
} dl_failure_t;

/** Fails an attempt: backoff, or for good (dead letter). */
dl_redis_cmd_t *dl_task_fail_cmd(const dl_scripts_t *scripts,
                                 const char *worker, apr_int64_t file_id,
                                 apr_int64_t fence,
                                 const dl_failure_t *failure, apr_pool_t *p);
/** @param next_ms  when RETRY: ms until the next attempt */
apr_status_t dl_task_fail_parse(const redisReply *reply,
                                dl_settle_e *outcome, apr_int64_t *next_ms);

/** @return 1 handed back, now or before; 0 stale or cancelled; -1 an error */
int dl_task_release_parse(const redisReply *reply);

/** Hands a task back at once (drain): no attempt and no loss is counted. */
dl_redis_cmd_t *dl_task_release_cmd(const dl_scripts_t *scripts,
                                    const char *worker, apr_int64_t file_id,
                                    apr_int64_t fence, apr_pool_t *p);

/**
 * One slice of the audit: active tasks without a lease, leases without a
 * task, holders without a job … are repaired.
 * @param cursor  0 at the start of a sweep
 */
dl_redis_cmd_t *dl_task_audit_cmd(const dl_scripts_t *scripts,
                                  const char *cursor, apr_pool_t *p);
/**
 * @param repairs  of const char *: one sentence each, to log
 * @param cursor   of the next slice; "0": the sweep is over
 */
apr_status_t dl_task_audit_parse(const redisReply *reply, apr_pool_t *p,
                                 apr_array_header_t **repairs,
                                 const char **cursor);

#endif /* DL_TASK_H */
