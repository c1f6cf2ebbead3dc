/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hiredis on the loop.
 *
 * Whatever way a context ends, hiredis calls ev.cleanup once: that is where
 * the link learns of it. Writes are put off to the end of the turn, so that
 * all commands of a turn leave together.
 */
#include "dlw_link.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <apr_strings.h>

#include "dl_log.h"
#include "dl_reply.h"

#define BACKOFF_MIN_MS 50

/** A command whose reply is awaited. Oldest first in the link's list. */
typedef struct call_t {
    struct call_t *next;
    dlw_link_t *link;
    apr_int64_t sent_ms;
    dlw_link_fn *fn;
    void *baton;
} call_t;

struct dlw_link_t {
    dlw_link_conf_t conf;
    dl_loop_t *loop;
    redisAsyncContext *ac;      /* NULL: not connected */
    dl_io_t io;
    dl_defer_t flush;
    dl_timer_t retry;
    dl_timer_t deadline;
    call_t *first, **end;       /* awaited replies */
    call_t *spare;
    call_t *subscription;
    int logins;                 /* replies of the log-in still to come */
    int up;
    int writing;                /* within hiredis' write handler */
    int closing;                /* by us: no message, no retry */
    int backoff_ms;
    int said;                   /* the loss was logged */
    apr_int64_t lost_ms;
    char why[160];
};

static void link_connect(dlw_link_t *link);

/* --- hiredis' event hooks ---------------------------------------------- */

static void link_write(dlw_link_t *link)
{
    link->writing = 1;
    redisAsyncHandleWrite(link->ac);
    link->writing = 0;
}

static void on_io(dl_io_t *io, int events)
{
    dlw_link_t *link = io->baton;

    if (events & DL_IO_WRITE)
        link_write(link);
    if (link->ac && events & (DL_IO_READ | DL_IO_HANGUP))
        redisAsyncHandleRead(link->ac);
}

static void on_flush(dl_defer_t *defer)
{
    dlw_link_t *link = defer->baton;

    if (link->ac && link->ac->c.flags & REDIS_CONNECTED)
        link_write(link);
}

static void ev_add_read(void *data)
{
    dlw_link_t *link = data;

    dl_io_set(link->loop, &link->io, link->io.events | DL_IO_READ);
}

static void ev_del_read(void *data)
{
    dlw_link_t *link = data;

    dl_io_set(link->loop, &link->io, link->io.events & ~DL_IO_READ);
}

/** hiredis asks for this after every command, and once more from within a
 *  write that could not send all. */
static void ev_add_write(void *data)
{
    dlw_link_t *link = data;

    if (link->ac && link->ac->c.flags & REDIS_CONNECTED && !link->writing)
        dl_defer(link->loop, &link->flush);
    else
        dl_io_set(link->loop, &link->io, link->io.events | DL_IO_WRITE);
}

static void ev_del_write(void *data)
{
    dlw_link_t *link = data;

    dl_io_set(link->loop, &link->io, link->io.events & ~DL_IO_WRITE);
}

/* --- the end of a connection ------------------------------------------- */

static void remember_why(dlw_link_t *link, const char *why)
{
    if (!link->why[0])
        apr_cpystrn(link->why, why && *why ? why : "closed by the server",
                    sizeof(link->why));
}

static void say_lost(dlw_link_t *link)
{
    if (link->said || link->closing)
        return;
    link->said = 1;
    dl_log(DL_LOG_WARN, "DL0210", NULL,
           "Redis %s is not available (%s): %s; trying again",
           link->conf.addr->display, link->conf.name, link->why);
}

static void set_up(dlw_link_t *link, int up)
{
    if (link->up == up)
        return;
    link->up = up;
    if (!up)
        link->lost_ms = dl_loop_now_ms(link->loop);
    if (link->conf.on_state)
        link->conf.on_state(link->conf.baton, up);
}

static void ev_cleanup(void *data)
{
    dlw_link_t *link = data;

    remember_why(link, link->ac ? link->ac->errstr : NULL);
    dl_io_set(link->loop, &link->io, 0);
    dl_defer_cancel(link->loop, &link->flush);
    dl_timer_cancel(link->loop, &link->deadline);
    link->ac = NULL;
    link->logins = 0;
    set_up(link, 0);
    say_lost(link);
    if (link->closing)
        return;
    dl_timer_set(link->loop, &link->retry, link->backoff_ms);
    link->backoff_ms *= 2;
    if (link->backoff_ms > link->conf.backoff_max_ms)
        link->backoff_ms = link->conf.backoff_max_ms;
}

