/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /start, the legacy way: runs as a job, and waits for it as long as
 * DLJobStartWait says, so that an old client sees what it saw.
 *
 * It is parked as a stream is (dljob_wait.h); where it cannot be, the wait
 * holds a thread, and how many may do so at once in a child is bounded. Beyond
 * that, and with "Prefer: respond-async", the answer is 202 at once.
 */
#include <httpd.h>
#include <ap_mpm.h>
#include <apr_atomic.h>
#include <apr_strings.h>

#include "dl_buf.h"
#include "dljob_admit.h"
#include "dljob_base.h"
#include "dljob_job.h"
#include "dljob_respond.h"
#include "dljob_wait.h"

#define STEP_MS 100
/* RFC 9745: since when this way is deprecated (2026-01-01). */
#define DEPRECATED "@1767225600"

/* At most half of a child's threads wait; on prefork the one there is. */
static int take_seat(dljob_engine_t *engine)
{
    int threads = 1;

    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    if (apr_atomic_inc32(&engine->waiting) < (apr_uint32_t)(threads + 1) / 2) {
        return 1;
    }
    apr_atomic_dec32(&engine->waiting);
    return 0;
}

/* Reads the job again until it is over or the time is.
 * @return what dl_jobs_get() said last */
static apr_status_t wait_for(dljob_call_t *call, dl_job_t **job,
                             apr_int64_t wait_ms)
{
    apr_time_t end = apr_time_now() + apr_time_from_msec(wait_ms);
    const char *id = (*job)->id;
    apr_status_t rv = APR_SUCCESS;
    apr_pool_t *p;

    /* Each reading is thrown away but the last. */
    apr_pool_create(&p, call->pool);
    while (rv == APR_SUCCESS && !dl_job_state_terminal((*job)->state)
           && apr_time_now() < end && !call->r->connection->aborted) {
        apr_sleep(apr_time_from_msec(STEP_MS));
        apr_pool_clear(p);
        rv = dl_jobs_get(call->engine->jobs, id, p, job);
    }
    return rv;
}

static void null_or(dl_buf_t *b, const char *name, const char *value)
{
    dl_buf_puts(b, name);
    dl_buf_jsons(b, value);
}

static void null_or_int(dl_buf_t *b, const char *name, apr_int64_t value,
                        int known)
{
    dl_buf_puts(b, name);
    if (known) {
        dl_buf_int(b, value);
    }
    else {
        dl_buf_puts(b, "null");
    }
}

static int finished(dljob_call_t *call, dl_job_t *job)
{
    int done = job->state == DL_JOB_COMPLETED;
    const char *url = done ? job->url : NULL;
    dl_buf_t b;

    if (url && *url == '/') {
        url = apr_pstrcat(call->pool, dljob_base_url(call), url, NULL);
    }
    dl_buf_init(&b, 512, call->pool);
    null_or_int(&b, "{\"file_id\":", job->file_id, 1);
    null_or(&b, ",\"status\":", dl_job_state_name(job->state));
    null_or(&b, ",\"downloadUrl\":", url);
    null_or_int(&b, ",\"size\":", job->size, done && job->size >= 0);
    null_or_int(&b, ",\"processingTimeMs\":",
                job->completed_ms - job->created_ms,
                job->completed_ms && job->created_ms);
    null_or(&b, ",\"message\":", done ? "Download ready"
                                 : job->error ? job->error
                                 : "The job was cancelled");
    null_or(&b, ",\"jobId\":", job->id);
    dl_buf_putc(&b, '}');
    apr_table_setn(call->r->notes, "DLJOB_ID", job->id);
    return dljob_send_json(call, HTTP_OK, b.data, b.len);
}

static void legacy_headers(dljob_call_t *call)
{
    apr_table_t *out = call->r->headers_out;

    apr_table_setn(out, "Deprecation", DEPRECATED);
    if (call->location->sunset) {
        apr_table_setn(out, "Sunset", call->location->sunset);
    }
    apr_table_setn(out, "Link",
                   apr_pstrcat(call->pool, "<", dljob_base_url(call),
                               "/initiate>; rel=\"successor-version\"",
                               NULL));
}

static int as_it_stands(dljob_call_t *call, dl_job_t *job)
{
    dljob_job_links(call, job);
    return dl_job_state_terminal(job->state)
        ? finished(call, job)
        : dljob_job_send(call, HTTP_ACCEPTED, job, NULL);
}

static int after_wait(dljob_call_t *call)
{
    dl_job_t *job;
    int rc = dljob_job_get(call, &job);

    return rc == OK ? as_it_stands(call, job) : rc;
}

int dljob_start(dljob_call_t *call)
{
    apr_status_t rv = APR_SUCCESS;
    dl_request_in_t in;
    dl_request_t request;
    dl_admitted_t admitted;
    dl_prefer_t prefer;
    dl_job_t *job;
    int rc;

    legacy_headers(call);
    dljob_admit_in(call, &in);
    if (!dl_request_file(call->conf, &in, call->pool, &request)) {
        return dljob_error(call, request.error, request.message);
    }
    rc = dljob_admit(call, &request, &admitted);
    if (rc != OK) {
        return rc;
    }

    job = admitted.job;
    apr_cpystrn(call->route.job_id, job->id, sizeof(call->route.job_id));
    dl_prefer_read(apr_table_get(call->r->headers_in, "Prefer"), 0, &prefer);
    if (prefer.respond_async) {
        apr_table_setn(call->r->headers_out, "Preference-Applied",
                       "respond-async");
    }
    else if (dljob_wait(call, job, DLJOB_WAIT_END,
                        call->location->start_wait_ms, after_wait, &rc)) {
        return rc;
    }
    else if (!dl_job_state_terminal(job->state) && take_seat(call->engine)) {
        rv = wait_for(call, &job, call->location->start_wait_ms);
        apr_atomic_dec32(&call->engine->waiting);
    }
    if (rv != APR_SUCCESS) {
        return dljob_unavailable(call, rv);
    }
    return as_it_stands(call, job);
}
