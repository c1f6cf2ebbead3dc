/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One blocking link to Redis with deadlines: what the pool is made of, and
 * what a program needs that asks Redis a few things in a row.
 *
 * A link is a socket and two buffers. Commands are formatted right into the
 * output buffer, leave by one send(2), and their replies are parsed where
 * recv(2) put them. One thread at a time; not to be used after fork() but
 * for closing. Deadlines are points of dl_clock_us().
 */
#ifndef DL_REDIS_H
#define DL_REDIS_H

#include <time.h>

#include <apr_errno.h>

#include "dl_config.h"
#include "dl_redis_pool.h"
#include "dl_reply.h"

/** Microseconds of a clock that no administrator sets back. */
static inline apr_int64_t dl_clock_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (apr_int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/** What an error reply means for the one who asked. */
typedef enum {
    DL_REDIS_OK,            /**< no error reply */
    DL_REDIS_NOT_NOW,       /**< LOADING, READONLY, MISCONF, BUSY …: the same
                                 command may work later: 503 */
    DL_REDIS_FULL,          /**< OOM: maxmemory is reached: 503 */
    DL_REDIS_NOSCRIPT,      /**< load the script, ask again */
    DL_REDIS_CONFIG,        /**< NOAUTH, WRONGPASS, NOPERM, no such database:
                                 the administrator must act */
    DL_REDIS_ERROR          /**< anything else: a fault of ours */
} dl_redis_error_e;

/**
 * Sorts a reply by its error code, also one that a script of Redis 6 wraps
 * ("ERR Error running script …: -OOM …"). NULL is DL_REDIS_ERROR.
 */
dl_redis_error_e dl_redis_error(const redisReply *reply);

/** The same of an error's text, without its "-". */
dl_redis_error_e dl_redis_error_text(const char *text);

/** A buffer that grows on demand. */
typedef struct dl_redis_buf_t {
    char *data;
    apr_size_t len;
    apr_size_t size;
} dl_redis_buf_t;

typedef struct dl_redis_link_t {
    int fd;                     /**< -1: closed */
    apr_int64_t opened_us;
    apr_int64_t used_us;        /**< last time a reply came */
    apr_int64_t wait_us;        /**< SO_RCVTIMEO of the socket */
    dl_redis_buf_t out;
    dl_redis_buf_t in;
    apr_size_t parsed;          /**< bytes of in that were handed out */
    dl_redis_error_e kind;      /**< of the last failed open */
    char message[160];          /**< of the last failure; no secret in it */
} dl_redis_link_t;

/**
 * A closed link.
 * @param wait_us  the usual time to a deadline; such waits cost one system
 *                 call less
 */
void dl_redis_link_init(dl_redis_link_t *link, apr_int64_t wait_us);

/**
 * Connects, logs in, selects the database and asks PING, all before
 * @a deadline_us. A host name is looked up by the system's resolver, which
 * knows no deadline of ours.
 * @return APR_TIMEUP; APR_ECONNREFUSED when there is no connection or the
 *         server refuses us: then kind says whether this will pass
 *         (DL_REDIS_NOT_NOW) or the configuration is wrong
 *         (DL_REDIS_CONFIG), and message what to do
 */
apr_status_t dl_redis_link_open(dl_redis_link_t *link,
                                const dl_redis_addr_t *addr,
                                apr_int64_t deadline_us);

/** Closes it; buffers stay for the next open. */
void dl_redis_link_close(dl_redis_link_t *link);

/** Closes it and frees its buffers. */
void dl_redis_link_destroy(dl_redis_link_t *link);

/** Whether an idle link was closed by the server, or speaks unasked. */
int dl_redis_link_stale(const dl_redis_link_t *link);

/** Appends a command to the output. APR_ENOMEM, else APR_SUCCESS. */
apr_status_t dl_redis_link_put(dl_redis_link_t *link,
                               const dl_redis_cmd_t *cmd);

/**
 * Sends the output.
 * @param sent  bytes that left; 0 on failure: the server saw nothing
 * @return APR_TIMEUP or APR_ECONNRESET; the link must then be closed
 */
apr_status_t dl_redis_link_send(dl_redis_link_t *link,
                                apr_int64_t deadline_us, apr_size_t *sent);

/**
 * Waits for the next reply.
 * @param reply  the caller's, by dl_reply_free()
 * @return APR_TIMEUP, APR_ECONNRESET or APR_ENOMEM; the link must then be
 *         closed
 */
apr_status_t dl_redis_link_recv(dl_redis_link_t *link,
                                apr_int64_t deadline_us, redisReply **reply);

/** Between pipelines: nothing may be left over; big buffers shrink. */
apr_status_t dl_redis_link_rest(dl_redis_link_t *link);

/** put, send, recv and rest of one command. */
apr_status_t dl_redis_link_call(dl_redis_link_t *link,
                                const dl_redis_cmd_t *cmd,
                                apr_int64_t deadline_us, redisReply **reply);

/** Waits for poll(2) events; APR_TIMEUP at the deadline. Used by open. */
apr_status_t dl_redis_link_wait(const dl_redis_link_t *link, short events,
                                apr_int64_t deadline_us);

#endif /* DL_REDIS_H */
