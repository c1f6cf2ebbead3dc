/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failures, as sources and stores report them.
 */
#include "dlw_attempt.h"

dl_failure_t dlw_failure(const char *code, const char *error,
                         const char *detail, int permanent)
{
    return (dl_failure_t){.error_code = code,
                          .error = error,
                          .detail = detail,
                          .permanent = permanent,
                          .retry_after_ms = -1};
}
