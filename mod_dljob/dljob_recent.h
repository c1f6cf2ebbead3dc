/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers for jobs that are over, remembered for a moment by each child.
 *
 * Nothing changes a job after its end, and its status is then asked for by
 * everybody at once: each tab, each retry, each client that has waited. A
 * child answers those that come within a second of each other from memory,
 * which saves httpd a third of its CPU for such a request and Redis all of
 * it. While a link to Redis is known to be down nothing is answered from
 * here, so an outage shows at once.
 */
#ifndef DLJOB_RECENT_H
#define DLJOB_RECENT_H

#include "dljob.h"

/** The memory of a child: a fixed number of answers, any thread. */
typedef struct dljob_recent_t dljob_recent_t;

/** What is remembered; in the request's pool. */
typedef struct dljob_recent_answer_t {
    const char *etag;
    const char *body;
    apr_size_t len;
} dljob_recent_answer_t;

/** NULL without memory: nothing is remembered. @param p  of the child */
dljob_recent_t *dljob_recent_create(apr_pool_t *p);

/**
 * The answer to this caller for the route's job and base, if one is
 * remembered and Redis is not known to be down. @return 1 found, 0 not
 */
int dljob_recent_find(dljob_call_t *call, dljob_recent_answer_t *answer);

/** Remembers an answer; nothing for a job that is not over. */
void dljob_recent_keep(dljob_call_t *call, const dl_job_t *job,
                       const dljob_recent_answer_t *answer);

#endif /* DLJOB_RECENT_H */
