/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocking file work beside the loop.
 *
 * fsync() and copies of gigabytes would stop every other task, and the kernel
 * has no readiness for files; so a few threads, fixed in number, do such work
 * in batches. A batch lets a store pay once for what makes many files durable.
 */
#ifndef DLW_DISK_H
#define DLW_DISK_H

#include "dl_loop.h"

typedef struct dlw_disk_t dlw_disk_t;
typedef struct dlw_disk_job_t dlw_disk_job_t;

/** A job; embedded in what its owner needs for it, which must not be of a
 *  pool: APR pools are not for two threads. */
struct dlw_disk_job_t {
    /** On the loop's thread: the job has run, or (@a dropped) never will
     *  because the process ends. The owner frees it. */
    void (*done)(dlw_disk_job_t *job, int dropped);
    dlw_disk_job_t *next;       /**< the disk's */
};

/** On a thread of the disk: does @a n jobs, 1 to the batch size. */
typedef void dlw_disk_run_fn(dlw_disk_job_t **jobs, int n, void *baton);

/** The most jobs of a batch. */
#define DLW_DISK_BATCH 64

/**
 * Starts @a threads threads (all signals blocked in them).
 * @param batch  most jobs given to @a run at once, 1 .. DLW_DISK_BATCH
 * @param p      when it is cleared: running batches are waited for, waiting
 *               jobs are dropped
 */
apr_status_t dlw_disk_create(dl_loop_t *loop, int threads, int batch,
                             dlw_disk_run_fn *run, void *baton,
                             apr_pool_t *p, dlw_disk_t **disk);

/** Queues a job. The loop's thread. */
void dlw_disk_submit(dlw_disk_t *disk, dlw_disk_job_t *job);

#endif /* DLW_DISK_H */
