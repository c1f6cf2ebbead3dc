/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event loop: descriptors, timers, deferred calls and signals, one epoll
 * instance, one thread. The worker's main thread runs one, and so does the
 * hub of the module in each httpd child.
 *
 * Watches, timers and deferred calls are structs embedded in their owner:
 * the loop allocates nothing for them, and an owner that dies must take them
 * out first. Everything may be added and removed from within any callback,
 * its own included. All functions are for the loop's thread alone.
 */
#ifndef DL_LOOP_H
#define DL_LOOP_H

#include <apr_pools.h>

typedef struct dl_loop_t dl_loop_t;

/** What a descriptor is ready for; also what to watch it for. */
enum {
    DL_IO_READ = 1,
    DL_IO_WRITE = 2,
    DL_IO_HANGUP = 4           /**< reported only: error or hang-up */
};

typedef struct dl_io_t dl_io_t;
typedef void dl_io_fn(dl_io_t *io, int events);

/** A watched descriptor. Zero it, set fd, fn and baton, then dl_io_set(). */
struct dl_io_t {
    int fd;
    dl_io_fn *fn;
    void *baton;
    int events;                 /**< the loop's: watched for; 0: not at all */
};

typedef struct dl_timer_t dl_timer_t;
typedef void dl_timer_fn(dl_timer_t *timer);

/** A timer. Zero it, set fn and baton, then dl_timer_set(). */
struct dl_timer_t {
    dl_timer_fn *fn;
    void *baton;
    apr_int64_t due_us;         /**< the loop's */
    int slot;                   /**< the loop's: place in the heap from 1; 0:
                                     not set */
};

typedef struct dl_defer_t dl_defer_t;
typedef void dl_defer_fn(dl_defer_t *defer);

/** A call to be made once, soon. Zero it, set fn and baton. */
struct dl_defer_t {
    dl_defer_fn *fn;
    void *baton;
    dl_defer_t *next;          /**< the loop's */
    dl_defer_t **prev;         /**< the loop's; NULL: not waiting */
};

typedef void dl_signal_fn(void *baton, int signo);

/**
 * @param p  closes the loop's descriptors when it is cleared
 * @return what epoll_create1() or signalfd() said
 */
apr_status_t dl_loop_create(apr_pool_t *p, dl_loop_t **loop);

/**
 * Watches io->fd for @a events, or changes what it is watched for; 0 takes it
 * out (before the descriptor is closed). Events already fetched for a watch
 * that was taken out are not delivered. Level-triggered.
 */
apr_status_t dl_io_set(dl_loop_t *loop, dl_io_t *io, int events);

/** Sets or moves a timer to @a ms from now (this turn's now); < 0 is 0. */
void dl_timer_set(dl_loop_t *loop, dl_timer_t *timer, apr_int64_t ms);

/** Takes a timer out; harmless when it is not set. */
void dl_timer_cancel(dl_loop_t *loop, dl_timer_t *timer);

/**
 * Calls defer->fn after the events of this turn and before the loop waits
 * again; asked for from within a deferred call: in the next turn, which does
 * not wait. Asking twice is asking once.
 */
void dl_defer(dl_loop_t *loop, dl_defer_t *defer);
/** Takes it out; harmless when it does not wait. */
void dl_defer_cancel(dl_loop_t *loop, dl_defer_t *defer);

/**
 * Delivers @a signo through the loop (signalfd; it is blocked from now on,
 * so a child must unblock it before exec). NULL: no more.
 */
apr_status_t dl_loop_signal(dl_loop_t *loop, int signo, dl_signal_fn *fn,
                             void *baton);

/** Monotonic milliseconds as of this turn: no system call. */
apr_int64_t dl_loop_now_ms(const dl_loop_t *loop);
/** The same in microseconds. */
apr_int64_t dl_loop_now_us(const dl_loop_t *loop);

/**
 * One turn: wait at most @a max_ms (-1: until something is due), then timers,
 * events, deferred calls.
 */
apr_status_t dl_loop_turn(dl_loop_t *loop, apr_int64_t max_ms);

/** Turns until dl_loop_stop(). */
apr_status_t dl_loop_run(dl_loop_t *loop);
void dl_loop_stop(dl_loop_t *loop);

#endif /* DL_LOOP_H */
