/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a job will take, and when to ask again. Pure arithmetic on what
 * the workers measured; any thread.
 */
#ifndef DL_ESTIMATE_H
#define DL_ESTIMATE_H

#include <apr.h>

#include "dl_job.h"

/**
 * Milliseconds from admission to completion of a new job.
 *
 * @param duration_ms  p75 of recent tasks; 0: not known
 * @param per_second   tasks finished per second, recent; 0: not known
 * @param ahead        tasks in the queue before it
 * @param ntasks       tasks of its own, at least 1
 * @return 0 when nothing is known; never above a day
 */
apr_int64_t dl_estimate_total_ms(apr_int64_t duration_ms, double per_second,
                                 apr_int64_t ahead, int ntasks);

/**
 * Milliseconds a job still needs: by its estimate, drawn to what its progress
 * says once that is 5 % or more; a wait for the next attempt is added.
 * @param now_ms  Redis time, or this host's
 * @return -1: not known; 0: terminal, or due any moment
 */
apr_int64_t dl_estimate_left_ms(const dl_job_t *job, apr_int64_t now_ms);

/**
 * Retry-After of a 202.
 * @param left_ms  as above
 * @return 1 to 30 seconds; 5 when nothing is known
 */
int dl_estimate_retry_after_s(apr_int64_t left_ms);

#endif /* DL_ESTIMATE_H */
