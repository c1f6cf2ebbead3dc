/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers: one place that knows which headers they have.
 */
#ifndef DLJOB_RESPOND_H
#define DLJOB_RESPOND_H

#include "dljob.h"

/**
 * Headers that every answer of ours has: X-Request-ID, nosniff, CORS. Also
 * for what httpd answers by itself within our location.
 */
void dljob_headers(dljob_call_t *call);

/**
 * Sends a body with "Cache-Control: no-store".
 * @param body  in the request's pool, or static
 * @return OK
 */
int dljob_send(dljob_call_t *call, int status, const char *type,
               const char *body, apr_size_t len);

/** The same with application/json. */
int dljob_send_json(dljob_call_t *call, int status, const char *body,
                    apr_size_t len);

/** An answer without a body (204, 302, 304). @return OK */
int dljob_send_empty(dljob_call_t *call, int status);

/**
 * An error as its body and status are in dl_error.h. Retry-After is
 * call->retry_after, else the table's.
 * @param message  what was wrong, with value and bound; NULL: the table's
 * @return OK
 */
int dljob_error(dljob_call_t *call, dl_error_e error, const char *message);

/** The same, the message made by printf. */
int dljob_errorf(dljob_call_t *call, dl_error_e error, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** An error that dl_error_of_job() and the like name. */
int dljob_error_send(dljob_call_t *call, const dl_error_t *error,
                     const char *message);

/** A decimal number in the request's pool, for headers. */
const char *dljob_number(dljob_call_t *call, apr_int64_t n);

#endif /* DLJOB_RESPOND_H */
