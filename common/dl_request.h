/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request bodies → plain structs, with every check that needs no Redis.
 *
 * A refusal has the errorCode of the contract and a message that names the
 * member, its value and the bound it broke. Pure; any thread.
 */
#ifndef DL_REQUEST_H
#define DL_REQUEST_H

#include <apr_pools.h>

#include "dl_bundle.h"
#include "dl_config.h"
#include "dl_error.h"
#include "dl_url_guard.h"

/** A longer body is TOO_LARGE; whoever reads it stops there. */
#define DL_REQUEST_BODY_MAX 65536

/** What came in; a header that is absent is NULL. */
typedef struct dl_request_in_t {
    const char *body;
    apr_size_t len;
    const char *idempotency_key;    /**< Idempotency-Key */
    const char *x_idempotency_key;  /**< X-Idempotency-Key */
    const char *user;               /**< "" : anonymous; for priority */
} dl_request_in_t;

/** What was asked for, or why it is refused. */
typedef struct dl_request_t {
    const apr_int64_t *file_ids;    /**< sorted, unique */
    int nfiles;
    int total;                      /**< length as sent */
    const char *idempotency_key;    /**< or NULL */
    const char *callback_url;       /**< as sent, or NULL */
    dl_priority_e priority;
    dl_bundle_e bundle;
    dl_error_e error;               /**< of a refusal */
    const char *message;            /**< of a refusal, else NULL */
} dl_request_t;

/**
 * Reads the body of /initiate.
 * @param conf   bounds of ids and files, who may say "high"
 * @param guard  where a callbackUrl may point
 * @return 1; 0: refused, request->error and message are set
 */
int dl_request_initiate(const dl_config_t *conf, const dl_url_guard_t *guard,
                        const dl_request_in_t *in, apr_pool_t *p,
                        dl_request_t *request);

/**
 * Reads the body of /check and /start: {"file_id": N}. The file is
 * request->file_ids[0]; the other members keep their defaults.
 */
int dl_request_file(const dl_config_t *conf, const dl_request_in_t *in,
                    apr_pool_t *p, dl_request_t *request);

#endif /* DL_REQUEST_H */