/* --- replies ----------------------------------------------------------- */

static void watch_deadline(dlw_link_t *link)
{
    apr_int64_t since_ms = dl_loop_now_ms(link->loop);

    if (!link->conf.deadline_ms || (link->up && !link->first)) {
        dl_timer_cancel(link->loop, &link->deadline);
        return;
    }
    if (link->first)
        since_ms = link->first->sent_ms;
    dl_timer_set(link->loop, &link->deadline,
                 since_ms + link->conf.deadline_ms
                     - dl_loop_now_ms(link->loop));
}

static void on_deadline(dl_timer_t *timer)
{
    dlw_link_t *link = timer->baton;

    if (link->up
        && (!link->first
            || dl_loop_now_ms(link->loop) - link->first->sent_ms
                   < link->conf.deadline_ms)) {
        watch_deadline(link);   /* what it was set for has been answered */
        return;
    }
    remember_why(link, "no answer in time");
    if (link->ac)
        redisAsyncFree(link->ac);
}

static void call_free(dlw_link_t *link, call_t *call)
{
    call->next = link->spare;
    link->spare = call;
}

static void on_reply(redisAsyncContext *ac, void *data, void *privdata)
{
    call_t *call = privdata;
    dlw_link_t *link = call->link;
    dlw_link_fn *fn = call->fn;
    void *baton = call->baton;

    if (!data) {
        remember_why(link, ac->errstr);
        set_up(link, 0);        /* before anybody sends again */
    }
    if (call == link->subscription) {
        if (!data) {
            link->subscription = NULL;
            call_free(link, call);
        }
    }
    else {
        link->first = call->next;
        if (!link->first)
            link->end = &link->first;
        call_free(link, call);
    }
    fn(baton, data);
}

static call_t *call_new(dlw_link_t *link, dlw_link_fn *fn, void *baton)
{
    call_t *call = link->spare;

    if (call)
        link->spare = call->next;
    else if (!(call = malloc(sizeof(*call))))
        abort();
    call->link = link;
    call->fn = fn;
    call->baton = baton;
    call->next = NULL;
    call->sent_ms = dl_loop_now_ms(link->loop);
    return call;
}

static int send_wire(dlw_link_t *link, const char *wire, size_t len,
                     dlw_link_fn *fn, void *baton)
{
    static const char subscribe[] = "*2\r\n$9\r\nSUBSCRIBE\r\n";
    call_t *call = call_new(link, fn, baton);

    if (redisAsyncFormattedCommand(link->ac, on_reply, call, wire, len)
        != REDIS_OK) {
        call_free(link, call);
        return -1;
    }
    if (len > sizeof(subscribe)
        && memcmp(wire, subscribe, sizeof(subscribe) - 1) == 0) {
        link->subscription = call;
        return 0;
    }
    *link->end = call;
    link->end = &call->next;
    if (link->conf.deadline_ms && !link->deadline.slot)
        watch_deadline(link);
    return 0;
}

int dlw_link_send(dlw_link_t *link, const char *wire, size_t len,
                  dlw_link_fn *fn, void *baton)
{
    return link->up ? send_wire(link, wire, len, fn, baton) : -1;
}

/* --- the beginning of a connection ------------------------------------- */

static void link_ready(dlw_link_t *link)
{
    if (link->said)
        dl_log(DL_LOG_INFO, "DL0211", NULL,
               "Redis %s is available again (%s), after %" APR_INT64_T_FMT
               " ms", link->conf.addr->display, link->conf.name,
               dl_loop_now_ms(link->loop) - link->lost_ms);
    link->said = 0;
    link->why[0] = '\0';
    link->backoff_ms = BACKOFF_MIN_MS;
    set_up(link, 1);
    watch_deadline(link);
}

static void on_login(void *baton, const redisReply *reply)
{
    dlw_link_t *link = baton;

    if (!reply || !link->logins)
        return;
    if (reply->type == REDIS_REPLY_ERROR) {
        link->logins = 0;
        remember_why(link, reply->str);
        if (link->ac)
            redisAsyncFree(link->ac);
        return;
    }
    if (--link->logins == 0)
        link_ready(link);
}

