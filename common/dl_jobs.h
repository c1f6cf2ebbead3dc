/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be asked of the job engine: one function, one atomic step in
 * Redis, one round trip. For httpd's threads and for dljobctl (blocking by a
 * deadline); the worker's side is dl_task.h.
 *
 * Every function returns APR_SUCCESS when Redis answered. Else it is
 * unavailable (APR_TIMEUP, APR_ECONNREFUSED, APR_EGENERAL …: link down, no
 * answer in time, LOADING, READONLY, OOM): the caller answers 503. Results
 * live in the pool given last-but-one.
 */
#ifndef DL_JOBS_H
#define DL_JOBS_H

#include "dl_config.h"
#include "dl_job.h"
#include "dl_redis_pool.h"

/** The engine of a namespace: scripts made for its settings, and its links.
 *  Read-only after creation, any number of threads. */
typedef struct dl_jobs_t dl_jobs_t;

/**
 * @param conf   must outlive the engine
 * @param redis  must outlive the engine
 */
apr_status_t dl_jobs_create(const dl_config_t *conf, dl_redis_pool_t *redis,
                            apr_pool_t *p, dl_jobs_t **jobs);

/** A request for admission, checked already (dl_request.h). */
typedef struct dl_admit_t {
    const char *job_id;         /**< fresh; also the token that makes a
                                     second sending of this one harmless */
    const char *user;           /**< "" : anonymous */
    const char *client;         /**< anonymous: whose rate limit counts (an
                                     address), or NULL: nobody's */
    const apr_int64_t *file_ids;/**< sorted, unique */
    int nfiles;
    int total;                  /**< length as sent */
    const char *idempotency_key;/**< or NULL */
    dl_priority_e priority;
    const char *callback_url;   /**< or NULL */
    const char *base;           /**< of the API, for the links in what is sent
                                     there; or NULL */
    const char *request_id;
    const char *traceparent;    /**< or NULL */
    const char *tracestate;     /**< or NULL */
    dl_bundle_e bundle;         /**< one archive of the files */
    int verify;                 /**< ask for a look at what would be reused:
                                     DL_ADMIT_VERIFY */
} dl_admit_t;

typedef enum {
    DL_ADMIT_NEW,               /**< created: 202 (200 if already complete) */
    DL_ADMIT_IDEMPOTENT,        /**< "Existing job found for this …" */
    DL_ADMIT_DUPLICATE,         /**< "Duplicate request detected, …" */
    DL_ADMIT_ACTIVE,            /**< "Existing job in progress" */
    DL_ADMIT_REUSED,            /**< "Reusing existing completed job" */
    DL_ADMIT_KEY_REUSED,        /**< 422, nothing written */
    DL_ADMIT_RATE_LIMITED,      /**< 429 */
    DL_ADMIT_TOO_MANY_JOBS,     /**< 429 */
    DL_ADMIT_QUEUE_FULL,        /**< 503 */
    DL_ADMIT_VERIFY             /**< nothing written: look whether objects are
                                     there, dl_jobs_forget() those that are
                                     not, and ask again */
} dl_admit_e;

/** An object that a result or a completed job names. */
typedef struct dl_object_ref_t {
    apr_int64_t file_id;        /**< 0: a job's archive */
    const char *key;
} dl_object_ref_t;

typedef struct dl_admitted_t {
    dl_admit_e outcome;
    dl_job_t *job;              /**< of the first five outcomes */
    apr_int64_t retry_after_s;  /**< of the refusals: right when obeyed */
    int rate_remaining;         /**< -1: no rate limit in force */
    apr_int64_t rate_reset_s;   /**< until the window has room again */
    apr_int64_t now_ms;         /**< Redis time of the step */
    int queue_length;           /**< tasks before this one, roughly */
    const char *reused_job;     /**< of VERIFY: whose they are, "": results */
    const apr_array_header_t *reused; /**< of VERIFY: of dl_object_ref_t */
} dl_admitted_t;

