/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's log: one line of JSON an event, or text on a terminal.
 *
 * Lines of one turn of the loop are written together; an error or warning at
 * once. On disk they are appended, so several workers may share a file.
 */
#ifndef DLW_LOG_H
#define DLW_LOG_H

#include <apr_pools.h>

#include "dl_buf.h"
#include "dl_log.h"
#include "dl_loop.h"

typedef struct dlw_log_t dlw_log_t;

/**
 * Opens @a path (NULL: stderr) and makes it the sink of dl_log().
 * @param p  writes what is left and takes the sink away when cleared
 * @return what open() said
 */
apr_status_t dlw_log_open(const char *path, dl_loop_t *loop, apr_pool_t *p,
                          dlw_log_t **log);

/** Opens the file again, which a rotation may have moved; or another one.
 *  On failure the old one stays. */
apr_status_t dlw_log_reopen(dlw_log_t *log, const char *path);

/** Writes what has gathered. */
void dlw_log_flush(dlw_log_t *log);

/** One event: its parts, as dl_log() has them. */
typedef struct dlw_log_event_t {
    apr_int64_t now_ms;         /**< Unix time */
    dl_log_level_e level;
    const char *code;
    const dl_log_about_t *about;/**< or NULL */
    const char *message;
} dlw_log_event_t;

/** Appends the event with its line feed; pure. */
void dlw_log_json(dl_buf_t *b, const dlw_log_event_t *event);
void dlw_log_text(dl_buf_t *b, const dlw_log_event_t *event);

#endif /* DLW_LOG_H */
