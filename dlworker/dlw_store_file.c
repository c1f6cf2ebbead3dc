/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store `file`: a directory, served by httpd itself.
 *
 * All file work is done by threads (dlw_disk.h): small objects in batches by
 * one, so that a thousand cost little more than one to make durable, large
 * ones by two others, so that nobody waits behind a copy of gigabytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "dl_log.h"
#include "dl_store.h"
#include "dlw_disk.h"
#include "dlw_store.h"
#include "dlw_store_io.h"
#include "dlw_store_read.h"

/* The store is swept this often, and when it is found full. */
#define SWEEP_MS (10 * 60 * 1000)
#define FIRST_SWEEP_MS 5000
#define PROBE_KEY "probe"

typedef enum {
    OP_PUT,
    OP_HEAD,
    OP_REMOVE,
    OP_PROBE,
    OP_SWEEP
} op_e;

/* One job for a thread, and whom to tell. */
typedef struct op_t {
    dlw_disk_job_t job;
    dlw_store_t *store;
    op_e kind;
    atomic_int aborted;
    /* in, owned: pools are not for two threads */
    char *dir;
    char *key;
    char *data;
    int fd;                     /* or -1 */
    apr_int64_t max;
    apr_int64_t ttl_s;
    /* out */
    apr_status_t rv;
    apr_int64_t size;
    apr_int64_t mtime_s;
    dlw_store_swept_t swept;
    int swept_whole;            /* swept holds what is there */
    /* to tell; not once aborted */
    dlw_store_done_fn *done;
    void *baton;
    apr_pool_t *pool;
    const char *content_type;
} op_t;

struct dlw_store_t {
    const dlw_env_t *env;
    dlw_disk_t *small;
    dlw_disk_t *large;
    dlw_disk_t *reads;          /* made when first needed */
    apr_pool_t *pool;
    dl_timer_t sweep;
    int sweeping;
    int removals;               /* and puts aborted but still running */
    apr_int64_t bytes;          /* in the store, as of the last sweep and
                                     what we put since; -1: not known */
};

static void free_op(op_t *op)
{
    if (op->fd >= 0) {
        close(op->fd);
    }
    free(op->data);
    free(op->key);
    free(op->dir);
    free(op);
}

static void finish(dlw_disk_job_t *job, int dropped);

static op_t *make_op(dlw_store_t *store, op_e kind, const char *key)
{
    op_t *op = calloc(1, sizeof(*op));

    if (!op) {
        return NULL;
    }
    op->store = store;
    op->kind = kind;
    op->job.done = finish;
    op->fd = -1;
    op->dir = strdup(store->env->conf->store.dir);
    op->key = strdup(key);
    if (!op->dir || !op->key) {
        free_op(op);
        return NULL;
    }
    return op;
}

/* ---- on the threads ---- */

static void run_put(op_t *op)
{
    dlw_store_put_t put = { op->dir, op->key, op->data, op->fd, op->size,
                            &op->aborted, 0 };

    if (op->max > 0) {
        /* found full, or not known: make room first, or say so */
        op->rv = dlw_store_io_sweep(op->dir, op->max - op->size, op->ttl_s,
                                    &op->aborted, &op->swept);
        op->swept_whole = op->rv == APR_SUCCESS;
        if (op->rv == APR_SUCCESS && op->swept.bytes + op->size > op->max) {
            op->rv = EDQUOT;
        }
        if (op->rv != APR_SUCCESS) {
            return;
        }
    }
    op->rv = dlw_store_io_put(&put);
}

static void run_one(op_t *op)
{
    switch (op->kind) {
    case OP_PUT:
        run_put(op);
        break;
    case OP_HEAD:
        op->rv = dlw_store_io_stat(op->dir, op->key, &op->size,
                                   &op->mtime_s);
        break;
    case OP_REMOVE:
        op->rv = dlw_store_io_remove(op->dir, op->key);
        break;
    case OP_PROBE:
        op->rv = dlw_store_io_probe(op->dir);
        break;
    case OP_SWEEP:
        op->rv = dlw_store_io_sweep(op->dir, op->max, op->ttl_s,
                                    &op->aborted, &op->swept);
        op->swept_whole = op->rv == APR_SUCCESS;
        break;
    }
}

/* What is put becomes durable together; but for the moment of a SIGHUP that
 * moves the store, all of it in one directory. */
static void sync_puts(op_t **puts, int n)
{
    const char *keys[DLW_DISK_BATCH];
    apr_status_t rv;
    int i, same;

    keys[0] = puts[0]->key;
    for (same = 1; same < n; same++) {
        if (strcmp(puts[same]->dir, puts[0]->dir) != 0) {
            break;
        }
        keys[same] = puts[same]->key;
    }
    rv = dlw_store_io_sync(puts[0]->dir, keys, same);
    for (i = 0; i < same; i++) {
        puts[i]->rv = rv == APR_SUCCESS && atomic_load(&puts[i]->aborted)
                      ? APR_EINTR : rv;
        if (puts[i]->rv != APR_SUCCESS) {
            dlw_store_io_remove(puts[i]->dir, puts[i]->key);
        }
    }
    if (same < n) {
        sync_puts(puts + same, n - same);
    }
}

