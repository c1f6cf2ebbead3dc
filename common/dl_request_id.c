/* SPDX-License-Identifier: Apache-2.0 */
/*
 * X-Request-ID.
 */
#include "dl_request_id.h"

int dl_request_id_valid(const char *s)
{
    int n = 0;

    if (!s) {
        return 0;
    }
    for (; s[n]; n++) {
        char c = s[n];

        if (n >= DL_REQUEST_ID_MAX
            || !((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
                 || (c >= '0' && c <= '9') || c == '.' || c == '_'
                 || c == '-')) {
            return 0;
        }
    }
    return n > 0;
}
