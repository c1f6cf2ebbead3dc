/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hub's thread, its queue and its clock; see dljob_hub.h.
 */
#include "dljob_hub.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "dl_log.h"
#include "dl_random.h"

enum {
    STACK_BYTES = 512 * 1024,
    RETRY_MIN_MS = 500,         /* a client's wait after a graceful stop … */
    RETRY_SPREAD_MS = 2000      /* … and how far they are spread */
};

struct dljob_hub_t {
    apr_pool_t *pool;           /* its own: the thread allocates from it */
    dl_loop_t *loop;            /* hub thread */
    dljob_counts_t *counts;     /* fixed; shared, atomics */
    apr_array_header_t *feeds;  /* of dljob_feed_t *; fixed at start */
    pthread_t thread;
    int started;
    int stopping;               /* atomic */
    int leaving;                /* atomic: the thread is to end */
    int said_stop;              /* hub thread: streams were told */
    dl_io_t wake;
    pthread_mutex_t mutex;      /* guards what follows */
    dljob_stream_t *queue;
    dljob_stream_t **queue_tail;
    int woken;
    /* atomics */
    apr_int64_t lag_us;
    int topics;
    int links_up;
};

static apr_int64_t clock_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (apr_int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

apr_int64_t dljob_hub_clock_ms(void)
{
    return clock_us() / 1000;
}

dl_loop_t *dljob_hub_loop(dljob_hub_t *hub)
{
    return hub->loop;
}

void dljob_hub_count(dljob_hub_t *hub, dljob_count_e what)
{
    dljob_count(hub->counts, what);
}

static void wake(dljob_hub_t *hub)
{
    apr_uint64_t one = 1;

    if (write(hub->wake.fd, &one, sizeof(one)) < 0) {
        /* the counter is full: the hub will wake all the same */
        return;
    }
}

static void enqueue(dljob_hub_t *hub, dljob_stream_t *s, int to_free)
{
    int must_wake;

    pthread_mutex_lock(&hub->mutex);
    if (to_free) {
        s->to_free = 1;
    }
    else {
        s->to_add = 1;
    }
    if (!s->in_queue) {
        s->in_queue = 1;
        s->queue_next = NULL;
        *hub->queue_tail = s;
        hub->queue_tail = &s->queue_next;
    }
    must_wake = !hub->woken;
    hub->woken = 1;
    pthread_mutex_unlock(&hub->mutex);
    if (must_wake) {
        wake(hub);
    }
}

void dljob_hub_add(dljob_hub_t *hub, dljob_stream_t *s)
{
    enqueue(hub, s, 0);
}

void dljob_hub_free(dljob_hub_t *hub, dljob_stream_t *s)
{
    enqueue(hub, s, 1);
}

static int random_below(int bound)
{
    dl_random_t random;

    dl_random_init(&random);
    return (int)dl_random_below(&random, (apr_uint32_t)bound);
}

/* A client that is let go comes back after a moment of its own, so that the
 * new child is not met by all of them at once. */
static void say_goodbye(dljob_stream_t *s)
{
    char text[64];
    int n;

    n = apr_snprintf(text, sizeof(text), "retry: %d\n\n",
                     RETRY_MIN_MS + random_below(RETRY_SPREAD_MS));
    dljob_stream_farewell(s, text, (apr_size_t)n);
}

static void set_timer(dljob_stream_t *s)
{
    apr_int64_t now_ms = dljob_hub_clock_ms();
    apr_int64_t wait_ms = s->deadline_ms - now_ms;

    if (wait_ms > s->heartbeat_ms) {
        wait_ms = s->heartbeat_ms;
    }
    dl_timer_set(s->hub->loop, &s->timer, wait_ms);
}

static void on_stream_timer(dl_timer_t *timer)
{
    dljob_stream_t *s = timer->baton;

    if (dljob_hub_clock_ms() >= s->deadline_ms) {
        say_goodbye(s);
        return;
    }
    dljob_feed_check(s);
    if (s->kind == DLJOB_STREAM_EVENTS) {
        dljob_stream_heartbeat(s);
    }
    set_timer(s);
}

static void add(dljob_hub_t *hub, dljob_stream_t *s)
{
    if (s->view) {
        dljob_stream_resume(s);
        return;
    }
    s->timer.fn = on_stream_timer;
    s->timer.baton = s;
    if (dljob_feed_join(s)) {
        dl_log(DL_LOG_ERROR, "DL0403", NULL,
               "no memory for a stream; it is ended, its client comes back");
        dljob_stream_end(s);
        return;
    }
    set_timer(s);
    if (hub->said_stop) {
        say_goodbye(s);
    }
}

static void take_out(dljob_hub_t *hub, dljob_stream_t *s)
{
    dl_timer_cancel(hub->loop, &s->timer);
    if (s->io.events) {
        dl_io_set(hub->loop, &s->io, 0);
    }
    if (s->view) {
        dljob_feed_leave(s);
    }
    dljob_hub_count(hub, DLJOB_COUNT_CLOSED);
    dljob_stream_free(s);
}

static void run_queue(dljob_hub_t *hub)
{
    dljob_stream_t *s, *next;
    int to_add, to_free;

    pthread_mutex_lock(&hub->mutex);
    s = hub->queue;
    hub->queue = NULL;
    hub->queue_tail = &hub->queue;
    hub->woken = 0;
    pthread_mutex_unlock(&hub->mutex);
    for (; s; s = next) {
        pthread_mutex_lock(&hub->mutex);
        next = s->queue_next;
        to_add = s->to_add;
        to_free = s->to_free;
        s->to_add = s->in_queue = 0;
        pthread_mutex_unlock(&hub->mutex);
        if (to_free) {
            take_out(hub, s);
        }
        else if (to_add) {
            add(hub, s);
        }
    }
}

static void on_wake(dl_io_t *io, int events)
{
    apr_uint64_t count;

    (void)events;
    if (read(io->fd, &count, sizeof(count)) < 0) {
        return;
    }
}

static void stop_streams(dljob_hub_t *hub)
{
    int i;

    hub->said_stop = 1;
    for (i = 0; i < hub->feeds->nelts; i++) {
        dljob_feed_each(APR_ARRAY_IDX(hub->feeds, i, dljob_feed_t *),
                        say_goodbye);
    }
}

static void note_stats(dljob_hub_t *hub, apr_int64_t began_us)
{
    apr_int64_t took_us = clock_us() - began_us;
    int topics = 0, up = 1;
    int i;

    for (i = 0; i < hub->feeds->nelts; i++) {
        int n, is_up;

        dljob_feed_stats(APR_ARRAY_IDX(hub->feeds, i, dljob_feed_t *), &n,
                         &is_up);
        topics += n;
        up = up && is_up;
    }
    __atomic_store_n(&hub->topics, topics, __ATOMIC_RELAXED);
    __atomic_store_n(&hub->links_up, up, __ATOMIC_RELAXED);
    if (took_us > __atomic_load_n(&hub->lag_us, __ATOMIC_RELAXED)) {
        __atomic_store_n(&hub->lag_us, took_us, __ATOMIC_RELAXED);
    }
}

static void *hub_main(void *baton)
{
    dljob_hub_t *hub = baton;
    int i;

    for (i = 0; i < hub->feeds->nelts; i++) {
        dljob_feed_open(APR_ARRAY_IDX(hub->feeds, i, dljob_feed_t *));
    }
    while (!__atomic_load_n(&hub->leaving, __ATOMIC_ACQUIRE)) {
        dl_loop_turn(hub->loop, -1);
        run_queue(hub);
        if (!hub->said_stop && dljob_hub_is_stopping(hub)) {
            stop_streams(hub);
        }
        note_stats(hub, dl_loop_now_us(hub->loop));
    }
    run_queue(hub);
    for (i = 0; i < hub->feeds->nelts; i++) {
        dljob_feed_close(APR_ARRAY_IDX(hub->feeds, i, dljob_feed_t *));
    }
    return NULL;
}

static apr_status_t hub_join(void *baton)
{
    dljob_hub_t *hub = baton;

    if (hub->started) {
        __atomic_store_n(&hub->leaving, 1, __ATOMIC_RELEASE);
        wake(hub);
        pthread_join(hub->thread, NULL);
        hub->started = 0;
    }
    close(hub->wake.fd);
    hub->wake.fd = -1;
    return APR_SUCCESS;
}

apr_status_t dljob_hub_create(apr_pool_t *p, dljob_counts_t *counts,
                              dljob_hub_t **out)
{
    apr_allocator_t *allocator;
    apr_pool_t *pool;
    dljob_hub_t *hub;
    apr_status_t rv;

    /* Nobody else may allocate from the pools that the thread uses, and none
     * of them may go before the thread has ended: subpools go before the
     * cleanups of their parent, hence the pre-cleanup. */
    if ((rv = apr_allocator_create(&allocator)) != APR_SUCCESS) {
        return rv;
    }
    if ((rv = apr_pool_create_ex(&pool, p, NULL, allocator))
        != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return rv;
    }
    apr_allocator_owner_set(allocator, pool);
    apr_pool_tag(pool, "dljob_hub");
    hub = apr_pcalloc(pool, sizeof(*hub));
    hub->pool = pool;
    hub->counts = counts;
    hub->feeds = apr_array_make(pool, 2, sizeof(dljob_feed_t *));
    hub->queue_tail = &hub->queue;
    pthread_mutex_init(&hub->mutex, NULL);
    rv = dl_loop_create(pool, &hub->loop);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    hub->wake.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (hub->wake.fd < 0) {
        return APR_FROM_OS_ERROR(errno);
    }
    hub->wake.fn = on_wake;
    hub->wake.baton = hub;
    dl_io_set(hub->loop, &hub->wake, DL_IO_READ);
    apr_pool_pre_cleanup_register(p, hub, hub_join);
    *out = hub;
    return APR_SUCCESS;
}

dljob_feed_t *dljob_hub_feed(dljob_hub_t *hub, const dl_config_t *conf)
{
    dljob_feed_t *feed = dljob_feed_create(conf, hub, hub->pool);

    APR_ARRAY_PUSH(hub->feeds, dljob_feed_t *) = feed;
    return feed;
}

apr_status_t dljob_hub_start(dljob_hub_t *hub)
{
    pthread_attr_t attr;
    sigset_t all, old;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    rc = pthread_create(&hub->thread, &attr, hub_main, hub);
    pthread_attr_destroy(&attr);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    hub->started = rc == 0;
    return rc ? APR_FROM_OS_ERROR(rc) : APR_SUCCESS;
}

void dljob_hub_stopping(dljob_hub_t *hub)
{
    __atomic_store_n(&hub->stopping, 1, __ATOMIC_RELEASE);
    wake(hub);
}

int dljob_hub_is_stopping(const dljob_hub_t *hub)
{
    return __atomic_load_n(&hub->stopping, __ATOMIC_ACQUIRE);
}

int dljob_hub_links_up(const dljob_hub_t *hub)
{
    return __atomic_load_n(&hub->links_up, __ATOMIC_RELAXED);
}

void dljob_hub_stats(dljob_hub_t *hub, dljob_hub_stats_t *stats)
{
    stats->topics = __atomic_load_n(&hub->topics, __ATOMIC_RELAXED);
    stats->links_up = __atomic_load_n(&hub->links_up, __ATOMIC_RELAXED);
    stats->lag_us = __atomic_exchange_n(&hub->lag_us, 0, __ATOMIC_RELAXED);
}
