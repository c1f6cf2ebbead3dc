/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Large objects: stored in parts, several at a time, straight from the spool.
 *
 * No part is held in memory: what is under way is libcurl's buffers alone,
 * however large the object. A part that fails is sent again by itself; when
 * the whole fails or is aborted, so is the upload in the store.
 */
#ifndef DLW_S3_MULTIPART_H
#define DLW_S3_MULTIPART_H

#include "dlw_s3.h"
#include "dlw_store.h"

/** Objects above this many bytes are stored in parts. */
#define DLW_S3_SINGLE_MAX (64 * 1024 * 1024)

typedef struct dlw_s3_multipart_t dlw_s3_multipart_t;

/** Removes in the background what an ended upload has left: parts, perhaps
 *  the object. Both strings are copied; @a upload_id may be NULL: not known. */
typedef void dlw_s3_discard_fn(void *baton, const char *key,
                               const char *upload_id);

/**
 * Begins to store a->spool as @a key.
 * @param headers  of the object: type, class, encryption; live in a->pool
 * @param discard  called when it fails or is aborted; @a discard_baton must
 *                 outlive the attempt
 * @param done     once, from a later turn; not after abort
 */
dlw_s3_multipart_t *dlw_s3_multipart_start(
    dlw_s3_t *s3, dlw_attempt_t *a, const char *key,
    const dl_sigv4_pair_t *headers, int nheaders,
    dlw_s3_discard_fn *discard, void *discard_baton,
    dlw_store_done_fn *done, void *baton);

/** Ends it; a->pool may then be destroyed. */
void dlw_s3_multipart_abort(dlw_s3_multipart_t *m);

/** Bytes of a part of an object of @a size: at least 16 MiB, whole MiB, and
 *  at most 10,000 parts (S3's bound). */
apr_int64_t dlw_s3_part_size(apr_int64_t size);

#endif /* DLW_S3_MULTIPART_H */
