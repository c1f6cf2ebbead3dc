/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl's multi interface driven by the loop; see dlw_curl.h.
 *
 * libcurl must not be entered while one of its callbacks runs. What an owner
 * asks for from within a callback (start, close) is therefore put on a list
 * and done by a deferred call.
 */
#include "dlw_curl.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "dl_log.h"

#define CONNECT_TIMEOUT_MS 10000L
#define IDLE_TIMEOUT_S 60L
#define KEEP_CONNECTIONS 256L
#define KEEP_HANDLES 64
#define MAX_VALUE 4096          /* of a header that is copied out */

typedef enum {
    XFER_OPEN,
    XFER_STARTING,              /* on the list: add it */
    XFER_RUNNING,
    XFER_ENDED,
    XFER_CLOSING                /* on the list: remove it */
} xfer_state_e;

struct dlw_xfer_t {
    dlw_curl_t *curl;
    CURL *easy;
    struct curl_slist *headers;
    dlw_xfer_on_t on;
    void *baton;
    xfer_state_e state;
    int in_multi;
    apr_size_t header_bytes;
    dlw_xfer_t *next_todo;
    dlw_xfer_t *next, **prev;   /* all of them */
    char error[CURL_ERROR_SIZE];
};

struct dlw_curl_t {
    dl_loop_t *loop;
    CURLM *multi;
    dl_timer_t timer;
    dl_defer_t defer;
    int inside;                 /* libcurl is running */
    dlw_xfer_t *all;
    dlw_xfer_t *todo;
    CURL *idle[KEEP_HANDLES];
    int nidle;
};

typedef struct socket_t {
    dl_io_t io;
    dlw_curl_t *curl;
} socket_t;

static void finish_ended(dlw_curl_t *c)
{
    CURLMsg *msg;
    int left;

    while ((msg = curl_multi_info_read(c->multi, &left))) {
        CURLcode code = msg->data.result;
        dlw_xfer_t *x = NULL;

        curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&x);
        if (!x || x->state != XFER_RUNNING) {
            continue;
        }
        curl_multi_remove_handle(c->multi, x->easy);
        x->in_multi = 0;
        x->state = XFER_ENDED;
        x->on.done(x->baton, code);
    }
}

static void act(dlw_curl_t *c, curl_socket_t fd, int events)
{
    int running;

    c->inside++;
    curl_multi_socket_action(c->multi, fd, events, &running);
    c->inside--;
    finish_ended(c);
}

static void on_timer(dl_timer_t *timer)
{
    act(timer->baton, CURL_SOCKET_TIMEOUT, 0);
}

static void on_socket(dl_io_t *io, int events)
{
    socket_t *s = io->baton;
    int e = 0;

    if (events & DL_IO_READ) {
        e |= CURL_CSELECT_IN;
    }
    if (events & DL_IO_WRITE) {
        e |= CURL_CSELECT_OUT;
    }
    if (events & DL_IO_HANGUP) {
        e |= CURL_CSELECT_ERR;
    }
    act(s->curl, io->fd, e);
}

/* CURLMOPT_TIMERFUNCTION */
static int set_timer(CURLM *multi, long ms, void *baton)
{
    dlw_curl_t *c = baton;

    (void)multi;
    if (ms < 0) {
        dl_timer_cancel(c->loop, &c->timer);
    }
    else {
        dl_timer_set(c->loop, &c->timer, ms);
    }
    return 0;
}

/* CURLMOPT_SOCKETFUNCTION */
static int set_socket(CURL *easy, curl_socket_t fd, int what, void *baton,
                      void *data)
{
    dlw_curl_t *c = baton;
    socket_t *s = data;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s) {
            dl_io_set(c->loop, &s->io, 0);
            curl_multi_assign(c->multi, fd, NULL);
            free(s);
        }
        return 0;
    }
    if (!s) {
        s = calloc(1, sizeof(*s));
        if (!s) {
            return -1;
        }
        s->curl = c;
        s->io.fd = fd;
        s->io.fn = on_socket;
        s->io.baton = s;
        curl_multi_assign(c->multi, fd, s);
    }
    return dl_io_set(c->loop, &s->io,
                      (what & CURL_POLL_IN ? DL_IO_READ : 0)
                      | (what & CURL_POLL_OUT ? DL_IO_WRITE : 0))
           == APR_SUCCESS ? 0 : -1;
}

