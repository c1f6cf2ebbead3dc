/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to Redis on the loop: hiredis' async API, with what it
 * lacks: reconnection with backoff, log-in, and a deadline for replies.
 */
#ifndef DLW_LINK_H
#define DLW_LINK_H

#include <hiredis/async.h>

#include "dl_config.h"
#include "dl_loop.h"

typedef struct dlw_link_t dlw_link_t;

/** A reply, or NULL: the link was lost first (the command may have run).
 *  The reply is freed after the call. */
typedef void dlw_link_fn(void *baton, const redisReply *reply);

/** The link is usable (up 1), or is no longer (0). */
typedef void dlw_link_state_fn(void *baton, int up);

typedef struct dlw_link_conf_t {
    const dl_redis_addr_t *addr;
    const char *name;           /**< for logs: "commands" … */
    int deadline_ms;            /**< for a connection and for each reply; 0:
                                     replies may take for ever */
    int backoff_max_ms;         /**< the first wait is 50 ms */
    dlw_link_state_fn *on_state;/**< or NULL */
    void *baton;
} dlw_link_conf_t;

/**
 * Makes a link and begins to connect.
 * @param conf  copied; addr must outlive the link
 * @param p     closes it when cleared: commands under way are told NULL
 */
dlw_link_t *dlw_link_create(dl_loop_t *loop, const dlw_link_conf_t *conf,
                            apr_pool_t *p);

/** Whether commands can be sent. */
int dlw_link_up(const dlw_link_t *link);

/**
 * Sends a command; all of one turn leave by one write.
 * @param wire  as redisFormatCommandArgv() makes it; copied
 * @param fn    called once, never from within; for a subscription with every
 *              message, and NULL at its end
 * @return 0, or -1: the link is down, fn is not called
 */
int dlw_link_send(dlw_link_t *link, const char *wire, size_t len,
                  dlw_link_fn *fn, void *baton);

/** Closes it; commands under way are told NULL. It connects again after
 *  dlw_link_open(), or at once when @a again. */
void dlw_link_close(dlw_link_t *link, int again);
void dlw_link_open(dlw_link_t *link);

#endif /* DLW_LINK_H */
