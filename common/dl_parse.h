/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as people write them in dljob.conf: numbers, durations, sizes.
 *
 * Every parser returns NULL, or one sentence that names the value, the bound
 * it broke and what to write instead; its out-parameters are then untouched.
 * Sentences live in @a p. Pure and thread-safe.
 */
#ifndef DL_PARSE_H
#define DL_PARSE_H

#include <apr_pools.h>

/** A whole decimal number, @a min to @a max; no sign, no fraction. */
const char *dl_parse_int(const char *value, apr_int64_t min, apr_int64_t max,
                         apr_pool_t *p, apr_int64_t *number);

/**
 * A duration: a whole number and ms, s, m, h or d; without a unit seconds,
 * as in httpd's own Timeout.
 */
const char *dl_parse_duration(const char *value, apr_int64_t min_ms,
                              apr_int64_t max_ms, apr_pool_t *p,
                              apr_int64_t *ms);

/** A size: a whole number and K, M, G or T (of 1024); without: bytes. */
const char *dl_parse_size(const char *value, apr_int64_t min_bytes,
                          apr_int64_t max_bytes, apr_pool_t *p,
                          apr_int64_t *bytes);

/** "10000-100000000": two numbers, the first not above the second. */
const char *dl_parse_range(const char *value, apr_int64_t min,
                           apr_int64_t max, apr_pool_t *p,
                           apr_int64_t *low, apr_int64_t *high);

/** "on" or "off", in any case. */
const char *dl_parse_flag(const char *value, apr_pool_t *p, int *on);

/**
 * "100/60s": a number up to @a max in a duration; "10/s" is 10 in one
 * second. "off" or "0" makes both 0.
 */
const char *dl_parse_rate(const char *value, apr_int64_t max,
                          apr_int64_t min_ms, apr_int64_t max_ms,
                          apr_pool_t *p, apr_int64_t *number,
                          apr_int64_t *window_ms);

/** What to ask of a URL beside http or https and a host. */
typedef enum {
    DL_URL_ORIGIN,              /**< scheme, host, port: no path but "/" */
    DL_URL_BASE,                /**< a path too; no query */
    DL_URL_TEMPLATE             /**< path and query with %{file_id} */
} dl_url_e;

/**
 * An absolute http or https URL of at most 2,000 bytes, without userinfo,
 * fragment, spaces or control characters.
 * @param url  the same without slashes at the end (a template: unchanged)
 */
const char *dl_parse_url(const char *value, dl_url_e kind, apr_pool_t *p,
                         const char **url);

/** Whether "%{file_id}" is in @a text and no other %{…} is. */
const char *dl_parse_template(const char *text, apr_pool_t *p);

/** A value for a message: quoted, cut at 60 bytes, printable. */
const char *dl_parse_quote(const char *value, apr_pool_t *p);

/** "500ms", "30s", "24h": the way to write it. */
const char *dl_parse_show_duration(apr_int64_t ms, apr_pool_t *p);

/** "512", "64K", "5G". */
const char *dl_parse_show_size(apr_int64_t bytes, apr_pool_t *p);

#endif /* DL_PARSE_H */
