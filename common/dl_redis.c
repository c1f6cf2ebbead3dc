/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a link, and what Redis' error codes mean. See dl_redis.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "dl_redis.h"

/* Codes that begin an error's text. "ERR" alone says nothing. */
static const struct {
    const char *code;
    dl_redis_error_e kind;
} codes[] = {
    { "LOADING ", DL_REDIS_NOT_NOW },
    { "READONLY ", DL_REDIS_NOT_NOW },
    { "MISCONF ", DL_REDIS_NOT_NOW },
    { "BUSY ", DL_REDIS_NOT_NOW },
    { "MASTERDOWN ", DL_REDIS_NOT_NOW },
    { "NOREPLICAS ", DL_REDIS_NOT_NOW },
    { "CLUSTERDOWN ", DL_REDIS_NOT_NOW },
    { "TRYAGAIN ", DL_REDIS_NOT_NOW },
    { "UNBLOCKED ", DL_REDIS_NOT_NOW },
    { "ERR max number of clients", DL_REDIS_NOT_NOW },
    { "OOM ", DL_REDIS_FULL },
    { "NOSCRIPT ", DL_REDIS_NOSCRIPT },
    { "NOAUTH ", DL_REDIS_CONFIG },
    { "WRONGPASS ", DL_REDIS_CONFIG },
    { "NOPERM ", DL_REDIS_CONFIG },
    { "DENIED ", DL_REDIS_CONFIG },
    { "ERR invalid password", DL_REDIS_CONFIG },
    { "ERR AUTH ", DL_REDIS_CONFIG },
    { "ERR Client sent AUTH", DL_REDIS_CONFIG },
    { "ERR DB index", DL_REDIS_CONFIG },
    { "ERR invalid DB index", DL_REDIS_CONFIG },
};

dl_redis_error_e dl_redis_error_text(const char *text)
{
    size_t i;

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (strncmp(text, codes[i].code, strlen(codes[i].code)) == 0) {
            return codes[i].kind;
        }
    }
    /* Redis 6: "ERR Error running script (…): @user_script:1: -OOM …" */
    if (strncmp(text, "ERR Error running script", 24) == 0) {
        const char *inner = strstr(text, ": -");

        return inner ? dl_redis_error_text(inner + 3) : DL_REDIS_ERROR;
    }
    return DL_REDIS_ERROR;
}

dl_redis_error_e dl_redis_error(const redisReply *reply)
{
    if (reply == NULL) {
        return DL_REDIS_ERROR;
    }
    return reply->type == REDIS_REPLY_ERROR ? dl_redis_error_text(reply->str)
                                            : DL_REDIS_OK;
}

/* Records why an open failed and closes the link. */
static apr_status_t failed(dl_redis_link_t *link, apr_status_t rv,
                           dl_redis_error_e kind, const char *what,
                           const char *detail)
{
    dl_redis_link_close(link);
    link->kind = kind;
    snprintf(link->message, sizeof(link->message), "%s: %s", what, detail);
    return rv;
}

/* connect(2) by a deadline; the socket stays non-blocking. */
static apr_status_t connect_to(dl_redis_link_t *link,
                               const struct sockaddr *sa, socklen_t len,
                               apr_int64_t deadline_us)
{
    int err = 0;
    socklen_t err_len = sizeof(err);
    apr_status_t rv;

    link->fd = socket(sa->sa_family,
                      SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (link->fd < 0) {
        return failed(link, APR_ECONNREFUSED, DL_REDIS_NOT_NOW, "socket",
                      strerror(errno));
    }
    if (connect(link->fd, sa, len) == 0) {
        return APR_SUCCESS;
    }
    if (errno != EINPROGRESS && errno != EINTR) {
        return failed(link, APR_ECONNREFUSED, DL_REDIS_NOT_NOW, "connect",
                      strerror(errno));
    }
    rv = dl_redis_link_wait(link, POLLOUT, deadline_us);
    if (rv != APR_SUCCESS) {
        return failed(link, rv, DL_REDIS_NOT_NOW, "connect",
                      "no answer until the deadline");
    }
    if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &err, &err_len) != 0) {
        err = errno;
    }
    if (err) {
        return failed(link, APR_ECONNREFUSED, DL_REDIS_NOT_NOW, "connect",
                      strerror(err));
    }
    return APR_SUCCESS;
}

static apr_status_t connect_unix(dl_redis_link_t *link, const char *path,
                                 apr_int64_t deadline_us)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof(sa.sun_path)) {
        return failed(link, APR_ECONNREFUSED, DL_REDIS_CONFIG, "connect",
                      "the path of the socket is too long");
    }
    strcpy(sa.sun_path, path);
    return connect_to(link, (struct sockaddr *)&sa, sizeof(sa), deadline_us);
}

/* Tries a host's addresses in order; each may take its share of the time. */
static apr_status_t connect_tcp(dl_redis_link_t *link, const char *host,
                                int port, apr_int64_t deadline_us)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_NUMERICSERV };
    struct addrinfo *list, *ai;
    apr_status_t rv = APR_ECONNREFUSED;
    char service[8];
    int err, count = 0, on = 1;

    snprintf(service, sizeof(service), "%d", port);
    err = getaddrinfo(host, service, &hints, &list);
    if (err != 0) {
        return failed(link, APR_ECONNREFUSED, DL_REDIS_NOT_NOW,
                      "looking up the host", gai_strerror(err));
    }
    for (ai = list; ai; ai = ai->ai_next) {
        count++;
    }
    for (ai = list; ai; ai = ai->ai_next, count--) {
        apr_int64_t now_us = dl_clock_us();
        apr_int64_t share_us = now_us + (deadline_us - now_us) / count;

        rv = connect_to(link, ai->ai_addr, ai->ai_addrlen, share_us);
        if (rv == APR_SUCCESS) {
            setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
            setsockopt(link->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
            break;
        }
    }
    freeaddrinfo(list);
    return rv;
}

