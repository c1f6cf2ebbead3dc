/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CORS. Origins are compared whole and exactly, never by prefix or suffix.
 */
#include "dl_cors.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

/* Whether s is a host with an optional port, of harmless characters. */
static int host_port_ok(const char *s)
{
    const char *port;

    if (*s == '[') {
        apr_size_t n = strspn(s + 1, "0123456789abcdef:.");

        if (n == 0 || s[n + 1] != ']') {
            return 0;
        }
        port = s + n + 2;
    }
    else {
        apr_size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-_");

        if (n == 0) {
            return 0;
        }
        port = s + n;
    }
    if (*port == '\0') {
        return 1;
    }
    return *port == ':' && port[1] != '\0' && strlen(port + 1) <= 5
        && strspn(port + 1, "0123456789") == strlen(port + 1);
}

const char *dl_cors_origin_parse(const char *arg, apr_pool_t *p,
                                 const char **origin)
{
    char *lower, *s;
    const char *standard = NULL;
    apr_size_t n;

    if (strcmp(arg, "*") == 0) {
        *origin = "*";
        return NULL;
    }
    lower = apr_pstrdup(p, arg);
    for (s = lower; *s; s++) {
        *s = (char)apr_tolower(*s);
    }
    if (strncmp(lower, "https://", 8) == 0) {
        s = lower + 8;
        standard = ":443";
    }
    else if (strncmp(lower, "http://", 7) == 0) {
        s = lower + 7;
        standard = ":80";
    }
    else {
        return apr_psprintf(p, "\"%s\" is no origin: write https://host, "
                            "https://host:port or *", arg);
    }
    if (!host_port_ok(s)) {
        return apr_psprintf(p, "\"%s\" is no origin: after the scheme come a "
                            "host and perhaps a port, no path, no slash at "
                            "the end, no wildcard", arg);
    }
    n = strlen(s);
    if (n > strlen(standard)
        && strcmp(s + n - strlen(standard), standard) == 0) {
        s[n - strlen(standard)] = '\0';
    }
    *origin = lower;
    return NULL;
}

static int any_origin(const dl_cors_t *cors)
{
    int i;

    for (i = 0; cors->origins && i < cors->origins->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(cors->origins, i, const char *),
                   "*") == 0) {
            return 1;
        }
    }
    return 0;
}

const char *dl_cors_check(const dl_cors_t *cors)
{
    return cors->credentials && any_origin(cors)
        ? "\"*\" cannot be combined with credentials: any site could then "
          "act for a signed-in user. Name the origins"
        : NULL;
}

const char *dl_cors_allow_origin(const dl_cors_t *cors, const char *origin)
{
    int i;

    if (!origin || !*origin || !cors->origins) {
        return NULL;
    }
    if (any_origin(cors)) {
        return "*";
    }
    for (i = 0; i < cors->origins->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(cors->origins, i, const char *),
                   origin) == 0) {
            return origin;
        }
    }
    return NULL;
}

int dl_cors_varies(const dl_cors_t *cors)
{
    return cors->origins && cors->origins->nelts > 0 && !any_origin(cors);
}
