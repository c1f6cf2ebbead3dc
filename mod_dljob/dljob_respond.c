/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers. Header names and fixed values are literals set without a copy, a
 * body is one bucket and goes out with its end in one call.
 */
#include "dljob_respond.h"

#include <apr_strings.h>
#include <http_protocol.h>

#include "dl_cors.h"
#include "dl_store.h"
#include "dl_uuid.h"
#include "dljob_base.h"

static void cors(dljob_call_t *call)
{
    const dl_cors_t *conf = &call->location->cors;
    apr_table_t *out = call->r->headers_out;
    const char *allow = dl_cors_allow_origin(
        conf, apr_table_get(call->r->headers_in, "Origin"));

    if (dl_cors_varies(conf)) {
        apr_table_mergen(out, "Vary", "Origin");
    }
    if (!allow) {
        return;
    }
    apr_table_setn(out, "Access-Control-Allow-Origin", allow);
    if (conf->credentials) {
        apr_table_setn(out, "Access-Control-Allow-Credentials", "true");
    }
    if (call->route.route != DL_ROUTE_PREFLIGHT) {
        apr_table_setn(out, "Access-Control-Expose-Headers",
                       DL_CORS_EXPOSE_HEADERS);
        return;
    }
    apr_table_setn(out, "Access-Control-Allow-Methods",
                   DL_CORS_ALLOW_METHODS);
    apr_table_setn(out, "Access-Control-Allow-Headers",
                   DL_CORS_ALLOW_HEADERS);
    apr_table_setn(out, "Access-Control-Max-Age", DL_CORS_MAX_AGE);
}

void dljob_headers(dljob_call_t *call)
{
    apr_table_t *out = call->r->headers_out;

    apr_table_setn(out, "X-Request-ID", call->request_id);
    apr_table_setn(out, "X-Content-Type-Options", "nosniff");
    if (call->location->cors.origins) {
        cors(call);
    }
    if (call->retry_after) {
        apr_table_setn(out, "Retry-After", call->retry_after);
    }
}

const char *dljob_number(dljob_call_t *call, apr_int64_t n)
{
    return apr_psprintf(call->pool, "%" APR_INT64_T_FMT, n);
}

int dljob_send(dljob_call_t *call, int status, const char *type,
               const char *body, apr_size_t len)
{
    request_rec *r = call->r;
    apr_bucket_alloc_t *ba = r->connection->bucket_alloc;
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, ba);

    r->status = status;
    dljob_headers(call);
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    if (type) {
        ap_set_content_type(r, type);
        ap_set_content_length(r, len);
    }
    if (len) {
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_transient_create(body, len,
                                                                ba));
    }
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(ba));
    /* A client that went away is not our error. */
    ap_pass_brigade(r->output_filters, bb);
    return OK;
}

int dljob_send_json(dljob_call_t *call, int status, const char *body,
                    apr_size_t len)
{
    return dljob_send(call, status, DL_TYPE_JSON, body, len);
}

int dljob_send_empty(dljob_call_t *call, int status)
{
    return dljob_send(call, status, NULL, "", 0);
}

int dljob_error_send(dljob_call_t *call, const dl_error_t *error,
                     const char *message)
{
    dl_problem_t problem;
    const char *body;
    apr_size_t len;

    problem.error = error;
    problem.message = message;
    problem.request_id = call->request_id;
    problem.base = dljob_base_url(call);
    problem.instance = call->r->uri;
    body = dl_problem_body(&problem, call->pool, &len);

    if (!call->retry_after && error->retry_after_s) {
        call->retry_after = dljob_number(call, error->retry_after_s);
    }
    return dljob_send(call, error->status,
                      call->accept.problem_named ? DL_TYPE_PROBLEM
                                                 : DL_TYPE_JSON,
                      body, len);
}

int dljob_error(dljob_call_t *call, dl_error_e error, const char *message)
{
    return dljob_error_send(call, dl_error_get(error), message);
}

int dljob_errorf(dljob_call_t *call, dl_error_e error, const char *fmt, ...)
{
    const char *message;
    va_list args;

    va_start(args, fmt);
    message = apr_pvsprintf(call->pool, fmt, args);
    va_end(args);
    return dljob_error(call, error, message);
}
