/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cross-origin requests (Fetch standard, "CORS protocol"): which origin may
 * read the answers, and with which headers. Pure; any thread.
 */
#ifndef DL_CORS_H
#define DL_CORS_H

#include <apr_pools.h>
#include <apr_tables.h>

#define DL_CORS_EXPOSE_HEADERS "Location, Retry-After, ETag, " \
    "RateLimit-Policy, RateLimit, RateLimit-Limit, RateLimit-Remaining, " \
    "RateLimit-Reset, X-Request-ID, Deprecation"
#define DL_CORS_ALLOW_METHODS "GET, POST, DELETE, OPTIONS"
#define DL_CORS_ALLOW_HEADERS "Authorization, Content-Type, " \
    "Idempotency-Key, X-Idempotency-Key, If-None-Match, Last-Event-ID, " \
    "Prefer, X-Request-ID, traceparent, tracestate"
#define DL_CORS_MAX_AGE "7200"

typedef struct dl_cors_t {
    const apr_array_header_t *origins; /**< of const char *, as returned by
                                            dl_cors_add; NULL: CORS is off */
    int credentials;            /**< cookies and Authorization may be sent */
} dl_cors_t;

/**
 * Checks one argument of DLJobCORSOrigin: "*", or scheme://host[:port] with
 * no path.
 * @param origin  set to its form for comparison (lower case, no default
 *                port), in @a p
 * @return NULL, or a message that says what is wrong with @a arg
 */
const char *dl_cors_origin_parse(const char *arg, apr_pool_t *p,
                                 const char **origin);

/** What only the whole can tell: "*" with credentials is refused. */
const char *dl_cors_check(const dl_cors_t *cors);

/**
 * The value of Access-Control-Allow-Origin for a request.
 * @param origin  header Origin or NULL
 * @return NULL: send no CORS headers. "*" or @a origin itself: send it. The
 *         answer depends on Origin ("Vary: Origin") unless it is "*"; see
 *         dl_cors_varies()
 */
const char *dl_cors_allow_origin(const dl_cors_t *cors, const char *origin);

/** Whether answers need "Vary: Origin", with or without an Origin. */
int dl_cors_varies(const dl_cors_t *cors);

#endif /* DL_CORS_H */
