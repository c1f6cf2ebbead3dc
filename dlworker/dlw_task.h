/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attempt from claim to settlement: a state machine without Redis.
 *
 *     FREE -> SOURCE -> STORE -> SETTLE -> FREE
 *
 * A store may begin in SOURCE with what has come by then; if it fails there,
 * so does the attempt.
 *
 * begin() takes it to SOURCE (a task that only lacks its settlement: to
 * SETTLE); each stage ends in the next, or by failure or time-out in SETTLE;
 * abort() goes to FREE from SOURCE and STORE. In SETTLE the outcome is fixed:
 * the owner writes it to Redis and then calls end().
 */
#ifndef DLW_TASK_H
#define DLW_TASK_H

#include "dl_task.h"
#include "dlw_settings.h"
#include "dlw_source.h"
#include "dlw_store.h"

#define DLW_MESSAGE_MAX 200

typedef enum {
    DLW_TASK_FREE,
    DLW_TASK_SOURCE,
    DLW_TASK_STORE,
    DLW_TASK_SETTLE
} dlw_task_state_e;

typedef struct dlw_task_t dlw_task_t;

/** What the owner hears; from within begin() too. */
typedef struct dlw_task_on_t {
    /** progress or message changed */
    void (*news)(dlw_task_t *task);
    /** the state is SETTLE now */
    void (*outcome)(dlw_task_t *task);
} dlw_task_on_t;

struct dlw_task_t {
    dlw_attempt_t a;            /**< first: what source and store see */
    dlw_task_state_e state;
    dlw_settings_t *settings;   /**< of this attempt */
    const dlw_source_ops_t *source;
    int lost;                   /**< workers lost with it before */
    int settled;                /**< was settled before: tell the rest */
    apr_int64_t started_ms;     /**< loop time */

    int progress;               /**< 0 .. 99, never falls */
    int heard;                  /**< the source reports progress */
    char message[DLW_MESSAGE_MAX + 1];
    int message_new;

    int failed;                 /**< in SETTLE: failure holds, else object */
    dl_failure_t failure;
    dlw_object_t object;
    int ours;                   /**< object was stored by this attempt */

    void *run;                  /**< of the source */
    void *op;                   /**< of the store; in SOURCE too, when it
                                     has begun with what is there */
    int again;                  /**< how often that was for nothing */
    dl_timer_t timeout;

    /* the owner's */
    const dlw_task_on_t *on;
    void *owner;
    int slot;                   /**< place among the running ones */
    int beat_progress;          /**< last written */
    apr_int64_t beat_ms;
    int beat_due;
    dlw_task_t *next;           /**< in the owner's lists */
};

/**
 * Begins an attempt.
 * @param task      FREE, with a.env, a.pool (empty), on and owner set
 * @param claimed   copied into a.pool
 * @param settings  kept until end() or abort()
 */
void dlw_task_begin(dlw_task_t *task, const dl_task_t *claimed,
                    dlw_settings_t *settings);

/** Stops it where it is; nothing of it stays in the store. SOURCE and STORE
 *  only. The pool is not cleared: the owner does. */
void dlw_task_abort(dlw_task_t *task);

/** After settlement. @param keep  0: remove what this attempt stored */
void dlw_task_end(dlw_task_t *task, int keep);

/** Progress where the source says nothing: @a percent by the estimate. */
void dlw_task_guess(dlw_task_t *task, int percent);

#endif /* DLW_TASK_H */
