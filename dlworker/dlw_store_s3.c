/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store `s3`: any S3-compatible service.
 *
 * Objects of up to 64 MiB go in one request whose hash is signed, larger ones
 * in parts (dlw_s3_multipart.h), if the source allows it while they come.
 * What must not stay is removed in the background (dlw_s3_leftover.h).
 */
#include <string.h>

#include <apr_strings.h>

#include "dlw_s3.h"
#include "dlw_s3_leftover.h"
#include "dlw_s3_multipart.h"
#include "dlw_store.h"

#define TRIES 4
#define PROBE_MS 5000
#define MAX_HEADERS 4

struct dlw_store_t {
    const dlw_env_t *env;
    dlw_s3_t *s3;
    dlw_s3_leftover_t *leftover;
};

typedef enum {
    OP_PUT,
    OP_HEAD,
    OP_GET,
    OP_PROBE,
    OP_PROBE_READ
} op_e;

/* What somebody waits for. */
typedef struct op_t {
    dlw_store_t *store;
    op_e kind;
    apr_pool_t *pool;
    dlw_attempt_t *a;           /* put only */
    const char *key;
    dlw_s3_call_t *call;
    dlw_s3_multipart_t *multipart;
    dl_sigv4_pair_t headers[MAX_HEADERS];
    int nheaders;
    dlw_store_done_fn *done;
    void *baton;
    const dlw_store_sink_t *sink; /* get only */
    int opened;                 /* the sink knows the size */
    apr_int64_t left;           /* bytes that have not come */
} op_t;

/* ---- put ---- */

/* Strings come from a source: only what may stand in a header. */
static int is_header_value(const char *s)
{
    apr_size_t len = strlen(s);

    for (; *s; s++) {
        if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e) {
            return 0;
        }
    }
    return len > 0 && len <= 255;
}

static void add_header(op_t *op, const char *name, const char *value)
{
    if (value && is_header_value(value)) {
        op->headers[op->nheaders++] = (dl_sigv4_pair_t){ name, value };
    }
}

/* dlw_store_done_fn of a multipart upload, and the end of a single one */
static void end_put(void *baton, const dl_failure_t *failure,
                    const dlw_object_t *object)
{
    op_t *op = baton;

    if (failure) {
        dlw_s3_leftover_cut_off(op->store->leftover, op->key);
    }
    op->done(op->baton, failure, object);
}

static void on_put(void *baton, const dlw_s3_answer_t *answer)
{
    op_t *op = baton;
    dlw_object_t object = { 0 };
    dl_failure_t f;

    op->call = NULL;
    if (dlw_s3_ok(answer)) {
        object.key = op->key;
        object.size = dlw_spool_size(op->a->spool);
        object.etag = apr_pstrdup(op->pool, answer->etag);
        object.content_type = op->a->content_type;
        object.sha256 = dlw_spool_sha256(op->a->spool);
        op->done(op->baton, NULL, &object);
        return;
    }
    f = dlw_s3_failure(answer, op->pool);
    f.detail = apr_pstrdup(op->pool, f.detail);
    if (strcmp(f.error_code, "FILE_NOT_FOUND") == 0) {
        f.error_code = "STORAGE_ERROR";     /* of the bucket, then */
        f.error = "The storage is not available";
    }
    if (answer->code == CURLE_OK && answer->status < 500) {
        op->done(op->baton, &f, NULL);      /* refused: nothing is there */
        return;
    }
    end_put(op, &f, NULL);
}

static void put_single(op_t *op)
{
    dlw_s3_request_t req = { 0 };

    req.method = "PUT";
    req.key = op->key;
    req.headers = op->headers;
    req.nheaders = op->nheaders;
    req.payload_hash = dlw_spool_sha256(op->a->spool);
    req.spool = op->a->spool;
    req.size = dlw_spool_size(op->a->spool);
    req.tries = TRIES;
    op->call = dlw_s3_start(op->store->s3, &req, op->pool, on_put, op);
}

static op_t *make_op(dlw_store_t *store, op_e kind, const char *key,
                     apr_pool_t *p, dlw_store_done_fn *done, void *baton)
{
    op_t *op = apr_pcalloc(p, sizeof(*op));

    op->store = store;
    op->kind = kind;
    op->pool = p;
    op->key = apr_pstrdup(p, key);
    op->done = done;
    op->baton = baton;
    return op;
}

