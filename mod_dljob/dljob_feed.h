/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What flows from Redis to the streams of one namespace: a subscriber link
 * hears of changes, a reader link reads what a message does not carry and
 * what was missed. Hub thread only, but for dljob_feed_create().
 *
 * Order for a new listener (contract, "Stream"): subscribe, and when the
 * server has confirmed it, read a snapshot; so no change falls between.
 */
#ifndef DLJOB_FEED_H
#define DLJOB_FEED_H

#include "dl_config.h"
#include "dljob_link.h"
#include "dljob_topic.h"

/**
 * Makes the feed of a namespace; its links are opened by the hub.
 * @param p  of the child; the feed lives as long
 */
dljob_feed_t *dljob_feed_create(const dl_config_t *conf, dljob_hub_t *hub,
                                apr_pool_t *p);

/** Opens the links; at the start of the hub's thread. */
void dljob_feed_open(dljob_feed_t *feed);

/** Closes them; at its end. */
void dljob_feed_close(dljob_feed_t *feed);

/** Registers a stream. @return 0, or -1 without memory: end it */
int dljob_feed_join(dljob_stream_t *s);

/** Takes a registered stream out. */
void dljob_feed_leave(dljob_stream_t *s);

/**
 * Looks whether something was missed, unless the topic has been heard of just
 * now: at most once a second, however many streams ask.
 */
void dljob_feed_check(dljob_stream_t *s);

/** Calls @a fn for every registered stream; it must not free any. */
void dljob_feed_each(dljob_feed_t *feed, void (*fn)(dljob_stream_t *s));

/** Topics subscribed to, and whether both links are up; for mod_status. */
void dljob_feed_stats(const dljob_feed_t *feed, int *topics, int *up);

#endif /* DLJOB_FEED_H */
