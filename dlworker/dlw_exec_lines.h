/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a child says: the lines of fd 3, and the tail of its stderr. Pure.
 */
#ifndef DLW_EXEC_LINES_H
#define DLW_EXEC_LINES_H

#include <apr_pools.h>

/** Longest line of fd 3 that is listened to; longer ones are dropped. */
#define DLW_EXEC_LINE_MAX 1024

/** How much of stderr is kept: 2 KiB with what is said before it. */
#define DLW_EXEC_TAIL_MAX 1920

typedef struct dlw_exec_lines_t {
    int len;
    int dropping;               /**< within a line that is too long */
    char line[DLW_EXEC_LINE_MAX];
} dlw_exec_lines_t;

/** A word and what follows it, both NUL-terminated, good for the call. */
typedef void dlw_exec_line_fn(void *baton, const char *word,
                              const char *rest);

/** Takes bytes as they come, calls @a fn for every whole line that begins
 *  with a word; a NUL byte makes its line void. */
void dlw_exec_lines_feed(dlw_exec_lines_t *lines, const char *data,
                         apr_size_t len, dlw_exec_line_fn *fn, void *baton);

/** The last line may lack its line feed. */
void dlw_exec_lines_end(dlw_exec_lines_t *lines, dlw_exec_line_fn *fn,
                        void *baton);

/** "45", "45%", "45.9" -> 45. @return -1 when it is no percentage */
int dlw_exec_percent(const char *text);

/**
 * A file name for the user: what follows the last slash, without control
 * characters, valid UTF-8, at most 255 bytes.
 * @return NULL when nothing is left
 */
const char *dlw_exec_filename(const char *text, apr_pool_t *p);

/** A media type (RFC 9110 section 8.3.1), at most 127 bytes.
 *  @return NULL when it is none */
const char *dlw_exec_type(const char *text, apr_pool_t *p);

/** The last bytes of a stream. */
typedef struct dlw_exec_tail_t {
    apr_uint64_t total;
    char ring[DLW_EXEC_TAIL_MAX];
} dlw_exec_tail_t;

/** Adds bytes; of them and those before, the last DLW_EXEC_TAIL_MAX stay. */
void dlw_exec_tail_add(dlw_exec_tail_t *tail, const char *data,
                       apr_size_t len);

/**
 * Whole lines as far as there are any; malformed UTF-8 and control
 * characters but line feed and tab are shown as "?".
 * @return NULL when nothing was said
 */
const char *dlw_exec_tail_text(const dlw_exec_tail_t *tail, apr_pool_t *p);

#endif /* DLW_EXEC_LINES_H */
