/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hub: one thread per httpd child that feeds all waiting clients.
 *
 * It owns an event loop, the links to Redis (dljob_feed.h) and the streams
 * while their connections are parked with the MPM (dljob_park.h). Worker
 * threads hand streams over through a queue and an eventfd; nothing else is
 * shared but what a stream's mutex guards.
 */
#ifndef DLJOB_HUB_H
#define DLJOB_HUB_H

#include "dl_seats.h"
#include "dljob_counts.h"
#include "dljob_feed.h"

/**
 * Makes the hub of this child; its thread starts with dljob_hub_start().
 * @param p       of the child; joins the thread when it is cleared
 * @param counts  where to count
 */
apr_status_t dljob_hub_create(apr_pool_t *p, dljob_counts_t *counts,
                              dljob_hub_t **hub);

/** A feed for one namespace; before dljob_hub_start(). */
dljob_feed_t *dljob_hub_feed(dljob_hub_t *hub, const dl_config_t *conf);

/** Starts the thread, all signals blocked in it. */
apr_status_t dljob_hub_start(dljob_hub_t *hub);

/**
 * Tells the hub that the child is going: every client is asked to come back
 * after a moment of its own, and let go. Any thread, returns at once.
 */
void dljob_hub_stopping(dljob_hub_t *hub);

/** Whether dljob_hub_stopping() was called: take no more streams. */
int dljob_hub_is_stopping(const dljob_hub_t *hub);

/** Hands a stream to the hub, or back to it; any thread. */
void dljob_hub_add(dljob_hub_t *hub, dljob_stream_t *s);

/** Lets the hub free a stream whose owner is DEAD; any thread. */
void dljob_hub_free(dljob_hub_t *hub, dljob_stream_t *s);

/** The loop of the hub's thread; for that thread alone. */
dl_loop_t *dljob_hub_loop(dljob_hub_t *hub);

/** Monotonic milliseconds; any thread. */
apr_int64_t dljob_hub_clock_ms(void);

/** Counts one; any thread. */
void dljob_hub_count(dljob_hub_t *hub, dljob_count_e what);

/** Whether all links to Redis are up, as of the last turn; any thread. */
int dljob_hub_links_up(const dljob_hub_t *hub);

/** For mod_status. */
typedef struct dljob_hub_stats_t {
    int topics;
    int links_up;
    apr_int64_t lag_us;         /**< longest turn of the loop since the last
                                     time this was asked */
} dljob_hub_stats_t;

/** Reads them; any thread. The lag starts anew. */
void dljob_hub_stats(dljob_hub_t *hub, dljob_hub_stats_t *stats);

#endif /* DLJOB_HUB_H */
