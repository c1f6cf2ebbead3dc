/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job on its way to the client: whose it is, its links, its answer.
 */
#ifndef DLJOB_JOB_H
#define DLJOB_JOB_H

#include "dljob.h"

/**
 * Reads the job of the route for its owner. A job that is not there and one
 * of somebody else's are the same 404.
 * @return OK; else what the handler is to return: an error was answered
 */
int dljob_job_get(dljob_call_t *call, dl_job_t **job);

/**
 * Makes the links of a completed job good: absolute, and with at least half
 * of DLJobURLExpiry left. A link that is too old is signed anew and stored,
 * so that it then stays as it is.
 */
void dljob_job_links(dljob_call_t *call, dl_job_t *job);

/**
 * A job's body for this caller; sets call->retry_after while the job is not
 * over.
 * @param message  member "message", or NULL
 */
const char *dljob_job_body(dljob_call_t *call, const dl_job_t *job,
                           const char *message, apr_size_t *len);

/**
 * Sends a job's body, its links made good. While the job is not over, also
 * Retry-After; with 202, Location (of the status).
 * @param message  member "message", or NULL
 * @return OK
 */
int dljob_job_send(dljob_call_t *call, int status, dl_job_t *job,
                   const char *message);

/** Redis did not answer. @return what the handler is to return */
int dljob_unavailable(dljob_call_t *call, apr_status_t rv);

#endif /* DLJOB_JOB_H */