static op_t *make_put(dlw_store_t *store, dlw_attempt_t *a, const char *key,
                      dlw_store_done_fn *done, void *baton)
{
    op_t *op = make_op(store, OP_PUT, key, a->pool, done, baton);

    op->a = a;
    add_header(op, "Content-Type", a->content_type);
    add_header(op, "x-amz-meta-sha256", dlw_spool_sha256(a->spool));
    add_header(op, "x-amz-storage-class", a->conf->store.storage_class);
    add_header(op, "x-amz-server-side-encryption", a->conf->store.sse);
    return op;
}

static void put_parts(op_t *op, int growing)
{
    dlw_store_t *store = op->store;

    dlw_s3_leftover_earlier(store->leftover, op->key);
    op->multipart = dlw_s3_multipart_start(
        store->s3, op->a, op->key, op->headers, op->nheaders, growing,
        dlw_s3_leftover_upload, store->leftover, end_put, op);
}

static void *s3_put(dlw_store_t *store, dlw_attempt_t *a, const char *key,
                    dlw_store_done_fn *done, void *baton)
{
    op_t *op = make_put(store, a, key, done, baton);

    if (dlw_spool_size(a->spool) <= DLW_S3_SINGLE_MAX) {
        put_single(op);
    }
    else {
        put_parts(op, 0);
    }
    return op;
}

/* The hash of the whole is not known yet: no x-amz-meta-sha256 for these. */
static void *s3_begin(dlw_store_t *store, dlw_attempt_t *a, const char *key,
                      dlw_store_done_fn *done, void *baton)
{
    op_t *op = make_put(store, a, key, done, baton);

    put_parts(op, 1);
    return op;
}

static void s3_grown(dlw_store_t *store, void *handle)
{
    op_t *op = handle;

    (void)store;
    dlw_s3_multipart_grown(op->multipart);
}

static void s3_finish(dlw_store_t *store, void *handle)
{
    op_t *op = handle;

    (void)store;
    dlw_s3_multipart_finish(op->multipart);
}

/* ---- head and probe ---- */

static void on_reason(void *baton, const dlw_s3_answer_t *answer)
{
    op_t *op = baton;
    dl_failure_t f = dlw_s3_failure(answer, op->pool);

    op->call = NULL;
    op->done(op->baton, &f, NULL);
}

/* The answer to HEAD has no body: a missing object and a missing bucket, a
 * bad key and a wrong clock look the same. GET of one byte tells. */
static void ask_reason(op_t *op)
{
    static const dl_sigv4_pair_t first[] = { { "Range", "bytes=0-0" } };
    dlw_s3_request_t req = { 0 };

    req.method = "GET";
    req.key = op->key;
    req.headers = first;
    req.nheaders = 1;
    req.tries = TRIES;
    op->call = dlw_s3_start(op->store->s3, &req, op->pool, on_reason, op);
}

static void on_head(void *baton, const dlw_s3_answer_t *answer)
{
    op_t *op = baton;
    dlw_object_t object = { 0 };
    dl_failure_t f;

    op->call = NULL;
    if (dlw_s3_ok(answer)) {
        object.key = op->key;
        object.size = answer->length;
        object.etag = apr_pstrdup(op->pool, answer->etag);
        object.content_type = apr_pstrdup(op->pool, answer->content_type);
        object.sha256 = apr_pstrdup(op->pool, answer->sha256);
        op->done(op->baton, NULL, &object);
    }
    else if (answer->code == CURLE_OK && answer->status < 500) {
        ask_reason(op);
    }
    else {
        f = dlw_s3_failure(answer, op->pool);
        op->done(op->baton, &f, NULL);
    }
}

static void *s3_head(dlw_store_t *store, const char *key, apr_pool_t *p,
                     dlw_store_done_fn *done, void *baton)
{
    op_t *op = make_op(store, OP_HEAD, key, p, done, baton);
    dlw_s3_request_t req = { 0 };

    req.method = "HEAD";
    req.key = op->key;
    req.tries = TRIES;
    op->call = dlw_s3_start(store->s3, &req, p, on_head, op);
    return op;
}

/* ---- get ---- */

static int open_sink(op_t *op, apr_int64_t size)
{
    op->opened = 1;
    op->left = size;
    return op->sink->open(op->baton, size);
}

