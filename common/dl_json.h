/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict pull reader for JSON from outside (RFC 8259).
 *
 * One pass over the bytes, no tree: the caller asks for what it expects and
 * skips the rest. Refused everywhere, skipped values included: malformed
 * UTF-8, control characters and lone surrogates in strings, numbers that JSON
 * has not, duplicate members, nesting deeper than DL_JSON_DEPTH, objects of
 * more than DL_JSON_MEMBERS members, bytes after the value.
 *
 * The first error sticks: every function then returns 0 and the caller looks
 * at reader->error once, at the end. One thread at a time.
 */
#ifndef DL_JSON_H
#define DL_JSON_H

#include <apr_pools.h>

#define DL_JSON_DEPTH 8
#define DL_JSON_MEMBERS 256

typedef enum {
    DL_JSON_ERROR,
    DL_JSON_OBJECT,
    DL_JSON_ARRAY,
    DL_JSON_STRING,
    DL_JSON_NUMBER,
    DL_JSON_TRUE,
    DL_JSON_FALSE,
    DL_JSON_NULL
} dl_json_e;

typedef struct dl_json_t {
    const char *start;
    const char *at;             /**< next byte to read */
    const char *end;
    int depth;                  /**< objects and arrays open */
    const char *error;          /**< reason, or NULL */
    apr_size_t error_at;        /**< offset in bytes, from 0 */
    apr_pool_t *pool;           /**< strings with escapes are decoded here */
} dl_json_t;

/** A string that needs no NUL; points into the input or the pool. */
typedef struct dl_json_str_t {
    const char *s;
    apr_size_t len;
} dl_json_str_t;

/** The members of an object read so far. */
typedef struct dl_json_members_t {
    int n;
    dl_json_str_t seen[DL_JSON_MEMBERS];
} dl_json_members_t;

typedef enum {
    DL_JSON_INTEGER,            /**< in value; 7e4 and 70000.0 are such */
    DL_JSON_FRACTION,           /**< not whole */
    DL_JSON_HUGE                /**< whole, but of more than 18 digits */
} dl_json_number_e;

typedef struct dl_json_number_t {
    dl_json_number_e kind;
    int negative;
    apr_int64_t value;
} dl_json_number_t;

/** @a data must outlive the reader and all strings read. */
void dl_json_init(dl_json_t *r, const char *data, apr_size_t len,
                  apr_pool_t *p);

/** Kind of the next value by its first byte; nothing is consumed. */
dl_json_e dl_json_peek(dl_json_t *r);

/** "a string", "an object" …, for messages. */
const char *dl_json_kind_name(dl_json_e kind);

/** Enters an object. */
int dl_json_object(dl_json_t *r, dl_json_members_t *members);

/**
 * Next member of an object: its name is read, its value comes next and must
 * be read or skipped before the next call.
 * @return 0 at the end of the object, which is then left, or on an error
 */
int dl_json_member(dl_json_t *r, dl_json_members_t *members,
                   dl_json_str_t *name);

/** Enters an array. */
int dl_json_array(dl_json_t *r);

/**
 * Whether an element comes next; it must be read or skipped.
 * @param index  -1 before the first call; then the number of the element
 * @return 0 at the end of the array, which is then left, or on an error
 */
int dl_json_element(dl_json_t *r, int *index);

/** Reads a string; decoded into the pool only when it has escapes. */
int dl_json_string(dl_json_t *r, dl_json_str_t *out);

/** Reads a number as an exact decimal. */
int dl_json_number(dl_json_t *r, dl_json_number_t *out);

/** Skips one value of any kind, checking all of it. */
int dl_json_skip(dl_json_t *r);

/** Whether the input ends here; else "bytes after the value". */
int dl_json_end(dl_json_t *r);

/** Whether @a s is @a name. */
int dl_json_is(const dl_json_str_t *s, const char *name);

/**
 * Checks a whole document, for users of other parsers.
 * @return NULL, or "byte 17: …"
 */
const char *dl_json_check(const char *data, apr_size_t len, apr_pool_t *p);

#endif /* DL_JSON_H */
