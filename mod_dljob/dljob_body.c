/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request bodies, bounded. httpd has taken the chunks apart already; what is
 * counted here is what the client means to say.
 */
#include "dljob_body.h"

#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>

#include "dljob_respond.h"

APLOG_USE_MODULE(dljob);

#define FIRST_GUESS 1024        /* bytes, where no length is announced */

typedef struct buffer_t {
    char *data;
    apr_size_t size;            /* without the NUL at the end */
} buffer_t;

static int too_large(dljob_call_t *call)
{
    /* The rest is not waited for. */
    call->r->connection->keepalive = AP_CONN_CLOSE;
    dljob_error(call, DL_ERROR_TOO_LARGE,
                "The request body is longer than 65536 bytes");
    return DONE;
}

/* What httpd's filters said, as an answer of ours. */
static int failed(dljob_call_t *call, apr_status_t rv)
{
    int status = ap_map_http_request_error(rv, HTTP_BAD_REQUEST);

    ap_log_rerror(APLOG_MARK, APLOG_INFO, rv, call->r,
                  "DL0301: the request body could not be read");
    if (rv == AP_FILTER_ERROR) {
        return AP_FILTER_ERROR; /* the filter has answered */
    }
    call->r->connection->keepalive = AP_CONN_CLOSE;
    if (status == HTTP_REQUEST_ENTITY_TOO_LARGE) {
        return too_large(call);
    }
    if (APR_STATUS_IS_TIMEUP(rv)) {
        dljob_error(call, DL_ERROR_REQUEST_TIMEOUT, NULL);
        return DONE;
    }
    dljob_error(call, DL_ERROR_INVALID_REQUEST,
                "The request body ended early or is malformed");
    return DONE;
}

/* Appends bytes. @return -1: over the bound */
static int add(dljob_call_t *call, buffer_t *buf, const char *data,
               apr_size_t len)
{
    if (len > DLJOB_BODY_MAX - call->body_len) {
        return -1;
    }
    if (len > buf->size - call->body_len) {
        char *larger = apr_palloc(call->pool, DLJOB_BODY_MAX + 1);

        memcpy(larger, buf->data, call->body_len);
        buf->data = larger;
        buf->size = DLJOB_BODY_MAX;
    }
    memcpy(buf->data + call->body_len, data, len);
    call->body_len += len;
    return 0;
}

/* Appends one brigade's bytes. @return -1: over the bound */
static int take(dljob_call_t *call, apr_bucket_brigade *bb, buffer_t *buf,
                int *eos, apr_status_t *rv)
{
    apr_bucket *b;

    for (b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb);
         b = APR_BUCKET_NEXT(b)) {
        const char *data;
        apr_size_t len;

        if (APR_BUCKET_IS_EOS(b)) {
            *eos = 1;
            return 0;
        }
        if (APR_BUCKET_IS_METADATA(b)) {
            continue;
        }
        *rv = apr_bucket_read(b, &data, &len, APR_BLOCK_READ);
        if (*rv != APR_SUCCESS) {
            return 0;
        }
        if (add(call, buf, data, len)) {
            return -1;
        }
    }
    return 0;
}

/* What Content-Length says; a first guess where there is none, which grows
 * when it must. Malformed lengths httpd has refused before. */
static apr_size_t announced(request_rec *r)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    apr_off_t n;
    char *end;

    if (!length || apr_strtoff(&n, length, &end, 10) != APR_SUCCESS
        || *end || n < 0) {
        return FIRST_GUESS;
    }
    return n > DLJOB_BODY_MAX ? DLJOB_BODY_MAX + 1 : (apr_size_t)n;
}

int dljob_body(dljob_call_t *call)
{
    request_rec *r = call->r;
    buffer_t buf;
    apr_bucket_brigade *bb;
    apr_status_t rv = APR_SUCCESS;
    int eos = 0;

    call->body_len = 0;
    buf.size = announced(r);
    if (buf.size > DLJOB_BODY_MAX) {
        return too_large(call);
    }

    buf.data = apr_palloc(call->pool, buf.size + 1);
    bb = apr_brigade_create(call->pool, r->connection->bucket_alloc);
    while (!eos) {
        rv = ap_get_brigade(r->input_filters, bb, AP_MODE_READBYTES,
                            APR_BLOCK_READ, HUGE_STRING_LEN);
        if (rv == APR_SUCCESS && take(call, bb, &buf, &eos, &rv)) {
            return too_large(call);
        }
        apr_brigade_cleanup(bb);
        if (rv != APR_SUCCESS) {
            return failed(call, rv);
        }
    }
    buf.data[call->body_len] = '\0';
    call->body = buf.data;
    return OK;
}
