/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis time by the monotonic clock.
 */
#include "dlw_clock.h"

#include <time.h>

#include "dl_time.h"

static apr_int64_t monotonic_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (apr_int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void dlw_clock_learn(dlw_clock_t *clock, apr_int64_t redis_ms)
{
    clock->offset_ms = redis_ms - monotonic_ms();
    clock->learnt = 1;
}

apr_int64_t dlw_clock_ms(const dlw_clock_t *clock)
{
    return clock->learnt ? clock->offset_ms + monotonic_ms()
                         : dl_time_now_ms();
}

apr_int64_t dlw_clock_s(const dlw_clock_t *clock)
{
    return dlw_clock_ms(clock) / 1000;
}
