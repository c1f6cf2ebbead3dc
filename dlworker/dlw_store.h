/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store's upload side is to the worker: a table of functions.
 *
 * Every attempt writes to a key of its own (dlw_store_attempt_key), which the
 * result then records: a worker that lost its lease and comes back late can
 * neither overwrite nor remove what another attempt made.
 */
#ifndef DLW_STORE_H
#define DLW_STORE_H

#include "dlw_attempt.h"

typedef struct dlw_store_t dlw_store_t; /* the store's own */
typedef struct dlw_store_ops_t dlw_store_ops_t;

/** How a call ended: @a failure NULL when it went well. Both arguments need
 *  not outlive the call; strings of @a object are in the pool given. */
typedef void dlw_store_done_fn(void *baton, const dl_failure_t *failure,
                               const dlw_object_t *object);

/** Who reads an object. On the loop's thread, never from within get(). */
typedef struct dlw_store_sink_t {
    /** It is there and has so many bytes. @return 0; else: no more of it */
    int (*open)(void *baton, apr_int64_t size);
    /** Some of them. @return 0; else: no more of it */
    int (*data)(void *baton, const char *data, apr_size_t len);
    /** The end, once: NULL when all was read; FILE_NOT_FOUND comes before
     *  open(). The object is NULL. */
    dlw_store_done_fn *done;
} dlw_store_sink_t;

struct dlw_store_ops_t {
    const char *name;

    /**
     * @param env  outlives it; env->conf is read at each use, so that new
     *             secrets of a SIGHUP hold from the next call on
     */
    apr_status_t (*create)(const dlw_env_t *env, apr_pool_t *p,
                           dlw_store_t **store);

    /**
     * Looks whether the store can be reached and written to; may take
     * seconds, gives up after five.
     * @param p  lives until done
     */
    void (*probe)(dlw_store_t *store, apr_pool_t *p, dlw_store_done_fn *done,
                  void *baton);

    /**
     * Uploads a->spool (ended) as @a key with a->content_type; whole or not
     * at all, whatever happens. Retries of a single request (or part) are
     * the store's own; it gives up when the attempt is aborted.
     * @param done  object: key, size, etag. May be called from within put().
     * @return the operation, in a->pool, for abort(); NULL when done() has
     *         been called already
     */
    void *(*put)(dlw_store_t *store, dlw_attempt_t *a, const char *key,
                 dlw_store_done_fn *done, void *baton);

    /** Objects of more bytes are worth begin(). */
    apr_int64_t begin_above;

    /**
     * Begins to upload @a key while the source still writes to a->spool;
     * NULL in a store that cannot. As put(), but @a done never comes from
     * within this or the next two, and success not before finish().
     * @return the operation
     */
    void *(*begin)(dlw_store_t *store, dlw_attempt_t *a, const char *key,
                   dlw_store_done_fn *done, void *baton);

    /** There is more in the spool. */
    void (*grown)(dlw_store_t *store, void *op);

    /** The spool has ended: all bytes are there. */
    void (*finish)(dlw_store_t *store, void *op);

    /**
     * What is under @a key. FILE_NOT_FOUND when nothing is.
     * @return the operation for abort(), or NULL when done() has been called
     */
    void *(*head)(dlw_store_t *store, const char *key, apr_pool_t *p,
                  dlw_store_done_fn *done, void *baton);

    /**
     * Reads what is under @a key, a piece at a time and no faster than the
     * sink takes it. A transfer that breaks off is not begun again: that is
     * the attempt's affair.
     * @param sink  must outlive it
     * @return the operation for abort(), or NULL when done() has been called
     */
    void *(*get)(dlw_store_t *store, const char *key, apr_pool_t *p,
                 const dlw_store_sink_t *sink, void *baton);

    /** Stops a get() whose done() has not come; not from within the sink. */
    void (*abort_get)(dlw_store_t *store, void *op);

    /**
     * Stops a put(), begin() or head() whose done() has not come: no further
     * use of its pool after return. What an upload left behind is removed in
     * the background (pending()).
     */
    void (*abort)(dlw_store_t *store, void *op);

    /** Removes an object in the background, tries again for a while, logs
     *  when it could not. @a key is copied. */
    void (*remove)(dlw_store_t *store, const char *key);

    /** How many removals are under way: exit waits for them (bounded). */
    int (*pending)(dlw_store_t *store);
};

extern const dlw_store_ops_t dlw_store_file;
extern const dlw_store_ops_t dlw_store_s3;

/** The one of @a kind, or NULL. */
const dlw_store_ops_t *dlw_store_of(dl_store_e kind);

/**
 * The key of one attempt: DLJobKeyFormat filled in, then ".FENCE-NONCE"
 * before the extension: "files/70000.zip" -> "files/70000.17-a1b2c3.zip".
 * The nonce is one of this process: should Redis forget a second of fences,
 * keys still do not meet.
 */
const char *dlw_store_attempt_key(const dl_config_t *conf,
                                  apr_int64_t file_id, apr_int64_t fence,
                                  apr_pool_t *p);

/**
 * The same with another extension: "files/70000.17-a1b2c3.tar".
 * @param again      how often the attempt has begun to store anew: each time
 *                   has a key of its own, as the last is being removed
 * @param extension  or NULL
 */
const char *dlw_store_attempt_key_as(const dl_config_t *conf,
                                     apr_int64_t file_id, apr_int64_t fence,
                                     int again, const char *extension,
                                     apr_pool_t *p);

/** The fence in a key that an attempt made (NAME.FENCE-NONCE[.EXTENSION]);
 *  -1: none of those. */
apr_int64_t dlw_store_key_fence(const char *key);

#endif /* DLW_STORE_H */
