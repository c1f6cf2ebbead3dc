/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker as its heartbeat tells of it.
 */
#ifndef DLCTL_WORKER_H
#define DLCTL_WORKER_H

#include "dlctl.h"
#include "dlctl_table.h"

/** A heartbeat older than this: the worker is lost, or has ended. */
#define DLCTL_WORKER_FRESH_MS 30000

typedef struct dlctl_worker_t {
    const char *name;
    apr_int64_t at_ms;          /**< of its last heartbeat */
    int alive;
    int draining;
    const char *host;           /**< "" when not known, so the next three */
    const char *version;
    const char *source;
    const char *store;
    apr_int64_t pid;            /**< 0: not known */
    apr_int64_t concurrency;
    apr_int64_t running;
    apr_int64_t completed;
    apr_int64_t failed;
    apr_int64_t retried;
    const char *started;        /**< ISO 8601, or "" */
} dlctl_worker_t;

/**
 * Reads a worker's load, JSON as it wrote it; members that are missing or of
 * another kind count as not known.
 */
void dlctl_worker_read(const dl_ops_worker_t *from, apr_int64_t now_ms,
                       apr_pool_t *p, dlctl_worker_t *worker);

/**
 * Asks for all workers, those alive first, each by name.
 * @param now_ms   Redis time
 * @param workers  of dlctl_worker_t
 */
dlctl_exit_e dlctl_workers_get(dlctl_t *ctl, apr_int64_t now_ms,
                               apr_pool_t *p, apr_array_header_t **workers);

/** Redis time and the other figures; says so when there is no answer. */
dlctl_exit_e dlctl_stats_get(dlctl_t *ctl, apr_pool_t *p,
                             dl_ops_stats_t *stats);

/** The workers as a table. */
dlctl_table_t *dlctl_workers_table(const apr_array_header_t *workers,
                                   apr_int64_t now_ms, apr_pool_t *p);

/** "alive", "draining", "lost", "ended". */
const char *dlctl_worker_state(const dlctl_worker_t *worker);

/** A worker as a JSON object. */
void dlctl_json_worker(dl_buf_t *b, const dlctl_worker_t *worker);

#endif /* DLCTL_WORKER_H */
