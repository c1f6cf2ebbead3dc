/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's calls of scripts: each is answered, however often the link is
 * lost meanwhile.
 *
 * A call that is kept waits while Redis is away and is sent again after a
 * lost link, LOADING, READONLY or OOM: completions, failures and releases
 * are harmless twice, as their fence tells. One that is not kept is told
 * "nothing" at once. NOSCRIPT loads the script and sends the call again.
 */
#ifndef DLW_REDIS_H
#define DLW_REDIS_H

#include "dl_redis_pool.h"
#include "dlw_clock.h"
#include "dlw_link.h"
#include "dlw_settings.h"

typedef struct dlw_redis_t dlw_redis_t;

/** The reply, an error reply of the script among them; NULL: Redis is away
 *  (only of calls that are not kept). Freed after the call. */
typedef void dlw_redis_fn(void *baton, const redisReply *reply);

typedef struct dlw_redis_conf_t {
    const dl_redis_addr_t *addr;
    dlw_clock_t *clock;         /**< learns Redis TIME at each connection */
    dlw_link_state_fn *on_state;/**< up: before kept calls are sent again */
    void *baton;
} dlw_redis_conf_t;

/** @param conf  copied */
dlw_redis_t *dlw_redis_create(dl_loop_t *loop, const dlw_redis_conf_t *conf,
                              apr_pool_t *p);

/** Whether calls are sent at once. */
int dlw_redis_up(const dlw_redis_t *redis);

/** How long Redis was away before it came back last, in ms. */
apr_int64_t dlw_redis_outage_ms(const dlw_redis_t *redis);

/**
 * Calls a script.
 * @param settings  whose script @a cmd names; kept for the call
 * @param cmd       copied
 * @param keep      see above
 * @param fn        called once, never from within
 */
void dlw_redis_call(dlw_redis_t *redis, dlw_settings_t *settings,
                    dl_script_e script, const dl_redis_cmd_t *cmd, int keep,
                    dlw_redis_fn *fn, void *baton);

/** A plain command, not kept; @a fn may be NULL. */
void dlw_redis_command(dlw_redis_t *redis, int argc, const char **argv,
                       dlw_redis_fn *fn, void *baton);

/** Calls that have not been answered. */
int dlw_redis_pending(const dlw_redis_t *redis);

#endif /* DLW_REDIS_H */
