/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs, strictly.
 */
#include "dl_url.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#define LABEL_MAX 63
#define NAME_MAX_LEN 253

/* RFC 3986: what may stand in a path or query; % is checked apart. */
static int path_char(char c)
{
    return apr_isalnum(c) || (c && strchr("-._~!$&'()*+,;=:@/?", c));
}

static const char *check_path(const char *s, const char *end)
{
    for (; s < end; s++) {
        if (*s == '%') {
            if (end - s < 3 || !apr_isxdigit(s[1]) || !apr_isxdigit(s[2])) {
                return "two hex digits are needed after a percent sign";
            }
        }
        else if (*s == '#') {
            return "a fragment (#) is not allowed";
        }
        else if (!path_char(*s)) {
            return "a character must be percent-encoded";
        }
    }
    return NULL;
}

/* Labels of letters, digits, "-" and "_", none empty, none too long. */
static const char *check_name(const char *s)
{
    const char *label = s;

    if (strlen(s) > NAME_MAX_LEN) {
        return "the host name is longer than 253 characters";
    }
    for (;; s++) {
        if (*s == '.' || *s == '\0') {
            if (s == label) {
                return "the host name has an empty label";
            }
            if (s - label > LABEL_MAX) {
                return "a label of the host name is longer than 63 "
                       "characters";
            }
            if (*s == '\0') {
                return NULL;
            }
            label = s + 1;
        }
        else if (!apr_isalnum(*s) && *s != '-' && *s != '_') {
            return "the host name has a character that host names have not "
                   "(write it in its xn-- form)";
        }
    }
}

static const char *parse_port(const char *s, const char *end, dl_url_t *url)
{
    int port = 0;

    if (s == end) {
        return "the port is missing after the colon";
    }
    for (; s < end; s++) {
        if (*s < '0' || *s > '9') {
            return "the port is not a number";
        }
        port = port > 65535 ? port : port * 10 + (*s - '0');
    }
    if (port < 1 || port > 65535) {
        return "the port is not within 1 to 65535";
    }
    url->port = port;
    return NULL;
}

/* [IPv6] ; *after is set behind the bracket. */
static const char *parse_literal(const char *s, const char *end,
                                 apr_pool_t *p, dl_url_t *url,
                                 const char **after)
{
    const char *close = memchr(s, ']', (apr_size_t)(end - s));

    if (!close) {
        return "the bracket of the IPv6 address is not closed";
    }
    url->host = apr_pstrmemdup(p, s + 1, (apr_size_t)(close - s - 1));
    url->ip_kind = dl_ip_parse6(s + 1, (apr_size_t)(close - s - 1),
                                &url->ip);
    *after = close + 1;
    return url->ip_kind == DL_IP_PLAIN ? NULL
         : "the text in brackets is no IPv6 address";
}

static const char *parse_name(const char *s, const char *end, apr_pool_t *p,
                              dl_url_t *url, const char **after)
{
    const char *colon = memchr(s, ':', (apr_size_t)(end - s));
    apr_size_t len = (apr_size_t)((colon ? colon : end) - s);
    char *host, *at;

    *after = s + len;
    if (len > 0 && s[len - 1] == '.') {
        len--;
    }
    if (len == 0) {
        return "the host is missing";
    }
    host = apr_pstrmemdup(p, s, len);
    for (at = host; *at; at++) {
        *at = (char)apr_tolower(*at);
    }
    url->host = host;
    url->ip_kind = dl_ip_parse4(host, len, &url->ip);
    return url->ip_kind == DL_IP_BAD ? "the host is no valid IPv4 address"
         : url->ip_kind == DL_IP_NONE ? check_name(host) : NULL;
}

static const char *parse_authority(const char *s, const char *end,
                                   apr_pool_t *p, dl_url_t *url)
{
    const char *reason, *after = end;

    if (memchr(s, '@', (apr_size_t)(end - s))) {
        return "a user name or password is not allowed";
    }
    reason = s < end && *s == '[' ? parse_literal(s, end, p, url, &after)
                                  : parse_name(s, end, p, url, &after);
    if (reason || after == end) {
        return reason;
    }
    return *after == ':' ? parse_port(after + 1, end, url)
                         : "there is something between host and port";
}

/* Whether s begins with scheme, in any case. */
static int has_scheme(const char *s, apr_size_t len, const char *scheme)
{
    apr_size_t n = strlen(scheme);

    return len >= n && strncasecmp(s, scheme, n) == 0;
}

const char *dl_url_parse(const char *s, apr_size_t len, apr_pool_t *p,
                         dl_url_t *url)
{
    const char *end = s + len, *host, *path;
    const char *reason;
    apr_size_t i;

    memset(url, 0, sizeof(*url));
    if (len == 0) {
        return "it is empty";
    }
    if (len > DL_URL_MAX) {
        return apr_psprintf(p, "%" APR_SIZE_T_FMT " characters are above %d",
                            len, DL_URL_MAX);
    }
    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c <= 0x20 || c >= 0x7f || c == '\\') {
            return apr_psprintf(p, "the character at position %"
                                APR_SIZE_T_FMT " is a space, a control "
                                "character, a backslash or not ASCII", i);
        }
    }
    url->https = has_scheme(s, len, "https://");
    if (!url->https && !has_scheme(s, len, "http://")) {
        return "it does not begin with https://";
    }
    host = s + (url->https ? 8 : 7);
    url->port = url->https ? 443 : 80;
    path = host;
    while (path < end && *path != '/' && *path != '?' && *path != '#') {
        path++;
    }
    reason = parse_authority(host, path, p, url);
    if (!reason) {
        reason = check_path(path, end);
    }
    url->path = path == end ? "/"
              : apr_pstrcat(p, *path == '?' ? "/" : "",
                            apr_pstrmemdup(p, path, (apr_size_t)(end - path)),
                            NULL);
    return reason;
}