static void login(dlw_link_t *link, int argc, const char **argv)
{
    char *wire;
    int len = redisFormatCommandArgv(&wire, argc, argv, NULL);

    if (len < 0)
        abort();
    if (link->ac && send_wire(link, wire, (size_t)len, on_login, link) == 0)
        link->logins++;
    redisFreeCommand(wire);
}

/** A peer that vanished without a word is noticed within 20 seconds. */
static void keep_alive(int fd)
{
    int on = 1, idle_s = 10, step_s = 5, count = 2;

    if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) == 0
        && setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s,
                      sizeof(idle_s)) == 0
        && setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &step_s,
                      sizeof(step_s)) == 0)
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}

static void on_connected(const redisAsyncContext *ac, int status)
{
    dlw_link_t *link = ac->data;
    const dl_redis_addr_t *addr = link->conf.addr;
    char db[16];

    if (status != REDIS_OK) {
        remember_why(link, ac->errstr);
        return;                 /* ev.cleanup follows */
    }
    if (addr->host)
        keep_alive(ac->c.fd);
    if (addr->password && addr->user)
        login(link, 3, (const char *[]){"AUTH", addr->user, addr->password});
    else if (addr->password)
        login(link, 2, (const char *[]){"AUTH", addr->password});
    if (addr->db) {
        apr_snprintf(db, sizeof(db), "%d", addr->db);
        login(link, 2, (const char *[]){"SELECT", db});
    }
    login(link, 1, (const char *[]){"PING"});
}

static void link_connect(dlw_link_t *link)
{
    const dl_redis_addr_t *addr = link->conf.addr;
    redisAsyncContext *ac =
        addr->host ? redisAsyncConnect(addr->host, addr->port)
                   : redisAsyncConnectUnix(addr->socket);

    if (!ac)
        abort();
    if (ac->err) {
        link->ac = ac;
        ev_cleanup(link);       /* as for a later failure */
        redisAsyncFree(ac);
        return;
    }
    dl_reply_use(ac->c.reader);
    link->ac = ac;
    link->closing = 0;
    ac->data = link;
    link->io.fd = ac->c.fd;
    ac->ev.data = link;
    ac->ev.addRead = ev_add_read;
    ac->ev.delRead = ev_del_read;
    ac->ev.addWrite = ev_add_write;
    ac->ev.delWrite = ev_del_write;
    ac->ev.cleanup = ev_cleanup;
    redisAsyncSetConnectCallback(ac, on_connected); /* asks to write */
    dl_timer_set(link->loop, &link->deadline,
                 link->conf.deadline_ms ? link->conf.deadline_ms : 5000);
}

static void on_retry(dl_timer_t *timer)
{
    link_connect(timer->baton);
}

void dlw_link_open(dlw_link_t *link)
{
    link->closing = 0;
    if (!link->ac && !link->retry.slot)
        dl_timer_set(link->loop, &link->retry, 0);
}

void dlw_link_close(dlw_link_t *link, int again)
{
    link->closing = 1;
    dl_timer_cancel(link->loop, &link->retry);
    set_up(link, 0);
    if (link->ac)
        redisAsyncFree(link->ac);
    if (again)
        dlw_link_open(link);
}

int dlw_link_up(const dlw_link_t *link)
{
    return link->up;
}

static apr_status_t link_cleanup(void *data)
{
    dlw_link_t *link = data;
    call_t *call;

    link->conf.on_state = NULL;
    dlw_link_close(link, 0);
    while ((call = link->spare)) {
        link->spare = call->next;
        free(call);
    }
    return APR_SUCCESS;
}

dlw_link_t *dlw_link_create(dl_loop_t *loop, const dlw_link_conf_t *conf,
                            apr_pool_t *p)
{
    dlw_link_t *link = apr_pcalloc(p, sizeof(*link));

    link->conf = *conf;
    link->loop = loop;
    link->end = &link->first;
    link->backoff_ms = BACKOFF_MIN_MS;
    link->lost_ms = dl_loop_now_ms(loop);
    link->io = (dl_io_t){.fd = -1, .fn = on_io, .baton = link};
    link->flush = (dl_defer_t){.fn = on_flush, .baton = link};
    link->retry = (dl_timer_t){.fn = on_retry, .baton = link};
    link->deadline = (dl_timer_t){.fn = on_deadline, .baton = link};
    apr_pool_cleanup_register(p, link, link_cleanup, apr_pool_cleanup_null);
    dl_timer_set(loop, &link->retry, 0);
    return link;
}
