/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Admission of a request: its trace, the one step in Redis, and what refuses
 * it.
 */
#include "dljob_admit.h"

#include <apr_strings.h>

#include "dl_ratelimit_headers.h"
#include "dl_trace.h"
#include "dl_uuid.h"
#include "dljob_base.h"
#include "dljob_job.h"
#include "dljob_respond.h"
#include "dljob_there.h"

/* Looks at what is to be reused, before it is taken as it is: others may
 * lose objects and make new ones meanwhile. */
#define MAX_LOOKS 3

void dljob_admit_in(dljob_call_t *call, dl_request_in_t *in)
{
    apr_table_t *headers = call->r->headers_in;

    in->body = call->body;
    in->len = call->body_len;
    in->idempotency_key = apr_table_get(headers, "Idempotency-Key");
    in->x_idempotency_key = apr_table_get(headers, "X-Idempotency-Key");
    in->user = call->user;
}

/* Whose rate limit an anonymous caller spends: its address, or the network of
 * an IPv6 address, as a host has all 2^64 of those. */
static const char *client_of(dljob_call_t *call)
{
    const request_rec *r = call->r;
    const unsigned char *a;

    if (!strchr(r->useragent_ip, ':')
        || r->useragent_addr->family != APR_INET6) {
        return r->useragent_ip;
    }
    a = r->useragent_addr->sa.sin6.sin6_addr.s6_addr;
    return apr_psprintf(call->pool, "%x:%x:%x:%x::/64", a[0] << 8 | a[1],
                        a[2] << 8 | a[3], a[4] << 8 | a[5],
                        a[6] << 8 | a[7]);
}

/* The caller's trace goes on, with this request as the parent of what
 * follows. */
static void trace(dljob_call_t *call, dl_admit_t *admit)
{
    apr_table_t *headers = call->r->headers_in;
    char *traceparent = apr_palloc(call->pool, DL_TRACEPARENT_LEN + 1);
    dl_trace_t t;

    dl_trace_continue(apr_table_get(headers, "traceparent"),
                      apr_table_get(headers, "tracestate"), call->random,
                      call->pool, &t);
    dl_trace_format(&t, t.span_id, traceparent);
    admit->traceparent = traceparent;
    admit->tracestate = t.state;
}

static void rate_headers(dljob_call_t *call, const dl_admitted_t *admitted)
{
    apr_table_t *out = call->r->headers_out;
    dl_ratelimit_headers_t *h;

    if (admitted->rate_remaining < 0) {
        return;
    }
    h = apr_palloc(call->pool, sizeof(*h));
    dl_ratelimit_headers(call->conf->rate_limit, call->conf->rate_window_s,
                         admitted->rate_remaining, admitted->rate_reset_s, h);
    apr_table_setn(out, "RateLimit-Policy", h->policy);
    apr_table_setn(out, "RateLimit", h->state);
    apr_table_setn(out, "RateLimit-Limit", h->limit);
    apr_table_setn(out, "RateLimit-Remaining", h->remaining);
    apr_table_setn(out, "RateLimit-Reset", h->reset);
}

static int refused(dljob_call_t *call, const dl_admitted_t *admitted)
{
    dl_error_e error;

    switch (admitted->outcome) {
    case DL_ADMIT_KEY_REUSED:
        error = DL_ERROR_IDEMPOTENCY_KEY_REUSED;
        break;
    case DL_ADMIT_RATE_LIMITED:
        error = DL_ERROR_RATE_LIMITED;
        break;
    case DL_ADMIT_TOO_MANY_JOBS:
        error = DL_ERROR_TOO_MANY_JOBS;
        break;
    default:
        error = DL_ERROR_QUEUE_FULL;
    }
    if (admitted->retry_after_s > 0) {
        call->retry_after = dljob_number(call, admitted->retry_after_s);
    }
    dljob_error(call, error, NULL);
    return DONE;
}

/* Admits; what would be reused is looked at before. */
static apr_status_t admit_there(dljob_call_t *call, dl_admit_t *admit,
                                dl_admitted_t *admitted)
{
    int looks = 0;

    admit->verify = call->conf->store.kind != DL_STORE_NONE;
    for (;;) {
        apr_status_t rv = dl_jobs_admit(call->engine->jobs, admit,
                                        call->pool, admitted);

        if (rv != APR_SUCCESS || admitted->outcome != DL_ADMIT_VERIFY) {
            return rv;
        }
        looks++;
        admit->verify = dljob_gone(call, admitted->reused_job,
                                   (const dl_object_ref_t *)
                                       admitted->reused->elts,
                                   admitted->reused->nelts) > 0
                        && looks < MAX_LOOKS;
    }
}

int dljob_admit(dljob_call_t *call, const dl_request_t *request,
                dl_admitted_t *admitted)
{
    char *job_id = apr_palloc(call->pool, DL_UUID_LEN + 1);
    dl_admit_t admit = { 0 };
    apr_status_t rv;

    dl_uuid_make(call->random, job_id);
    admit.job_id = job_id;
    admit.user = call->user;
    admit.client = *call->user ? NULL : client_of(call);
    admit.file_ids = request->file_ids;
    admit.nfiles = request->nfiles;
    admit.total = request->total;
    admit.idempotency_key = request->idempotency_key;
    admit.priority = request->priority;
    admit.bundle = request->bundle;
    admit.callback_url = request->callback_url;
    admit.base = request->callback_url ? dljob_base_url(call) : NULL;
    admit.request_id = call->request_id;
    trace(call, &admit);

    rv = admit_there(call, &admit, admitted);
    if (rv != APR_SUCCESS) {
        dljob_unavailable(call, rv);
        return DONE;
    }
    rate_headers(call, admitted);
    return admitted->job ? OK : refused(call, admitted);
}
