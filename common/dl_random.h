/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random bytes for ids: one system call serves several of them.
 *
 * The struct belongs to whoever needs ids, a connection or a function, so it
 * is neither shared between threads nor inherited by a child process.
 */
#ifndef DL_RANDOM_H
#define DL_RANDOM_H

#include <apr.h>

#define DL_RANDOM_BATCH 256     /* four times job, request, trace, span id */

typedef struct dl_random_t {
    unsigned char bytes[DL_RANDOM_BATCH];
    int left;
} dl_random_t;

/** No system call yet. */
static inline void dl_random_init(dl_random_t *random)
{
    random->left = 0;
}

/**
 * Takes @a n bytes (at most DL_RANDOM_BATCH) from getrandom(2).
 * Never fails: should the kernel have none, the process is ended, since ids
 * that can be guessed are worse than none.
 */
void dl_random_take(dl_random_t *random, unsigned char *out, int n);

/** A number from 0 to @a bound - 1; the bias is below 2^-32. */
apr_uint32_t dl_random_below(dl_random_t *random, apr_uint32_t bound);

#endif /* DL_RANDOM_H */
