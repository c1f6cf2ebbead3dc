/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job on its way to the client.
 */
#include "dljob_job.h"

#include <apr_strings.h>
#include <http_log.h>

#include "dl_estimate.h"
#include "dl_links.h"
#include "dljob_base.h"
#include "dljob_respond.h"

APLOG_USE_MODULE(dljob);

int dljob_unavailable(dljob_call_t *call, apr_status_t rv)
{
    /* The links themselves tell of their loss, once. */
    ap_log_rerror(APLOG_MARK, APLOG_INFO, rv, call->r,
                  "DL0302: Redis did not answer");
    return dljob_error(call, DL_ERROR_REDIS_UNAVAILABLE, NULL);
}

int dljob_job_get(dljob_call_t *call, dl_job_t **job)
{
    apr_status_t rv = dl_jobs_get(call->engine->jobs, call->route.job_id,
                                  call->pool, job);

    if (rv != APR_SUCCESS && !APR_STATUS_IS_NOTFOUND(rv)) {
        dljob_unavailable(call, rv);
        return DONE;
    }
    if (rv != APR_SUCCESS || strcmp((*job)->user, call->user)) {
        dljob_error(call, DL_ERROR_JOB_NOT_FOUND, NULL);
        return DONE;
    }
    return OK;
}

void dljob_job_links(dljob_call_t *call, dl_job_t *job)
{
    apr_int64_t now_s = apr_time_sec(call->r->request_time);

    if (dl_links_refresh(call->conf, job, now_s, call->pool)) {
        /* Lost: the next reader signs again. */
        dl_jobs_link(call->engine->jobs, job->id, job->url,
                     job->url_expires_s, call->pool);
    }
}

const char *dljob_job_body(dljob_call_t *call, const dl_job_t *job,
                           const char *message, apr_size_t *len)
{
    dl_job_links_t links;

    links.base = dljob_base_url(call);
    links.message = message;
    if (!dl_job_state_terminal(job->state)) {
        apr_int64_t left_ms = dl_estimate_left_ms(
            job, apr_time_as_msec(call->r->request_time));

        call->retry_after = dljob_number(call,
                                         dl_estimate_retry_after_s(left_ms));
    }
    return dl_job_body(job, &links, call->pool, len);
}

int dljob_job_send(dljob_call_t *call, int status, dl_job_t *job,
                   const char *message)
{
    request_rec *r = call->r;
    apr_size_t len;
    const char *body = dljob_job_body(call, job, message, &len);

    if (status == HTTP_ACCEPTED) {
        apr_table_setn(r->headers_out, "Location",
                       apr_pstrcat(call->pool, dljob_base_url(call),
                                   "/status/", job->id, NULL));
    }
    apr_table_setn(r->notes, "DLJOB_ID", job->id);
    return dljob_send_json(call, status, body, len);
}
