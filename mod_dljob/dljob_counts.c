/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters of all children; see dljob_counts.h.
 */
#include "dljob_counts.h"

#include <unistd.h>

#include <apr_shm.h>

#include "dl_log.h"

enum {
    PLACES = 64
};

/* Padded, so that two places seldom share a line of the cache. */
typedef union place_t {
    dljob_counts_t counts;
    char line[128];
} place_t;

struct dljob_places_t {
    place_t all[PLACES];
};

dljob_places_t *dljob_counts_create(apr_pool_t *p)
{
    dljob_places_t *places;
    apr_shm_t *shm;

    if (apr_shm_create(&shm, sizeof(*places), NULL, p) != APR_SUCCESS) {
        dl_log(DL_LOG_ERROR, "DL0312", NULL,
               "no %" APR_SIZE_T_FMT " bytes of shared memory to count in: "
               "/metrics shows each child's own figures", sizeof(*places));
        return apr_pcalloc(p, sizeof(*places));
    }
    places = apr_shm_baseaddr_get(shm);
    memset(places, 0, sizeof(*places));
    return places;
}

dljob_counts_t *dljob_counts_mine(dljob_places_t *places)
{
    return &places->all[(unsigned)getpid() % PLACES].counts;
}

void dljob_count(dljob_counts_t *counts, dljob_count_e what)
{
    __atomic_fetch_add(&counts->streams[what], 1, __ATOMIC_RELAXED);
}

static void add(apr_uint64_t *sum, const apr_uint64_t *from)
{
    *sum += __atomic_load_n(from, __ATOMIC_RELAXED);
}

void dljob_counts_sum(const dljob_places_t *places, dljob_counts_t *sum)
{
    memset(sum, 0, sizeof(*sum));
    for (int i = 0; i < PLACES; i++) {
        const dljob_counts_t *counts = &places->all[i].counts;

        add(&sum->redis.calls, &counts->redis.calls);
        add(&sum->redis.failures, &counts->redis.failures);
        add(&sum->redis.batches, &counts->redis.batches);
        add(&sum->redis.busy_us, &counts->redis.busy_us);
        for (int k = 0; k < DLJOB_COUNT_LAST; k++) {
            add(&sum->streams[k], &counts->streams[k]);
        }
    }
}
