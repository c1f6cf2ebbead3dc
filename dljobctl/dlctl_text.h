/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text for people: nothing from outside reaches a terminal with a control
 * character in it, and columns are counted in characters. Pure.
 */
#ifndef DLCTL_TEXT_H
#define DLCTL_TEXT_H

#include <apr_pools.h>

/**
 * @a s with control characters (C0, DEL, C1) and malformed bytes of UTF-8
 * written as "?"; NULL is "".
 */
const char *dlctl_text_safe(const char *s, apr_pool_t *p);

/** Characters of well-formed UTF-8, each counted as one column. */
int dlctl_text_width(const char *s);

/** Cut to @a width columns, the last of which then is "…"; or as it is. */
const char *dlctl_text_cut(const char *s, int width, apr_pool_t *p);

/** "40ms", "0.4s", "12s", "3m 20s", "2h 5m", "3d 4h"; "-" below zero. */
const char *dlctl_text_duration(apr_int64_t ms, apr_pool_t *p);

/** "512 B", "12.3 MiB"; "-" below zero. */
const char *dlctl_text_size(apr_int64_t bytes, apr_pool_t *p);

/** "2026-01-31 12:34:56" in UTC; "-" for 0. */
const char *dlctl_text_time(apr_int64_t ms, apr_pool_t *p);

/** "3m 20s ago"; "-" when @a ms is 0. */
const char *dlctl_text_ago(apr_int64_t ms, apr_int64_t now_ms,
                           apr_pool_t *p);

/** A count and its noun, "1 job", "2 jobs". */
const char *dlctl_text_count(apr_int64_t n, const char *noun, apr_pool_t *p);

#endif /* DLCTL_TEXT_H */
