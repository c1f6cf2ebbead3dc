/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the memory of a reply is; for dl_reply*.c only.
 *
 * A header stands right before the root element. A reply of dl_reply_build()
 * is all in the header's block; one of hiredis' reader, whose size is not
 * known before its end, goes on in chunks.
 */
#ifndef DL_REPLY_MEM_H
#define DL_REPLY_MEM_H

#include <stddef.h>

typedef struct dl_reply_chunk_t {
    struct dl_reply_chunk_t *next;
    size_t size;
} dl_reply_chunk_t;

/* A multiple of 16 bytes, as the root element stands behind it. */
typedef struct dl_reply_head_t {
    dl_reply_chunk_t *chunks;   /* further memory, newest first, or NULL */
    size_t size;                /* of the newest memory, to double it */
    char *at;                   /* free space (hiredis' reader only) */
    char *end;
} dl_reply_head_t;

#endif /* DL_REPLY_MEM_H */