static int on_get_body(void *baton, apr_int64_t length, const char *data,
                       apr_size_t len)
{
    op_t *op = baton;

    if (!op->opened && (length < 0 || open_sink(op, length) != 0)) {
        return -1;
    }
    op->left -= (apr_int64_t)len;
    return op->left < 0 || op->sink->data(op->baton, data, len) != 0 ? -1 : 0;
}

static void on_got(void *baton, const dlw_s3_answer_t *answer)
{
    op_t *op = baton;
    dl_failure_t f;

    op->call = NULL;
    if (dlw_s3_ok(answer) && !op->opened) {
        open_sink(op, 0);       /* an empty one has no body */
    }
    if (dlw_s3_ok(answer) && op->left == 0) {
        op->done(op->baton, NULL, NULL);
        return;
    }
    f = dlw_s3_ok(answer)
        ? dlw_failure("STORAGE_ERROR", "The storage is not available",
                      "S3 GET: the body was cut short", 0)
        : dlw_s3_failure(answer, op->pool);
    op->done(op->baton, &f, NULL);
}

static void *s3_get(dlw_store_t *store, const char *key, apr_pool_t *p,
                    const dlw_store_sink_t *sink, void *baton)
{
    op_t *op = make_op(store, OP_GET, key, p, sink->done, baton);
    dlw_s3_request_t req = { 0 };

    op->sink = sink;
    req.method = "GET";
    req.key = op->key;
    req.body = on_get_body;
    req.tries = TRIES;
    op->call = dlw_s3_start(store->s3, &req, p, on_got, op);
    return op;
}

static void on_probed(void *baton, const dlw_s3_answer_t *answer)
{
    op_t *op = baton;
    dl_failure_t f;

    op->call = NULL;
    if (dlw_s3_ok(answer)
        || (op->kind == OP_PROBE_READ && answer->error
            && strcmp(answer->error, "NoSuchKey") == 0)) {
        if (op->kind == OP_PROBE) {
            dlw_s3_leftover_remove(op->store->leftover, op->key);
        }
        op->done(op->baton, NULL, NULL);
        return;
    }
    f = dlw_s3_failure(answer, op->pool);
    op->done(op->baton, &f, NULL);
}

/* Writes an empty object where an attempt would write, and removes it. Where
 * objects are only looked at, a missing one is asked for. */
static void s3_probe(dlw_store_t *store, apr_pool_t *p,
                     dlw_store_done_fn *done, void *baton)
{
    const dl_config_t *conf = store->env->conf;
    op_t *op = make_op(store, OP_PROBE,
                       dlw_store_attempt_key(conf, 0, 0, p), p, done, baton);
    dlw_s3_request_t req = { 0 };

    req.method = "PUT";
    if (conf->source.kind == DL_SOURCE_STORE) {
        op->kind = OP_PROBE_READ;
        req.method = "GET";
    }
    req.key = op->key;
    req.tries = 1;
    req.timeout_ms = PROBE_MS;
    op->call = dlw_s3_start(store->s3, &req, p, on_probed, op);
}

/* ---- the table ---- */

static void s3_abort(dlw_store_t *store, void *handle)
{
    op_t *op = handle;

    if (op->multipart) {
        dlw_s3_multipart_abort(op->multipart);
    }
    if (op->call) {
        dlw_s3_abort(op->call);
    }
    if (op->kind == OP_PUT) {
        dlw_s3_leftover_cut_off(store->leftover, op->key);
    }
}

static void s3_remove(dlw_store_t *store, const char *key)
{
    dlw_s3_leftover_remove(store->leftover, key);
}

static int s3_pending(dlw_store_t *store)
{
    return dlw_s3_leftover_pending(store->leftover);
}

static apr_status_t s3_create(const dlw_env_t *env, apr_pool_t *p,
                              dlw_store_t **out)
{
    dlw_store_t *store = apr_pcalloc(p, sizeof(*store));

    store->env = env;
    store->s3 = dlw_s3_create(env, p);
    store->leftover = dlw_s3_leftover_create(env, store->s3, p);
    *out = store;
    return APR_SUCCESS;
}

const dlw_store_ops_t dlw_store_s3 = {
    .name = "s3",
    .create = s3_create,
    .probe = s3_probe,
    .put = s3_put,
    .begin_above = DLW_S3_SINGLE_MAX,
    .begin = s3_begin,
    .grown = s3_grown,
    .finish = s3_finish,
    .head = s3_head,
    .get = s3_get,
    .abort_get = s3_abort,
    .abort = s3_abort,
    .remove = s3_remove,
    .pending = s3_pending
};
