/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing to one waiting client; see dljob_stream.h.
 */
#include "dljob_stream.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <apr_portable.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <util_filter.h>

#include "dljob_hub.h"

static const char COMMENT[] = ":\n\n";

enum {
    SLICE = 4096                /* bytes that a socket which is writable, so
                                   with a third of its buffer free, takes */
};

static void wait_for_room(dl_io_t *io, int events)
{
    dljob_stream_t *s = io->baton;
    int rc = 1;

    (void)events;
    dl_io_set(dljob_hub_loop(s->hub), io, 0);
    pthread_mutex_lock(&s->mutex);
    if (s->owner == DLJOB_OWNER_HUB) {
        rc = dljob_stream_drain(s);
        if (rc == 0) {
            dl_io_set(dljob_hub_loop(s->hub), io, DL_IO_WRITE);
        }
        if (rc == 1 && !s->last) {
            rc = 0;
        }
    }
    else {
        rc = 0;
    }
    pthread_mutex_unlock(&s->mutex);
    if (rc) {
        dljob_stream_end(s);
    }
}

dljob_stream_t *dljob_stream_create(dljob_hub_t *hub, request_rec *r,
                                    const dljob_stream_conf_t *conf)
{
    dljob_stream_t *s = calloc(1, sizeof(*s));
    apr_os_sock_t fd = -1;

    if (!s) {
        return NULL;
    }
    s->job_id = strdup(conf->job_id);
    s->user = strdup(conf->user);
    s->base = strdup(conf->base);
    if (!s->job_id || !s->user || !s->base) {
        free(s->job_id);
        free(s->user);
        free(s->base);
        free(s);
        return NULL;
    }
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->cond, NULL);
    s->hub = hub;
    s->feed = conf->feed;
    s->kind = conf->kind;
    s->named = conf->named;
    s->sent_version = conf->version;
    s->heartbeat_ms = conf->heartbeat_ms;
    s->deadline_ms = dljob_hub_clock_ms() + conf->life_ms;
    s->c = r->connection;
    s->r = r;
    s->owner = DLJOB_OWNER_WORKER;
    s->brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    apr_os_sock_get(&fd, ap_get_conn_socket(r->connection));
    s->fd = fd;
    s->io.fd = fd;
    s->io.fn = wait_for_room;
    s->io.baton = s;
    return s;
}

void dljob_stream_free(dljob_stream_t *s)
{
    int i;

    for (i = 0; i < s->queued; i++) {
        dl_event_unref(s->queue[i]);
    }
    pthread_cond_destroy(&s->cond);
    pthread_mutex_destroy(&s->mutex);
    free(s->job_id);
    free(s->user);
    free(s->base);
    free(s);
}

static int has_room(const dljob_stream_t *s)
{
    struct pollfd p = { .fd = s->fd, .events = POLLOUT };

    return poll(&p, 1, 0) == 1 && (p.revents & (POLLOUT | POLLERR | POLLHUP));
}

/* The flush is for TLS, which gathers. */
static int pass_on(dljob_stream_t *s, const char *text, apr_size_t len)
{
    apr_bucket_alloc_t *alloc = s->c->bucket_alloc;
    apr_status_t rv;

    if (s->c->aborted) {
        return -1;
    }
    APR_BRIGADE_INSERT_TAIL(s->brigade,
                            apr_bucket_transient_create(text, len, alloc));
    APR_BRIGADE_INSERT_TAIL(s->brigade, apr_bucket_flush_create(alloc));
    rv = ap_pass_brigade(s->r->output_filters, s->brigade);
    apr_brigade_cleanup(s->brigade);
    return rv == APR_SUCCESS && !s->c->aborted ? 1 : -1;
}

/* Writes from *sent on, no more at a time than a socket with room takes: to
 * one without, a write would end the client (the hub's time-out is 0) or hold
 * a worker thread. */
static int write_slices(dljob_stream_t *s, const char *text, apr_size_t len,
                        apr_size_t *sent)
{
    while (*sent < len) {
        apr_size_t n = len - *sent < SLICE ? len - *sent : SLICE;

        if (!has_room(s)) {
            return 0;
        }
        if (pass_on(s, text + *sent, n) < 0) {
            return -1;
        }
        *sent += n;
    }
    return 1;
}

static void remove_at(dljob_stream_t *s, int i)
{
    s->queued--;
    memmove(s->queue + i, s->queue + i + 1,
            (size_t)(s->queued - i) * sizeof(s->queue[0]));
}

