/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters of the query string. httpd has bounded its length.
 */
#include "dljob_args.h"

#include <apr_lib.h>
#include <apr_strings.h>

int dljob_arg(dljob_call_t *call, const char *name, const char **value)
{
    const char *s = call->r->args;
    apr_size_t len = strlen(name);

    *value = NULL;
    while (s && *s) {
        apr_size_t whole = strcspn(s, "&");

        if (whole >= len && !memcmp(s, name, len)
            && (whole == len || s[len] == '=')) {
            apr_size_t skip = whole == len ? len : len + 1;
            char *decoded = apr_pstrmemdup(call->pool, s + skip,
                                           whole - skip);

            *value = decoded;
            return ap_unescape_urlencoded(decoded) == OK ? 0 : -1;
        }
        s += whole;
        s += *s == '&';
    }
    return 1;
}

int dljob_arg_int(dljob_call_t *call, const char *name, apr_int64_t min,
                  apr_int64_t max, apr_int64_t *value)
{
    const char *s, *c;
    int rc = dljob_arg(call, name, &s);

    if (rc) {
        return rc;
    }
    for (c = s; *c; c++) {
        if (!apr_isdigit(*c) || c - s > 17) {
            return -1;
        }
    }
    if (c == s) {
        return -1;
    }
    *value = apr_atoi64(s);
    return *value < min || *value > max ? -1 : 0;
}
