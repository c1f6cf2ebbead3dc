/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An input filter that is a little more patient than httpd when it looks
 * whether the next request is there already; see dljob_dwell.h.
 *
 * httpd looks once after each answer (ap_check_pipeline: speculative, not
 * blocking) and goes on in the same thread if there is something. By then
 * the answer may still be held back for the sake of pipelining; the filter
 * sends it first, without blocking, as the MPM would. That also ends the
 * request: what it logs of its duration knows nothing of the wait.
 */
#include "dljob_dwell.h"

#include <poll.h>

#include <apr_atomic.h>
#include <apr_portable.h>
#include <ap_mpm.h>
#include <http_connection.h>
#include <http_core.h>
#include <http_main.h>
#include <scoreboard.h>
#include <util_filter.h>

#include "dljob.h"
#include "dljob_conn.h"

#define FILTER "DLJOB_DWELL"

/* After this many looks in vain in a row the next follows 2^this answers
 * later. */
#define VAIN_MAX 6

struct dljob_dwell_t {
    apr_uint32_t threads;
    apr_uint32_t connections;   /* of any server, parked ones left out;
                                   atomic */
};

/* NULL: this child has no event MPM, or there is no child yet. */
static dljob_dwell_t *of_child(void)
{
    return dljob_config_server(ap_server_conf)->dwell;
}

static void forget(dljob_conn_t *conn)
{
    if (conn->counted) {
        conn->counted = 0;
        apr_atomic_dec32(&of_child()->connections);
    }
}

static apr_status_t connection_gone(void *conn)
{
    forget(conn);
    return APR_SUCCESS;
}

static int count_connection(conn_rec *c, void *socket)
{
    dljob_conn_t *conn = dljob_conn_of(c);
    dljob_dwell_t *dwell = of_child();

    (void)socket;
    if (conn && dwell) {
        conn->counted = 1;
        apr_atomic_inc32(&dwell->connections);
        apr_pool_cleanup_register(c->pool, conn, connection_gone,
                                  apr_pool_cleanup_null);
    }
    return OK;
}

void dljob_dwell_parked(conn_rec *c)
{
    forget(dljob_conn_of(c));
}

/* Sends what the answer has left behind; 0: not everything went. */
static int flush(conn_rec *c)
{
    ap_filter_t *core = c->output_filters;

    while (core->next) {
        core = core->next;
    }
    return core->frec->filter_func.out_func(core, NULL) == APR_SUCCESS
           && !c->data_in_output_filters && !c->aborted;
}

static void wait_for_request(conn_rec *c, dljob_conn_t *conn)
{
    dljob_dwell_t *dwell = of_child();
    struct pollfd pfd = { .events = POLLIN };

    if (conn->rest > 0) {
        conn->rest--;
        return;
    }
    if (c->keepalive != AP_CONN_KEEPALIVE
        || apr_atomic_read32(&dwell->connections) > dwell->threads
        || !flush(c)) {
        return;
    }
    ap_update_child_status(c->sbh, SERVER_BUSY_KEEPALIVE, NULL);
    apr_os_sock_get(&pfd.fd, ap_get_conn_socket(c));
    if (poll(&pfd, 1, DLJOB_DWELL_MS) == 1) {
        conn->vain = 0;
    }
    else {
        conn->rest = 1 << conn->vain;
        conn->vain += conn->vain < VAIN_MAX;
    }
}

static apr_status_t look_longer(ap_filter_t *f, apr_bucket_brigade *bb,
                                ap_input_mode_t mode,
                                apr_read_type_e block, apr_off_t bytes)
{
    dljob_conn_t *conn = f->ctx;

    if (conn->due && mode == AP_MODE_SPECULATIVE
        && block == APR_NONBLOCK_READ) {
        conn->due = 0;
        wait_for_request(f->c, conn);
    }
    return ap_get_brigade(f->next, bb, mode, block, bytes);
}

void dljob_dwell_request(request_rec *r)
{
    conn_rec *c = r->connection;
    dljob_conn_t *conn = dljob_conn_of(c);

    if (!conn || !conn->counted) {
        return;
    }
    conn->due = 1;
    if (!conn->dwells) {
        conn->dwells = 1;
        conn->rest = 1;         /* many clients ask once */
        ap_add_input_filter(FILTER, conn, r, c);
    }
}

void dljob_dwell_child(server_rec *main)
{
    int async = 0, threads = 0;
    dljob_dwell_t *dwell;

    dljob_config_server(main)->dwell = NULL;
    if (ap_mpm_query(AP_MPMQ_IS_ASYNC, &async) != APR_SUCCESS || !async
        || ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads) != APR_SUCCESS) {
        return;
    }
    /* Connections may outlive the child's pool, when it exits. */
    dwell = apr_pcalloc(main->process->pconf, sizeof(*dwell));
    dwell->threads = (apr_uint32_t)threads;
    dljob_config_server(main)->dwell = dwell;
}

void dljob_dwell_hooks(void)
{
    /* Nearer to the request than TLS, whose reads are others. */
    ap_register_input_filter(FILTER, look_longer, NULL,
                             AP_FTYPE_CONNECTION);
    ap_hook_pre_connection(count_connection, NULL, NULL, APR_HOOK_MIDDLE);
}