static void run_batch(dlw_disk_job_t **jobs, int n, void *baton)
{
    op_t *puts[DLW_DISK_BATCH];
    int i, nputs = 0;

    (void)baton;
    for (i = 0; i < n; i++) {
        op_t *op = (op_t *)jobs[i];     /* its first member */

        run_one(op);
        if (op->kind == OP_PUT && op->rv == APR_SUCCESS) {
            puts[nputs++] = op;
        }
    }
    if (nputs > 0) {
        sync_puts(puts, nputs);
    }
}

/* ---- on the loop ---- */

/* What went wrong, for the user and for the log. */
static dl_failure_t failure_of(const op_t *op)
{
    char buf[120];
    const char *detail = apr_psprintf(
        op->pool, "file store: %s: %s", op->kind == OP_PROBE ? op->dir
                                                             : op->key,
        apr_strerror(op->rv, buf, sizeof(buf)));

    switch (op->rv) {
    case ENOENT:
        if (op->kind == OP_HEAD) {
            return dlw_failure("FILE_NOT_FOUND", "File not found", detail, 1);
        }
        break;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return dlw_failure("STORAGE_ERROR", "The storage is full", detail, 0);
    case ENAMETOOLONG:
        return dlw_failure("STORAGE_ERROR", "The file cannot be stored",
                           detail, 1);
    default:
        break;
    }
    return dlw_failure("STORAGE_ERROR", "The storage is not available",
                       detail, 0);
}

static void log_swept(const op_t *op)
{
    if (op->swept.evicted > 0 || op->swept.leftovers > 0) {
        dl_log(DL_LOG_INFO, "DL0701", NULL,
               "file store: %d old objects evicted, %d unfinished writes "
               "removed, %" APR_INT64_T_FMT " bytes kept", op->swept.evicted,
               op->swept.leftovers, op->swept.bytes);
    }
}

static void tell(op_t *op)
{
    dlw_object_t object = { 0 };
    dl_failure_t failure;

    if (op->rv != APR_SUCCESS) {
        failure = failure_of(op);
        op->done(op->baton, &failure, NULL);
        return;
    }
    object.key = apr_pstrdup(op->pool, op->key);
    object.size = op->size;
    object.content_type = op->content_type;
    op->done(op->baton, NULL, &object);
}

/* An operation whose asker is gone, or that nobody asked for. */
static void settle_quietly(op_t *op)
{
    dlw_store_t *store = op->store;
    char buf[120];

    if (op->kind == OP_SWEEP) {
        store->sweeping = 0;
        return;
    }
    store->removals--;
    if (op->kind == OP_PUT && op->rv == APR_SUCCESS) {
        /* aborted after the thread had looked: its object goes too */
        dlw_store_file.remove(store, op->key);
    }
    else if (op->kind == OP_REMOVE && op->rv != APR_SUCCESS) {
        dl_log(DL_LOG_WARN, "DL0702", NULL,
               "file store: cannot remove %s: %s", op->key,
               apr_strerror(op->rv, buf, sizeof(buf)));
    }
}

/* dlw_disk_job_t's done */
static void finish(dlw_disk_job_t *job, int dropped)
{
    op_t *op = (op_t *)job;
    dlw_store_t *store = op->store;

    if (dropped) {
        free_op(op);
        return;
    }
    if (op->swept_whole) {
        store->bytes = op->swept.bytes;
        log_swept(op);
    }
    if (op->kind == OP_PUT && op->rv == APR_SUCCESS && store->bytes >= 0) {
        store->bytes += op->size;
    }
    if (op->done && !atomic_load(&op->aborted)) {
        tell(op);
    }
    else {
        settle_quietly(op);
    }
    free_op(op);
}

static void sweep_now(dl_timer_t *timer)
{
    dlw_store_t *store = timer->baton;
    const dl_config_t *conf = store->env->conf;
    op_t *op = store->sweeping ? NULL : make_op(store, OP_SWEEP, "");

    dl_timer_set(store->env->loop, timer, SWEEP_MS);
    if (op) {
        op->max = conf->store.max_bytes;
        op->ttl_s = conf->result_ttl_s;
        store->sweeping = 1;
        dlw_disk_submit(store->large, &op->job);
    }
}

static apr_status_t stop_sweeping(void *data)
{
    dlw_store_t *store = data;

    dl_timer_cancel(store->env->loop, &store->sweep);
    return APR_SUCCESS;
}

