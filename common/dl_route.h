/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path and method of a request → which answer is asked for.
 *
 * Everything is relative to the <Location> that has the handler; where that
 * is, is not known here. Pure; any thread.
 */
#ifndef DL_ROUTE_H
#define DL_ROUTE_H

#include <apr_pools.h>

#include "dl_error.h"
#include "dl_uuid.h"

typedef enum {
    DL_ROUTE_NONE,              /**< look at dl_route_t.error */
    DL_ROUTE_PREFLIGHT,         /**< OPTIONS of a known path */
    DL_ROUTE_INITIATE,
    DL_ROUTE_STATUS,
    DL_ROUTE_STREAM,
    DL_ROUTE_USER_STREAM,
    DL_ROUTE_RESULT,
    DL_ROUTE_CANCEL,
    DL_ROUTE_LIST,
    DL_ROUTE_CHECK,
    DL_ROUTE_START,
    DL_ROUTE_OBJECT,
    DL_ROUTE_OPENAPI
} dl_route_e;

typedef struct dl_route_t {
    dl_route_e route;
    dl_error_e error;           /**< of NONE: NOT_FOUND, JOB_NOT_FOUND or
                                     METHOD_NOT_ALLOWED */
    const char *allow;          /**< of a known path: value of Allow; also
                                     what a CORS preflight may name */
    char job_id[DL_UUID_LEN + 1]; /**< of routes with a {jobId} */
    const char *key;            /**< of OBJECT: the rest of @a path */
} dl_route_t;

/**
 * Finds the route.
 *
 * @param path    decoded path after the base, "" or beginning with "/"; must
 *                live as long as route->key is used
 * @param method  "GET", "HEAD" …
 *
 * A job id must be a UUID as we make them (lower case), else JOB_NOT_FOUND:
 * the same answer as for a job that does not exist. An object key is 1 to
 * 1,024 bytes of UTF-8 without empty, "." or ".." segments, control
 * characters or backslashes, else NOT_FOUND. Only the base may end in a
 * slash.
 */
void dl_route_parse(const char *path, const char *method, dl_route_t *route);

/**
 * Whether the path as sent (undecoded, without the query) is free of tricks
 * that decoding hides: an encoded slash, backslash, NUL or dot, empty and
 * dot segments, malformed percent-encoding, raw control or 8-bit characters.
 * What fails is NOT_FOUND.
 */
int dl_route_raw_ok(const char *raw_path);

#endif /* DL_ROUTE_H */
