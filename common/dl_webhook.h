/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is sent to a callbackUrl when a job ends, by Standard Webhooks 1.0
 * (https://www.standardwebhooks.com): body, signature, and when to try again.
 *
 * Pure; where it may go is dl_url_guard.h, who sends it is the worker.
 */
#ifndef DL_WEBHOOK_H
#define DL_WEBHOOK_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "dl_job.h"
#include "dl_random.h"

/** Bytes of "v1," and the base64 of a SHA-256. */
#define DL_WEBHOOK_SIGNATURE_LEN 47

/** A try that takes longer is a failure. */
#define DL_WEBHOOK_TIMEOUT_MS 15000

/** An answer is read no further. */
#define DL_WEBHOOK_ANSWER_MAX 65536

/**
 * The header webhook-id: a job ends once, so its id makes that of the event,
 * the same for every try and for a replay; further receivers of one job get
 * one each, as two of them may be one host.
 * @param hook_id  of the outbox, "<job>:<state>[:<number>]"
 * @return "msg_<job>[_<number>]"
 */
const char *dl_webhook_id(const char *hook_id, apr_pool_t *p);

/** "download.completed" …; NULL for a state that is not terminal. */
const char *dl_webhook_type(dl_job_state_e state);

/**
 * Writes the body: type, timestamp (when the job ended, not when it is sent),
 * and the members of the job body.
 * @param job    terminal
 * @param links  as for dl_job_body()
 * @param len    set to the length; the string is NUL-terminated too
 */
const char *dl_webhook_body(const dl_job_t *job, const dl_job_links_t *links,
                            apr_pool_t *p, apr_size_t *len);

/**
 * Makes the header webhook-signature: one "v1,…" for each secret, newest
 * first, so that a receiver may hold either while the secret is changed.
 *
 * @param secrets      of const char *, "whsec_" and base64, checked when the
 *                     configuration was read; NULL or empty: none
 * @param timestamp_s  of this try, the header webhook-timestamp
 * @param signature    set to the value in @a p, or to NULL without a secret:
 *                     the header is then left out
 * @return APR_EINVAL for a secret that is none, APR_ENOMEM, APR_EGENERAL
 */
apr_status_t dl_webhook_sign(const apr_array_header_t *secrets,
                             const char *id, apr_int64_t timestamp_s,
                             const char *body, apr_size_t len, apr_pool_t *p,
                             const char **signature);

typedef enum {
    DL_WEBHOOK_DELIVERED,       /**< 2xx */
    DL_WEBHOOK_GONE,            /**< 410: the receiver wants no more of it */
    DL_WEBHOOK_AGAIN            /**< everything else, redirects included */
} dl_webhook_e;

/** @param status  of HTTP; 0: there was no answer */
dl_webhook_e dl_webhook_outcome(int status);

/** How often an event is sent before it is a dead letter.
 *  @param waits  DLJobWebhookRetry: of apr_int64_t, ms */
int dl_webhook_tries(const apr_array_header_t *waits);

/**
 * When to try again.
 *
 * @param waits          as above
 * @param tried          how often it was sent, from 1
 * @param retry_after_s  the receiver's wish; 0 or less: none. It never makes
 *                       a wait shorter, or all tries would be spent on one
 *                       who says "in a second" for an hour; at most a day of
 *                       it is honoured
 * @return milliseconds from now, the wait within ±10 %; -1: no more tries
 */
apr_int64_t dl_webhook_next_ms(const apr_array_header_t *waits, int tried,
                               apr_int64_t retry_after_s,
                               dl_random_t *random);

#endif /* DL_WEBHOOK_H */
