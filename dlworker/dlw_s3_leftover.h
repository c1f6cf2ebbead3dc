/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must not stay in an S3 store, removed in the background: objects of
 * attempts that were refused or cut off, uploads that nobody will end.
 *
 * What a killed worker leaves, the next attempt at the same file removes, or
 * the sweep that comes now and then.
 */
#ifndef DLW_S3_LEFTOVER_H
#define DLW_S3_LEFTOVER_H

#include "dlw_s3.h"

typedef struct dlw_s3_leftover_t dlw_s3_leftover_t;

/** @param p  what is under way is given up when it is cleared */
dlw_s3_leftover_t *dlw_s3_leftover_create(const dlw_env_t *env, dlw_s3_t *s3,
                                          apr_pool_t *p);

/** Removes an object; tried again for a while, logged when in vain. */
void dlw_s3_leftover_remove(dlw_s3_leftover_t *l, const char *key);

/** Removes what a put that was cut off may have stored: now, and once more
 *  in a while, for the store may still be at it. Only the first counts as
 *  pending. */
void dlw_s3_leftover_cut_off(dlw_s3_leftover_t *l, const char *key);

/** Aborts the multipart upload of @a key; a dlw_s3_discard_fn.
 *  @param baton  the dlw_s3_leftover_t */
void dlw_s3_leftover_upload(void *baton, const char *key,
                            const char *upload_id);

/** Aborts the uploads of earlier attempts at the file that the attempt's
 *  @a key is for: their fences are lower, so they are over. */
void dlw_s3_leftover_earlier(dlw_s3_leftover_t *l, const char *key);

/** Removals under way. */
int dlw_s3_leftover_pending(const dlw_s3_leftover_t *l);

#endif /* DLW_S3_LEFTOVER_H */