/* From here on reads sleep in the kernel, see dl_redis_link.c. */
static void set_blocking(dl_redis_link_t *link)
{
    struct timeval wait = { .tv_sec = link->wait_us / 1000000,
                            .tv_usec = link->wait_us % 1000000 };

    fcntl(link->fd, F_SETFL, fcntl(link->fd, F_GETFL) & ~O_NONBLOCK);
    setsockopt(link->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
}

/* Appends a command of up to three words. */
static apr_status_t put_words(dl_redis_link_t *link, const char *a,
                              const char *b, const char *c)
{
    const char *argv[3] = { a, b, c };
    size_t lens[3];
    dl_redis_cmd_t cmd = { 0, argv, lens };

    for (; cmd.argc < 3 && argv[cmd.argc]; cmd.argc++) {
        lens[cmd.argc] = strlen(argv[cmd.argc]);
    }
    return dl_redis_link_put(link, &cmd);
}

/*
 * Judges the reply to a command of the greeting. The server's own text may
 * repeat what we sent, so only its first word gets into the message.
 */
static apr_status_t check_greeting(dl_redis_link_t *link, const char *step,
                                   const redisReply *reply)
{
    dl_redis_error_e kind = dl_redis_error(reply);
    const char *text = dl_reply_error(reply);
    char detail[96];

    if (kind == DL_REDIS_OK
        || (strcmp(step, "PING") == 0 && strncmp(text, "NOPERM", 6) == 0)) {
        return APR_SUCCESS;
    }
    if (kind == DL_REDIS_CONFIG || kind == DL_REDIS_ERROR) {
        snprintf(detail, sizeof(detail), "refused (%.*s); check user, "
                 "password and database of DLJobRedis",
                 (int)strcspn(text, " "), text);
        return failed(link, APR_ECONNREFUSED, DL_REDIS_CONFIG, step, detail);
    }
    snprintf(detail, sizeof(detail), "not now (%.*s)",
             (int)strcspn(text, " "), text);
    return failed(link, APR_ECONNREFUSED, DL_REDIS_NOT_NOW, step, detail);
}

/* AUTH, SELECT and PING in one pipeline. */
static apr_status_t greet(dl_redis_link_t *link, const dl_redis_addr_t *addr,
                          apr_int64_t deadline_us)
{
    const char *steps[3];
    char message[sizeof(link->message)];
    apr_status_t rv = APR_SUCCESS;
    apr_size_t sent;
    char db[16];
    int n = 0, i;

    if (addr->user || addr->password) {
        const char *pw = addr->password ? addr->password : "";

        steps[n++] = "AUTH";
        rv = addr->user ? put_words(link, "AUTH", addr->user, pw)
                        : put_words(link, "AUTH", pw, NULL);
    }
    if (rv == APR_SUCCESS && addr->db != 0) {
        steps[n++] = "SELECT";
        snprintf(db, sizeof(db), "%d", addr->db);
        rv = put_words(link, "SELECT", db, NULL);
    }
    steps[n++] = "PING";
    if (rv == APR_SUCCESS) {
        rv = put_words(link, "PING", NULL, NULL);
    }
    if (rv == APR_SUCCESS) {
        rv = dl_redis_link_send(link, deadline_us, &sent);
    }
    for (i = 0; i < n && rv == APR_SUCCESS; i++) {
        redisReply *reply;

        rv = dl_redis_link_recv(link, deadline_us, &reply);
        if (rv == APR_SUCCESS) {
            rv = check_greeting(link, steps[i], reply);
            dl_reply_free(reply);
            if (rv != APR_SUCCESS) {
                return rv;
            }
        }
    }
    if (rv == APR_SUCCESS) {
        rv = dl_redis_link_rest(link);
    }
    if (rv == APR_SUCCESS) {
        return rv;
    }
    memcpy(message, link->message, sizeof(message));
    return failed(link, APR_STATUS_IS_TIMEUP(rv) ? rv : APR_ECONNREFUSED,
                  DL_REDIS_NOT_NOW, "greeting", message);
}

apr_status_t dl_redis_link_open(dl_redis_link_t *link,
                                const dl_redis_addr_t *addr,
                                apr_int64_t deadline_us)
{
    apr_status_t rv;

    dl_redis_link_close(link);
    link->kind = DL_REDIS_OK;
    link->message[0] = '\0';
    if (addr->tls) {
        return failed(link, APR_ECONNREFUSED, DL_REDIS_CONFIG, "connect",
                      "no TLS here; use unix: or stunnel");
    }
    rv = addr->socket ? connect_unix(link, addr->socket, deadline_us)
                      : connect_tcp(link, addr->host, addr->port,
                                    deadline_us);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    set_blocking(link);
    rv = greet(link, addr, deadline_us);
    link->opened_us = link->used_us = dl_clock_us();
    return rv;
}
