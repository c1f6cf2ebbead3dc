/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Large objects: stored in parts, several at a time, straight from the spool,
 * if need be while it still grows.
 *
 * No part is held in memory: what is under way is libcurl's buffers alone,
 * however large the object. Nor on disk for longer than it must: the spool
 * gives back a part that is stored. A part that fails is sent again by
 * itself; when the whole fails or is aborted, so is the upload in the store.
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
 * Begins to store a->spool as @a key. Its bytes are not there any more when
 * it fails.
 * @param headers  of the object: type, class, encryption; live in a->pool
 * @param growing  the spool has not ended: dlw_s3_multipart_finish() says so
 * @param discard  called when it fails or is aborted; @a discard_baton must
 *                 outlive the attempt
 * @param done     once, from a later turn; not after abort
 */
dlw_s3_multipart_t *dlw_s3_multipart_start(
    dlw_s3_t *s3, dlw_attempt_t *a, const char *key,
    const dl_sigv4_pair_t *headers, int nheaders, int growing,
    dlw_s3_discard_fn *discard, void *discard_baton,
    dlw_store_done_fn *done, void *baton);

/** There is more in the spool: sends what is a part. Cheap when it is not. */
void dlw_s3_multipart_grown(dlw_s3_multipart_t *m);

/** The spool has ended. */
void dlw_s3_multipart_finish(dlw_s3_multipart_t *m);

/** Ends it; a->pool may then be destroyed. */
void dlw_s3_multipart_abort(dlw_s3_multipart_t *m);

/** Bytes of a part of an object of @a size: at least 16 MiB, whole MiB, and
 *  at most 10,000 parts (S3's bound). */
apr_int64_t dlw_s3_part_size(apr_int64_t size);

#endif /* DLW_S3_MULTIPART_H */
