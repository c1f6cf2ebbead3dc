/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of the RateLimit headers: the fields of the IETF draft
 * "RateLimit header fields for HTTP" (structured fields, with q, w, r, t) and
 * the three older ones that clients still read.
 */
#ifndef DL_RATELIMIT_HEADERS_H
#define DL_RATELIMIT_HEADERS_H

#include <apr.h>

typedef struct dl_ratelimit_headers_t {
    char policy[64];            /**< RateLimit-Policy */
    char state[64];             /**< RateLimit */
    char limit[24];             /**< RateLimit-Limit */
    char remaining[24];         /**< RateLimit-Remaining */
    char reset[24];             /**< RateLimit-Reset, seconds from now */
} dl_ratelimit_headers_t;

/**
 * @param limit      requests per window
 * @param window_s   its length
 * @param remaining  requests left; below 0 counts as 0
 * @param reset_s    seconds until there is room again; below 0 counts as 0
 */
void dl_ratelimit_headers(apr_int64_t limit, apr_int64_t window_s,
                          apr_int64_t remaining, apr_int64_t reset_s,
                          dl_ratelimit_headers_t *out);

#endif /* DL_RATELIMIT_HEADERS_H */
