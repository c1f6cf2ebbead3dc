/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8, RFC 3629 section 4: the table of well-formed byte sequences.
 */
#include "dl_utf8.h"

static int is_tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

int dl_utf8_len(const unsigned char *s, apr_size_t n)
{
    unsigned char lo = 0x80, hi = 0xbf;

    if (n == 0) {
        return 0;
    }
    if (s[0] < 0x80) {
        return 1;
    }
    if (s[0] < 0xc2) {
        return 0;
    }
    if (s[0] < 0xe0) {
        return n >= 2 && is_tail(s[1]) ? 2 : 0;
    }
    if (s[0] < 0xf0) {
        /* E0: no overlong form; ED: no surrogate */
        if (s[0] == 0xe0) {
            lo = 0xa0;
        }
        else if (s[0] == 0xed) {
            hi = 0x9f;
        }
        return n >= 3 && s[1] >= lo && s[1] <= hi && is_tail(s[2]) ? 3 : 0;
    }
    if (s[0] < 0xf5) {
        /* F0: no overlong form; F4: not above U+10FFFF */
        if (s[0] == 0xf0) {
            lo = 0x90;
        }
        else if (s[0] == 0xf4) {
            hi = 0x8f;
        }
        return n >= 4 && s[1] >= lo && s[1] <= hi && is_tail(s[2])
                       && is_tail(s[3]) ? 4 : 0;
    }
    return 0;
}

int dl_utf8_valid(const char *s, apr_size_t n)
{
    const unsigned char *u = (const unsigned char *)s;
    apr_size_t i = 0;

    while (i < n) {
        int len = dl_utf8_len(u + i, n - i);

        if (len == 0) {
            return 0;
        }
        i += (apr_size_t)len;
    }
    return 1;
}
