/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link of the hub to Redis: connects, authenticates, comes back by itself.
 *
 * Non-blocking on the hub's loop; everything here is for the hub's thread.
 * hiredis' own asynchronous API is not used for it: its table of channels
 * loses one that is subscribed to again before the server has confirmed the
 * unsubscription, which streams that come and go do all the time.
 */
#ifndef DLJOB_LINK_H
#define DLJOB_LINK_H

#include <hiredis/hiredis.h>

#include "dl_config.h"
#include "dl_loop.h"

typedef struct dljob_link_t dljob_link_t;

/** What a link tells its owner; the link may be sent to from within. */
typedef struct dljob_link_events_t {
    /** Connected and authenticated: nothing sent before is remembered. */
    void (*up)(void *baton);
    /** One reply, in the order of the commands; freed after the call. */
    void (*reply)(void *baton, const redisReply *reply);
    /** Lost: replies that were awaited will not come. */
    void (*down)(void *baton);
} dljob_link_events_t;

/**
 * Makes a link and starts to connect in the loop's next turn.
 * @param what  for the log: "subscriber", "reader"
 * @param p     owns the struct; the link must be closed before it goes
 */
dljob_link_t *dljob_link_create(dl_loop_t *loop, const dl_redis_addr_t *addr,
                                const dljob_link_events_t *events,
                                void *baton, const char *what,
                                apr_pool_t *p);

/**
 * Queues a command; it leaves with all others of this turn in one write.
 * Dropped while the link is not up: the owner sends what matters in up().
 */
void dljob_link_send(dljob_link_t *link, int argc, const char **argv,
                     const size_t *lens);

/** Whether commands are taken now. */
int dljob_link_is_up(const dljob_link_t *link);

/** Closes the link for good. */
void dljob_link_close(dljob_link_t *link);

#endif /* DLJOB_LINK_H */
