/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Estimates.
 */
#include "dl_estimate.h"

#define DAY_MS APR_INT64_C(86400000)
#define RETRY_UNKNOWN_S 5
#define RETRY_MAX_S 30
#define PROGRESS_TRUSTED 5

apr_int64_t dl_estimate_total_ms(apr_int64_t duration_ms, double per_second,
                                 apr_int64_t ahead, int ntasks)
{
    apr_int64_t before = ahead + (ntasks > 1 ? ntasks - 1 : 0);
    double wait_ms = 0;

    if (duration_ms <= 0) {
        return 0;
    }
    if (per_second > 0 && before > 0) {
        wait_ms = (double)before * 1000.0 / per_second;
    }
    return wait_ms >= (double)(DAY_MS - duration_ms)
        ? DAY_MS : duration_ms + (apr_int64_t)wait_ms;
}

apr_int64_t dl_estimate_left_ms(const dl_job_t *job, apr_int64_t now_ms)
{
    apr_int64_t left = -1, by_progress, ran;

    if (dl_job_state_terminal(job->state)) {
        return 0;
    }
    if (job->estimate_ms > 0 && job->created_ms > 0) {
        left = job->created_ms + job->estimate_ms - now_ms;
    }
    ran = job->started_ms > 0 ? now_ms - job->started_ms : 0;
    if (job->state == DL_JOB_PROCESSING && ran > 0
        && job->progress >= PROGRESS_TRUSTED && job->progress <= 100) {
        /* the further it is, the more its own pace counts */
        by_progress = ran * (100 - job->progress) / job->progress;
        left = left < 0 ? by_progress
             : (left * (100 - job->progress) + by_progress * job->progress)
               / 100;
    }
    if (job->next_attempt_ms > now_ms
        && left < job->next_attempt_ms - now_ms) {
        left = job->next_attempt_ms - now_ms;
    }
    if (left > DAY_MS) {
        left = DAY_MS;
    }
    return left < 0 && job->estimate_ms > 0 ? 0 : left;
}

int dl_estimate_retry_after_s(apr_int64_t left_ms)
{
    apr_int64_t seconds;

    if (left_ms < 0) {
        return RETRY_UNKNOWN_S;
    }
    seconds = (left_ms + 999) / 1000;
    return seconds < 1 ? 1 : seconds > RETRY_MAX_S ? RETRY_MAX_S
                                                   : (int)seconds;
}
