/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams as the API has them: who may have one, its headers, how it is held.
 */
#ifndef DLJOB_STREAMS_H
#define DLJOB_STREAMS_H

#include "dl_seats.h"
#include "dljob.h"
#include "dljob_cap.h"
#include "dljob_hub.h"

/** What a child has for its streams; made in child_init, read-only since. */
struct dljob_streams_t {
    dljob_hub_t *hub;           /**< NULL: none can be held */
    dl_seats_t *seats;          /**< of the server, in shared memory */
    dl_seats_mine_t *mine;      /**< of this child */
    dl_cap_t cap;
    pthread_mutex_t mutex;      /**< guards mine and what is below */
    int parked;
    int blocking;
    conn_rec **http2;           /**< cap.blocking places: connections of
                                     HTTP/2 that have their stream */
};

/** How a seat is held. */
typedef enum {
    DLJOB_SEAT_PARKED,
    DLJOB_SEAT_BLOCKING
} dljob_seat_e;

/**
 * Makes the server's part: caps and shared memory; post_config hook.
 * @return OK: without streams rather than not at all
 */
int dljob_streams_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp,
                         server_rec *main);

/**
 * Makes the child's part: its hub, with a feed for each engine, and starts
 * it. In child_init, after dljob_redis_child().
 */
void dljob_streams_child(apr_pool_t *pchild, server_rec *main);

/** Tells the hub that this child goes; child_stopping hook. */
void dljob_streams_stopping(apr_pool_t *pchild, int graceful);

/**
 * Takes a seat for this request, parked if its connection can be, and gives
 * it back with the request.
 * @param how  set to how the client may be held
 * @return OK; else 503 STREAMS_EXHAUSTED is worth answering
 */
int dljob_streams_seat(dljob_call_t *call, dljob_seat_e *how);

/** Whether this child is leaving: another one will have seats. */
int dljob_streams_leaving(const dljob_call_t *call);

/**
 * Holds the client with this stream until the hub ends it or the client
 * goes: parked, or in this thread.
 * @return what the handler is to return
 */
int dljob_streams_hold(dljob_call_t *call, dljob_seat_e how,
                       const dljob_stream_conf_t *conf,
                       int (*answer)(request_rec *r));

#endif /* DLJOB_STREAMS_H */
