/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The figures of the whole as text and JSON, for stats and top. Pure.
 */
#ifndef DLCTL_OVERVIEW_H
#define DLCTL_OVERVIEW_H

#include "dlctl_json.h"

/** A few lines: state, tasks by queue, workers, estimate. */
void dlctl_overview_text(dl_buf_t *b, const dl_ops_stats_t *stats);

/** Members of an object that the caller has opened. */
void dlctl_overview_json(dl_buf_t *b, const dl_ops_stats_t *stats);

/** A counter's name for people: "dedupe_key" is "deduplicated by key". */
const char *dlctl_overview_counter(const char *name, apr_pool_t *p);

/** A counter's value; 0 when there is none of that name. */
apr_int64_t dlctl_overview_value(const dl_ops_stats_t *stats,
                                 const char *name);

#endif /* DLCTL_OVERVIEW_H */