/**
 * Admits a request: deduplicates, bounds, creates. Any thread. Sent once more
 * with the same job_id it answers the same and counts once.
 * @param admitted  set on APR_SUCCESS, whatever the outcome
 */
apr_status_t dl_jobs_admit(dl_jobs_t *jobs, const dl_admit_t *admit,
                           apr_pool_t *p, dl_admitted_t *admitted);

/**
 * Drops the results of objects that are gone from the store, unless a result
 * names another object meanwhile, and the place of a completed job as the
 * answer for its files: who asks next has them prepared again. Idempotent.
 * @param job_id  the job that names the objects, or "": none
 * @param n       of @a gone, may be 0
 */
apr_status_t dl_jobs_forget(dl_jobs_t *jobs, const char *job_id,
                            const dl_object_ref_t *gone, int n,
                            apr_pool_t *p);

/**
 * Reads a job with its files.
 * @return APR_NOTFOUND when there is none (ownership is the caller's check)
 */
apr_status_t dl_jobs_get(dl_jobs_t *jobs, const char *job_id,
                         apr_pool_t *p, dl_job_t **job);

typedef enum {
    DL_CANCEL_DONE,             /**< cancelled now or before: 200 */
    DL_CANCEL_RELEASED,         /**< let go of; others still hold it: 200 */
    DL_CANCEL_TERMINAL,         /**< completed or failed already: 409 */
    DL_CANCEL_NOT_FOUND         /**< none, or another user's: 404 */
} dl_cancel_e;

typedef struct dl_cancelled_t {
    dl_cancel_e outcome;
    dl_job_t *job;              /**< but for NOT_FOUND */
} dl_cancelled_t;

/**
 * @param user   the caller, or NULL: an operator, who may cancel any
 * @param token  unique to this request: a second sending counts once
 */
apr_status_t dl_jobs_cancel(dl_jobs_t *jobs, const char *job_id,
                            const char *user, const char *token,
                            apr_pool_t *p, dl_cancelled_t *cancelled);

typedef struct dl_job_list_t {
    apr_array_header_t *jobs;   /**< of dl_job_t *, newest first */
    const char *cursor;         /**< of the next page, or NULL: the last */
} dl_job_list_t;

/**
 * @param state   a dl_job_state_e, or -1: all
 * @param cursor  from an earlier page, or NULL
 * @return APR_EINVAL for a cursor that is none of ours
 */
apr_status_t dl_jobs_list(dl_jobs_t *jobs, const char *user, int state,
                          int limit, const char *cursor,
                          apr_pool_t *p, dl_job_list_t *list);

/**
 * Stores a newly signed link, so that it stays the same until half of its
 * time is over; ignored unless the job is still completed with this key.
 * @param url_expires_s  Unix seconds
 */
apr_status_t dl_jobs_link(dl_jobs_t *jobs, const char *job_id,
                          const char *url, apr_int64_t url_expires_s,
                          apr_pool_t *p);

/** How long work takes here, as the workers measured; cached by callers. */
typedef struct dl_estimate_t {
    apr_int64_t duration_ms;    /**< p75 of recent tasks; 0: not known */
    double per_second;          /**< tasks finished, recent; 0: not known */
} dl_estimate_t;

/** Reads the workers' measurements. Any thread. */
apr_status_t dl_jobs_estimate(dl_jobs_t *jobs, apr_pool_t *p,
                              dl_estimate_t *estimate);

/** What /health asks, in one round trip. */
typedef struct dl_health_t {
    int queued;                 /**< tasks waiting */
    int queue_max;
    int workers;                /**< with a heartbeat not older than 30 s */
    int paused;
} dl_health_t;

/** Asks for queue, workers and pause in one round trip. Any thread. */
apr_status_t dl_jobs_health(dl_jobs_t *jobs, apr_pool_t *p,
                            dl_health_t *health);

#endif /* DL_JOBS_H */
