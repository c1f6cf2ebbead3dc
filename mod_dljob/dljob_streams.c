/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seats and how streams are held; see dljob_streams.h.
 */
#include "dljob_streams.h"

#include <apr_shm.h>
#include <ap_mpm.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <http_protocol.h>

#include "dl_log.h"
#include "dl_random.h"
#include "dljob_base.h"
#include "dljob_block.h"
#include "dljob_park.h"
#include "dljob_respond.h"

/* The MPM ends a parked connection at the vhost's Timeout, since the hub's
 * writes do not count for it; so the hub ends it some time before. */
enum {
    TIMEOUT_MARGIN_S = 30
};

/* The main server's streams, made anew with each configuration. Set in
 * post_config and child_init, read-only while threads run. */
static dljob_streams_t *of_main(const server_rec *main)
{
    return dljob_config_server(main)->streams;
}

/* The most that any location wants; -1: none says. */
static int most_wanted(const server_rec *main)
{
    const server_rec *s;
    int wanted = -1;
    int i;

    for (s = main; s; s = s->next) {
        const core_server_config *core
            = ap_get_core_module_config(s->module_config);

        for (i = 0; core->sec_url && i < core->sec_url->nelts; i++) {
            const dljob_dir_conf_t *dir = ap_get_module_config(
                APR_ARRAY_IDX(core->sec_url, i, ap_conf_vector_t *),
                &dljob_module);

            if (dir && dir->location.max_streams > wanted) {
                wanted = dir->location.max_streams;
            }
        }
    }
    return wanted;
}

int dljob_streams_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp,
                         server_rec *main)
{
    dljob_streams_t *streams = apr_pcalloc(p, sizeof(*streams));
    int children = 1;
    apr_shm_t *shm;
    apr_size_t size;

    (void)plog;
    dljob_config_server(main)->streams = streams;
    dljob_cap_init(p, ptemp, main, most_wanted(main), &streams->cap);
    if (!streams->cap.child && !streams->cap.blocking) {
        return OK;
    }
    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &children);
    /* children of the generation before may still be there */
    size = dl_seats_size(children * 2);
    if (apr_shm_create(&shm, size, NULL, p) != APR_SUCCESS) {
        dl_log(DL_LOG_ERROR, "DL0413", NULL,
               "no %" APR_SIZE_T_FMT " bytes of shared memory to count "
               "streams in: there are none; clients poll", size);
        return OK;
    }
    /* fresh from the system, so zeroed; touched, it would be memory in use */
    streams->seats = dl_seats_init(apr_shm_baseaddr_get(shm), children * 2);
    return OK;
}

/* A virtual host that adds nothing of its own shares the main server's. */
static void give_feed(dljob_streams_t *streams, const server_rec *main,
                      server_rec *s)
{
    dljob_server_conf_t *server = dljob_config_server(s);
    const dljob_server_conf_t *first = dljob_config_server(main);

    if (!server->engine) {
        return;
    }
    server->engine->streams = streams;
    server->engine->feed = !server->own && first->engine
                                   && first->engine->feed
                               ? first->engine->feed
                               : dljob_hub_feed(streams->hub, &server->conf);
}

void dljob_streams_child(apr_pool_t *pchild, server_rec *main)
{
    dljob_streams_t *streams = of_main(main);
    server_rec *s;

    if (!streams || !streams->seats) {
        return;
    }
    dljob_park_init();
    pthread_mutex_init(&streams->mutex, NULL);
    streams->http2 = apr_pcalloc(pchild, sizeof(*streams->http2)
                                             * (apr_size_t)
                                                   streams->cap.blocking);
    streams->mine = dl_seats_join(streams->seats);
    if (!streams->mine
        || dljob_hub_create(pchild, dljob_counts_mine(
                                dljob_config_server(main)->places),
                            &streams->hub) != APR_SUCCESS) {
        dl_log(DL_LOG_ERROR, "DL0414", NULL,
               "this child has no hub: its clients poll");
        streams->hub = NULL;
        return;
    }
    for (s = main; s; s = s->next) {
        give_feed(streams, main, s);
    }
    if (dljob_hub_start(streams->hub) != APR_SUCCESS) {
        dl_log(DL_LOG_ERROR, "DL0415", NULL,
               "the hub's thread cannot be started: clients of this child "
               "poll");
        streams->hub = NULL;
    }
}

void dljob_streams_stopping(apr_pool_t *pchild, int graceful)
{
    server_rec *main = ap_server_conf;
    dljob_streams_t *streams = main ? of_main(main) : NULL;

    (void)pchild;
    (void)graceful;
    if (streams && streams->hub) {
        dljob_hub_stopping(streams->hub);
    }
}

/* What a request has taken, to give back with its pool. */
typedef struct taken_t {
    dljob_streams_t *streams;
    dl_seat_t seat;
    int *held;                  /* streams->parked or ->blocking */
    conn_rec **place;           /* in streams->http2; NULL: HTTP/1.1 */
} taken_t;

