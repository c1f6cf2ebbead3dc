/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies of Redis, each in one block of memory.
 *
 * hiredis makes two allocations per element; a status poll with twenty
 * fields would spend more time there than on its answer. A reply here is one
 * block (dl_reply_build) or, from hiredis' own reader, a few growing ones
 * (dl_reply_use). Both have hiredis' struct, so code that reads a redisReply
 * works on them, but only dl_reply_free() may free them, at their root.
 *
 * The parser is pure: bytes in, reply out. Bounds are checked before memory
 * is taken. RESP2 only, as we never send HELLO.
 */
#ifndef DL_REPLY_H
#define DL_REPLY_H

#include <apr.h>
#include <hiredis/hiredis.h>

#define DL_REPLY_MAX_BYTES  (64 * 1024 * 1024)  /**< of one reply */
#define DL_REPLY_MAX_NODES  (1024 * 1024)       /**< elements of one reply */
#define DL_REPLY_MAX_LINE   (64 * 1024)         /**< of a status or error */
#define DL_REPLY_MAX_DEPTH  8                   /**< arrays in arrays */

typedef enum {
    DL_REPLY_WHOLE,     /**< a reply is there: build it */
    DL_REPLY_MORE,      /**< go on when more bytes have come */
    DL_REPLY_BAD        /**< not RESP, or beyond a bound: close the link */
} dl_reply_scan_e;

/** Where a scan is; all zero at the start of each reply. */
typedef struct dl_reply_scan_t {
    apr_size_t pos;         /**< bytes read; when whole: length of the reply */
    apr_size_t need;        /**< on MORE: known least length, or 0 */
    apr_size_t nodes;       /**< elements seen, arrays included */
    apr_size_t open;        /**< elements announced and not yet seen */
    apr_size_t text;        /**< bytes of all strings with their NULs */
} dl_reply_scan_t;

/**
 * Looks whether @a buf, the @a len bytes received since the reply's start,
 * holds a whole reply. Takes no memory; goes on where it was, so a huge reply
 * in many parts is still read once.
 */
dl_reply_scan_e dl_reply_scan(dl_reply_scan_t *scan, const char *buf,
                              apr_size_t len);

/**
 * Builds the reply that dl_reply_scan() found whole in @a buf.
 * @return NULL without memory or when nested too deep; else the caller's to
 *         free by dl_reply_free()
 */
redisReply *dl_reply_build(const dl_reply_scan_t *scan, const char *buf);

/**
 * Makes hiredis' reader (c->reader of a redisContext) build replies by this
 * file. hiredis' async API then frees them itself after the callback, as
 * before; who takes one from redisGetReply() frees it by dl_reply_free().
 */
void dl_reply_use(redisReader *reader);

/** Frees a whole reply (never a part); NULL is allowed. */
void dl_reply_free(redisReply *reply);

/* ---- reading; every one accepts NULL and answers "not there" */

/** Text of a string or status, or NULL; @a len may be NULL. */
const char *dl_reply_str(const redisReply *reply, apr_size_t *len);

/** An integer, or a string that is one; 0: is not, *value untouched. */
int dl_reply_int(const redisReply *reply, apr_int64_t *value);

/** Elements of an array; 0 when it is none. */
apr_size_t dl_reply_count(const redisReply *reply);

/** Element @a i of an array, or NULL. */
const redisReply *dl_reply_at(const redisReply *reply, apr_size_t i);

/** dl_reply_str() of element @a i. */
const char *dl_reply_str_at(const redisReply *reply, apr_size_t i,
                            apr_size_t *len);

/** dl_reply_int() of element @a i. */
int dl_reply_int_at(const redisReply *reply, apr_size_t i,
                    apr_int64_t *value);

/** The value of @a name in a flat array of names and values, or NULL. */
const redisReply *dl_reply_field(const redisReply *reply, const char *name);

/** The server's message when the reply is an error, else NULL. */
const char *dl_reply_error(const redisReply *reply);

#endif /* DL_REPLY_H */
