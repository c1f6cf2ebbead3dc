/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request to S3: signed, sent, tried again where that helps, its answer
 * read within bounds. What stores, multipart uploads and sweeps are made of.
 *
 * All on the loop's thread.
 */
#ifndef DLW_S3_H
#define DLW_S3_H

#include "dl_sigv4.h"
#include "dlw_attempt.h"
#include "dlw_curl.h"

/** So much of an answer is read; more ends the request. */
#define DLW_S3_MAX_ANSWER (2 * 1024 * 1024)
/** Requests under way at a time; others wait their turn. */
#define DLW_S3_PARALLEL 64

typedef struct dlw_s3_t dlw_s3_t;
typedef struct dlw_s3_call_t dlw_s3_call_t;

/** What is asked. Strings and pairs must live until done. */
typedef struct dlw_s3_request_t {
    const char *method;
    const char *key;            /**< NULL: the bucket */
    const dl_sigv4_pair_t *query;
    int nquery;
    const dl_sigv4_pair_t *headers; /**< sent and signed */
    int nheaders;
    const char *payload_hash;   /**< hex SHA-256, or NULL: not signed */
    const void *data;           /**< a body in memory, or NULL */
    const dlw_spool_t *spool;   /**< a body in a spool, or NULL */
    apr_int64_t offset;         /**< in the spool */
    apr_int64_t size;           /**< of the body */
    /** The body of a good answer goes here as it comes, and is not kept; no
     *  further try once it has begun. @a length: of it all, -1: not known.
     *  @return 0, -1: end the request. NULL: keep it for the answer */
    int (*body)(void *baton, apr_int64_t length, const char *data,
                apr_size_t len);
    int tries;                  /**< in all, at least 1 */
    apr_int64_t timeout_ms;     /**< of one try, 0: only while it stalls */
} dlw_s3_request_t;

/** What came back. Strings live in the pool of the call. */
typedef struct dlw_s3_answer_t {
    CURLcode code;              /**< CURLE_OK: there is a status */
    long status;
    const char *error;          /**< S3's own code ("NoSuchKey"), or NULL */
    const char *detail;         /**< one line for the log, when it failed */
    const char *etag;           /**< without quotes, or NULL */
    const char *content_type;   /**< or NULL */
    const char *sha256;         /**< x-amz-meta-sha256, or NULL */
    apr_int64_t length;         /**< Content-Length, -1: none */
    apr_int64_t retry_after_ms; /**< -1: none */
    int passing;                /**< refused, but the keys are such as change:
                                     others will do */
    const char *body;           /**< of the answer, not NUL-terminated */
    apr_size_t body_len;
} dlw_s3_answer_t;

typedef void dlw_s3_done_fn(void *baton, const dlw_s3_answer_t *answer);

/** @param env  read at each request: bucket, credentials, clock */
dlw_s3_t *dlw_s3_create(const dlw_env_t *env, apr_pool_t *p);

/**
 * Begins a request.
 * @param p     holds the call; must live until done or abort
 * @param done  once, from a later turn of the loop; never after abort
 */
dlw_s3_call_t *dlw_s3_start(dlw_s3_t *s3, const dlw_s3_request_t *req,
                            apr_pool_t *p, dlw_s3_done_fn *done,
                            void *baton);

/** Ends a call whose done has not come; p may then be destroyed. */
void dlw_s3_abort(dlw_s3_call_t *call);

/** Whether it went well: a status of 200 to 299. */
int dlw_s3_ok(const dlw_s3_answer_t *answer);

/**
 * What a failed answer means for an attempt: a bad key and a wrong clock,
 * a missing bucket and a missing object are told apart.
 */
dl_failure_t dlw_s3_failure(const dlw_s3_answer_t *answer, apr_pool_t *p);

/**
 * Whether an answer to @a method refuses keys that a metadata service gave:
 * others are then asked for. HEAD has no body that would tell.
 */
int dlw_s3_keys_refused(const dlw_env_t *env, const char *method,
                        const dlw_s3_answer_t *answer);

/** Whether the same request may go well in a moment. */
int dlw_s3_worth_another(const dlw_s3_answer_t *answer);

#endif /* DLW_S3_H */
