/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Multipart uploads that nobody will end: of workers that were killed.
 *
 * A store keeps (and bills) their parts until they are aborted, and shows
 * them in no listing of objects.
 */
#ifndef DLW_S3_SWEEP_H
#define DLW_S3_SWEEP_H

#include "dlw_s3.h"

/** Which uploads are stale. */
typedef struct dlw_s3_stale_t {
    const char *prefix;         /**< of the keys that are looked at */
    const char *key;            /**< this very key, or NULL: see below */
    apr_int64_t below_fence;    /**< keys of attempts with a lower fence, the
                                     file id being in the prefix; -1: any */
    apr_int64_t before_ms;      /**< begun before this time, Unix ms; 0: any */
} dlw_s3_stale_t;

/** How it ended: how many were aborted, and what went wrong, or NULL. */
typedef void dlw_s3_swept_fn(void *baton, int aborted, const char *problem);

/**
 * Lists the uploads below stale->prefix and aborts the stale ones that
 * attempts of ours began; other programs' stay.
 * @param p     a pool of this sweep's own, destroyed when it has ended
 * @param done  once, unless @a s3 ends first
 */
void dlw_s3_sweep(dlw_s3_t *s3, const dlw_s3_stale_t *stale, apr_pool_t *p,
                  dlw_s3_swept_fn *done, void *baton);

/** Whether an upload of @a key begun at @a initiated ("2024-02-29T…Z") is
 *  stale. */
int dlw_s3_is_stale(const dlw_s3_stale_t *stale, const char *key,
                    const char *initiated);

#endif /* DLW_S3_SWEEP_H */
