/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time of day as Redis has it.
 *
 * The host's wall clock may be an hour off; signed links and requests must
 * not be. The worker learns Redis TIME when it connects and adds the
 * monotonic time that passed since; until then the host's clock has to do.
 */
#ifndef DLW_CLOCK_H
#define DLW_CLOCK_H

#include <apr.h>

typedef struct dlw_clock_t {
    apr_int64_t offset_ms;      /**< Redis time less monotonic time */
    int learnt;
} dlw_clock_t;

/** Learns that it is @a redis_ms (Unix milliseconds) in Redis now. */
void dlw_clock_learn(dlw_clock_t *clock, apr_int64_t redis_ms);

/** Unix time in milliseconds, and in whole seconds. */
apr_int64_t dlw_clock_ms(const dlw_clock_t *clock);
apr_int64_t dlw_clock_s(const dlw_clock_t *clock);

#endif /* DLW_CLOCK_H */
