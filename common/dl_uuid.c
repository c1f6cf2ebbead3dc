/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UUIDs of version 4.
 */
#include "dl_uuid.h"

void dl_hex(const unsigned char *bytes, int n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    int i;

    for (i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

void dl_uuid_make(dl_random_t *random, char *out)
{
    unsigned char b[16];

    dl_random_take(random, b, 16);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    dl_hex(b, 4, out);
    out[8] = '-';
    dl_hex(b + 4, 2, out + 9);
    out[13] = '-';
    dl_hex(b + 6, 2, out + 14);
    out[18] = '-';
    dl_hex(b + 8, 2, out + 19);
    out[23] = '-';
    dl_hex(b + 10, 6, out + 24);
    out[36] = '\0';
}

int dl_uuid_valid(const char *s, apr_size_t len)
{
    apr_size_t i;

    if (len != DL_UUID_LEN) {
        return 0;
    }
    for (i = 0; i < DL_UUID_LEN; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (s[i] != '-') {
                return 0;
            }
        }
        else if (!(s[i] >= '0' && s[i] <= '9')
                 && !(s[i] >= 'a' && s[i] <= 'f')) {
            return 0;
        }
    }
    return s[14] == '4'
        && (s[19] == '8' || s[19] == '9' || s[19] == 'a' || s[19] == 'b');
}
