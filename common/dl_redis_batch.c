/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pipeline of several threads' commands on one link.
 *
 * A link that was idle is looked at before it is used, so that a restart of
 * Redis in a quiet minute costs nobody an error. What was sent is never sent
 * again here: it may have run.
 */
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dl_redis_batch.h"

/* A link idle for longer is looked at first: one system call. */
#define IDLE_US         2000

/* A link to a read-only server is reopened, at most this often: the name may
 * lead to the new master. */
#define READONLY_US     1000000

void dl_redis_request_wake(dl_redis_request_t *request, uint32_t state)
{
    uint32_t *word = &request->state;

    if (__atomic_exchange_n(word, state, __ATOMIC_ACQ_REL)
        == DL_REQUEST_ASLEEP) {
        /* The request may be gone by now; waking nobody does no harm. */
        syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
}

/* Sets the outcome of a request; its thread goes on unless it is ours. */
static void finish(dl_redis_request_t *request, dl_redis_request_t *mine,
                   apr_status_t rv)
{
    request->rv = rv;
    if (request != mine) {
        dl_redis_request_wake(request, DL_REQUEST_DONE);
    }
}

/* Opens the line's link unless it is good. */
static apr_status_t make_good(dl_redis_pool_t *pool, dl_redis_line_t *line,
                              apr_int64_t deadline_us)
{
    dl_redis_link_t *link = &line->link;
    apr_int64_t now_us = dl_clock_us();
    apr_int64_t connect_us;
    apr_status_t rv;

    if (link->fd >= 0
        && line->epoch == __atomic_load_n(&pool->epoch, __ATOMIC_RELAXED)
        && (now_us - link->used_us < IDLE_US
            || !dl_redis_link_stale(link))) {
        return APR_SUCCESS;
    }
    dl_redis_link_close(link);
    rv = dl_redis_pool_may_open(pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    connect_us = now_us + (apr_int64_t)pool->conf.connect_timeout_ms * 1000;
    rv = dl_redis_link_open(link, pool->addr,
                            connect_us < deadline_us ? connect_us
                                                     : deadline_us);
    dl_redis_pool_opened(pool, line, rv);
    /* Nothing was sent, whatever the reason. */
    return rv == APR_SUCCESS ? rv : APR_ECONNREFUSED;
}

/* Formats and sends everybody's commands. */
static apr_status_t send_all(dl_redis_line_t *line,
                             const dl_redis_request_t *request,
                             apr_int64_t deadline_us, apr_size_t *sent)
{
    *sent = 0;
    line->link.out.len = 0;
    for (; request; request = request->next) {
        int i;

        for (i = 0; i < request->n; i++) {
            apr_status_t rv = dl_redis_link_put(&line->link,
                                                &request->cmds[i]);

            if (rv != APR_SUCCESS) {
                return rv;
            }
        }
    }
    return dl_redis_link_send(&line->link, deadline_us, sent);
}

/*
 * The deadline of a batch: its first request's, which is the earliest. When
 * that is (nearly) over because the queue was long, an eighth more is given:
 * a busy Redis must not look like a lost one.
 */
static apr_int64_t batch_deadline(const dl_redis_pool_t *pool,
                                  const dl_redis_request_t *first)
{
    apr_int64_t least_us = dl_clock_us()
                           + (apr_int64_t)pool->conf.reply_timeout_ms * 125;

    return first->deadline_us > least_us ? first->deadline_us : least_us;
}

/* Makes the link good and sends, once more if it was dead beforehand. */
static apr_status_t start(dl_redis_pool_t *pool, dl_redis_line_t *line,
                          dl_redis_request_t *first,
                          apr_int64_t deadline_us)
{
    apr_size_t sent;
    apr_status_t rv;
    int again;

    for (again = 0;; again = 1) {
        rv = make_good(pool, line, deadline_us);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        rv = send_all(line, first, deadline_us, &sent);
        if (rv == APR_SUCCESS) {
            return rv;
        }
        dl_redis_pool_lost(pool, line, rv);
        if (sent > 0 || again || rv != APR_ECONNRESET) {
            return rv;
        }
    }
}

/* Receives the replies of one request; frees them all if one is missing. */
static apr_status_t receive(dl_redis_line_t *line,
                            dl_redis_request_t *request,
                            apr_int64_t deadline_us, int *readonly)
{
    int i;

    for (i = 0; i < request->n; i++) {
        apr_status_t rv = dl_redis_link_recv(&line->link, deadline_us,
                                             &request->replies[i]);

        if (rv != APR_SUCCESS) {
            while (i > 0) {
                dl_reply_free(request->replies[--i]);
            }
            return rv;
        }
        if (request->replies[i]->type == REDIS_REPLY_ERROR
            && request->replies[i]->str[0] == 'R'
            && dl_redis_error(request->replies[i]) == DL_REDIS_NOT_NOW) {
            *readonly = 1;
        }
    }
    return APR_SUCCESS;
}

void dl_redis_batch_run(dl_redis_pool_t *pool, dl_redis_line_t *line,
                        dl_redis_request_t *first)
{
    dl_redis_request_t *request = first, *next;
    apr_int64_t deadline_us = batch_deadline(pool, first);
    apr_status_t rv = start(pool, line, first, deadline_us);
    int readonly = 0, sent = rv == APR_SUCCESS;

    while (rv == APR_SUCCESS && request) {
        next = request->next;
        rv = receive(line, request, deadline_us, &readonly);
        if (rv == APR_SUCCESS) {
            finish(request, first, rv);
            request = next;
        }
    }
    if (sent) {
        line->link.used_us = dl_clock_us();
        if (rv == APR_SUCCESS) {
            rv = dl_redis_link_rest(&line->link);
        }
        if (rv != APR_SUCCESS) {
            dl_redis_pool_lost(pool, line, rv);
        }
        else if (readonly && line->link.used_us - line->link.opened_us
                             > READONLY_US) {
            dl_redis_link_close(&line->link);
        }
    }
    for (; request; request = next) {
        next = request->next;
        finish(request, first, rv);
    }
}
