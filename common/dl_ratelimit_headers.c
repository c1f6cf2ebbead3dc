/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RateLimit headers.
 */
#include "dl_ratelimit_headers.h"

#include <stdio.h>

void dl_ratelimit_headers(apr_int64_t limit, apr_int64_t window_s,
                          apr_int64_t remaining, apr_int64_t reset_s,
                          dl_ratelimit_headers_t *out)
{
    long long left = remaining < 0 ? 0 : remaining;
    long long reset = reset_s < 0 ? 0 : reset_s;

    snprintf(out->policy, sizeof(out->policy), "\"default\";q=%lld;w=%lld",
             (long long)limit, (long long)window_s);
    snprintf(out->state, sizeof(out->state), "\"default\";r=%lld;t=%lld",
             left, reset);
    snprintf(out->limit, sizeof(out->limit), "%lld", (long long)limit);
    snprintf(out->remaining, sizeof(out->remaining), "%lld", left);
    snprintf(out->reset, sizeof(out->reset), "%lld", reset);
}