/* CURLOPT_WRITEFUNCTION */
static size_t on_body(char *data, size_t size, size_t n, void *baton)
{
    dlw_xfer_t *x = baton;

    if (x->state != XFER_RUNNING
        || (x->on.body && x->on.body(x->baton, data, size * n) != 0)) {
        return size * n + 1;    /* anything else than all: an error */
    }
    return size * n;
}

/* CURLOPT_HEADERFUNCTION: libcurl bounds a header, not their number */
static size_t on_header(char *data, size_t size, size_t n, void *baton)
{
    dlw_xfer_t *x = baton;

    (void)data;
    x->header_bytes += size * n;
    if (x->state != XFER_RUNNING || x->header_bytes > DLW_XFER_MAX_HEADERS) {
        return 0;
    }
    return size * n;
}

/* CURLOPT_READFUNCTION */
static size_t on_read(char *buf, size_t size, size_t n, void *baton)
{
    dlw_xfer_t *x = baton;
    long got = -1;

    if (x->state == XFER_RUNNING && x->on.read) {
        got = x->on.read(x->baton, buf, size * n);
    }
    return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

/* CURLOPT_SEEKFUNCTION */
static int on_seek(void *baton, curl_off_t offset, int origin)
{
    dlw_xfer_t *x = baton;

    if (x->state != XFER_RUNNING || origin != SEEK_SET || !x->on.seek) {
        return CURL_SEEKFUNC_FAIL;
    }
    return x->on.seek(x->baton, offset) == 0 ? CURL_SEEKFUNC_OK
                                             : CURL_SEEKFUNC_FAIL;
}

/* CURLOPT_OPENSOCKETFUNCTION */
static curl_socket_t on_open_socket(void *baton, curlsocktype purpose,
                                    struct curl_sockaddr *addr)
{
    dlw_xfer_t *x = baton;

    if (x->state != XFER_RUNNING || purpose != CURLSOCKTYPE_IPCXN
        || x->on.address(x->baton, &addr->addr) != 0) {
        return CURL_SOCKET_BAD;
    }
    return socket(addr->family, addr->socktype | SOCK_CLOEXEC,
                  addr->protocol);
}

static void set_defaults(dlw_xfer_t *x)
{
    CURL *e = x->easy;

    curl_easy_setopt(e, CURLOPT_PRIVATE, x);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, x->error);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, IDLE_TIMEOUT_S);
    curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(e, CURLOPT_READDATA, x);
    curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, on_seek);
    curl_easy_setopt(e, CURLOPT_SEEKDATA, x);
    if (x->on.address) {
        curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
        curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, x);
    }
#if LIBCURL_VERSION_NUM >= 0x075700
    /* a resolver that hangs does not hang the loop when a transfer ends */
    curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
#endif
}

dlw_xfer_t *dlw_xfer_open(dlw_curl_t *c, const dlw_xfer_on_t *on, void *baton)
{
    dlw_xfer_t *x = calloc(1, sizeof(*x));

    if (!x) {
        return NULL;
    }
    x->easy = c->nidle > 0 ? c->idle[--c->nidle] : curl_easy_init();
    if (!x->easy) {
        free(x);
        return NULL;
    }
    x->curl = c;
    x->on = *on;
    x->baton = baton;
    x->next = c->all;
    x->prev = &c->all;
    if (c->all) {
        c->all->prev = &x->next;
    }
    c->all = x;
    set_defaults(x);
    return x;
}