static apr_status_t file_create(const dlw_env_t *env, apr_pool_t *p,
                                dlw_store_t **out)
{
    dlw_store_t *store = apr_pcalloc(p, sizeof(*store));
    apr_status_t rv;

    store->env = env;
    store->pool = p;
    store->bytes = -1;
    store->sweep.fn = sweep_now;
    store->sweep.baton = store;
    rv = dlw_disk_create(env->loop, 1, DLW_DISK_BATCH, run_batch, NULL, p,
                         &store->small);
    if (rv == APR_SUCCESS) {
        rv = dlw_disk_create(env->loop, 2, 1, run_batch, NULL, p,
                             &store->large);
    }
    if (rv == APR_SUCCESS) {
        apr_pool_cleanup_register(p, store, stop_sweeping,
                                  apr_pool_cleanup_null);
        dl_timer_set(env->loop, &store->sweep, FIRST_SWEEP_MS);
        *out = store;
    }
    return rv;
}

/* Calls back at once: there is not even memory to do it. */
static void *refuse(dlw_store_done_fn *done, void *baton, const char *detail,
                    int permanent)
{
    dl_failure_t failure = dlw_failure("STORAGE_ERROR",
                                       "The file cannot be stored", detail,
                                       permanent);

    done(baton, &failure, NULL);
    return NULL;
}

static void *submit(op_t *op, int large, dlw_store_done_fn *done, void *baton,
                    apr_pool_t *p)
{
    op->done = done;
    op->baton = baton;
    op->pool = p;
    dlw_disk_submit(large ? op->store->large : op->store->small, &op->job);
    return op;
}

static void file_probe(dlw_store_t *store, apr_pool_t *p,
                       dlw_store_done_fn *done, void *baton)
{
    op_t *op = make_op(store, OP_PROBE, PROBE_KEY);

    if (!op) {
        refuse(done, baton, "out of memory", 0);
        return;
    }
    submit(op, 0, done, baton, p);
}

static void *file_put(dlw_store_t *store, dlw_attempt_t *a, const char *key,
                      dlw_store_done_fn *done, void *baton)
{
    const dl_store_conf_t *conf = &a->conf->store;
    const void *memory = dlw_spool_memory(a->spool);
    apr_int64_t size = dlw_spool_size(a->spool);
    op_t *op;

    if (!dl_store_key_safe(key)) {
        return refuse(done, baton, "file store: the key is no safe path; "
                      "see DLJobKeyFormat", 1);
    }
    op = make_op(store, OP_PUT, key);
    if (!op) {
        return refuse(done, baton, "out of memory", 0);
    }
    op->size = size;
    op->content_type = a->content_type;
    if (memory) {
        op->data = malloc(size > 0 ? (size_t)size : 1);
        if (op->data) {
            memcpy(op->data, memory, (size_t)size);
        }
    }
    else {
        op->fd = dup(dlw_spool_fd(a->spool));
    }
    if (!op->data && op->fd < 0) {
        free_op(op);
        return refuse(done, baton, "out of memory or descriptors", 0);
    }
    if (conf->max_bytes > 0
        && (store->bytes < 0 || store->bytes + size > conf->max_bytes)) {
        op->max = conf->max_bytes;
        op->ttl_s = a->conf->result_ttl_s;
    }
    return submit(op, !memory || op->max > 0, done, baton, a->pool);
}

static void *file_head(dlw_store_t *store, const char *key, apr_pool_t *p,
                       dlw_store_done_fn *done, void *baton)
{
    op_t *op = dl_store_key_safe(key) ? make_op(store, OP_HEAD, key) : NULL;

    if (!op) {
        return refuse(done, baton, "file store: the key is no safe path, or "
                      "memory is short", 1);
    }
    return submit(op, 0, done, baton, p);
}

static void *file_get(dlw_store_t *store, const char *key, apr_pool_t *p,
                      const dlw_store_sink_t *sink, void *baton)
{
    void *op = NULL;

    if (dl_store_key_safe(key)
        && (store->reads
            || dlw_store_read_disk(store->env->loop, store->pool,
                                   &store->reads) == APR_SUCCESS)) {
        op = dlw_store_read_start(store->reads, store->env->conf->store.dir,
                                  key, p, sink, baton);
    }
    return op ? op : refuse(sink->done, baton, "file store: the key is no "
                            "safe path, or memory is short", 0);
}

static void file_abort_get(dlw_store_t *store, void *op)
{
    (void)store;
    dlw_store_read_abort(op);
}

static void file_abort(dlw_store_t *store, void *handle)
{
    op_t *op = handle;

    atomic_store(&op->aborted, 1);
    store->removals++;
}

static void file_remove(dlw_store_t *store, const char *key)
{
    op_t *op = dl_store_key_safe(key) ? make_op(store, OP_REMOVE, key) : NULL;

    if (!op) {
        dl_log(DL_LOG_WARN, "DL0703", NULL,
               "file store: cannot remove an object: out of memory or an "
               "unsafe key");
        return;
    }
    store->removals++;
    dlw_disk_submit(store->small, &op->job);
}

static int file_pending(dlw_store_t *store)
{
    return store->removals;
}

const dlw_store_ops_t dlw_store_file = {
    .name = "file",
    .create = file_create,
    .probe = file_probe,
    .put = file_put,
    .head = file_head,
    .get = file_get,
    .abort_get = file_abort_get,
    .abort = file_abort,
    .remove = file_remove,
    .pending = file_pending
};
