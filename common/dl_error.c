/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of errors and the problem body.
 */
#include "dl_error.h"

#include <string.h>

#include "dl_buf.h"

static const dl_error_t ERRORS[DL_ERROR_COUNT] = {
    [DL_ERROR_INVALID_JSON] = {
        "INVALID_JSON", 400, "Bad Request",
        "The request body is not acceptable JSON",
        "The request body is not valid JSON", 0 },
    [DL_ERROR_INVALID_REQUEST] = {
        "INVALID_REQUEST", 400, "Bad Request",
        "A part of the request is missing or of the wrong kind",
        "The request is not valid", 0 },
    [DL_ERROR_INVALID_FILE_ID] = {
        "INVALID_FILE_ID", 400, "Bad Request",
        "A file id is not acceptable",
        "A file id is not valid", 0 },
    [DL_ERROR_INVALID_CALLBACK_URL] = {
        "INVALID_CALLBACK_URL", 400, "Bad Request",
        "The callback URL is not acceptable",
        "callbackUrl is not valid", 0 },
    [DL_ERROR_INVALID_IDEMPOTENCY_KEY] = {
        "INVALID_IDEMPOTENCY_KEY", 400, "Bad Request",
        "The idempotency key is not acceptable",
        "The idempotency key is not valid", 0 },
    [DL_ERROR_UNAUTHENTICATED] = {
        "UNAUTHENTICATED", 401, "Unauthorized",
        "The caller is not identified",
        "This needs an identified caller", 0 },
    [DL_ERROR_FORBIDDEN] = {
        "FORBIDDEN", 403, "Forbidden",
        "The caller may not do this",
        "Access is denied", 0 },
    [DL_ERROR_NOT_FOUND] = {
        "NOT_FOUND", 404, "Not Found",
        "There is nothing at this path",
        "There is nothing at this path", 0 },
    [DL_ERROR_JOB_NOT_FOUND] = {
        "JOB_NOT_FOUND", 404, "Not Found",
        "There is no such job",
        "Job not found or expired", 0 },
    [DL_ERROR_FILE_NOT_FOUND] = {
        "FILE_NOT_FOUND", 404, "Not Found",
        "The file does not exist",
        "The requested file does not exist", 0 },
    [DL_ERROR_METHOD_NOT_ALLOWED] = {
        "METHOD_NOT_ALLOWED", 405, "Method Not Allowed",
        "The method is not allowed at this path",
        "The method is not allowed at this path; see Allow", 0 },
    [DL_ERROR_NOT_ACCEPTABLE] = {
        "NOT_ACCEPTABLE", 406, "Not Acceptable",
        "None of the media types in Accept is offered here",
        "None of the media types in Accept is offered here", 0 },
    [DL_ERROR_REQUEST_TIMEOUT] = {
        "REQUEST_TIMEOUT", 408, "Request Timeout",
        "The request did not arrive whole in time",
        "The request body did not arrive in time", 0 },
    [DL_ERROR_REQUEST_IN_PROGRESS] = {
        "REQUEST_IN_PROGRESS", 409, "Conflict",
        "A request with this idempotency key is in progress",
        "A request with this idempotency key is being processed", 1 },
    [DL_ERROR_JOB_TERMINAL] = {
        "JOB_TERMINAL", 409, "Conflict",
        "The job has ended already",
        "The job has ended already and cannot be cancelled", 0 },
    [DL_ERROR_CANCELLED] = {
        "CANCELLED", 410, "Gone",
        "The job was cancelled",
        "The job was cancelled; it has no result", 0 },
    [DL_ERROR_TOO_LARGE] = {
        "TOO_LARGE", 413, "Payload Too Large",
        "The request body is too large",
        "The request body is over 65536 bytes", 0 },
    [DL_ERROR_UNSUPPORTED_MEDIA_TYPE] = {
        "UNSUPPORTED_MEDIA_TYPE", 415, "Unsupported Media Type",
        "The request body is not of a supported media type",
        "The request body must be application/json", 0 },
    [DL_ERROR_IDEMPOTENCY_KEY_REUSED] = {
        "IDEMPOTENCY_KEY_REUSED", 422, "Unprocessable Entity",
        "The idempotency key was used with another payload",
        "This idempotency key was used with another payload", 0 },
    [DL_ERROR_RATE_LIMITED] = {
        "RATE_LIMITED", 429, "Too Many Requests",
        "The caller's rate limit is spent",
        "Rate limit exceeded", 1 },
    [DL_ERROR_TOO_MANY_JOBS] = {
        "TOO_MANY_JOBS", 429, "Too Many Requests",
        "The caller has too many jobs in progress",
        "Maximum concurrent downloads reached", 5 },
    [DL_ERROR_INTERNAL] = {
        "INTERNAL_ERROR", 500, "Internal Server Error",
        "Something failed that should not",
        "The request could not be processed", 0 },
    [DL_ERROR_SOURCE] = {
        "SOURCE_ERROR", 502, "Bad Gateway",
        "The file could not be prepared",
        "The file could not be prepared", 0 },
    [DL_ERROR_STORAGE] = {
        "STORAGE_ERROR", 502, "Bad Gateway",
        "The store failed",
        "The file could not be stored", 0 },
    [DL_ERROR_WORKER_LOST] = {
        "WORKER_LOST", 502, "Bad Gateway",
        "The workers that prepared the file were lost",
        "The file could not be prepared", 0 },
    [DL_ERROR_TIMEOUT] = {
        "TIMEOUT", 504, "Gateway Timeout",
        "The file was not prepared in time",
        "The file was not prepared in time", 0 },
    [DL_ERROR_QUEUE_FULL] = {
        "QUEUE_FULL", 503, "Service temporarily unavailable",
        "The queue is full",
        "Queue is full. Please try again later.", 10 },
    [DL_ERROR_REDIS_UNAVAILABLE] = {
        "REDIS_UNAVAILABLE", 503, "Service Unavailable",
        "The job store is not available",
        "The job store is not available. Please try again later.", 2 },
    [DL_ERROR_STREAMS_EXHAUSTED] = {
        "STREAMS_EXHAUSTED", 503, "Service Unavailable",
        "No further stream can be opened",
        "No further stream can be opened; poll the status instead.", 5 },
    [DL_ERROR_PAUSED] = {
        "PAUSED", 503, "Service Unavailable",
        "The service is paused",
        "The service is paused. Please try again later.", 30 },
};