static apr_status_t give_back(void *baton)
{
    taken_t *taken = baton;
    dljob_streams_t *streams = taken->streams;

    pthread_mutex_lock(&streams->mutex);
    dl_seats_give(streams->mine, &taken->seat);
    (*taken->held)--;
    if (taken->place) {
        *taken->place = NULL;
    }
    pthread_mutex_unlock(&streams->mutex);
    return APR_SUCCESS;
}

/* mod_http2 works on few requests of a connection at a time, two when it is
 * annoyed, and a stream is one of them as long as it lasts: a second one of
 * the same browser could keep all else of the site from it. */
static conn_rec **http2_place(dljob_streams_t *streams,
                              const conn_rec *connection)
{
    conn_rec **place = NULL;
    int i;

    for (i = 0; i < streams->cap.blocking; i++) {
        if (streams->http2[i] == connection) {
            return NULL;
        }
        if (!streams->http2[i]) {
            place = &streams->http2[i];
        }
    }
    return place;
}

/* Mutex held. Whether all that is needed was to be had. */
static int take(dljob_call_t *call, taken_t *taken, int most)
{
    dljob_streams_t *streams = taken->streams;
    request_rec *r = call->r;
    conn_rec *http2 = r->connection->master;
    dl_seats_limits_t limits;

    limits.server = streams->cap.server;
    limits.user = call->location->max_streams_user;
    limits.address = call->location->max_streams_address;
    if (*taken->held >= most
        || (http2 && !(taken->place = http2_place(streams, http2)))
        || dl_seats_take(streams->seats, streams->mine, &limits, call->user,
                         r->useragent_ip, &taken->seat) != DL_SEATS_TAKEN) {
        return 0;
    }
    (*taken->held)++;
    if (taken->place) {
        *taken->place = http2;
    }
    return 1;
}

int dljob_streams_seat(dljob_call_t *call, dljob_seat_e *how)
{
    dljob_streams_t *streams = call->engine->streams;
    request_rec *r = call->r;
    taken_t *taken;
    int most, ok;

    if (!streams || !streams->hub || !call->location->stream
        || dljob_hub_is_stopping(streams->hub)) {
        return HTTP_SERVICE_UNAVAILABLE;
    }
    taken = apr_pcalloc(r->pool, sizeof(*taken));
    taken->streams = streams;
    if (dljob_park_can(r)) {
        *how = DLJOB_SEAT_PARKED;
        taken->held = &streams->parked;
        most = streams->cap.child;
    }
    else {
        *how = DLJOB_SEAT_BLOCKING;
        taken->held = &streams->blocking;
        most = streams->cap.blocking;
    }
    pthread_mutex_lock(&streams->mutex);
    ok = take(call, taken, most);
    pthread_mutex_unlock(&streams->mutex);
    if (!ok) {
        return HTTP_SERVICE_UNAVAILABLE;
    }
    apr_pool_cleanup_register(r->pool, taken, give_back,
                              apr_pool_cleanup_null);
    return OK;
}

int dljob_streams_leaving(const dljob_call_t *call)
{
    const dljob_streams_t *streams = call->engine->streams;

    return streams && streams->hub && call->location->stream
           && dljob_hub_is_stopping(streams->hub);
}

/* A stream ends some while before the MPM would cut it, and streams that
 * began together do not end together. */
static apr_int64_t life_ms(const request_rec *r, apr_int64_t wanted_ms,
                           int spread)
{
    apr_int64_t timeout_s = apr_time_sec(r->server->timeout);
    apr_int64_t margin_s = timeout_s / 10 < TIMEOUT_MARGIN_S
                               ? timeout_s / 10 : TIMEOUT_MARGIN_S;
    apr_int64_t most_ms = (timeout_s - margin_s) * 1000;
    dl_random_t random;

    if (!spread) {
        return wanted_ms < most_ms ? wanted_ms : most_ms;
    }
    if (wanted_ms > most_ms * 10 / 11) {
        wanted_ms = most_ms * 10 / 11;
    }
    if (wanted_ms > 10) {
        dl_random_init(&random);
        wanted_ms += (apr_int64_t)dl_random_below(
                         &random, (apr_uint32_t)(wanted_ms / 5))
                     - wanted_ms / 10;
    }
    return wanted_ms;
}

int dljob_streams_hold(dljob_call_t *call, dljob_seat_e how,
                       const dljob_stream_conf_t *asked,
                       int (*answer)(request_rec *r))
{
    dljob_streams_t *streams = call->engine->streams;
    request_rec *r = call->r;
    dljob_stream_conf_t conf = *asked;
    dljob_stream_t *s;

    conf.feed = call->engine->feed;
    conf.user = call->user;
    conf.base = dljob_base_url(call);
    conf.heartbeat_ms = call->location->heartbeat_ms;
    conf.life_ms = life_ms(r, asked->life_ms,
                           asked->kind == DLJOB_STREAM_EVENTS);
    s = dljob_stream_create(streams->hub, r, &conf);
    if (!s) {
        return HTTP_SERVICE_UNAVAILABLE;
    }
    if (how == DLJOB_SEAT_PARKED) {
        s->answer = answer;
        dljob_park(r, s);
        return SUSPENDED;
    }
    s->blocking = 1;
    dljob_block(r, s);
    return answer ? answer(r) : OK;
}
