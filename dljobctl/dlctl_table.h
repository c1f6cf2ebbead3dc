/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables: columns as wide as what is in them, cut where the terminal ends.
 * Pure.
 */
#ifndef DLCTL_TABLE_H
#define DLCTL_TABLE_H

#include <apr_pools.h>
#include <apr_tables.h>

typedef struct dlctl_column_t {
    const char *title;
    int right;                  /**< numbers */
    int least;                  /**< columns it may shrink to; 0: never */
} dlctl_column_t;

typedef struct dlctl_table_t dlctl_table_t;

/** An empty table. @param columns  @a n of them, which must stay */
dlctl_table_t *dlctl_table_make(const dlctl_column_t *columns, int n,
                                apr_pool_t *p);

/** Adds a row: as many cells as columns, made safe for a terminal here;
 *  NULL and "" show as "-". */
void dlctl_table_row(dlctl_table_t *table, const char *const *cells);

/** How many rows there are. */
int dlctl_table_rows(const dlctl_table_t *table);

/**
 * The table with its titles, lines ending in LF, no blanks at their ends.
 * @param width  columns there are; 0: nothing is cut
 */
const char *dlctl_table_text(const dlctl_table_t *table, int width);

#endif /* DLCTL_TABLE_H */
