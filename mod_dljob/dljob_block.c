/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream in its own thread; see dljob_block.h.
 */
#include "dljob_block.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

#include "dljob_hub.h"

static int has_news(const dljob_stream_t *s)
{
    return s->queued || s->comment || s->farewell[0];
}

/* Whether the client has sent something or gone: either ends its stream, as
 * that of a parked one. mod_http2 tells by itself. */
static int client_moved(const dljob_stream_t *s)
{
    struct pollfd p = { .fd = s->fd, .events = POLLIN };

    return s->c->master ? s->c->master->aborted : poll(&p, 1, 0) > 0;
}

/* Waits for something to write, or for the end, which the hub also brings
 * when the child stops. Mutex held. One second at most, to notice a client
 * that goes. */
static void wait_for_news(dljob_stream_t *s)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    while (!has_news(s) && !s->want_close) {
        if (pthread_cond_timedwait(&s->cond, &s->mutex, &until)
            == ETIMEDOUT) {
            return;
        }
    }
}

void dljob_block(request_rec *r, dljob_stream_t *s)
{
    conn_rec *c = r->connection;
    int rc = 1;

    dljob_hub_count(s->hub, DLJOB_COUNT_OPENED);
    dljob_hub_add(s->hub, s);
    pthread_mutex_lock(&s->mutex);
    while (rc > 0 && !c->aborted && !client_moved(s)) {
        wait_for_news(s);
        while (s->kind == DLJOB_STREAM_EVENTS && rc > 0 && has_news(s)) {
            rc = dljob_stream_write(s);
        }
        if (s->want_close || s->last) {
            break;
        }
    }
    s->owner = DLJOB_OWNER_DEAD;
    s->r = NULL;
    pthread_mutex_unlock(&s->mutex);
    dljob_hub_free(s->hub, s);
}
