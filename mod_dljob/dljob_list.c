/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /: the caller's jobs, newest first.
 */
#include "dl_buf.h"
#include "dljob_args.h"
#include "dljob_base.h"
#include "dljob_job.h"
#include "dljob_respond.h"
#include "dljob_user.h"

#define LIMIT 20
#define LIMIT_MAX 100
#define BODY_GUESS 512          /* bytes of a job */

static int send_list(dljob_call_t *call, const dl_job_list_t *list)
{
    dl_job_links_t links = { dljob_base_url(call), NULL };
    dl_buf_t b;
    int i;

    dl_buf_init(&b, 64 + list->jobs->nelts * BODY_GUESS, call->pool);
    dl_buf_puts(&b, "{\"jobs\":[");
    for (i = 0; i < list->jobs->nelts; i++) {
        dl_job_t *job = APR_ARRAY_IDX(list->jobs, i, dl_job_t *);
        const char *body;
        apr_size_t len;

        dljob_job_links(call, job);
        body = dl_job_body(job, &links, call->pool, &len);
        if (i) {
            dl_buf_putc(&b, ',');
        }
        dl_buf_add(&b, body, len);
    }
    dl_buf_putc(&b, ']');
    if (list->cursor) {
        dl_buf_puts(&b, ",\"cursor\":");
        dl_buf_jsons(&b, list->cursor);
    }
    dl_buf_putc(&b, '}');
    return dljob_send_json(call, HTTP_OK, b.data, b.len);
}

static int bad_cursor(dljob_call_t *call)
{
    return dljob_error(call, DL_ERROR_INVALID_REQUEST,
                       "cursor: not one of an earlier page");
}

int dljob_list(dljob_call_t *call)
{
    const char *status, *cursor;
    apr_int64_t limit = LIMIT;
    dl_job_state_e state;
    dl_job_list_t list;
    apr_status_t rv;
    int rc = dljob_user_identified(call);

    if (rc != OK) {
        return rc;
    }
    if (dljob_arg(call, "status", &status) < 0
        || (status && dl_job_state_parse(status, &state))) {
        return dljob_error(call, DL_ERROR_INVALID_REQUEST,
                           "status: not one of queued, processing, "
                           "completed, failed, cancelled");
    }
    if (dljob_arg_int(call, "limit", 1, LIMIT_MAX, &limit) < 0) {
        return dljob_errorf(call, DL_ERROR_INVALID_REQUEST,
                            "limit: not a number from 1 to %d", LIMIT_MAX);
    }
    if (dljob_arg(call, "cursor", &cursor) < 0) {
        return bad_cursor(call);
    }
    rv = dl_jobs_list(call->engine->jobs, call->user,
                      status ? (int)state : -1, (int)limit,
                      cursor, call->pool, &list);
    if (rv == APR_EINVAL) {
        return bad_cursor(call);
    }
    return rv == APR_SUCCESS ? send_list(call, &list)
                             : dljob_unavailable(call, rv);
}
