/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing output buffer in a pool, and JSON written into it.
 *
 * Made for response bodies: appending is inline and copies once. A buffer
 * that outgrows its first size leaves the old memory to the pool, so give a
 * good first guess. One thread at a time.
 */
#ifndef DL_BUF_H
#define DL_BUF_H

#include <string.h>

#include <apr_pools.h>

typedef struct dl_buf_t {
    char *data;                 /**< not NUL-terminated until dl_buf_str() */
    apr_size_t len;
    apr_size_t size;
    apr_pool_t *pool;
} dl_buf_t;

/** @param size  first guess in bytes, at least 1 */
void dl_buf_init(dl_buf_t *b, apr_size_t size, apr_pool_t *p);

/** Makes room for @a n more bytes. For the functions below. */
void dl_buf_grow(dl_buf_t *b, apr_size_t n);

/**
 * Room for @a n bytes, to be written at the pointer returned; the writer
 * then adds what it wrote to b->len.
 */
static inline char *dl_buf_room(dl_buf_t *b, apr_size_t n)
{
    if (b->size - b->len < n) {
        dl_buf_grow(b, n);
    }
    return b->data + b->len;
}

/** Appends @a n bytes as they are. */
static inline void dl_buf_add(dl_buf_t *b, const char *s, apr_size_t n)
{
    memcpy(dl_buf_room(b, n), s, n);
    b->len += n;
}

/** Appends a C string as it is; of a literal the length is a constant. */
static inline void dl_buf_puts(dl_buf_t *b, const char *s)
{
    dl_buf_add(b, s, strlen(s));
}

static inline void dl_buf_putc(dl_buf_t *b, char c)
{
    *dl_buf_room(b, 1) = c;
    b->len++;
}

/** Appends @a value in decimal. */
void dl_buf_int(dl_buf_t *b, apr_int64_t value);

/**
 * Appends a JSON string with its quotes (RFC 8259 section 7): quotation
 * mark, backslash and control characters escaped, every malformed byte of
 * UTF-8 replaced by U+FFFD, all else as it is.
 */
void dl_buf_json(dl_buf_t *b, const char *s, apr_size_t n);

/** The same for a C string; NULL is written as null. */
void dl_buf_jsons(dl_buf_t *b, const char *s);

/**
 * Appends a time as a JSON string, ISO 8601 UTC with milliseconds.
 * @param ms  Unix milliseconds (dl_time.h has the range)
 */
void dl_buf_json_time(dl_buf_t *b, apr_int64_t ms);

/** NUL-terminates. @return the data, valid until the next append */
char *dl_buf_str(dl_buf_t *b);

#endif /* DL_BUF_H */
