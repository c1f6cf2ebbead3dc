/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of the worker that delivers webhooks: claims what is due, has it
 * sent (dlw_hook.h), writes what became of it. All on the loop's thread.
 */
#ifndef DLW_HOOKS_H
#define DLW_HOOKS_H

#include "dl_loop.h"

struct dlw_worker_t;
struct dlw_sending_t;

typedef struct dlw_hooks_part_t {
    dl_timer_t timer;           /**< when to look for due ones */
    dl_defer_t defer;
    struct dlw_sending_t *sending; /**< all tries under way */
    int nsending;
    int asked;                  /**< a claim is under way */
    int stopped;
    apr_int64_t seen_ms;        /**< when there was one last */
    apr_int64_t idle_at;        /**< tasks ended as of the last claim that
                                     found nothing; -1: it found some */
    int told_unsigned;          /**< that there is no secret */
} dlw_hooks_part_t;

/** Begins to look for due webhooks. */
void dlw_hooks_start(struct dlw_worker_t *worker);

/** Looks now: Redis is back, or something may be due. */
void dlw_hooks_look(struct dlw_worker_t *worker);

/** No more claims; tries under way go on. */
void dlw_hooks_stop(struct dlw_worker_t *worker);

/** Interrupts all tries and gives them back: another worker sends them. */
void dlw_hooks_hand_back(struct dlw_worker_t *worker);

/** For --once: whether nothing is due and nothing under way. If that is not
 *  known it is asked, and dlw_life_idle() called then. */
int dlw_hooks_idle(struct dlw_worker_t *worker);

/** Ends all tries, nothing is written; before libcurl goes. */
void dlw_hooks_end(struct dlw_worker_t *worker);

#endif /* DLW_HOOKS_H */
