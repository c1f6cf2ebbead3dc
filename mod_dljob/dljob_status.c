/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /status/{jobId} and /{jobId}/status: the request that comes most.
 */
#include "dljob_job.h"
#include "dljob_recent.h"
#include "dljob_respond.h"
#include "dljob_wait.h"

static int is_same(dljob_call_t *call, const char *etag)
{
    return dl_etag_match(apr_table_get(call->r->headers_in, "If-None-Match"),
                         etag);
}

static int send_answer(dljob_call_t *call, const dljob_recent_answer_t *answer)
{
    apr_table_t *out = call->r->headers_out;

    apr_table_setn(call->r->notes, "DLJOB_ID", call->route.job_id);
    apr_table_setn(out, "ETag", answer->etag);
    apr_table_setn(out, "Pragma", "no-cache");
    apr_table_setn(out, "Expires", "0");
    return is_same(call, answer->etag)
               ? dljob_send_empty(call, HTTP_NOT_MODIFIED)
               : dljob_send_json(call, HTTP_OK, answer->body, answer->len);
}

int dljob_status(dljob_call_t *call)
{
    dljob_recent_answer_t answer;
    dl_job_t *job;
    char *etag;
    int rc;

    if (dljob_recent_find(call, &answer)) {
        return send_answer(call, &answer);
    }
    rc = dljob_job_get(call, &job);
    if (rc != OK) {
        return rc;
    }
    dljob_job_links(call, job);

    etag = apr_palloc(call->pool, DL_ETAG_MAX);
    dl_etag_make(job->version, job->url_expires_s, etag);
    if (dljob_wait_preferred(call, job, is_same(call, etag), &rc)) {
        return rc;
    }
    answer.etag = etag;
    answer.body = dljob_job_body(call, job, NULL, &answer.len);
    dljob_recent_keep(call, job, &answer);
    return send_answer(call, &answer);
}
