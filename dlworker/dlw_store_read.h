/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading an object of the file store: a thread fetches a piece, the loop
 * hands it over, then the next. One piece per object is in memory.
 */
#ifndef DLW_STORE_READ_H
#define DLW_STORE_READ_H

#include "dlw_disk.h"
#include "dlw_store.h"

typedef struct dlw_store_read_t dlw_store_read_t;

/** The threads of reads. @param p  as for dlw_disk_create() */
apr_status_t dlw_store_read_disk(dl_loop_t *loop, apr_pool_t *p,
                                 dlw_disk_t **disk);

/**
 * Begins to read.
 * @param key  safe (dl_store_key_safe)
 * @param p    for what the sink's done is told
 * @return NULL when memory is short: nothing is called
 */
dlw_store_read_t *dlw_store_read_start(dlw_disk_t *disk, const char *dir,
                                       const char *key, apr_pool_t *p,
                                       const dlw_store_sink_t *sink,
                                       void *baton);

/** No further call; what is under way ends in the background. */
void dlw_store_read_abort(dlw_store_read_t *read);

#endif /* DLW_STORE_READ_H */
