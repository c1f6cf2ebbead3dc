/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the store, with a deadline: is it there, is an object there.
 */
#ifndef DLJOB_PROBE_H
#define DLJOB_PROBE_H

#include "dljob.h"

/** Longest wait for a store, in milliseconds. */
#define DLJOB_PROBE_MS 1000

/** Readies libcurl for the threads to come; in child_init. */
void dljob_probe_child(apr_pool_t *pchild);

/** Whether the store can be reached and used. */
int dljob_probe_store(dljob_call_t *call);

/** The connections to S3 of a child process; for any thread. */
typedef struct dljob_asking_t dljob_asking_t;

/** @param p  of the child, after dljob_probe_child() */
dljob_asking_t *dljob_asking_create(apr_pool_t *p);

/**
 * Whether an object is in the store.
 * @param wait_ms  longest wait for S3, 1 .. DLJOB_PROBE_MS
 * @param size  set to its size in bytes when it is
 * @return APR_SUCCESS, APR_NOTFOUND, or else: the store does not answer as
 *         it should
 */
apr_status_t dljob_probe_object(dljob_call_t *call, const char *key,
                                apr_int64_t wait_ms, apr_int64_t *size);

#endif /* DLJOB_PROBE_H */
