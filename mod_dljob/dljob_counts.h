/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all children of this httpd count together: whichever of them answers
 * knows the sums, and a child that ends takes nothing with it.
 *
 * Shared memory with more places than are likely to be written to at once; a
 * child counts in one of them, by atomic additions, and whoever asks adds
 * them up. Two children in one place do no harm.
 */
#ifndef DLJOB_COUNTS_H
#define DLJOB_COUNTS_H

#include <httpd.h>

#include "dl_redis_pool.h"

typedef enum {
    DLJOB_COUNT_OPENED,
    DLJOB_COUNT_CLOSED,
    DLJOB_COUNT_EVENTS,         /**< events written to clients */
    DLJOB_COUNT_DROPPED,        /**< snapshots superseded before sent */
    DLJOB_COUNT_REFUSED,        /**< answered 503 STREAMS_EXHAUSTED */
    DLJOB_COUNT_LAST
} dljob_count_e;

/** A place to count in, or the sum of all. */
typedef struct dljob_counts_t {
    dl_redis_pool_stats_t redis;
    apr_uint64_t streams[DLJOB_COUNT_LAST];
} dljob_counts_t;

/** All places of an httpd. */
typedef struct dljob_places_t dljob_places_t;

/** Makes them, for the children of this configuration; in post_config. */
dljob_places_t *dljob_counts_create(apr_pool_t *p);

/** The place of this process. */
dljob_counts_t *dljob_counts_mine(dljob_places_t *places);

/** Counts one; any thread. */
void dljob_count(dljob_counts_t *counts, dljob_count_e what);

/** Adds up all places since httpd started or was restarted; any thread. */
void dljob_counts_sum(const dljob_places_t *places, dljob_counts_t *sum);

#endif /* DLJOB_COUNTS_H */
