/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes out, replies in: the part of dl_redis.h that runs for every call.
 *
 * The usual call is one send(2), one recv(2) that sleeps in the kernel until
 * the reply is there (the socket blocks, with SO_RCVTIMEO as its bound), and
 * one allocation for the reply. poll(2) comes in only when less time is left
 * than the socket's own bound.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dl_redis.h"

#define BUF_FIRST   (16 * 1024)
#define BUF_KEEP    (64 * 1024)     /* an idle link keeps no more */

void dl_redis_link_init(dl_redis_link_t *link, apr_int64_t wait_us)
{
    memset(link, 0, sizeof(*link));
    link->fd = -1;
    link->wait_us = wait_us;
}

void dl_redis_link_close(dl_redis_link_t *link)
{
    if (link->fd >= 0) {
        close(link->fd);
        link->fd = -1;
    }
    link->out.len = link->in.len = link->parsed = 0;
}

void dl_redis_link_destroy(dl_redis_link_t *link)
{
    dl_redis_link_close(link);
    free(link->out.data);
    free(link->in.data);
    memset(&link->out, 0, sizeof(link->out));
    memset(&link->in, 0, sizeof(link->in));
}

int dl_redis_link_stale(const dl_redis_link_t *link)
{
    char byte;

    return recv(link->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0
           || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

/* Makes room for more bytes behind len. */
static int reserve(dl_redis_buf_t *buf, apr_size_t more)
{
    apr_size_t size = buf->size ? buf->size : BUF_FIRST;
    char *data;

    if (buf->size - buf->len >= more) {
        return 1;
    }
    while (size - buf->len < more) {
        size *= 2;
    }
    data = realloc(buf->data, size);
    if (data == NULL) {
        return 0;
    }
    buf->data = data;
    buf->size = size;
    return 1;
}

/* Writes mark, n and CRLF; returns the place behind. */
static char *put_number(char *to, char mark, apr_size_t n)
{
    char digits[24];
    int i = sizeof(digits);

    digits[--i] = '\n';
    digits[--i] = '\r';
    do {
        digits[--i] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    digits[--i] = mark;
    memcpy(to, digits + i, sizeof(digits) - i);
    return to + (sizeof(digits) - i);
}

apr_status_t dl_redis_link_put(dl_redis_link_t *link,
                               const dl_redis_cmd_t *cmd)
{
    apr_size_t size = 32;
    char *to;
    int i;

    for (i = 0; i < cmd->argc; i++) {
        size += cmd->lens[i] + 32;
    }
    if (!reserve(&link->out, size)) {
        return APR_ENOMEM;
    }
    to = put_number(link->out.data + link->out.len, '*',
                    (apr_size_t)cmd->argc);
    for (i = 0; i < cmd->argc; i++) {
        to = put_number(to, '$', cmd->lens[i]);
        memcpy(to, cmd->argv[i], cmd->lens[i]);
        to += cmd->lens[i];
        *to++ = '\r';
        *to++ = '\n';
    }
    link->out.len = (apr_size_t)(to - link->out.data);
    return APR_SUCCESS;
}

apr_status_t dl_redis_link_wait(const dl_redis_link_t *link, short events,
                                apr_int64_t deadline_us)
{
    struct pollfd pfd = { link->fd, events, 0 };

    for (;;) {
        apr_int64_t left_us = deadline_us - dl_clock_us();
        apr_int64_t left_ms = (left_us + 999) / 1000;
        int n;

        if (left_us <= 0) {
            return APR_TIMEUP;
        }
        n = poll(&pfd, 1, left_ms < INT_MAX ? (int)left_ms : INT_MAX);
        if (n > 0) {
            return APR_SUCCESS;
        }
        if (n < 0 && errno != EINTR) {
            return APR_ECONNRESET;
        }
    }
}

/* Remembers why a link failed, for the log. */
static apr_status_t lost(dl_redis_link_t *link, apr_status_t rv,
                         const char *what, int err)
{
    snprintf(link->message, sizeof(link->message), "%s%s%s", what,
             err ? ": " : "", err ? strerror(err) : "");
    return rv;
}

apr_status_t dl_redis_link_send(dl_redis_link_t *link,
                                apr_int64_t deadline_us, apr_size_t *sent)
{
    apr_status_t rv;

    *sent = 0;
    while (*sent < link->out.len) {
        ssize_t n = send(link->fd, link->out.data + *sent,
                         link->out.len - *sent, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n >= 0) {
            *sent += (apr_size_t)n;
        }
        else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            rv = dl_redis_link_wait(link, POLLOUT, deadline_us);
            if (rv != APR_SUCCESS) {
                return lost(link, rv, "no room to send until the deadline",
                            0);
            }
        }
        else if (errno != EINTR) {
            return lost(link, APR_ECONNRESET, "send", errno);
        }
    }
    link->out.len = 0;
    return APR_SUCCESS;
}

/* Receives what is there, sleeping until the deadline if nothing is. */
static apr_status_t fill(dl_redis_link_t *link, apr_int64_t deadline_us)
{
    for (;;) {
        apr_int64_t left_us = deadline_us - dl_clock_us();
        ssize_t n;

        /* The socket's own bound may overrun the deadline by a tenth. */
        if (left_us < link->wait_us - link->wait_us / 10) {
            apr_status_t rv = dl_redis_link_wait(link, POLLIN, deadline_us);

            if (rv != APR_SUCCESS) {
                return lost(link, rv, "no reply until the deadline", 0);
            }
        }
        n = recv(link->fd, link->in.data + link->in.len,
                 link->in.size - link->in.len, 0);
        if (n > 0) {
            link->in.len += (apr_size_t)n;
            return APR_SUCCESS;
        }
        if (n == 0) {
            return lost(link, APR_ECONNRESET, "closed by the server", 0);
        }
        if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
            return lost(link, APR_ECONNRESET, "recv", errno);
        }
    }
}

apr_status_t dl_redis_link_recv(dl_redis_link_t *link,
                                apr_int64_t deadline_us, redisReply **reply)
{
    dl_reply_scan_t scan = { 0 };
    apr_status_t rv;

    for (;;) {
        const char *start = link->in.data + link->parsed;
        apr_size_t have = link->in.len - link->parsed;
        dl_reply_scan_e found = have ? dl_reply_scan(&scan, start, have)
                                     : DL_REPLY_MORE;

        if (found == DL_REPLY_WHOLE) {
            break;
        }
        if (found == DL_REPLY_BAD) {
            return lost(link, APR_ECONNRESET, "what answers is not Redis, or "
                        "a reply is beyond its bound", 0);
        }
        if (link->parsed > 0
            && (have == 0 || link->in.len == link->in.size)) {
            memmove(link->in.data, start, have);
            link->in.len = have;
            link->parsed = 0;
        }
        /* Memory follows the bytes that came, not those announced. */
        if (link->in.len == link->in.size
            && !reserve(&link->in, BUF_FIRST)) {
            return lost(link, APR_ENOMEM, "no memory for a reply", 0);
        }
        rv = fill(link, deadline_us);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    *reply = dl_reply_build(&scan, link->in.data + link->parsed);
    if (*reply == NULL) {
        return lost(link, APR_ENOMEM, "no memory for a reply, or it nests "
                    "too deep", 0);
    }
    link->parsed += scan.pos;
    return APR_SUCCESS;
}

static void shrink(dl_redis_buf_t *buf)
{
    if (buf->size > BUF_KEEP) {
        free(buf->data);
        memset(buf, 0, sizeof(*buf));
    }
}

apr_status_t dl_redis_link_rest(dl_redis_link_t *link)
{
    if (link->parsed != link->in.len) {
        return lost(link, APR_ECONNRESET, "a reply that nobody asked for", 0);
    }
    link->in.len = link->parsed = 0;
    shrink(&link->in);
    shrink(&link->out);
    return APR_SUCCESS;
}

apr_status_t dl_redis_link_call(dl_redis_link_t *link,
                                const dl_redis_cmd_t *cmd,
                                apr_int64_t deadline_us, redisReply **reply)
{
    apr_size_t sent;
    apr_status_t rv = dl_redis_link_put(link, cmd);

    if (rv == APR_SUCCESS) {
        rv = dl_redis_link_send(link, deadline_us, &sent);
    }
    if (rv == APR_SUCCESS) {
        rv = dl_redis_link_recv(link, deadline_us, reply);
    }
    if (rv == APR_SUCCESS) {
        rv = dl_redis_link_rest(link);
        if (rv != APR_SUCCESS) {
            dl_reply_free(*reply);
            *reply = NULL;
        }
    }
    return rv;
}
