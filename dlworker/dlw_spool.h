/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an object lies between its source and its store.
 *
 * The first bytes stay in memory; what is larger goes to a nameless file
 * (O_TMPFILE) in DLJobSpool, or to one that is unlinked at once: nothing is
 * left when the worker dies. Size and SHA-256 are computed in passing, and
 * DLJobMaxObject bounds it.
 */
#ifndef DLW_SPOOL_H
#define DLW_SPOOL_H

#include <apr_pools.h>

typedef struct dlw_spool_t dlw_spool_t;

/** Objects up to this many bytes need no file. */
#define DLW_SPOOL_MEMORY 16384

/**
 * An empty spool: makes no system call until there is something to hold.
 * @param dir  DLJobSpool
 * @param max  most bytes, DLJobMaxObject
 * @param p    closes and frees everything when it is cleared
 */
dlw_spool_t *dlw_spool_create(const char *dir, apr_int64_t max,
                              apr_pool_t *p);

/**
 * Appends bytes.
 * @return APR_EINVAL over the bound or after the end, else what the file
 *         system said (APR_ENOSPC)
 */
apr_status_t dlw_spool_write(dlw_spool_t *spool, const void *data,
                             apr_size_t len);

/**
 * Takes over a finished regular file instead: its descriptor is now the
 * spool's. It must then be hashed with dlw_spool_digest() until done.
 * @return APR_EINVAL when it is larger than the bound, no regular file, or
 *         something was written before
 */
apr_status_t dlw_spool_adopt(dlw_spool_t *spool, int fd);

/**
 * Hashes up to @a budget further bytes of an adopted file.
 * @param done  set to 1 when all is hashed (at once for a written spool)
 */
apr_status_t dlw_spool_digest(dlw_spool_t *spool, apr_size_t budget,
                              int *done);

/** No more writes: fixes size and hash. Idempotent. */
apr_status_t dlw_spool_end(dlw_spool_t *spool);

/** Bytes so far. */
apr_int64_t dlw_spool_size(const dlw_spool_t *spool);

/** 64 hex digits; NULL before dlw_spool_end(). */
const char *dlw_spool_sha256(const dlw_spool_t *spool);

/**
 * Reads up to @a len bytes from @a offset, from memory or file.
 * @param got  fewer only at the end
 */
apr_status_t dlw_spool_read(const dlw_spool_t *spool, apr_int64_t offset,
                            void *buf, apr_size_t len, apr_size_t *got);

/**
 * Bytes that nobody reads again, of a spool that does not end as a file:
 * gives their place on disk back where the file system can, and spares
 * writing them at all if that has not been done. Size and hash stay.
 */
void dlw_spool_drop(const dlw_spool_t *spool, apr_int64_t offset,
                    apr_int64_t len);

/** The bytes themselves when all are in memory, else NULL. */
const void *dlw_spool_memory(const dlw_spool_t *spool);

/** The descriptor when they are in a file, else -1. Still the spool's. */
int dlw_spool_fd(const dlw_spool_t *spool);

/** Drops everything written, so that a source can begin again. */
apr_status_t dlw_spool_reset(dlw_spool_t *spool);

#endif /* DLW_SPOOL_H */
