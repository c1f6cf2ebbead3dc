/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that wait; see dljob_wait.h.
 */
#include "dljob_wait.h"

#include <apr_strings.h>
#include <http_request.h>

#include "dljob_handler.h"
#include "dljob_respond.h"
#include "dljob_streams.h"

/* The time is over or something happened: the route answers as it stands. */
static int answer(request_rec *r)
{
    dljob_call_t *call = dljob_call_of(r);
    int rc = call->again(call);

    if (rc != OK && rc != DONE) {
        ap_die(rc, r);
    }
    return OK;
}

int dljob_wait(dljob_call_t *call, const dl_job_t *job, dljob_wait_e until,
               apr_int64_t wait_ms, dljob_route_fn *again, int *rc)
{
    dljob_stream_conf_t conf = { .kind = DLJOB_STREAM_END };
    dljob_seat_e how;

    if (call->waited || wait_ms <= 0 || dl_job_state_terminal(job->state)
        || dljob_streams_seat(call, &how) != OK) {
        return 0;
    }
    call->waited = 1;
    call->again = again;
    conf.job_id = job->id;
    conf.version = job->version;
    conf.life_ms = wait_ms;
    if (until == DLJOB_WAIT_CHANGE) {
        conf.kind = DLJOB_STREAM_CHANGE;
    }
    *rc = dljob_streams_hold(call, how, &conf, answer);
    return 1;
}

int dljob_wait_preferred(dljob_call_t *call, const dl_job_t *job,
                         int unchanged, int *rc)
{
    const char *header = apr_table_get(call->r->headers_in, "Prefer");
    dl_prefer_t prefer;

    if (!header) {
        return 0;
    }
    dl_prefer_read(header, DLJOB_WAIT_MAX_S, &prefer);
    if (prefer.wait_s <= 0 || call->waited
        || dl_job_state_terminal(job->state)) {
        return 0;
    }
    apr_table_setn(call->r->headers_out, "Preference-Applied",
                   apr_psprintf(call->pool, "wait=%" APR_INT64_T_FMT,
                                prefer.wait_s));
    if (dljob_wait(call, job, unchanged ? DLJOB_WAIT_CHANGE : DLJOB_WAIT_END,
                   prefer.wait_s * 1000, dljob_call_route, rc)) {
        return 1;
    }
    apr_table_unset(call->r->headers_out, "Preference-Applied");
    return 0;
}
