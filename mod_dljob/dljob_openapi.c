/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /openapi.json: the description of all this, compiled in.
 */
#include "dljob_openapi.h"

#include "dljob.h"
#include "dljob_respond.h"

#define ETAG "\"" DL_VERSION "\""

int dljob_openapi_get(dljob_call_t *call)
{
    request_rec *r = call->r;

    apr_table_setn(r->headers_out, "ETag", ETAG);
    if (dl_etag_match(apr_table_get(r->headers_in, "If-None-Match"), ETAG)) {
        return dljob_send_empty(call, HTTP_NOT_MODIFIED);
    }
    return dljob_send_json(call, HTTP_OK, dljob_openapi, dljob_openapi_len);
}
