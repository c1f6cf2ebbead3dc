/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attempt at a task, as sources and stores see it.
 *
 * Made by dlw_task when a task is claimed, gone when it is settled. Sources
 * and stores read the first part, fill in the second, and report by the
 * calls below; they know nothing of Redis (but `bundle`, which asks what the
 * job's files became). All on the loop's thread.
 */
#ifndef DLW_ATTEMPT_H
#define DLW_ATTEMPT_H

#include <apr_pools.h>

#include "dl_config.h"
#include "dl_log.h"
#include "dl_task.h"
#include "dlw_clock.h"
#include "dl_loop.h"
#include "dlw_spool.h"

struct dlw_children_t;
struct dlw_curl_t;
struct dlw_keys_t;
struct dlw_redis_t;
struct dlw_store_t;
struct dlw_store_ops_t;

/** What everything in the worker shares; lives as long as the process. */
typedef struct dlw_env_t {
    dl_loop_t *loop;
    const dl_config_t *conf;    /**< replaced on SIGHUP between two turns; an
                                     attempt keeps the one it began with */
    const dlw_clock_t *clock;   /**< Redis time: for signatures and links */
    struct dlw_curl_t *curl;    /**< all transfers (dlw_curl.h) */
    struct dlw_keys_t *keys;    /**< keys that change (dlw_keys.h) or NULL */
    struct dlw_children_t *children; /**< of exec; NULL: no exec source */
    struct dlw_redis_t *redis;  /**< of the bundle source */
    const struct dlw_store_ops_t *store_ops; /**< of DLJobStore */
    struct dlw_store_t *store;  /**< made by store_ops->create */
    apr_pool_t *pool;           /**< of the process: nothing per task here */
} dlw_env_t;

typedef struct dlw_attempt_t dlw_attempt_t;

/** How an attempt hears of its source; a test may put its own here. */
typedef struct dlw_attempt_on_t {
    /** 0 .. 100 of the source's work; may come at any rate. */
    void (*progress)(dlw_attempt_t *a, int percent);
    /** One line for the user ("compressing"); cut to 200 bytes, cleaned. */
    void (*message)(dlw_attempt_t *a, const char *text);
    /**
     * There are more bytes in the spool, and type, name and extension are
     * what they will be: a store that can begins with what is there. May be
     * NULL; a source that cannot promise that much does not call it.
     */
    void (*grown)(dlw_attempt_t *a);
    /** Before the spool is reset: what the store has begun is nothing. NULL
     *  where grown is. */
    void (*restart)(dlw_attempt_t *a);
    /**
     * The source has ended: NULL when all bytes are in the spool (or the
     * object is in the store already: a->object.key set), else why not.
     * Once an attempt, never after abort(). May be called from within
     * start(). *failure need not outlive the call, its strings must live
     * in a->pool or for ever.
     */
    void (*done)(dlw_attempt_t *a, const dl_failure_t *failure);
} dlw_attempt_on_t;

/** An object in the store. */
typedef struct dlw_object_t {
    const char *key;            /**< NULL: none */
    apr_int64_t size;
    const char *etag;           /**< without quotes, or NULL */
    const char *content_type;   /**< or NULL */
    const char *sha256;         /**< if the store knows it, or NULL */
} dlw_object_t;

struct dlw_attempt_t {
    /* for source and store to read */
    const dlw_env_t *env;
    const dl_config_t *conf;    /**< good until the attempt's end */
    apr_pool_t *pool;           /**< of the attempt: destroyed at its end */
    apr_int64_t file_id;
    apr_int64_t fence;
    int attempt;                /**< from 1 */
    const char *job_id;         /**< "" when not known; so the next three */
    const char *request_id;
    const char *traceparent;
    const char *tracestate;
    dl_log_about_t about;       /**< for dl_log() */
    dlw_spool_t *spool;

    /* for the source to fill in, strings in pool */
    const char *filename;       /**< for the user, no directory; or NULL */
    const char *content_type;   /**< or NULL */
    const char *extension;      /**< of the key (".zip"), NULL: that of
                                     DLJobKeyFormat */
    apr_int64_t expected;       /**< bytes that come at most; -1: not known */
    dlw_object_t object;        /**< `store` source only: what is there */

    const dlw_attempt_on_t *on;
    void *task;                 /**< dlw_task's own */
};

/**
 * Fills in a failure.
 * @param code       of the contract: FILE_NOT_FOUND, SOURCE_ERROR,
 *                   STORAGE_ERROR, TIMEOUT, TOO_LARGE …
 * @param error      for the user: nothing internal
 * @param detail     for log and dead letter, <= 2 KiB, or NULL
 * @param permanent  no further attempt
 */
dl_failure_t dlw_failure(const char *code, const char *error,
                         const char *detail, int permanent);

#endif /* DLW_ATTEMPT_H */
