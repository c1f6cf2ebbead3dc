/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis for threads that wait: a few links shared by all threads of a
 * process, with one deadline for every call.
 *
 * Calls of threads that come at the same time travel as one pipeline
 * (flat combining: Hendler, Incze, Shavit, Tzafrir, SPAA 2010): whoever gets
 * the link sends everybody's commands with one write and hands out the
 * replies. A healthy link goes back, a broken one is closed and opened again
 * with backoff; while Redis is away a call fails at once rather than after
 * its deadline.
 */
#ifndef DL_REDIS_POOL_H
#define DL_REDIS_POOL_H

#include <apr_pools.h>
#include <hiredis/hiredis.h>

#include "dl_config.h"

typedef struct dl_redis_pool_t dl_redis_pool_t;

typedef struct dl_redis_pool_conf_t {
    int links;                  /**< at most this many connections, 1 .. 64 */
    int connect_timeout_ms;     /**< 500 in httpd */
    int reply_timeout_ms;       /**< 700 in httpd: a 503 within one second.
                                     Of the whole call, waiting for a link
                                     and connecting included; at most an
                                     eighth more when Redis is overrun */
} dl_redis_pool_conf_t;

/**
 * Makes a pool; connects when first used. In httpd: per child, after fork: a
 * child that inherits a pool may only clear it, as a call would mix its bytes
 * with its parent's.
 *
 * While Redis does not answer, calls fail at once but for one thread that
 * tries again: after 50 ms, later every 100 ms where connecting is refused,
 * every 2 s where it hangs or the password is wrong.
 * @param addr  must live as long as the pool
 * @param p     closes the links when it is cleared; no thread may be in a
 *              call
 * @return APR_EINVAL for a setting out of bounds, APR_ENOMEM
 */
apr_status_t dl_redis_pool_create(const dl_redis_addr_t *addr,
                                  const dl_redis_pool_conf_t *conf,
                                  apr_pool_t *p, dl_redis_pool_t **pool);

/** One command, argc >= 1; strings must live until the call returns. */
typedef struct dl_redis_cmd_t {
    int argc;
    const char **argv;
    const size_t *lens;
} dl_redis_cmd_t;

/**
 * Sends @a n commands in one pipeline and waits for their replies.
 *
 * Any thread. An error reply of the server (-ERR, -LOADING, -OOM …) is a
 * reply, not a failure of the call: look at replies[i]->type. After a lost
 * link nothing is sent again here: only the caller knows whether it may be.
 *
 * @param n        at least 1
 * @param replies  n pointers, set on success only; the caller frees each
 *                 with dl_reply_free()
 * @return APR_TIMEUP (deadline), APR_ECONNREFUSED (cannot connect, or tried
 *         just now), APR_ECONNRESET (link lost after sending: the commands
 *         may have run or not)
 */
apr_status_t dl_redis_pool_call(dl_redis_pool_t *pool,
                                const dl_redis_cmd_t *cmds, int n,
                                redisReply **replies);

/** How often calls failed and how long they took; for /metrics. */
typedef struct dl_redis_pool_stats_t {
    apr_uint64_t calls;
    apr_uint64_t failures;
    apr_uint64_t batches;       /**< pipelines sent */
    apr_uint64_t busy_us;       /**< time in calls, summed */
} dl_redis_pool_stats_t;

/**
 * Counts in @a stats from now on, by atomic additions: several pools, also of
 * several processes, may count in one. Before the first call.
 */
void dl_redis_pool_count_in(dl_redis_pool_t *pool,
                            dl_redis_pool_stats_t *stats);

/** Copies the counters to @a stats. Any thread. */
void dl_redis_pool_stats(dl_redis_pool_t *pool, dl_redis_pool_stats_t *stats);

#endif /* DL_REDIS_POOL_H */
