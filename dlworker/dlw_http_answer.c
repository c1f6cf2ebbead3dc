/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of origins; see dlw_http_answer.h.
 */
#include "dlw_http_answer.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#define FILE_ID "%{file_id}"
#define AWAY "The source is not available"

dl_failure_t dlw_http_status_failure(long status, apr_int64_t retry_after_ms,
                                     apr_pool_t *p)
{
    const char *detail = apr_psprintf(p, "the source answered %ld", status);
    dl_failure_t f;

    if (status == 404 || status == 410) {
        return dlw_failure("FILE_NOT_FOUND", "File not found", detail, 1);
    }
    if (status == 401 || status == 403 || status == 407) {
        return dlw_failure("SOURCE_ERROR", "The source refuses access",
                           detail, 1);
    }
    f = dlw_failure("SOURCE_ERROR", AWAY, detail,
                    status < 500 && status != 408 && status != 425
                    && status != 429);
    if (!f.permanent) {
        f.retry_after_ms = retry_after_ms;
    }
    else {
        f.error = "The source refuses the request";
    }
    return f;
}

dl_failure_t dlw_http_code_failure(CURLcode code, const char *words,
                                   apr_pool_t *p)
{
    const char *detail = apr_psprintf(p, "http source: %s",
                                      words && *words
                                      ? words : curl_easy_strerror(code));

    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return dlw_failure("TIMEOUT", "The source did not answer in time",
                           detail, 0);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return dlw_failure("SOURCE_ERROR", "The source cannot be trusted",
                           detail, 1);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return dlw_failure("SOURCE_ERROR", "The source refuses the request",
                           detail, 1);
    default:
        return dlw_failure("SOURCE_ERROR", AWAY, detail, 0);
    }
}

int dlw_http_code_resumable(CURLcode code)
{
    switch (code) {
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_COULDNT_CONNECT:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_SSL_CONNECT_ERROR:
        return 1;
    default:
        return 0;
    }
}

/* Digits up to what ends them; @return -1 for none or too many. */
static apr_int64_t digits(const char **s)
{
    apr_int64_t n = 0;
    const char *begin = *s;

    while (**s >= '0' && **s <= '9' && *s - begin < 18) {
        n = n * 10 + (*(*s)++ - '0');
    }
    return *s == begin ? -1 : n;
}

int dlw_http_content_range(const char *value, apr_int64_t *first,
                           apr_int64_t *total)
{
    apr_int64_t last;

    if (!value || strncasecmp(value, "bytes ", 6) != 0) {
        return -1;
    }
    value += 6;
    *first = digits(&value);
    if (*first < 0 || *value++ != '-' || (last = digits(&value)) < *first
        || *value++ != '/') {
        return -1;
    }
    if (*value == '*') {
        *total = -1;
        value++;
    }
    else if ((*total = digits(&value)) <= last) {
        return -1;
    }
    return *value == '\0' ? 0 : -1;
}

int dlw_http_strong_validator(const char *value)
{
    return value && *value && strncmp(value, "W/", 2) != 0
           && dlw_http_plain_value(value);
}

/* Length of scheme, host and port, a default port left out. */
static apr_size_t origin_length(const char *url)
{
    const char *host = strstr(url, "://");
    apr_size_t len;

    if (!host) {
        return 0;
    }
    host += 3;
    len = (apr_size_t)(host - url) + strcspn(host, "/?#");
    if (strncasecmp(url, "http:", 5) == 0 && len > 3
        && strncmp(url + len - 3, ":80", 3) == 0) {
        len -= 3;
    }
    else if (strncasecmp(url, "https:", 6) == 0 && len > 4
             && strncmp(url + len - 4, ":443", 4) == 0) {
        len -= 4;
    }
    return len;
}

int dlw_http_same_origin(const char *a, const char *b)
{
    apr_size_t len = origin_length(a);

    return len > 0 && len == origin_length(b) && strncasecmp(a, b, len) == 0;
}

int dlw_http_plain_value(const char *value)
{
    apr_size_t len = strlen(value);

    for (; *value; value++) {
        if ((unsigned char)*value < 0x20 || (unsigned char)*value > 0x7e) {
            return 0;
        }
    }
    return len > 0 && len <= 255;
}

const char *dlw_http_url(const char *url, apr_int64_t file_id, apr_pool_t *p)
{
    const char *id = apr_psprintf(p, "%" APR_INT64_T_FMT, file_id);
    const char *out = "", *at;

    for (; (at = strstr(url, FILE_ID)); url = at + strlen(FILE_ID)) {
        out = apr_pstrcat(p, out, apr_pstrmemdup(p, url, at - url), id, NULL);
    }
    return apr_pstrcat(p, out, url, NULL);
}
