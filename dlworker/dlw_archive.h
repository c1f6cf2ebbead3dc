/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An archive, written by libarchive as its entries come.
 *
 * What goes in is stored as it is: files that are offered for download are
 * mostly compressed already, and the loop's thread writes. Everything about
 * an entry but its name, size and bytes is fixed, so that the same files
 * make the same archive. Zip goes over to zip64 where it must; names that
 * are not ASCII are marked as UTF-8.
 */
#ifndef DLW_ARCHIVE_H
#define DLW_ARCHIVE_H

#include <apr_pools.h>

#include "dl_bundle.h"

typedef struct dlw_archive_t dlw_archive_t;

/** Takes the bytes of the archive: all or an error, which ends it. */
typedef apr_status_t dlw_archive_write_fn(void *baton, const void *data,
                                          apr_size_t len);

/**
 * Begins an archive.
 * @param p  frees it, finished or not, when it is cleared
 * @return NULL when memory is short
 */
dlw_archive_t *dlw_archive_create(dl_bundle_e kind,
                                  dlw_archive_write_fn *write, void *baton,
                                  apr_pool_t *p);

/** Begins an entry of @a size bytes; the one before must be whole.
 *  @return what write() said, or APR_EGENERAL */
apr_status_t dlw_archive_entry(dlw_archive_t *archive, const char *name,
                               apr_int64_t size);

/** Further bytes of the entry, never more than its size. */
apr_status_t dlw_archive_data(dlw_archive_t *archive, const void *data,
                              apr_size_t len);

/** Writes what ends an archive. */
apr_status_t dlw_archive_close(dlw_archive_t *archive);

#endif /* DLW_ARCHIVE_H */
