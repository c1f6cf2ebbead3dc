/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's side of the outbox of webhooks: commands to send and replies
 * to read, as dl_task.h does it for tasks.
 *
 * The scripts that end a job put its webhook into the outbox; a worker claims
 * what is due under a lease of 30 s, sends it and says what became of it. A
 * worker that is lost meanwhile has its try counted and the hook is sent by
 * another: delivery is at least once, with the same webhook-id.
 */
#ifndef DL_HOOK_H
#define DL_HOOK_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <hiredis/hiredis.h>

#include "dl_job.h"
#include "dl_redis_pool.h"
#include "dl_script.h"

/** A webhook to be sent. */
typedef struct dl_hook_t {
    const char *id;             /**< of the outbox: "<job>:<state>", of
                                     further receivers "<job>:<state>:<n>" */
    const char *fence;          /**< of this claim */
    int tried;                  /**< with this one, from 1 */
    dl_job_t *job;              /**< has ended; its callback_url is this
                                     receiver's */
} dl_hook_t;

typedef struct dl_hook_claim_t {
    apr_array_header_t *hooks;  /**< of dl_hook_t */
    apr_int64_t next_ms;        /**< when something is due; -1: not known */
    int more;                   /**< something is due already */
} dl_hook_claim_t;

/**
 * Claims up to @a n webhooks; of one host not more than a few in the whole
 * namespace, and one while it does not answer.
 * @param tries  how often a hook is sent before it is a dead letter
 */
dl_redis_cmd_t *dl_hook_claim_cmd(const dl_scripts_t *scripts,
                                  const char *worker, int n, int tries,
                                  apr_pool_t *p);
/** Hooks whose job cannot be read are left out; their leases end. */
apr_status_t dl_hook_claim_parse(const redisReply *reply, apr_pool_t *p,
                                 dl_hook_claim_t *claim);

/** The numbers are those of hook_settle.lua. */
typedef enum {
    DL_HOOK_DELIVERED,
    DL_HOOK_GONE,               /**< the receiver wants no more of it */
    DL_HOOK_AGAIN,
    DL_HOOK_DEAD,               /**< no more tries: a dead letter, kept seven
                                     days, at most 5,000 of them */
    DL_HOOK_RELEASED            /**< interrupted: the try does not count */
} dl_hook_e;

typedef struct dl_hook_result_t {
    dl_hook_e outcome;
    apr_int64_t wait_ms;        /**< of AGAIN */
    int status;                 /**< of HTTP, 0: no answer */
    const char *error;          /**< for the operator, <= 200 bytes, or NULL */
} dl_hook_result_t;

/** Says what became of a claimed hook. Harmless when sent twice. */
dl_redis_cmd_t *dl_hook_settle_cmd(const dl_scripts_t *scripts,
                                   const char *id, const char *fence,
                                   const dl_hook_result_t *result,
                                   apr_pool_t *p);
/** @return 1 taken; 0 it was settled before, or claimed by another since its
 *          lease ran out; -1 an error */
int dl_hook_settle_parse(const redisReply *reply);

#endif /* DL_HOOK_H */