CURL *dlw_xfer_easy(dlw_xfer_t *x)
{
    return x->easy;
}

void dlw_xfer_header(dlw_xfer_t *x, const char *line)
{
    struct curl_slist *longer = curl_slist_append(x->headers, line);

    if (longer) {
        x->headers = longer;
    }
}

static void destroy(dlw_xfer_t *x)
{
    dlw_curl_t *c = x->curl;

    if (x->in_multi) {
        curl_multi_remove_handle(c->multi, x->easy);
    }
    *x->prev = x->next;
    if (x->next) {
        x->next->prev = x->prev;
    }
    curl_easy_reset(x->easy);
    if (c->nidle < KEEP_HANDLES) {
        c->idle[c->nidle++] = x->easy;
    }
    else {
        curl_easy_cleanup(x->easy);
    }
    curl_slist_free_all(x->headers);
    free(x);
}

/* What was asked for from within callbacks, and every start. */
static void on_defer(dl_defer_t *defer)
{
    dlw_curl_t *c = defer->baton;
    dlw_xfer_t *x, *todo = c->todo;

    c->todo = NULL;
    while ((x = todo)) {
        todo = x->next_todo;
        x->next_todo = NULL;
        if (x->state == XFER_CLOSING) {
            destroy(x);
            continue;
        }
        x->state = XFER_RUNNING;
        x->in_multi = 1;
        if (curl_multi_add_handle(c->multi, x->easy) != CURLM_OK) {
            x->in_multi = 0;
            x->state = XFER_ENDED;
            x->on.done(x->baton, CURLE_FAILED_INIT);
        }
    }
}

static void put_off(dlw_xfer_t *x)
{
    dlw_curl_t *c = x->curl;

    x->next_todo = c->todo;
    c->todo = x;
    dl_defer(c->loop, &c->defer);
}

void dlw_xfer_start(dlw_xfer_t *x)
{
    curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
    x->state = XFER_STARTING;
    put_off(x);
}

void dlw_xfer_close(dlw_xfer_t *x)
{
    if (!x || x->state == XFER_CLOSING) {
        return;
    }
    if (x->state == XFER_STARTING) {
        x->state = XFER_CLOSING;    /* it is on the list already */
        return;
    }
    x->state = XFER_CLOSING;
    put_off(x);
}

long dlw_xfer_status(const dlw_xfer_t *x)
{
    long status = 0;

    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

const char *dlw_xfer_response(dlw_xfer_t *x, const char *name, apr_pool_t *p)
{
    struct curl_header *h;

    if (curl_easy_header(x->easy, name, 0, CURLH_HEADER, -1, &h)
        != CURLHE_OK) {
        return NULL;
    }
    return apr_pstrndup(p, h->value, MAX_VALUE);
}

const char *dlw_xfer_error(const dlw_xfer_t *x)
{
    return x->error;
}

static apr_status_t cleanup(void *data)
{
    dlw_curl_t *c = data;

    dl_defer_cancel(c->loop, &c->defer);
    while (c->all) {
        destroy(c->all);
    }
    while (c->nidle > 0) {
        curl_easy_cleanup(c->idle[--c->nidle]);
    }
    curl_multi_cleanup(c->multi);
    dl_timer_cancel(c->loop, &c->timer);
    return APR_SUCCESS;
}

apr_status_t dlw_curl_create(dl_loop_t *loop, apr_pool_t *p,
                             dlw_curl_t **curl)
{
    dlw_curl_t *c = apr_pcalloc(p, sizeof(*c));

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK
        || !(c->multi = curl_multi_init())) {
        return APR_ENOMEM;
    }
    c->loop = loop;
    c->timer.fn = on_timer;
    c->timer.baton = c;
    c->defer.fn = on_defer;
    c->defer.baton = c;
    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, KEEP_CONNECTIONS);
    apr_pool_cleanup_register(p, c, cleanup, apr_pool_cleanup_null);
    *curl = c;
    return APR_SUCCESS;
}
