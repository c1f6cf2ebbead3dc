/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /status/{jobId} and /{jobId}/status: the request that comes most.
 */
#include "dljob_job.h"
#include "dljob_respond.h"
#include "dljob_wait.h"

int dljob_status(dljob_call_t *call)
{
    request_rec *r = call->r;
    apr_table_t *out = r->headers_out;
    char *etag;
    dl_job_t *job;
    int same;
    int rc = dljob_job_get(call, &job);

    if (rc != OK) {
        return rc;
    }
    dljob_job_links(call, job);

    etag = apr_palloc(call->pool, DL_ETAG_MAX);
    dl_etag_make(job->version, job->url_expires_s, etag);
    apr_table_setn(out, "ETag", etag);
    apr_table_setn(out, "Pragma", "no-cache");
    apr_table_setn(out, "Expires", "0");
    same = dl_etag_match(apr_table_get(r->headers_in, "If-None-Match"), etag);
    if (dljob_wait_preferred(call, job, same, &rc)) {
        return rc;
    }
    if (same) {
        apr_table_setn(r->notes, "DLJOB_ID", job->id);
        return dljob_send_empty(call, HTTP_NOT_MODIFIED);
    }
    return dljob_job_send(call, HTTP_OK, job, NULL);
}
