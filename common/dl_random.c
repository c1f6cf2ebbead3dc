/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random bytes by getrandom(2), in batches.
 */
#include "dl_random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void dl_random_take(dl_random_t *random, unsigned char *out, int n)
{
    unsigned char *at;

    if (random->left < n) {
        int have = 0;

        while (have < DL_RANDOM_BATCH) {
            ssize_t got = getrandom(random->bytes + have,
                                    (size_t)(DL_RANDOM_BATCH - have), 0);

            if (got < 0 && errno != EINTR) {
                abort();
            }
            have += got > 0 ? (int)got : 0;
        }
        random->left = DL_RANDOM_BATCH;
    }
    random->left -= n;
    at = random->bytes + random->left;
    memcpy(out, at, (size_t)n);
    memset(at, 0, (size_t)n);
}

apr_uint32_t dl_random_below(dl_random_t *random, apr_uint32_t bound)
{
    apr_uint64_t value;

    dl_random_take(random, (unsigned char *)&value, (int)sizeof(value));
    return bound ? (apr_uint32_t)(value % bound) : 0;
}
