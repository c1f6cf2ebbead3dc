/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker as a whole: what its parts share.
 *
 * Each part has its own struct and its own file; they meet here. All on the
 * loop's thread.
 *
 *     dlw_claim    takes tasks from the queue into free slots
 *     dlw_slots    the tasks at work
 *     dlw_beat     renews leases, writes progress
 *     dlw_settle   writes outcomes
 *     dlw_control  hears cancels, pauses, drains
 *     dlw_audit    has Redis look after itself
 *     dlw_hooks    delivers webhooks
 *     dlw_life     drains, hands back, reloads, ends
 */
#ifndef DLW_WORKER_H
#define DLW_WORKER_H

#include "dlw_attempt.h"
#include "dlw_hooks.h"
#include "dlw_log.h"
#include "dlw_options.h"
#include "dlw_redis.h"
#include "dlw_settings.h"
#include "dlw_task.h"

typedef struct dlw_worker_t dlw_worker_t;

/* --- dlw_slots.c: the tasks at work ------------------------------------ */

typedef struct dlw_slots_t {
    dlw_task_t **running;       /**< all that are not free, by slot */
    int nrunning;
    int nsettling;              /**< of them, in SETTLE */
    int size;                   /**< of running[] */
    dlw_task_t *spare;
} dlw_slots_t;

/** A free task with an empty pool, its slot assigned. */
dlw_task_t *dlw_slots_take(dlw_worker_t *worker);

/** Gives a FREE task back. */
void dlw_slots_give(dlw_worker_t *worker, dlw_task_t *task);

/** The one running with this fence, or NULL. */
dlw_task_t *dlw_slots_find(const dlw_worker_t *worker, apr_int64_t file_id,
                           apr_int64_t fence);

/** How many more tasks may begin now. */
int dlw_slots_free(const dlw_worker_t *worker);

/** Tasks running that lost a worker before. */
int dlw_slots_suspects(const dlw_worker_t *worker);

/* --- dlw_claim.c ------------------------------------------------------- */

typedef struct dlw_claim_part_t {
    dlw_link_t *wake;           /**< BLPOP queue:wake */
    const char *wake_key;
    dl_timer_t timer;           /**< when something is due */
    dl_defer_t defer;
    int wanted;                 /**< look as soon as it can be done */
    int asked;                  /**< a claim is under way */
    int listening;              /**< a BLPOP is under way */
    apr_int64_t own;            /**< see dl_task_claim_cmd() */
    apr_int64_t fence;          /**< the highest seen */
    int stopped;
    int empty;                  /**< the last claim found nothing more */
    int paused;
} dlw_claim_part_t;

/** Begins to look for work once Redis is there. */
void dlw_claim_start(dlw_worker_t *worker);
/** There may be work: look as soon as a slot is free. */
void dlw_claim_look(dlw_worker_t *worker);
/** A slot has become free. */
void dlw_claim_slot(dlw_worker_t *worker);
/** Redis is back; @a outage_ms: how long it was away. */
void dlw_claim_redis_up(dlw_worker_t *worker, apr_int64_t outage_ms);
/** No more claims; a wake token that may be lost so is passed on. */
void dlw_claim_stop(dlw_worker_t *worker);

/* --- dlw_beat.c -------------------------------------------------------- */

typedef struct dlw_beat_part_t {
    dl_timer_t lease;           /**< every third of DLJobLease */
    dl_timer_t news;            /**< when progress is to be written */
    dl_timer_t guess;           /**< every second: silent sources */
    apr_int64_t durations_ms[64];   /**< of recent tasks, for guesses */
    int ndurations;             /**< ever */
    apr_int64_t p75_ms;         /**< of them; 0: not known */
} dlw_beat_part_t;

/** Sets the timers of leases and guesses. */
void dlw_beat_start(dlw_worker_t *worker);
/** A task's progress or message has changed. */
void dlw_beat_news(dlw_worker_t *worker, dlw_task_t *task);
/** Renews all leases, at once or in the next turn. */
void dlw_beat_all(dlw_worker_t *worker);
void dlw_beat_now(dlw_worker_t *worker);
/** A task took so long: for guessing the progress of silent sources. */
void dlw_beat_took(dlw_worker_t *worker, apr_int64_t duration_ms);

/* --- dlw_settle.c ------------------------------------------------------ */

typedef struct dlw_settle_part_t {
    dlw_task_t *ready, **end;   /**< to be written at the end of the turn */
    dl_defer_t defer;
    apr_int64_t completed;      /**< since start, for worker:<id> */
    apr_int64_t failed;
    apr_int64_t retried;
} dlw_settle_part_t;

