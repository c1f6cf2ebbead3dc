/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for jobs to end, with a progress bar where stderr is a terminal.
 */
#ifndef DLCTL_WATCH_H
#define DLCTL_WATCH_H

#include "dlctl.h"

/** A job that is waited for. */
typedef struct dlctl_watched_t {
    const char *id;
    dl_job_t *job;              /**< as last read; NULL before that */
    apr_pool_t *pool;           /**< of job */
} dlctl_watched_t;

/**
 * Reads @a n jobs again and again until all have ended.
 *
 * Redis may be away for up to a minute meanwhile.
 * @param timeout_ms  -1: for ever
 * @return DLCTL_OK when all have ended, whatever their state; what else is
 *         said already: DLCTL_LATER (time is up), DLCTL_NOT_FOUND (one does
 *         not exist, or has expired), DLCTL_REDIS, DLCTL_NO_PERMISSION
 */
dlctl_exit_e dlctl_watch(dlctl_t *ctl, dlctl_watched_t *jobs, int n,
                         apr_int64_t timeout_ms);

/** DLCTL_OK when the job completed with all its files, else
 *  DLCTL_FAILED. */
dlctl_exit_e dlctl_watch_verdict(const dl_job_t *job);

#endif /* DLCTL_WATCH_H */
