/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of the library: where a message goes is the program's business.
 *
 * httpd hands messages to its error log, dlworker writes a line of JSON (or
 * text on a terminal), dljobctl writes to stderr. Every message carries a
 * stable code of ours ("DL0101"), unique in the source tree (a guard checks
 * this) and listed in the manual with its remedy.
 */
#ifndef DL_LOG_H
#define DL_LOG_H

#include <apr.h>

typedef enum {
    DL_LOG_ERROR,
    DL_LOG_WARN,
    DL_LOG_INFO,
    DL_LOG_DEBUG
} dl_log_level_e;

/** What a message is about; members not known are NULL, 0 or -1. */
typedef struct dl_log_about_t {
    const char *job_id;
    apr_int64_t file_id;        /**< 0: none */
    int attempt;                /**< 0: none */
    const char *trace_id;       /**< 32 hex digits */
    const char *request_id;
    apr_int64_t duration_ms;    /**< -1 or 0: none */
} dl_log_about_t;

/**
 * Takes one finished message. Called on whatever thread logs; must not call
 * dl_log itself. @a message has no line feed and no control characters.
 */
typedef void dl_log_sink_fn(void *baton, dl_log_level_e level,
                            const char *code, const dl_log_about_t *about,
                            const char *message);

/**
 * Sets the sink of the process, before any thread starts. Without one,
 * messages of ERROR and WARN go to stderr.
 */
void dl_log_sink_set(dl_log_sink_fn *sink, void *baton);

/** Messages above @a level are dropped before they are formatted. */
void dl_log_level_set(dl_log_level_e level);

/**
 * Logs one message of at most 2,000 bytes (longer: cut). Control characters
 * are replaced, so a hostile byte cannot forge a line. @a about may be NULL.
 */
void dl_log(dl_log_level_e level, const char *code,
            const dl_log_about_t *about, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif /* DL_LOG_H */
