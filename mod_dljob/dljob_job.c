/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job on its way to the client.
 */
#include "dljob_job.h"

#include <apr_strings.h>
#include <http_log.h>

#include "dl_estimate.h"
#include "dl_store.h"
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

static const char *sign(dljob_call_t *call, const char *key,
                        const char *filename, const char *content_type,
                        apr_int64_t now_s, apr_int64_t *expires_s)
{
    const char *url = NULL;
    apr_status_t rv = dl_store_link(call->conf, "", key, filename,
                                    content_type, now_s, call->pool, &url,
                                    expires_s);

    if (rv != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, rv, call->r,
                      "DL0303: no link can be signed: see DLJobStore and "
                      "DLJobCredentials");
        return NULL;
    }
    return url;
}

/* Links of several files are not kept. They are signed as of the last half
 * of DLJobURLExpiry, so that two readings within it show the same links and
 * the ETag holds. */
static void sign_files(dljob_call_t *call, dl_job_t *job, apr_int64_t now_s)
{
    apr_int64_t half_s = call->conf->url_expiry_s / 2;
    int i;

    now_s -= half_s > 0 ? now_s % half_s : 0;
    for (i = 0; i < job->files->nelts; i++) {
        dl_job_file_t *file = &APR_ARRAY_IDX(job->files, i, dl_job_file_t);

        if (file->state == DL_JOB_COMPLETED && file->key) {
            file->url = sign(call, file->key, file->filename,
                             file->content_type, now_s, &job->url_expires_s);
        }
    }
}

void dljob_job_links(dljob_call_t *call, dl_job_t *job)
{
    apr_int64_t now_s = apr_time_sec(call->r->request_time);

    if (job->files) {
        sign_files(call, job, now_s);
        return;
    }
    if (job->state != DL_JOB_COMPLETED || !job->key
        || (job->url && dl_store_link_fresh(call->conf, job->url_expires_s,
                                            now_s))) {
        return;
    }
    job->url = sign(call, job->key, job->filename, job->content_type, now_s,
                    &job->url_expires_s);
    if (job->url) {
        /* Lost: the next reader signs again. */
        dl_jobs_link(call->engine->jobs, job->id, job->url,
                     job->url_expires_s, call->pool);
    }
}

int dljob_job_send(dljob_call_t *call, int status, dl_job_t *job,
                   const char *message)
{
    request_rec *r = call->r;
    dl_job_links_t links;
    const char *body;
    apr_size_t len;

    links.base = dljob_base_url(call);
    links.message = message;
    if (!dl_job_state_terminal(job->state)) {
        apr_int64_t left_ms = dl_estimate_left_ms(
            job, apr_time_as_msec(r->request_time));

        call->retry_after = dljob_number(call,
                                         dl_estimate_retry_after_s(left_ms));
    }
    if (status == HTTP_ACCEPTED) {
        apr_table_setn(r->headers_out, "Location",
                       apr_pstrcat(call->pool, links.base, "/status/",
                                   job->id, NULL));
    }
    apr_table_setn(r->notes, "DLJOB_ID", job->id);
    body = dl_job_body(job, &links, call->pool, &len);
    return dljob_send_json(call, status, body, len);
}
