/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists that are read page by page: dead letters, webhooks.
 */
#ifndef DLCTL_PAGES_H
#define DLCTL_PAGES_H

#include "dlctl.h"
#include "dlctl_table.h"

/**
 * Reads a page, from @a first on.
 * @param rows  of what the list is made of
 */
typedef apr_status_t dlctl_pages_read_fn(dlctl_t *ctl, void *baton, int first,
                                         int n, apr_pool_t *p,
                                         apr_array_header_t **rows);

/** A list as it is shown. */
typedef struct dlctl_pages_t {
    const char *name;           /**< of its member in JSON */
    const char *none;           /**< what text says of an empty one */
    const dlctl_column_t *columns;
    int ncolumns;
    apr_size_t size;            /**< of an element */
    dlctl_pages_read_fn *read;
    /** Makes an element a row of the table. */
    void (*row)(void *baton, const void *element, apr_int64_t now_ms,
                dlctl_table_t *table, apr_pool_t *p);
    /** Appends it as an object, with the comma before it. */
    void (*json)(void *baton, dl_buf_t *b, const void *element);
    void *baton;
} dlctl_pages_t;

/** The most that --limit takes: as many as the engine keeps. */
#define DLCTL_PAGES_MAX 5000

/**
 * Shows the first of a list, as text or as
 * {"NAME":[...],"total":N}.
 * @param limit   how many at most
 * @param total   how many there are
 */
dlctl_exit_e dlctl_pages_show(dlctl_t *ctl, const dlctl_pages_t *pages,
                              apr_int64_t limit, int total,
                              apr_int64_t now_ms);

/**
 * Does something with each of a list that shrinks by it.
 * @param one  its stays is set where the element has not left the list: it is
 *             passed over then. Its pool lives for a page
 * @return DLCTL_OK, or the first status of another kind, said already
 */
dlctl_exit_e dlctl_pages_drain(dlctl_t *ctl, dlctl_pages_read_fn *read,
                               apr_size_t size,
                               dlctl_exit_e (*one)(void *baton,
                                                   const void *element,
                                                   int *stays),
                               void *baton);

#endif /* DLCTL_PAGES_H */