const dl_error_t *dl_error_get(dl_error_e error)
{
    return &ERRORS[error];
}

const dl_error_t *dl_error_of_code(const char *code)
{
    int i;

    for (i = 0; code && i < DL_ERROR_COUNT; i++) {
        if (strcmp(ERRORS[i].code, code) == 0) {
            return &ERRORS[i];
        }
    }
    return NULL;
}

const dl_error_t *dl_error_of_job(const char *error_code)
{
    const dl_error_t *error = dl_error_of_code(error_code);

    return error && (error->status == 404 || error->status >= 502)
        ? error : &ERRORS[DL_ERROR_SOURCE];
}

static void add_member(dl_buf_t *b, const char *name, const char *value)
{
    if (value) {
        dl_buf_puts(b, name);
        dl_buf_jsons(b, value);
    }
}

const char *dl_problem_body(const dl_problem_t *problem, apr_pool_t *p,
                            apr_size_t *len)
{
    const dl_error_t *error = problem->error;
    const char *message = problem->message ? problem->message
                                           : error->message;
    const char *type = "about:blank";
    dl_buf_t b;

    if (problem->base) {
        dl_buf_init(&b, 128, p);
        dl_buf_puts(&b, problem->base);
        dl_buf_puts(&b, "/openapi.json#/x-errors/");
        dl_buf_puts(&b, error->code);
        type = dl_buf_str(&b);
    }
    dl_buf_init(&b, 768, p);
    add_member(&b, "{\"error\":", error->error);
    add_member(&b, ",\"message\":", message);
    add_member(&b, ",\"errorCode\":", error->code);
    add_member(&b, ",\"requestId\":", problem->request_id);
    add_member(&b, ",\"type\":", type);
    add_member(&b, ",\"title\":", error->title);
    dl_buf_puts(&b, ",\"status\":");
    dl_buf_int(&b, error->status);
    add_member(&b, ",\"detail\":", message);
    add_member(&b, ",\"instance\":", problem->instance);
    dl_buf_putc(&b, '}');
    *len = b.len;
    return dl_buf_str(&b);
}
