/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a source is to the worker: a table of functions.
 *
 * dlw_source_exec, dlw_source_http, dlw_source_store and
 * dlw_source_simulate each export one.
 */
#ifndef DLW_SOURCE_H
#define DLW_SOURCE_H

#include "dlw_attempt.h"

typedef struct dlw_source_ops_t {
    const char *name;           /**< "exec" …: for logs and estimates */

    /**
     * Looks, at start-up and on SIGHUP, whether it can work as configured.
     * @return NULL, or a message with reason and remedy in @a p
     */
    const char *(*check)(const dl_config_t *conf, apr_pool_t *p);

    /**
     * Begins. Bytes go to a->spool, news to a->on.
     *
     * The attempt's own time-out is the caller's: when it is over abort() is
     * called.
     * @return the run, in a->pool, for abort(); NULL when done() has been
     *         called already from within
     */
    void *(*start)(dlw_attempt_t *a);

    /**
     * Stops a run whose done() has not come: no further call to a->on, no
     * further use of a->pool or a->spool after abort() has returned. A child
     * process or connection that ends later is the source's own affair, but
     * nothing of it may run two seconds later.
     */
    void (*abort)(dlw_attempt_t *a, void *run);

    /**
     * What the run last had to say (the tail of a child's stderr), for log
     * and dead letter of a time-out; called before abort(). May be NULL.
     * @return text in a->pool, <= 2 KiB, or NULL
     */
    const char *(*detail)(dlw_attempt_t *a, void *run);

    /** Runs aborted but not gone yet (children to reap); exit waits. May be
     *  NULL: none ever. */
    int (*pending)(const dlw_env_t *env);
} dlw_source_ops_t;

extern const dlw_source_ops_t dlw_source_exec;
extern const dlw_source_ops_t dlw_source_http;
extern const dlw_source_ops_t dlw_source_store;
extern const dlw_source_ops_t dlw_source_simulate;

/** Of tasks from DL_BUNDLE_FIRST_ID on, whatever DLJobSource says. */
extern const dlw_source_ops_t dlw_source_bundle;

/** The one of @a kind, or NULL. */
const dlw_source_ops_t *dlw_source_of(dl_source_e kind);

#endif /* DLW_SOURCE_H */
