/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream in its own thread; see dljob_block.h.
 */
#include "dljob_block.h"

#include <errno.h>
#include <time.h>

#include "dljob_hub.h"

/* Waits for something to write; whether there is, or the end was asked for.
 * Mutex held. One second at most, to notice a child that stops. */
static int wait_for_news(dljob_stream_t *s)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    while (!s->queued && !s->comment && !s->farewell[0] && !s->want_close) {
        if (pthread_cond_timedwait(&s->cond, &s->mutex, &until)
            == ETIMEDOUT) {
            return 0;
        }
    }
    return 1;
}

void dljob_block(request_rec *r, dljob_stream_t *s)
{
    conn_rec *c = r->connection;
    int rc = 1;

    dljob_hub_count(s->hub, DLJOB_COUNT_OPENED);
    dljob_hub_add(s->hub, s);
    pthread_mutex_lock(&s->mutex);
    while (rc > 0 && !c->aborted && !(c->master && c->master->aborted)) {
        if (wait_for_news(s) && s->kind == DLJOB_STREAM_EVENTS) {
            rc = dljob_stream_drain(s);
        }
        if (s->want_close || (s->last && !s->queued && !s->farewell[0])
            || dljob_hub_is_stopping(s->hub)) {
            break;
        }
    }
    s->owner = DLJOB_OWNER_DEAD;
    s->r = NULL;
    pthread_mutex_unlock(&s->mutex);
    dljob_hub_free(s->hub, s);
}
