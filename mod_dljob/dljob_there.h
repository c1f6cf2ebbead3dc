/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether what a result or a job names is still in the store, so that no
 * link leads to nothing: objects may be evicted, expired by a lifecycle rule
 * of the bucket, or removed by hand while a result stands.
 *
 * Looked at where an existing object is handed out anew (/initiate, /start)
 * or led to (GET /{jobId}); never for a job that is not there yet, and never
 * by /status. In the file store that is a stat(2). Of S3 an object is asked
 * for once in ten seconds at most in each child, and of one that does not
 * answer nothing is asked for as long: then objects count as there.
 */
#ifndef DLJOB_THERE_H
#define DLJOB_THERE_H

#include "dl_jobs.h"
#include "dljob.h"

typedef struct dljob_seen_t dljob_seen_t;

/** What was seen in S3. @param p  of the child */
dljob_seen_t *dljob_seen_create(apr_pool_t *p);

/**
 * Looks for objects and drops what Redis knows of those that are gone
 * (dl_jobs_forget). Takes DLJOB_PROBE_MS at most, whatever their number;
 * what could not be looked at counts as there.
 * @param job_id  the job that names them, or ""
 * @return how many are gone
 */
int dljob_gone(dljob_call_t *call, const char *job_id,
               const dl_object_ref_t *objects, int n);

/** Drops what Redis knows of objects (@a n > 0) that were found gone. */
void dljob_lost(dljob_call_t *call, const char *job_id,
                const dl_object_ref_t *gone, int n);

#endif /* DLJOB_THERE_H */
