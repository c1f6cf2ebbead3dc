/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hub's links to Redis; see dljob_link.h.
 */
#include "dljob_link.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include <apr_strings.h>

#include "dl_log.h"
#include "dl_reply.h"

enum {
    BACKOFF_FIRST_MS = 50,
    BACKOFF_LAST_MS = 1000,
    CONNECT_MS = 2000,
    IDLE_MS = 5000              /* then a PING, and as long for its answer */
};

typedef enum {
    LINK_DOWN,
    LINK_CONNECTING,
    LINK_GREETING,              /* AUTH and SELECT are on their way */
    LINK_UP
} link_state_e;

struct dljob_link_t {
    dl_loop_t *loop;
    const dl_redis_addr_t *addr;
    dljob_link_events_t events;
    void *baton;
    const char *what;
    redisContext *rc;
    link_state_e state;
    int greetings;              /* replies of the greeting still to come */
    int said_down;              /* the loss was logged */
    int heard;                  /* a byte came since the last tick */
    int asked;                  /* a PING is out */
    int pings;                  /* pongs to swallow: the owner sent no PING */
    apr_int64_t backoff_ms;
    dl_io_t io;
    dl_timer_t timer;
    dl_defer_t flush;
};

static void append(dljob_link_t *link, int argc, const char **argv,
                   const size_t *lens)
{
    redisAppendCommandArgv(link->rc, argc, argv, lens);
    dl_defer(link->loop, &link->flush);
}

static void lose(dljob_link_t *link, const char *why)
{
    link_state_e was = link->state;

    if (!link->said_down) {
        dl_log(DL_LOG_WARN, "DL0401", NULL,
               "Redis %s link to %s lost: %s; trying again until it is back",
               link->what, link->addr->display, why);
        link->said_down = 1;
    }
    link->state = LINK_DOWN;
    dl_defer_cancel(link->loop, &link->flush);
    if (link->rc) {
        dl_io_set(link->loop, &link->io, 0);
        redisFree(link->rc);
        link->rc = NULL;
    }
    dl_timer_set(link->loop, &link->timer, link->backoff_ms);
    link->backoff_ms = link->backoff_ms * 2 > BACKOFF_LAST_MS
                           ? BACKOFF_LAST_MS : link->backoff_ms * 2;
    if (was == LINK_UP) {
        link->events.down(link->baton);
    }
}

static void rise(dljob_link_t *link)
{
    link->state = LINK_UP;
    link->backoff_ms = BACKOFF_FIRST_MS;
    if (link->said_down) {
        dl_log(DL_LOG_INFO, "DL0402", NULL, "Redis %s link to %s is back",
               link->what, link->addr->display);
        link->said_down = 0;
    }
    dl_timer_set(link->loop, &link->timer, IDLE_MS);
    link->events.up(link->baton);
}

static void greet(dljob_link_t *link)
{
    const char *argv[3] = { "AUTH" };
    int argc = 1;

    link->greetings = 0;
    link->state = LINK_GREETING;
    if (link->addr->password) {
        if (link->addr->user) {
            argv[argc++] = link->addr->user;
        }
        argv[argc++] = link->addr->password;
        append(link, argc, argv, NULL);
        link->greetings++;
    }
    if (link->addr->db) {
        char db[16];

        argv[0] = "SELECT";
        argv[1] = db;
        apr_snprintf(db, sizeof(db), "%d", link->addr->db);
        append(link, 2, argv, NULL);
        link->greetings++;
    }
    if (!link->greetings) {
        rise(link);
    }
}

static void take_reply(dljob_link_t *link, const redisReply *reply)
{
    if (link->state == LINK_GREETING) {
        if (reply->type == REDIS_REPLY_ERROR) {
            lose(link, reply->str);
        }
        else if (--link->greetings == 0) {
            rise(link);
        }
        return;
    }
    if (link->pings
        && ((reply->type == REDIS_REPLY_STATUS && !strcmp(reply->str, "PONG"))
            || (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2
                && reply->element[0]->str
                && !strcmp(reply->element[0]->str, "pong")))) {
        link->pings--;
        return;
    }
    link->events.reply(link->baton, reply);
}

static void read_replies(dljob_link_t *link)
{
    void *reply;

    if (redisBufferRead(link->rc) != REDIS_OK) {
        lose(link, link->rc->errstr);
        return;
    }
    link->heard = 1;
    for (;;) {
        if (redisGetReplyFromReader(link->rc, &reply) != REDIS_OK) {
            lose(link, link->rc->errstr);
            return;
        }
        if (!reply) {
            return;
        }
        take_reply(link, reply);
        dl_reply_free(reply);
        if (!link->rc) {
            return;
        }
    }
}

