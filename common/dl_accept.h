/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request headers that choose between answers: Accept, Prefer,
 * If-None-Match. Pure, no allocation; any thread.
 *
 * A header that came in several lines is given joined by commas, as httpd
 * has it. A NULL header is an absent one.
 */
#ifndef DL_ACCEPT_H
#define DL_ACCEPT_H

#include <apr.h>

/** What @ref dl_accept_read found out. */
typedef struct dl_accept_t {
    int json;                   /**< q of application/json, 0 .. 1000 */
    int problem;                /**< q of application/problem+json */
    int stream;                 /**< q of text/event-stream */
    int json_named;             /**< application/json itself is named and no
                                     range has a higher q: the caller wants
                                     JSON rather than a redirect */
    int problem_named;          /**< application/problem+json itself is named
                                     with a q above 0 */
} dl_accept_t;

/**
 * Reads Accept (RFC 9110 section 12.5.1): the most specific range decides,
 * "*" "/" "*" included; parameters other than q are ignored, a malformed
 * range or q counts as absent. No header, or an empty one: everything is
 * acceptable.
 *
 * Which answers need what: JSON bodies json > 0 or problem > 0, streams
 * stream > 0; else 406. Errors, redirects and objects are never refused.
 */
void dl_accept_read(const char *accept, dl_accept_t *out);

/** Whether a body of application/json may be sent. */
static inline int dl_accept_json_ok(const dl_accept_t *accept)
{
    return accept->json > 0 || accept->problem > 0;
}

typedef struct dl_prefer_t {
    apr_int64_t wait_s;         /**< wait=N; -1: not asked for */
    int respond_async;          /**< respond-async */
} dl_prefer_t;

/**
 * Reads Prefer (RFC 7240): the first of several equal preferences counts,
 * what is malformed or unknown is ignored.
 * @param max_s  a longer wait is cut to this
 */
void dl_prefer_read(const char *prefer, apr_int64_t max_s, dl_prefer_t *out);

#define DL_ETAG_MAX 48

/**
 * Makes the ETag of a job's body: weak, since estimates in it may move while
 * the job stays the same. It changes with the job and with its link.
 * @param out  DL_ETAG_MAX bytes
 */
void dl_etag_make(apr_int64_t version, apr_int64_t url_expires_s, char *out);

/**
 * Whether If-None-Match names @a etag: weak comparison, a list, or "*"
 * (RFC 9110 section 13.1.2).
 */
int dl_etag_match(const char *if_none_match, const char *etag);

#endif /* DL_ACCEPT_H */
