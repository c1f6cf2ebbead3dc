/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an origin's answer means for the source `http`. Pure.
 */
#ifndef DLW_HTTP_ANSWER_H
#define DLW_HTTP_ANSWER_H

#include <curl/curl.h>

#include "dlw_attempt.h"

/**
 * What a status other than 200 and 206 means: 404 and 410 not found, 408,
 * 425, 429 and 5xx worth another attempt, everything else not.
 * @param retry_after_ms  -1: none
 */
dl_failure_t dlw_http_status_failure(long status, apr_int64_t retry_after_ms,
                                     apr_pool_t *p);

/**
 * What a transfer without a whole answer means.
 * @param words  libcurl's own, for the log
 */
dl_failure_t dlw_http_code_failure(CURLcode code, const char *words,
                                   apr_pool_t *p);

/** Whether a body that ended with @a code may be gone on with. */
int dlw_http_code_resumable(CURLcode code);

/**
 * Content-Range of a 206 (RFC 9110 section 14.4), "bytes 5-9/10".
 * @param first  set to 5
 * @param total  set to 10, or -1 for "*"
 * @return 0, -1: malformed
 */
int dlw_http_content_range(const char *value, apr_int64_t *first,
                           apr_int64_t *total);

/** Whether a validator may be used in If-Range: a strong ETag or a date. */
int dlw_http_strong_validator(const char *value);

/** Whether two absolute URLs have the same scheme, host and port. */
int dlw_http_same_origin(const char *a, const char *b);

/** Whether a header's value may be kept: 1 to 255 printable characters. */
int dlw_http_plain_value(const char *value);

/** %{file_id} filled into a template. */
const char *dlw_http_url(const char *url, apr_int64_t file_id,
                         apr_pool_t *p);

#endif /* DLW_HTTP_ANSWER_H */
