/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dance with the MPM; see dljob_park.h.
 *
 *   worker   handler: dljob_park(), returns SUSPENDED
 *   worker   process_connection: SUSPENDED becomes ASYNC_WAITIO
 *   worker   suspend_connection: owner = HUB, the hub is told
 *   hub      writes events …, or shuts the reading side to end it
 *   worker   resume_connection: owner = WORKER
 *   worker   process_connection: nothing to read: back to ASYNC_WAITIO;
 *            else the request is finished and the connection lingers
 *   worker   cleanup of the request's pool: owner = DEAD, the hub frees
 */
#include "dljob_park.h"

#include <httpd.h>
#include <http_config.h>
#include <http_connection.h>
#include <http_protocol.h>
#include <http_request.h>
#include <ap_mpm.h>
#include <mpm_common.h>

#include "dljob.h"
#include "dljob_conn.h"
#include "dljob_dwell.h"

/* Asked once per child, before its threads start; read-only since. */
static struct {
    int async;
    int waitio;
} mpm;

void dljob_park_init(void)
{
    if (ap_mpm_query(AP_MPMQ_IS_ASYNC, &mpm.async) != APR_SUCCESS) {
        mpm.async = 0;
    }
#ifdef AP_MPMQ_CAN_WAITIO
    if (ap_mpm_query(AP_MPMQ_CAN_WAITIO, &mpm.waitio) != APR_SUCCESS) {
        mpm.waitio = 0;
    }
#endif
}

int dljob_park_can(const request_rec *r)
{
    return mpm.async && mpm.waitio && !r->connection->master && !r->main
           && !r->prev && r->connection->cs && r->connection->sbh;
}

static apr_status_t request_gone(void *baton)
{
    dljob_stream_t *s = baton;

    pthread_mutex_lock(&s->mutex);
    s->owner = DLJOB_OWNER_DEAD;
    s->r = NULL;
    dljob_conn_of(s->c)->stream = NULL;
    pthread_mutex_unlock(&s->mutex);
    dljob_hub_free(s->hub, s);
    return APR_SUCCESS;
}

void dljob_park(request_rec *r, dljob_stream_t *s)
{
    conn_rec *c = r->connection;

    dljob_conn_of(c)->stream = s;
    dljob_dwell_parked(c);
    c->keepalive = AP_CONN_CLOSE;
    apr_table_setn(c->notes, "short-lingering-close", "1");
    dljob_hub_count(s->hub, DLJOB_COUNT_OPENED);
    apr_pool_cleanup_register(r->pool, s, request_gone,
                              apr_pool_cleanup_null);
}

#if defined(AP_MPMQ_CAN_WAITIO)

static void on_suspend(conn_rec *c, request_rec *r)
{
    dljob_conn_t *conn;
    dljob_stream_t *s;

    (void)r;
    if (!(conn = dljob_conn_of(c)) || !(s = conn->stream)
        || c->cs->state != CONN_STATE_ASYNC_WAITIO) {
        return;
    }
    pthread_mutex_lock(&s->mutex);
    apr_socket_timeout_get(ap_get_conn_socket(c), &s->socket_timeout);
    apr_socket_timeout_set(ap_get_conn_socket(c), 0);
    s->owner = DLJOB_OWNER_HUB;
    pthread_mutex_unlock(&s->mutex);
    dljob_hub_add(s->hub, s);
}

/* The end of a request whose handler returned SUSPENDED long ago. */
static void finish(dljob_stream_t *s)
{
    request_rec *r = s->r;

    ap_finalize_request_protocol(r);
    ap_process_request_after_handler(r);
}

static void on_resume(conn_rec *c, request_rec *r)
{
    dljob_conn_t *conn;
    dljob_stream_t *s;

    (void)r;
    if (!(conn = dljob_conn_of(c)) || !(s = conn->stream)) {
        return;
    }
    pthread_mutex_lock(&s->mutex);
    if (s->owner == DLJOB_OWNER_HUB) {
        s->owner = DLJOB_OWNER_WORKER;
        apr_socket_timeout_set(ap_get_conn_socket(c), s->socket_timeout);
    }
    pthread_mutex_unlock(&s->mutex);
    if (c->cs->state >= CONN_STATE_LINGER
        && c->cs->state <= CONN_STATE_LINGER_SHORT && c->sbh) {
        /* The MPM's own Timeout: it closes the connection without coming
         * through process_connection; the request is to be logged all the
         * same, and the state is the MPM's. */
        int state = c->cs->state;

        finish(s);
        c->cs->state = state;
    }
}

/* Whether the client has sent something or gone: a parked one may do either
 * only to end its stream. */
static int client_moved(conn_rec *c)
{
    apr_bucket_brigade *bb = apr_brigade_create(c->pool, c->bucket_alloc);
    apr_off_t len = 0;
    apr_status_t rv;

    rv = ap_get_brigade(c->input_filters, bb, AP_MODE_SPECULATIVE,
                        APR_NONBLOCK_READ, 1);
    if (rv == APR_SUCCESS) {
        apr_brigade_length(bb, 1, &len);
    }
    apr_brigade_destroy(bb);
    if (APR_STATUS_IS_EAGAIN(rv) || (rv == APR_SUCCESS && !len)) {
        return 0;
    }
    if (rv != APR_SUCCESS) {
        c->aborted = 1;
    }
    return 1;
}

static int come_back(conn_rec *c, dljob_stream_t *s)
{
    int done, may_answer;

    pthread_mutex_lock(&s->mutex);
    done = s->want_close;
    pthread_mutex_unlock(&s->mutex);
    if (!done && !client_moved(c)) {
        c->cs->state = CONN_STATE_ASYNC_WAITIO;
        c->cs->sense = CONN_SENSE_WANT_READ;
        return OK;
    }
    pthread_mutex_lock(&s->mutex);
    may_answer = done && !c->aborted;
    if (may_answer && s->kind == DLJOB_STREAM_EVENTS) {
        dljob_stream_drain(s);
    }
    pthread_mutex_unlock(&s->mutex);
    if (may_answer && s->answer) {
        s->answer(s->r);
    }
    c->keepalive = AP_CONN_CLOSE;
    finish(s);
    c->cs->state = CONN_STATE_LINGER;
    return OK;
}

static int on_process(conn_rec *c)
{
    dljob_conn_t *conn;
    int rc;

    if (!mpm.waitio || !(conn = dljob_conn_of(c)) || conn->inside) {
        return DECLINED;
    }
    if (conn->stream) {
        return come_back(c, conn->stream);
    }
    conn->inside = 1;
    rc = ap_run_process_connection(c);
    conn->inside = 0;
    if (conn->stream && c->cs->state == CONN_STATE_SUSPENDED) {
        c->cs->state = CONN_STATE_ASYNC_WAITIO;
        c->cs->sense = CONN_SENSE_WANT_READ;
    }
    return rc;
}

void dljob_park_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_process_connection(on_process, NULL, NULL,
                               APR_HOOK_REALLY_FIRST - 5);
    ap_hook_suspend_connection(on_suspend, NULL, NULL, APR_HOOK_LAST);
    ap_hook_resume_connection(on_resume, NULL, NULL, APR_HOOK_FIRST);
}

#else /* httpd before 2.4.63: streams hold a thread (dljob_block.h) */

void dljob_park_hooks(apr_pool_t *p)
{
    (void)p;
}

#endif