/** An empty list. */
void dlw_settle_start(dlw_worker_t *worker);
/** The task is in SETTLE: write its outcome. */
void dlw_settle_task(dlw_worker_t *worker, dlw_task_t *task);
/** Aborts a task whose lease or reason is gone: nothing is written.
 *  @param why  for the log */
void dlw_settle_drop(dlw_worker_t *worker, dlw_task_t *task,
                     const char *why);
/** Aborts a task and hands it back to the queue. */
void dlw_settle_release(dlw_worker_t *worker, dlw_task_t *task);

/* --- dlw_control.c, dlw_audit.c ---------------------------------------- */

/** Subscribes, now and after each loss of the link. */
void dlw_control_start(dlw_worker_t *worker);

typedef struct dlw_audit_part_t {
    dl_timer_t timer;
    char cursor[64];            /**< of the next slice */
} dlw_audit_part_t;

/** The first sweep comes in half a minute. */
void dlw_audit_start(dlw_worker_t *worker);

/* --- dlw_life.c -------------------------------------------------------- */

typedef enum {
    DLW_LIFE_RUN,
    DLW_LIFE_DRAIN,             /**< running tasks may finish */
    DLW_LIFE_LEAVE              /**< nothing runs: last calls and children */
} dlw_life_e;

typedef struct dlw_life_part_t {
    dlw_life_e stage;
    dl_timer_t drain;           /**< DLJobDrain is over */
    dl_timer_t leave;           /**< polls what is still under way */
    apr_int64_t leave_ms;       /**< when leaving began */
    dl_timer_t watchdog;
    int asked;                  /**< --once: replies to come */
    int left;                   /**< and one said that something waits */
    int handed_back;            /**< DLJobDrain is over, or a second signal */
} dlw_life_part_t;

/** Before any thread is made. */
apr_status_t dlw_life_signals(dlw_worker_t *worker);
/** Sets what drains and watches, not yet at work. */
void dlw_life_start(dlw_worker_t *worker);
/** Claims no more, lets tasks finish for DLJobDrain, then ends. The second
 *  time: hands back at once. */
void dlw_life_drain(dlw_worker_t *worker, const char *why);
/** A slot has become free, or a webhook has been sent: perhaps all is done. */
void dlw_life_slot(dlw_worker_t *worker);
/** A claim found nothing: with --once, perhaps the end. */
void dlw_life_idle(dlw_worker_t *worker);

/** JSON for worker:<id>, in @a p. */
const char *dlw_life_load(const dlw_worker_t *worker, apr_pool_t *p);

/* --- dlw_worker.c ------------------------------------------------------ */

struct dlw_worker_t {
    dlw_env_t env;
    dlw_clock_t clock;
    apr_pool_t *pool;
    apr_pool_t *parts;          /**< of what serves tasks: ends before them */
    apr_pool_t *scratch;        /**< cleared after each use of a part */
    const dlw_options_t *options;
    const char *name;
    dlw_settings_t *settings;   /**< the newest */
    dlw_settings_t *first;      /**< the links' address is in it */
    dlw_log_t *log;
    dlw_redis_t *redis;
    int redis_seen;             /**< it was there once */
    dlw_link_t *control;        /**< SUBSCRIBE control */
    apr_int64_t started_ms;     /**< Unix time */
    dlw_slots_t slots;
    dlw_claim_part_t claim;
    dlw_beat_part_t beat;
    dlw_settle_part_t settle;
    dlw_audit_part_t audit;
    dlw_hooks_part_t hooks;
    dlw_life_part_t life;
};

/**
 * Makes a worker and everything it needs; says on stderr or in the log why
 * it cannot.
 * @param p  ends it when cleared
 */
apr_status_t dlw_worker_create(const dlw_options_t *options, apr_pool_t *p,
                               dlw_worker_t **worker);

/** Works until drained. @return exit status */
int dlw_worker_run(dlw_worker_t *worker);

/** "PREFIXsuffix" in @a p. */
const char *dlw_worker_key(const dlw_worker_t *worker, const char *suffix,
                           apr_pool_t *p);

/** A task is free again: tell the parts that wait for that. */
void dlw_worker_slot(dlw_worker_t *worker, dlw_task_t *task);

/** Reads the configuration again; a bad one leaves the old. */
void dlw_worker_reload(dlw_worker_t *worker);

#endif /* DLW_WORKER_H */
