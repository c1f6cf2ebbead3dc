/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Percent-encoding; see dl_uri.h.
 */
#include <string.h>

#include "dl_uri.h"

/* RFC 3986 section 2.3: the characters that are never encoded. */
static int is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'
           || c == '~';
}

const char *dl_uri_encode(const char *s, int keep_slash, apr_pool_t *p)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = apr_palloc(p, strlen(s) * 3 + 1);
    char *o = out;

    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (is_unreserved(c) || (c == '/' && keep_slash)) {
            *o++ = *s;
            continue;
        }
        *o++ = '%';
        *o++ = digits[c >> 4];
        *o++ = digits[c & 15];
    }
    *o = '\0';
    return out;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

const char *dl_uri_decode(const char *s, apr_size_t len, apr_pool_t *p)
{
    char *out = apr_palloc(p, len + 1);
    char *o = out;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        int high, low;

        if (s[i] != '%') {
            *o++ = s[i];
            continue;
        }
        high = len - i > 2 ? hex_value(s[i + 1]) : -1;
        low = high >= 0 ? hex_value(s[i + 2]) : -1;
        if (low < 0 || (high == 0 && low == 0)) {
            return NULL;
        }
        *o++ = (char)(high << 4 | low);
        i += 2;
    }
    *o = '\0';
    return out;
}
