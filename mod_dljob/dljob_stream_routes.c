/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /{jobId}/stream and GET /stream: server-sent events (WHATWG HTML,
 * section 9.2).
 */
#include <apr_strings.h>
#include <http_protocol.h>

#include "dljob_args.h"
#include "dljob_base.h"
#include "dljob_job.h"
#include "dljob_respond.h"
#include "dljob_streams.h"
#include "dljob_user.h"

/* The version the client has, or -1: none of ours. */
static apr_int64_t last_event_id(const request_rec *r)
{
    const char *id = apr_table_get(r->headers_in, "Last-Event-ID");
    char *end;
    apr_int64_t version;

    if (!id || *id < '0' || *id > '9' || strlen(id) > 18) {
        return -1;
    }
    version = apr_strtoi64(id, &end, 10);
    return *end ? -1 : version;
}

static int is_named(dljob_call_t *call)
{
    const char *events;

    return !dljob_arg(call, "events", &events) && !strcmp(events, "named");
}

/* The head of a stream, sent at once: the client knows that it is open. */
static int begin(dljob_call_t *call)
{
    request_rec *r = call->r;

    dljob_headers(call);
    ap_set_content_type(r, "text/event-stream");
    apr_table_setn(r->headers_out, "Cache-Control",
                   "no-store, no-transform");
    apr_table_setn(r->headers_out, "X-Accel-Buffering", "no");
    apr_table_setn(r->subprocess_env, "no-gzip", "1");
    apr_table_setn(r->subprocess_env, "no-brotli", "1");
    if (r->header_only) {
        return OK;
    }
    ap_rputs("retry: 3000\n\n", r);
    return OK;
}

static int refuse(dljob_call_t *call)
{
    if (dljob_streams_leaving(call)) {
        /* an EventSource would never come back after a 503 */
        call->r->connection->keepalive = AP_CONN_CLOSE;
        return begin(call);
    }
    dljob_count(dljob_counts_mine(
                    dljob_config_server(call->r->server)->places),
                DLJOB_COUNT_REFUSED);
    return dljob_error(call, DL_ERROR_STREAMS_EXHAUSTED, NULL);
}

static int hold(dljob_call_t *call, dljob_seat_e how,
                const dljob_stream_conf_t *conf)
{
    request_rec *r = call->r;

    if (how == DLJOB_SEAT_PARKED) {
        r->connection->keepalive = AP_CONN_CLOSE;
    }
    begin(call);
    if (r->header_only || ap_rflush(r) < 0 || r->connection->aborted) {
        return OK;
    }
    return dljob_streams_hold(call, how, conf, NULL);
}

/* A job that is over: its one event, without a seat. */
static int send_end(dljob_call_t *call, dl_job_t *job)
{
    dl_event_info_t info = { 0 };
    dl_job_links_t links = { dljob_base_url(call), NULL };
    dl_event_t *event;
    const char *body, *text;
    apr_size_t len;

    dljob_job_links(call, job);
    body = dl_job_body(job, &links, call->pool, &len);
    info.job_id = job->id;
    info.version = job->version;
    info.name = dl_job_state_name(job->state);
    info.terminal = info.with_id = 1;
    event = dl_event_create(&info, body, len);
    if (!event) {
        return HTTP_SERVICE_UNAVAILABLE;
    }
    begin(call);
    if (!call->r->header_only) {
        text = dl_event_text(event, is_named(call), &len);
        ap_rwrite(text, (int)len, call->r);
    }
    dl_event_unref(event);
    return OK;
}

int dljob_stream(dljob_call_t *call)
{
    dljob_stream_conf_t conf = { .kind = DLJOB_STREAM_EVENTS };
    dljob_seat_e how;
    dl_job_t *job;
    int rc = dljob_job_get(call, &job);

    if (rc != OK) {
        return rc;
    }
    apr_table_setn(call->r->notes, "DLJOB_ID", job->id);
    conf.version = last_event_id(call->r);
    if (dl_job_state_terminal(job->state)) {
        return conf.version >= job->version
                   ? dljob_send_empty(call, HTTP_NO_CONTENT)
                   : send_end(call, job);
    }
    if (dljob_streams_seat(call, &how) != OK) {
        return refuse(call);
    }
    conf.job_id = job->id;
    conf.named = is_named(call);
    conf.life_ms = call->location->stream_timeout_ms;
    /* whatever version the client knows, it is sent a snapshot first */
    conf.version = -1;
    return hold(call, how, &conf);
}

int dljob_user_stream(dljob_call_t *call)
{
    dljob_stream_conf_t conf = { .kind = DLJOB_STREAM_EVENTS };
    dljob_seat_e how;

    int rc = dljob_user_identified(call);

    if (rc != OK) {
        return rc;
    }
    if (dljob_streams_seat(call, &how) != OK) {
        return refuse(call);
    }
    conf.job_id = "";
    conf.version = -1;
    conf.named = is_named(call);
    conf.life_ms = call->location->stream_timeout_ms;
    return hold(call, how, &conf);
}