static void flush(dl_defer_t *defer)
{
    dljob_link_t *link = defer->baton;
    int done = 0;

    if (!link->rc || link->state == LINK_CONNECTING) {
        return;
    }
    if (redisBufferWrite(link->rc, &done) != REDIS_OK) {
        lose(link, link->rc->errstr);
        return;
    }
    dl_io_set(link->loop, &link->io,
              done ? DL_IO_READ : DL_IO_READ | DL_IO_WRITE);
}

static void finish_connect(dljob_link_t *link)
{
    int err = 0;
    socklen_t len = sizeof(err);

    if (getsockopt(link->io.fd, SOL_SOCKET, SO_ERROR, &err, &len) || err) {
        lose(link, strerror(err ? err : errno));
        return;
    }
    dl_io_set(link->loop, &link->io, DL_IO_READ);
    greet(link);
}

static void on_io(dl_io_t *io, int events)
{
    dljob_link_t *link = io->baton;

    if (link->state == LINK_CONNECTING) {
        finish_connect(link);
        return;
    }
    if (events & (DL_IO_READ | DL_IO_HANGUP)) {
        read_replies(link);
    }
    if (link->rc && (events & DL_IO_WRITE)) {
        flush(&link->flush);
    }
}

static void start_connect(dljob_link_t *link)
{
    const dl_redis_addr_t *addr = link->addr;

    link->rc = addr->socket ? redisConnectUnixNonBlock(addr->socket)
                            : redisConnectNonBlock(addr->host, addr->port);
    if (!link->rc || link->rc->err) {
        lose(link, link->rc ? link->rc->errstr : "out of memory");
        return;
    }
    dl_reply_use(link->rc->reader);
    fcntl(link->rc->fd, F_SETFD, FD_CLOEXEC);
    link->io.fd = link->rc->fd;
    link->state = LINK_CONNECTING;
    link->asked = link->pings = 0;
    dl_timer_set(link->loop, &link->timer, CONNECT_MS);
    dl_io_set(link->loop, &link->io, DL_IO_WRITE);
}

/* Time to connect, to give a connection up, or to ask whether it lives. */
static void on_timer(dl_timer_t *timer)
{
    dljob_link_t *link = timer->baton;
    const char *ping = "PING";

    switch (link->state) {
    case LINK_DOWN:
        start_connect(link);
        return;
    case LINK_CONNECTING:
    case LINK_GREETING:
        lose(link, "no answer in time");
        return;
    case LINK_UP:
        break;
    }
    if (link->heard) {
        link->heard = link->asked = 0;
    }
    else if (link->asked) {
        lose(link, "no answer to PING");
        return;
    }
    else {
        link->asked = 1;
        link->pings++;
        append(link, 1, &ping, NULL);
    }
    dl_timer_set(link->loop, &link->timer, IDLE_MS);
}

dljob_link_t *dljob_link_create(dl_loop_t *loop, const dl_redis_addr_t *addr,
                                const dljob_link_events_t *events,
                                void *baton, const char *what, apr_pool_t *p)
{
    dljob_link_t *link = apr_pcalloc(p, sizeof(*link));

    link->loop = loop;
    link->addr = addr;
    link->events = *events;
    link->baton = baton;
    link->what = what;
    link->backoff_ms = BACKOFF_FIRST_MS;
    link->io.fn = on_io;
    link->io.baton = link;
    link->timer.fn = on_timer;
    link->timer.baton = link;
    link->flush.fn = flush;
    link->flush.baton = link;
    dl_timer_set(loop, &link->timer, 0);
    return link;
}

void dljob_link_send(dljob_link_t *link, int argc, const char **argv,
                     const size_t *lens)
{
    if (link->state == LINK_UP) {
        append(link, argc, argv, lens);
    }
}

int dljob_link_is_up(const dljob_link_t *link)
{
    return link->state == LINK_UP;
}

void dljob_link_close(dljob_link_t *link)
{
    dl_timer_cancel(link->loop, &link->timer);
    dl_defer_cancel(link->loop, &link->flush);
    if (link->rc) {
        dl_io_set(link->loop, &link->io, 0);
        redisFree(link->rc);
        link->rc = NULL;
    }
    link->state = LINK_DOWN;
}
