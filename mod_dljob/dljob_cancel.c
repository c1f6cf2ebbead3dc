/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DELETE /{jobId}.
 */
#include <apr_strings.h>

#include "dl_buf.h"
#include "dl_uuid.h"
#include "dljob_job.h"
#include "dljob_respond.h"

static int cancelled(dljob_call_t *call, const dl_job_t *job)
{
    dl_buf_t b;

    dl_buf_init(&b, 128, call->pool);
    dl_buf_puts(&b, "{\"jobId\":");
    dl_buf_jsons(&b, job->id);
    dl_buf_puts(&b, ",\"status\":\"cancelled\","
                    "\"message\":\"Job cancelled successfully\"}");
    return dljob_send_json(call, HTTP_OK, b.data, b.len);
}

/* The job as it is, under the error that says why it stays so. */
static int terminal(dljob_call_t *call, dl_job_t *job)
{
    const dl_error_t *error = dl_error_get(DL_ERROR_JOB_TERMINAL);

    dljob_job_links(call, job);
    job->error = error->error;
    job->error_code = error->code;
    return dljob_job_send(call, error->status, job, error->message);
}

int dljob_cancel(dljob_call_t *call)
{
    char token[DL_UUID_LEN + 1];
    dl_cancelled_t done;
    apr_status_t rv;

    dl_uuid_make(call->random, token);
    rv = dl_jobs_cancel(call->engine->jobs, call->route.job_id, call->user,
                        token, call->pool, &done);
    if (rv != APR_SUCCESS) {
        return dljob_unavailable(call, rv);
    }
    if (done.outcome != DL_CANCEL_NOT_FOUND) {
        apr_table_setn(call->r->notes, "DLJOB_ID", done.job->id);
    }
    switch (done.outcome) {
    case DL_CANCEL_DONE:
        return cancelled(call, done.job);
    case DL_CANCEL_RELEASED:
        return dljob_job_send(call, HTTP_OK, done.job,
                              "Released; others still wait for this job");
    case DL_CANCEL_TERMINAL:
        return terminal(call, done.job);
    default:
        return dljob_error(call, DL_ERROR_JOB_NOT_FOUND, NULL);
    }
}
