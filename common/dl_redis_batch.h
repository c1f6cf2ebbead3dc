/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What dl_redis_pool.c (who gets a link when) and dl_redis_batch.c (what
 * happens on it) share; for these two only.
 */
#ifndef DL_REDIS_BATCH_H
#define DL_REDIS_BATCH_H

#include <pthread.h>
#include <stdint.h>

#include "dl_redis.h"

/** A pipeline holds at most this many commands, or one caller's. */
#define DL_REDIS_BATCH_MAX 256

/** The life of a request; a futex its thread sleeps on. */
enum {
    DL_REQUEST_QUEUED,      /**< waits in the queue or for its replies */
    DL_REQUEST_ASLEEP,      /**< the same, and its thread must be woken */
    DL_REQUEST_LEADS,       /**< got a link: runs the batch it heads */
    DL_REQUEST_DONE         /**< rv and replies are set */
};

/**
 * One call; on its thread's stack. Once the state is DONE the thread may
 * return, so nobody else touches the request after setting it.
 */
typedef struct dl_redis_request_t {
    struct dl_redis_request_t *next;
    uint32_t state;
    int queued;                 /**< in the queue; under the pool's mutex */
    const dl_redis_cmd_t *cmds;
    int n;
    redisReply **replies;
    apr_int64_t deadline_us;
    apr_status_t rv;
    struct dl_redis_line_t *line;   /**< of the one who LEADS */
} dl_redis_request_t;

/** A link of the pool. */
typedef struct dl_redis_line_t {
    struct dl_redis_line_t *next;   /**< in the list of idle ones */
    unsigned epoch;                 /**< the pool's when it was opened */
    dl_redis_link_t link;
} dl_redis_line_t;

struct dl_redis_pool_t {
    const dl_redis_addr_t *addr;
    dl_redis_pool_conf_t conf;
    dl_redis_line_t *lines;         /**< conf.links of them */

    pthread_mutex_t mutex;          /**< protects what follows */
    dl_redis_line_t *idle;          /**< last used first */
    dl_redis_request_t *head;       /**< waiting; empty while one is idle */
    dl_redis_request_t *tail;
    unsigned epoch;                 /**< grows when a link is lost: the
                                         others are then suspect */
    int failures;                   /**< opens failed in a row */
    int trying;                     /**< threads in an open */
    apr_int64_t retry_us;           /**< no open before, while failures */
    apr_int64_t logged_us;
    unsigned jitter;                /**< state of a small generator */

    /* counters, atomic */
    dl_redis_pool_stats_t *stats;   /**< own, or given; atomics */
    dl_redis_pool_stats_t own;
};

/**
 * Runs a batch of requests on a line and sets each one's rv and replies;
 * wakes the threads of all but the first, which is the caller's.
 */
void dl_redis_batch_run(dl_redis_pool_t *pool, dl_redis_line_t *line,
                        dl_redis_request_t *first);

/** Sets the state of another thread's request and wakes it. */
void dl_redis_request_wake(dl_redis_request_t *request, uint32_t state);

/** Before an open: APR_SUCCESS, or APR_ECONNREFUSED: not yet again. */
apr_status_t dl_redis_pool_may_open(dl_redis_pool_t *pool);

/** After it: sets backoff, forgets it after success, logs changes. */
void dl_redis_pool_opened(dl_redis_pool_t *pool, dl_redis_line_t *line,
                          apr_status_t rv);

/** A link was lost in use: the others are suspect, the next open waits. */
void dl_redis_pool_lost(dl_redis_pool_t *pool, dl_redis_line_t *line,
                        apr_status_t rv);

#endif /* DL_REDIS_BATCH_H */
