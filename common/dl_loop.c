/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epoll, a binary heap of timers, a list of deferred calls, one signalfd.
 */
#include "dl_loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <apr_errno.h>

#define EVENTS_MAX 64

struct dl_loop_t {
    int epoll_fd;
    int stopped;
    apr_int64_t now_us;

    struct epoll_event events[EVENTS_MAX]; /* of this turn */
    int nevents;

    dl_timer_t **heap;         /* from slot 1 */
    int ntimers;
    int heap_size;

    dl_defer_t *deferred;
    dl_defer_t **deferred_end;

    dl_io_t signals;
    sigset_t signal_set;
    struct {
        dl_signal_fn *fn;
        void *baton;
    } on_signal[NSIG];
};

static void tick(dl_loop_t *loop)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    loop->now_us = (apr_int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

apr_int64_t dl_loop_now_us(const dl_loop_t *loop)
{
    return loop->now_us;
}

apr_int64_t dl_loop_now_ms(const dl_loop_t *loop)
{
    return loop->now_us / 1000;
}

/* --- timers: a heap by due time, each timer knows its slot ------------- */

static void heap_put(dl_loop_t *loop, int slot, dl_timer_t *timer)
{
    loop->heap[slot] = timer;
    timer->slot = slot;
}

/** Moves @a timer from @a slot towards the root to where it belongs. */
static void heap_up(dl_loop_t *loop, int slot, dl_timer_t *timer)
{
    while (slot > 1 && loop->heap[slot / 2]->due_us > timer->due_us) {
        heap_put(loop, slot, loop->heap[slot / 2]);
        slot /= 2;
    }
    heap_put(loop, slot, timer);
}

/** Moves @a timer from @a slot towards the leaves to where it belongs. */
static void heap_down(dl_loop_t *loop, int slot, dl_timer_t *timer)
{
    int child;

    while ((child = slot * 2) <= loop->ntimers) {
        if (child < loop->ntimers
            && loop->heap[child + 1]->due_us < loop->heap[child]->due_us)
            child++;
        if (loop->heap[child]->due_us >= timer->due_us)
            break;
        heap_put(loop, slot, loop->heap[child]);
        slot = child;
    }
    heap_put(loop, slot, timer);
}

static void heap_grow(dl_loop_t *loop)
{
    int size = loop->heap_size ? loop->heap_size * 2 : 64;
    dl_timer_t **heap = realloc(loop->heap, size * sizeof(*heap));

    if (!heap)
        abort();
    loop->heap = heap;
    loop->heap_size = size;
}

void dl_timer_set(dl_loop_t *loop, dl_timer_t *timer, apr_int64_t ms)
{
    dl_timer_cancel(loop, timer);
    if (loop->ntimers + 2 > loop->heap_size)
        heap_grow(loop);
    timer->due_us = loop->now_us + (ms > 0 ? ms * 1000 : 0);
    heap_up(loop, ++loop->ntimers, timer);
}

void dl_timer_cancel(dl_loop_t *loop, dl_timer_t *timer)
{
    int slot = timer->slot;
    dl_timer_t *last;

    if (!slot)
        return;
    timer->slot = 0;
    last = loop->heap[loop->ntimers--];
    if (last == timer)
        return;
    if (slot > 1 && loop->heap[slot / 2]->due_us > last->due_us)
        heap_up(loop, slot, last);
    else
        heap_down(loop, slot, last);
}

/** Runs what was due when the turn began; a timer set to 0 waits for the
 *  next turn's clock, so that this ends. */
static void run_timers(dl_loop_t *loop)
{
    apr_int64_t due_us = loop->now_us;
    int budget = loop->ntimers;

    while (budget-- > 0 && loop->ntimers > 0
           && loop->heap[1]->due_us <= due_us) {
        dl_timer_t *timer = loop->heap[1];

        dl_timer_cancel(loop, timer);
        timer->fn(timer);
    }
}

/* --- deferred calls ---------------------------------------------------- */

void dl_defer(dl_loop_t *loop, dl_defer_t *defer)
{
    if (defer->prev)
        return;
    defer->next = NULL;
    defer->prev = loop->deferred_end;
    *loop->deferred_end = defer;
    loop->deferred_end = &defer->next;
}

/** Takes @a defer out of the list whose end is kept at @a end. */
static void unlink_defer(dl_defer_t *defer, dl_defer_t ***end)
{
    *defer->prev = defer->next;
    if (defer->next)
        defer->next->prev = defer->prev;
    else
        *end = defer->prev;
    defer->prev = NULL;
}

void dl_defer_cancel(dl_loop_t *loop, dl_defer_t *defer)
{
    if (defer->prev)
        unlink_defer(defer, &loop->deferred_end);
}

/** Runs those asked for until now. A mark at the end of the list says where
 *  "now" is: any of them may cancel any other meanwhile. */
static void run_deferred(dl_loop_t *loop)
{
    dl_defer_t mark = {0};

    if (!loop->deferred)
        return;
    dl_defer(loop, &mark);
    while (loop->deferred != &mark) {
        dl_defer_t *defer = loop->deferred;

        unlink_defer(defer, &loop->deferred_end);
        defer->fn(defer);
    }
    unlink_defer(&mark, &loop->deferred_end);
}

/* --- descriptors ------------------------------------------------------- */

static apr_uint32_t to_epoll(int events)
{
    return (events & DL_IO_READ ? EPOLLIN : 0)
           | (events & DL_IO_WRITE ? EPOLLOUT : 0);
}

apr_status_t dl_io_set(dl_loop_t *loop, dl_io_t *io, int events)
{
    struct epoll_event ev = {.events = to_epoll(events), .data = {.ptr = io}};
    int op = !io->events ? EPOLL_CTL_ADD
             : events    ? EPOLL_CTL_MOD
                         : EPOLL_CTL_DEL;

    if (io->events == events)
        return APR_SUCCESS;
    if (!events)
        for (int i = 0; i < loop->nevents; i++)
            if (loop->events[i].data.ptr == io)
                loop->events[i].data.ptr = NULL;
    if (epoll_ctl(loop->epoll_fd, op, io->fd, &ev) != 0 && events)
        return errno;           /* a closed one has left epoll by itself */
    io->events = events;
    return APR_SUCCESS;
}

static void run_events(dl_loop_t *loop)
{
    for (int i = 0; i < loop->nevents; i++) {
        apr_uint32_t got = loop->events[i].events;
        dl_io_t *io = loop->events[i].data.ptr;

        if (io)
            io->fn(io, (got & EPOLLIN ? DL_IO_READ : 0)
                           | (got & EPOLLOUT ? DL_IO_WRITE : 0)
                           | (got & (EPOLLERR | EPOLLHUP) ? DL_IO_HANGUP
                                                          : 0));
    }
    loop->nevents = 0;
}

/* --- signals ----------------------------------------------------------- */

static void on_signalfd(dl_io_t *io, int events)
{
    dl_loop_t *loop = io->baton;
    struct signalfd_siginfo info;

    (void)events;
    while (read(io->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        int signo = (int)info.ssi_signo;

        if (signo > 0 && signo < NSIG && loop->on_signal[signo].fn)
            loop->on_signal[signo].fn(loop->on_signal[signo].baton, signo);
    }
}

apr_status_t dl_loop_signal(dl_loop_t *loop, int signo, dl_signal_fn *fn,
                             void *baton)
{
    int fd;

    if (signo <= 0 || signo >= NSIG)
        return APR_EINVAL;
    loop->on_signal[signo].fn = fn;
    loop->on_signal[signo].baton = baton;
    sigaddset(&loop->signal_set, signo);
    if (sigprocmask(SIG_BLOCK, &loop->signal_set, NULL) != 0)
        return errno;
    fd = signalfd(loop->signals.fd, &loop->signal_set,
                  SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        return errno;
    loop->signals.fd = fd;
    return dl_io_set(loop, &loop->signals, DL_IO_READ);
}

/* --- the loop ---------------------------------------------------------- */

static apr_status_t loop_cleanup(void *data)
{
    dl_loop_t *loop = data;

    if (loop->signals.fd >= 0)
        close(loop->signals.fd);
    close(loop->epoll_fd);
    free(loop->heap);
    return APR_SUCCESS;
}

apr_status_t dl_loop_create(apr_pool_t *p, dl_loop_t **out)
{
    dl_loop_t *loop = apr_pcalloc(p, sizeof(*loop));

    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0)
        return errno;
    loop->signals.fd = -1;
    loop->signals.fn = on_signalfd;
    loop->signals.baton = loop;
    sigemptyset(&loop->signal_set);
    loop->deferred_end = &loop->deferred;
    apr_pool_cleanup_register(p, loop, loop_cleanup, apr_pool_cleanup_null);
    tick(loop);
    *out = loop;
    return APR_SUCCESS;
}

/** How long epoll may wait: rounded up, so as not to spin on a fraction. */
static int wait_ms(const dl_loop_t *loop, apr_int64_t max_ms)
{
    apr_int64_t ms = max_ms < 0 ? 60000 : max_ms;

    if (loop->deferred)
        return 0;
    if (loop->ntimers > 0) {
        apr_int64_t us = loop->heap[1]->due_us - loop->now_us;
        apr_int64_t due_ms = us <= 0 ? 0 : (us + 999) / 1000;

        if (due_ms < ms)
            ms = due_ms;
    }
    return (int)ms;
}

apr_status_t dl_loop_turn(dl_loop_t *loop, apr_int64_t max_ms)
{
    int ms = wait_ms(loop, max_ms);
    int n = epoll_wait(loop->epoll_fd, loop->events, EVENTS_MAX, ms);

    if (n < 0 && errno != EINTR)
        return errno;
    loop->nevents = n > 0 ? n : 0;
    tick(loop);
    run_timers(loop);
    run_events(loop);
    run_deferred(loop);
    return APR_SUCCESS;
}

apr_status_t dl_loop_run(dl_loop_t *loop)
{
    apr_status_t rv = APR_SUCCESS;

    loop->stopped = 0;
    tick(loop);
    while (rv == APR_SUCCESS && !loop->stopped)
        rv = dl_loop_turn(loop, -1);
    return rv;
}

void dl_loop_stop(dl_loop_t *loop)
{
    loop->stopped = 1;
}
