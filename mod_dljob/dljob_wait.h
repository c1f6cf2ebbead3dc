/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that wait for their answer: "Prefer: wait=N" (RFC 7240 section
 * 4.3) and /start. Held as streams are, without a thread where httpd can.
 */
#ifndef DLJOB_WAIT_H
#define DLJOB_WAIT_H

#include "dljob.h"

/** Longest wait a client may prefer, in seconds. */
#define DLJOB_WAIT_MAX_S 300

/** Until when to wait. */
typedef enum {
    DLJOB_WAIT_CHANGE,          /**< a version other than the job's now */
    DLJOB_WAIT_END              /**< the job is over */
} dljob_wait_e;

/**
 * Waits for @a job and then answers by @a again, which reads it anew and
 * must not wait a second time: call->waited is set.
 * @param wait_ms  at most so long
 * @return 1 when it waits or has waited: @a rc is what the handler is to
 *         return. 0: nobody more can be held here, or the job is over:
 *         answer now
 */
int dljob_wait(dljob_call_t *call, const dl_job_t *job, dljob_wait_e until,
               apr_int64_t wait_ms, dljob_route_fn *again, int *rc);

/**
 * The same as Prefer asks: nothing without the preference. With
 * If-None-Match that matches (@a unchanged) until a change, else until the
 * job is over. Sets Preference-Applied when it will have waited.
 */
int dljob_wait_preferred(dljob_call_t *call, const dl_job_t *job,
                         int unchanged, int *rc);

#endif /* DLJOB_WAIT_H */
