/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blocking half of the file store: what its threads do with the file
 * system. No pools, no loop; every function may run on any thread.
 *
 * An object is as readable as the directory of the store: it gets that one's
 * read bits and group, so whoever may enter the directory (httpd's user) can
 * serve it.
 */
#ifndef DLW_STORE_IO_H
#define DLW_STORE_IO_H

#include <stdatomic.h>
#include <sys/types.h>

#include <apr.h>
#include <apr_errno.h>

/** Names of what is being written where the file system has no O_TMPFILE. */
#define DLW_STORE_TEMP_PREFIX ".dljob-"

/** A put; all memory is the caller's. */
typedef struct dlw_store_put_t {
    const char *dir;            /**< of the store */
    const char *key;            /**< safe (dl_store_key_safe) */
    const char *data;           /**< or NULL: from fd */
    int fd;                     /**< of a spool, read by offset */
    apr_int64_t size;
    const atomic_int *aborted;  /**< looked at now and then */
    int named;                  /**< write under a hidden name, as is done
                                     anyway where no other way exists */
} dlw_store_put_t;

/**
 * Writes an object and gives it its name; an earlier one of that name is
 * replaced whole. Not yet durable: see dlw_store_io_sync().
 *
 * A spool on the file system of the store is linked, not copied.
 * @return APR_SUCCESS; APR_EINTR when aborted (nothing is left); else what
 *         the file system said (nothing is left)
 */
apr_status_t dlw_store_io_put(const dlw_store_put_t *put);

/**
 * Makes finished puts durable: one by one, or, when there are many, by
 * writing out the file system once.
 * @param keys  of objects that were put
 */
apr_status_t dlw_store_io_sync(const char *dir, const char *const *keys,
                               int n);

/** Size and modification time. @return ENOENT also for what is no file */
apr_status_t dlw_store_io_stat(const char *dir, const char *key,
                               apr_int64_t *size, apr_int64_t *mtime_s);

/** Removes an object; APR_SUCCESS when there is none. */
apr_status_t dlw_store_io_remove(const char *dir, const char *key);

/** Whether a file can be made in the store. */
apr_status_t dlw_store_io_probe(const char *dir);

/** What a sweep found and did. */
typedef struct dlw_store_swept_t {
    apr_int64_t bytes;          /**< in the store afterwards */
    int evicted;
    int leftovers;              /**< names of writes that never ended */
} dlw_store_swept_t;

/**
 * Walks the store; removes what writes left behind a day ago, and, when it
 * holds more than @a max bytes, the oldest objects that workers made (their
 * names tell) and that are older than @a ttl_s. What others put there stays.
 * @param max   0: no bound
 */
apr_status_t dlw_store_io_sweep(const char *dir, apr_int64_t max,
                                apr_int64_t ttl_s,
                                const atomic_int *aborted,
                                dlw_store_swept_t *swept);

#endif /* DLW_STORE_IO_H */
