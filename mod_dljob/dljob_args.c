/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters of the query string. httpd has bounded its length.
 */
#include "dljob_args.h"

#include <apr_lib.h>
#include <apr_strings.h>

const char *dljob_arg(dljob_call_t *call, const char *name)
{
    const char *s = call->r->args;
    apr_size_t len = strlen(name);

    while (s && *s) {
        apr_size_t whole = strcspn(s, "&");

        if (whole >= len && !memcmp(s, name, len)
            && (whole == len || s[len] == '=')) {
            char *value;

            if (whole == len) {
                return "";
            }
            value = apr_pstrmemdup(call->pool, s + len + 1, whole - len - 1);
            return ap_unescape_urlencoded(value) == OK ? value : NULL;
        }
        s += whole;
        s += *s == '&';
    }
    return NULL;
}

int dljob_arg_int(dljob_call_t *call, const char *name, apr_int64_t min,
                  apr_int64_t max, apr_int64_t *value)
{
    const char *s = dljob_arg(call, name);
    const char *c;

    if (!s) {
        return 1;
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