int dljob_stream_drain(dljob_stream_t *s)
{
    const char *text;
    apr_size_t len, sent = 0;
    int rc;

    while (s->queued) {
        text = dl_event_text(s->queue[0], s->named, &len);
        if ((rc = write_slices(s, text, len, &s->sent)) <= 0) {
            return rc;
        }
        dljob_hub_count(s->hub, DLJOB_COUNT_EVENTS);
        dl_event_unref(s->queue[0]);
        remove_at(s, 0);
        s->sent = 0;
        s->comment = 0;
    }
    if (s->comment) {
        rc = write_slices(s, COMMENT, sizeof(COMMENT) - 1, &sent);
        if (rc <= 0) {
            return rc;
        }
        s->comment = 0;
    }
    if (s->farewell[0]) {
        sent = 0;
        rc = write_slices(s, s->farewell, strlen(s->farewell), &sent);
        if (rc <= 0) {
            return rc;
        }
        s->farewell[0] = '\0';
    }
    return 1;
}

int dljob_stream_write(dljob_stream_t *s)
{
    char farewell[sizeof(s->farewell)];
    const char *text = COMMENT;
    apr_size_t len = sizeof(COMMENT) - 1;
    dl_event_t *event = NULL;
    int rc;

    if (s->queued) {
        event = s->queue[0];
        remove_at(s, 0);
        text = dl_event_text(event, s->named, &len);
        s->comment = 0;
    }
    else if (s->comment) {
        s->comment = 0;
    }
    else {
        apr_cpystrn(farewell, s->farewell, sizeof(farewell));
        s->farewell[0] = '\0';
        text = farewell;
        len = strlen(farewell);
    }
    pthread_mutex_unlock(&s->mutex);
    rc = pass_on(s, text, len);
    if (event && rc > 0) {
        dljob_hub_count(s->hub, DLJOB_COUNT_EVENTS);
    }
    dl_event_unref(event);
    pthread_mutex_lock(&s->mutex);
    return rc;
}

static void enqueue(dljob_stream_t *s, dl_event_t *event)
{
    int first = s->sent > 0;    /* one that is out in part must go on */
    int i;

    for (i = first; i < s->queued; i++) {
        if (dl_event_same_job(s->queue[i], event)) {
            break;
        }
    }
    if (i == s->queued && s->queued == DLJOB_STREAM_QUEUE) {
        i = first;
    }
    if (i < s->queued) {
        dl_event_unref(s->queue[i]);
        remove_at(s, i);
        dljob_hub_count(s->hub, DLJOB_COUNT_DROPPED);
    }
    s->queue[s->queued++] = dl_event_ref(event);
}

/* Writes if the hub may; whether the stream is to be ended now. */
static int serve(dljob_stream_t *s)
{
    int rc;

    if (s->blocking) {
        pthread_cond_signal(&s->cond);
        return 0;
    }
    if (s->owner != DLJOB_OWNER_HUB || s->io.events) {
        return 0;
    }
    rc = dljob_stream_drain(s);
    if (rc == 0) {
        dl_io_set(dljob_hub_loop(s->hub), &s->io, DL_IO_WRITE);
    }
    return rc < 0 || (rc == 1 && s->last);
}

void dljob_stream_push(dljob_stream_t *s, dl_event_t *event, int last)
{
    int end;

    pthread_mutex_lock(&s->mutex);
    if (s->want_close || s->owner == DLJOB_OWNER_DEAD || s->last) {
        pthread_mutex_unlock(&s->mutex);
        return;
    }
    enqueue(s, event);
    s->last = last;
    end = serve(s);
    pthread_mutex_unlock(&s->mutex);
    if (end) {
        dljob_stream_end(s);
    }
}

void dljob_stream_heartbeat(dljob_stream_t *s)
{
    int end;

    pthread_mutex_lock(&s->mutex);
    s->comment = 1;
    end = serve(s);
    pthread_mutex_unlock(&s->mutex);
    if (end) {
        dljob_stream_end(s);
    }
}

void dljob_stream_farewell(dljob_stream_t *s, const char *text,
                           apr_size_t len)
{
    pthread_mutex_lock(&s->mutex);
    if (s->kind == DLJOB_STREAM_EVENTS && !s->last && !s->want_close) {
        apr_cpystrn(s->farewell, text, len < sizeof(s->farewell)
                                           ? len + 1 : sizeof(s->farewell));
        s->last = 1;
        serve(s);
    }
    pthread_mutex_unlock(&s->mutex);
    /* a client that takes nothing now is not waited for */
    dljob_stream_end(s);
}

void dljob_stream_resume(dljob_stream_t *s)
{
    int end;

    pthread_mutex_lock(&s->mutex);
    end = s->want_close || serve(s);
    pthread_mutex_unlock(&s->mutex);
    if (end) {
        dljob_stream_end(s);
    }
}

void dljob_stream_end(dljob_stream_t *s)
{
    pthread_mutex_lock(&s->mutex);
    s->want_close = 1;
    if (s->blocking) {
        pthread_cond_signal(&s->cond);
    }
    else if (s->owner == DLJOB_OWNER_HUB) {
        shutdown(s->fd, SHUT_RD);
    }
    pthread_mutex_unlock(&s->mutex);
}
