/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every error the API can answer, and the body it answers with.
 *
 * One table says for each errorCode which HTTP status it has and how it is
 * called; openapi.json lists the same ("x-errors"), and a test compares them.
 * Pure; any thread.
 */
#ifndef DL_ERROR_H
#define DL_ERROR_H

#include <apr_pools.h>

typedef enum {
    DL_ERROR_INVALID_JSON,
    DL_ERROR_INVALID_REQUEST,
    DL_ERROR_INVALID_FILE_ID,
    DL_ERROR_INVALID_CALLBACK_URL,
    DL_ERROR_INVALID_IDEMPOTENCY_KEY,
    DL_ERROR_UNAUTHENTICATED,
    DL_ERROR_FORBIDDEN,
    DL_ERROR_NOT_FOUND,
    DL_ERROR_JOB_NOT_FOUND,
    DL_ERROR_FILE_NOT_FOUND,
    DL_ERROR_METHOD_NOT_ALLOWED,
    DL_ERROR_NOT_ACCEPTABLE,
    DL_ERROR_REQUEST_TIMEOUT,
    DL_ERROR_REQUEST_IN_PROGRESS,
    DL_ERROR_JOB_TERMINAL,
    DL_ERROR_CANCELLED,
    DL_ERROR_TOO_LARGE,
    DL_ERROR_UNSUPPORTED_MEDIA_TYPE,
    DL_ERROR_IDEMPOTENCY_KEY_REUSED,
    DL_ERROR_RATE_LIMITED,
    DL_ERROR_TOO_MANY_JOBS,
    DL_ERROR_INTERNAL,
    DL_ERROR_SOURCE,
    DL_ERROR_STORAGE,
    DL_ERROR_WORKER_LOST,
    DL_ERROR_TIMEOUT,
    DL_ERROR_QUEUE_FULL,
    DL_ERROR_REDIS_UNAVAILABLE,
    DL_ERROR_STREAMS_EXHAUSTED,
    DL_ERROR_PAUSED,
    DL_ERROR_COUNT
} dl_error_e;

typedef struct dl_error_t {
    const char *code;           /**< "INVALID_JSON" …: member errorCode */
    int status;                 /**< of HTTP */
    const char *error;          /**< member error */
    const char *title;          /**< RFC 9457 title: of the kind, not of
                                     this occurrence */
    const char *message;        /**< when nothing more exact is known */
    int retry_after_s;          /**< what to send when nothing better is
                                     known; 0: no Retry-After */
} dl_error_t;

/** The table's line; never NULL for a value of the enum. */
const dl_error_t *dl_error_get(dl_error_e error);

/**
 * The line of an errorCode, such as a failed job carries.
 * @return NULL when @a code is NULL or none of ours
 */
const dl_error_t *dl_error_of_code(const char *code);

/**
 * What the result route answers for a failed job: 404, 502, 504 … by its
 * errorCode; a code that is missing or unknown is a SOURCE_ERROR.
 */
const dl_error_t *dl_error_of_job(const char *error_code);

/** One occurrence. Members that are NULL are left out of the body. */
typedef struct dl_problem_t {
    const dl_error_t *error;
    const char *message;        /**< NULL: the table's */
    const char *request_id;
    const char *base;           /**< of the API, for "type"; NULL: none */
    const char *instance;       /**< path of the request, no query */
} dl_problem_t;

#define DL_TYPE_JSON "application/json"
#define DL_TYPE_PROBLEM "application/problem+json"

/**
 * Writes the error body: the members error, message, errorCode, requestId,
 * and those of RFC 9457 (type, title, status, detail, instance). The same
 * bytes serve both content types.
 * @param len  set to the length; the string is NUL-terminated too
 */
const char *dl_problem_body(const dl_problem_t *problem, apr_pool_t *p,
                            apr_size_t *len);

#endif /* DL_ERROR_H */
