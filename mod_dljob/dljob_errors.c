/* SPDX-License-Identifier: Apache-2.0 */
/*
 * httpd writes its own errors as HTML. Within our location a filter drops
 * that text and puts the JSON body in its place; status and headers, such as
 * WWW-Authenticate, stay httpd's.
 */
#include "dljob_errors.h"

#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#include "dljob_base.h"
#include "dljob_handler.h"
#include "dljob_respond.h"

#define FILTER "DLJOB_ERROR"

static ap_filter_rec_t *filter;

static const struct {
    int status;
    dl_error_e error;
} errors[] = {
    { HTTP_UNAUTHORIZED, DL_ERROR_UNAUTHENTICATED },
    { HTTP_FORBIDDEN, DL_ERROR_FORBIDDEN },
    { HTTP_NOT_FOUND, DL_ERROR_NOT_FOUND },
    { HTTP_METHOD_NOT_ALLOWED, DL_ERROR_METHOD_NOT_ALLOWED },
    { HTTP_REQUEST_TIME_OUT, DL_ERROR_REQUEST_TIMEOUT },
    { HTTP_REQUEST_ENTITY_TOO_LARGE, DL_ERROR_TOO_LARGE },
    { HTTP_UNSUPPORTED_MEDIA_TYPE, DL_ERROR_UNSUPPORTED_MEDIA_TYPE },
    { 0, DL_ERROR_INTERNAL }
};

static dl_error_t error_of(int status)
{
    dl_error_t error;
    int i;

    for (i = 0; errors[i].status && errors[i].status != status; i++) {
    }
    error = *dl_error_get(errors[i].error);
    if (!errors[i].status && status < 500) {
        error = *dl_error_get(DL_ERROR_INVALID_REQUEST);
    }
    if (status == HTTP_BAD_REQUEST) {
        /* the head was sound, or it would not have come to us */
        error.message = "The request body ended early or is malformed";
    }
    error.status = status;
    return error;
}

static apr_status_t replace(ap_filter_t *f, apr_bucket_brigade *bb)
{
    request_rec *r = f->r;
    dljob_call_t *call = f->ctx;
    dl_error_t error = error_of(r->status);
    dl_problem_t problem = { 0 };
    apr_bucket *eos = APR_BRIGADE_LAST(bb);
    const char *body;
    apr_size_t len;

    if (APR_BRIGADE_EMPTY(bb) || !APR_BUCKET_IS_EOS(eos)) {
        apr_brigade_cleanup(bb);
        return APR_SUCCESS;
    }

    problem.error = &error;
    problem.request_id = call->request_id;
    problem.base = dljob_base_url(call);
    problem.instance = r->uri;
    body = dl_problem_body(&problem, r->pool, &len);
    apr_brigade_cleanup(bb);
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_transient_create(
                                body, len, r->connection->bucket_alloc));
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(
                                r->connection->bucket_alloc));

    dljob_headers(call);
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    ap_set_content_type(r, call->accept.problem_named ? DL_TYPE_PROBLEM
                                                      : DL_TYPE_JSON);
    ap_set_content_length(r, len);
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, bb);
}

static void insert(request_rec *r)
{
    dljob_call_t *call = dljob_call_get(r);

    if (call && call->kind == DLJOB_API && call->path && r->status >= 400) {
        ap_add_output_filter_handle(filter, call, r, r->connection);
    }
}

void dljob_errors_register(void)
{
    filter = ap_register_output_filter(FILTER, replace, NULL,
                                       AP_FTYPE_CONTENT_SET);
    ap_hook_insert_error_filter(insert, NULL, NULL, APR_HOOK_LAST);
}
