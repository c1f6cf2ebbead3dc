/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One waiting client: a stream of events, or a request that waits for a
 * change (Prefer: wait, /start).
 *
 * Who may touch what:
 *  - "fixed" members are set by the worker thread that makes the stream,
 *    before the hub knows it, and never change;
 *  - "mutex" members need the stream's mutex. The connection and the request
 *    may be used by the owner alone: a worker thread of httpd while a request
 *    is being handled, the hub while the connection is parked with the MPM;
 *  - "hub" members belong to the hub's thread.
 * The hub frees a stream, after the cleanup of its request has set the owner
 * to DEAD and queued it; so no event fetched by the loop can meet a stream
 * that is no more.
 */
#ifndef DLJOB_STREAM_H
#define DLJOB_STREAM_H

#include <pthread.h>

#include <httpd.h>

#include "dl_event.h"
#include "dl_loop.h"
#include "dljob.h"

typedef struct dljob_view_t dljob_view_t;
typedef struct dljob_hub_t dljob_hub_t;
typedef struct dljob_stream_t dljob_stream_t;

typedef enum {
    DLJOB_OWNER_WORKER,
    DLJOB_OWNER_HUB,
    DLJOB_OWNER_DEAD
} dljob_owner_e;

typedef enum {
    DLJOB_STREAM_EVENTS,        /**< server-sent events */
    DLJOB_STREAM_CHANGE,        /**< ends at the first newer version */
    DLJOB_STREAM_END            /**< ends when the job is terminal */
} dljob_stream_e;

enum {
    DLJOB_STREAM_QUEUE = 16     /**< events kept for a slow client, one a job:
                                     a newer snapshot supersedes */
};

/** What a stream is asked for with. Strings are copied. */
typedef struct dljob_stream_conf_t {
    dljob_stream_e kind;
    dljob_feed_t *feed;
    const char *job_id;         /**< "" : all jobs of the user */
    const char *user;
    const char *base;           /**< of the API, for the links in bodies */
    int named;                  /**< ?events=named */
    apr_int64_t version;        /**< known to the client; -1: none */
    apr_int64_t heartbeat_ms;
    apr_int64_t life_ms;        /**< the hub ends it after this */
} dljob_stream_conf_t;

struct dljob_stream_t {
    /* fixed */
    dljob_hub_t *hub;
    dljob_feed_t *feed;
    dljob_stream_e kind;
    int named;
    int blocking;               /**< a worker thread waits in its handler */
    int fd;
    conn_rec *c;
    char *job_id;
    char *user;
    char *base;
    apr_int64_t heartbeat_ms;
    apr_int64_t deadline_ms;    /**< monotonic */

    /* mutex */
    pthread_mutex_t mutex;
    pthread_cond_t cond;        /**< for a blocking worker */
    dljob_owner_e owner;
    request_rec *r;
    apr_bucket_brigade *brigade;
    apr_interval_time_t socket_timeout;
    dl_event_t *queue[DLJOB_STREAM_QUEUE];
    int queued;
    apr_size_t sent;            /**< bytes of queue[0] that are out */
    int comment;                /**< a heartbeat is due */
    int want_close;             /**< the hub is done with it */
    int last;                   /**< end when all is written */
    char farewell[32];          /**< written after the queue; "" : nothing */
    int (*answer)(request_rec *r); /**< writes a waiting request's answer */

    /* hub */
    dl_io_t io;                 /**< armed while the socket was full */
    dl_timer_t timer;           /**< heartbeat or deadline */
    dljob_view_t *view;         /**< NULL: not registered */
    dljob_stream_t *next;
    dljob_stream_t **prev;
    apr_int64_t sent_version;
    int greeting;               /**< user streams: 0 fresh, 1 being read for,
                                     2 has its snapshot */

    /* the hub's queue mutex */
    dljob_stream_t *queue_next;
    int in_queue;
    int to_add;
    int to_free;
};

/** Makes a stream for a request; owner WORKER. NULL without memory. */
dljob_stream_t *dljob_stream_create(dljob_hub_t *hub, request_rec *r,
                                    const dljob_stream_conf_t *conf);

/** Frees it; the hub alone, or its maker if the hub never saw it. */
void dljob_stream_free(dljob_stream_t *s);

/**
 * Gives it an event: newer snapshots of a job supersede older ones, of too
 * many jobs the oldest is dropped. Written at once if the hub owns it and
 * the client can take it. Hub thread.
 * @param last  nothing follows: the stream ends when this is written
 */
void dljob_stream_push(dljob_stream_t *s, dl_event_t *event, int last);

/**
 * Says a last line ("retry: …") to a stream of events, if the client can take
 * it now, and ends it; a waiting request is ended, and so answered, at once.
 * Hub thread.
 */
void dljob_stream_farewell(dljob_stream_t *s, const char *text,
                           apr_size_t len);

/** Goes on after a worker thread had the connection back. Hub thread. */
void dljob_stream_resume(dljob_stream_t *s);

/** Sends a comment, if nothing else is waiting to be sent. Hub thread. */
void dljob_stream_heartbeat(dljob_stream_t *s);

/**
 * Writes what is queued to a parked client, as far as it can be taken now.
 * Mutex held; the owner's thread, which this does not hold up.
 * @return 1 all written, 0 the client cannot take more now, -1 it is gone
 */
int dljob_stream_drain(dljob_stream_t *s);

/**
 * Writes the next of what there is (something must be) to a client that holds
 * its thread, however long it takes. Mutex held on call and return, but not
 * while writing: the hub never waits for a client.
 * @return 1, or -1: the client is gone
 */
int dljob_stream_write(dljob_stream_t *s);

/**
 * Ends it from the hub's side: the MPM sees the socket readable, and a
 * worker finishes the request. Hub thread, or mutex not held.
 */
void dljob_stream_end(dljob_stream_t *s);

#endif /* DLJOB_STREAM_H */
