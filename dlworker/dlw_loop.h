/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop of the worker: descriptors, timers, deferred calls and
 * signals, one epoll instance, one thread.
 *
 * Watches, timers and deferred calls are structs embedded in their owner:
 * the loop allocates nothing for them, and an owner that dies must take them
 * out first. Everything may be added and removed from within any callback,
 * its own included. All functions are for the loop's thread alone.
 */
#ifndef DLW_LOOP_H
#define DLW_LOOP_H

#include <apr_pools.h>

typedef struct dlw_loop_t dlw_loop_t;

/** What a descriptor is ready for; also what to watch it for. */
enum {
    DLW_IO_READ = 1,
    DLW_IO_WRITE = 2,
    DLW_IO_HANGUP = 4           /**< reported only: error or hang-up */
};

typedef struct dlw_io_t dlw_io_t;
typedef void dlw_io_fn(dlw_io_t *io, int events);

/** A watched descriptor. Zero it, set fd, fn and baton, then dlw_io_set(). */
struct dlw_io_t {
    int fd;
    dlw_io_fn *fn;
    void *baton;
    int events;                 /**< the loop's: watched for; 0: not at all */
};

typedef struct dlw_timer_t dlw_timer_t;
typedef void dlw_timer_fn(dlw_timer_t *timer);

/** A timer. Zero it, set fn and baton, then dlw_timer_set(). */
struct dlw_timer_t {
    dlw_timer_fn *fn;
    void *baton;
    apr_int64_t due_us;         /**< the loop's */
    int slot;                   /**< the loop's: place in the heap from 1; 0:
                                     not set */
};

typedef struct dlw_defer_t dlw_defer_t;
typedef void dlw_defer_fn(dlw_defer_t *defer);

/** A call to be made once, soon. Zero it, set fn and baton. */
struct dlw_defer_t {
    dlw_defer_fn *fn;
    void *baton;
    dlw_defer_t *next;          /**< the loop's */
    dlw_defer_t **prev;         /**< the loop's; NULL: not waiting */
};

typedef void dlw_signal_fn(void *baton, int signo);

/**
 * @param p  closes the loop's descriptors when it is cleared
 * @return what epoll_create1() or signalfd() said
 */
apr_status_t dlw_loop_create(apr_pool_t *p, dlw_loop_t **loop);

/**
 * Watches io->fd for @a events, or changes what it is watched for; 0 takes it
 * out (before the descriptor is closed). Events already fetched for a watch
 * that was taken out are not delivered. Level-triggered.
 */
apr_status_t dlw_io_set(dlw_loop_t *loop, dlw_io_t *io, int events);

/** Sets or moves a timer to @a ms from now (this turn's now); < 0 is 0. */
void dlw_timer_set(dlw_loop_t *loop, dlw_timer_t *timer, apr_int64_t ms);

/** Takes a timer out; harmless when it is not set. */
void dlw_timer_cancel(dlw_loop_t *loop, dlw_timer_t *timer);

/**
 * Calls defer->fn after the events of this turn and before the loop waits
 * again; asked for from within a deferred call: in the next turn, which does
 * not wait. Asking twice is asking once.
 */
void dlw_defer(dlw_loop_t *loop, dlw_defer_t *defer);
/** Takes it out; harmless when it does not wait. */
void dlw_defer_cancel(dlw_loop_t *loop, dlw_defer_t *defer);

/**
 * Delivers @a signo through the loop (signalfd; it is blocked from now on,
 * so a child must unblock it before exec). NULL: no more.
 */
apr_status_t dlw_loop_signal(dlw_loop_t *loop, int signo, dlw_signal_fn *fn,
                             void *baton);

/** Monotonic milliseconds as of this turn: no system call. */
apr_int64_t dlw_loop_now_ms(const dlw_loop_t *loop);
/** The same in microseconds. */
apr_int64_t dlw_loop_now_us(const dlw_loop_t *loop);

/**
 * One turn: wait at most @a max_ms (-1: until something is due), then timers,
 * events, deferred calls.
 */
apr_status_t dlw_loop_turn(dlw_loop_t *loop, apr_int64_t max_ms);

/** Turns until dlw_loop_stop(). */
apr_status_t dlw_loop_run(dlw_loop_t *loop);
void dlw_loop_stop(dlw_loop_t *loop);

#endif /* DLW_LOOP_H */
