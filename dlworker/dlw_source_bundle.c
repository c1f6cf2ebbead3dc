/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source `bundle`: the files of a job, as one archive.
 *
 * Which files, and where they lie, is what Redis knows of the job. Each is
 * read from the store and written into the archive as it comes, in the order
 * of their ids; last comes the manifest, which so can tell what turned out
 * to be missing. Memory holds one piece of one file.
 */
#include "dlw_source.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <openssl/evp.h>

#include "dl_reply.h"
#include "dl_uuid.h"
#include "dlw_archive.h"
#include "dlw_entry_names.h"
#include "dlw_manifest.h"
#include "dlw_redis.h"
#include "dlw_store.h"

typedef struct run_t run_t;

/* A question to Redis, which may outlive the run. */
typedef struct ask_t {
    run_t *run;                 /* NULL: aborted */
    void (*answered)(run_t *run, const redisReply *reply);
} ask_t;

struct run_t {
    dlw_attempt_t *a;
    ask_t *ask;                 /* the one under way, or NULL */
    void *op;                   /* of the store, while it reads */
    dl_defer_t defer;           /* the next part */
    dl_bundle_e kind;
    dl_job_t job;               /* its files alone */
    dlw_part_t *parts;
    int at;                     /* the part being read; before: -1 */
    int written;                /* parts in the archive */
    dlw_archive_t *archive;
    dlw_entry_names_t names;
    EVP_MD_CTX *md;             /* of the part */
    apr_int64_t total, passed;  /* bytes of all parts, read so far */
    apr_status_t rv;            /* why the archive took no more */
};

static void end(run_t *run, const dl_failure_t *failure)
{
    run->a->on->done(run->a, failure);
}

static void fail(run_t *run, const char *code, const char *error,
                 const char *detail, int permanent)
{
    dl_failure_t failure = dlw_failure(code, error, detail, permanent);

    end(run, &failure);
}

/* The archive took no more: its bound, or the file system of the spool. */
static void fail_archive(run_t *run)
{
    char buf[120];

    if (run->rv == APR_EINVAL)
        fail(run, "SOURCE_ERROR", "The archive is too large",
             "the archive is larger than DLJobMaxObject", 1);
    else
        fail(run, "STORAGE_ERROR", "The archive could not be made",
             apr_psprintf(run->a->pool, "archive: %s",
                          apr_strerror(run->rv, buf, sizeof(buf))), 0);
}

/* --- the parts --------------------------------------------------------- */

static dlw_part_t *part_of(run_t *run)
{
    return &run->parts[run->at];
}

static void next_part(run_t *run)
{
    dl_defer(run->a->env->loop, &run->defer);
}

static int on_open(void *baton, apr_int64_t size)
{
    run_t *run = baton;
    dlw_part_t *part = part_of(run);

    part->name = dlw_entry_name(&run->names, part->file->filename,
                                part->file->file_id);
    part->size = size;
    if (!EVP_DigestInit_ex(run->md, EVP_sha256(), NULL))
        run->rv = APR_EGENERAL;
    else
        run->rv = dlw_archive_entry(run->archive, part->name, size);
    return run->rv != APR_SUCCESS;
}

static int on_data(void *baton, const char *data, apr_size_t len)
{
    run_t *run = baton;

    EVP_DigestUpdate(run->md, data, len);
    run->rv = dlw_archive_data(run->archive, data, len);
    run->passed += (apr_int64_t)len;
    if (run->total > 0)
        run->a->on->progress(run->a,
                             (int)(run->passed * 100 / run->total));
    return run->rv != APR_SUCCESS;
}

/* The part is whole: are these the bytes the job's user was told of? */
static void check_part(run_t *run)
{
    dlw_part_t *part = part_of(run);
    unsigned char md[EVP_MAX_MD_SIZE];

    EVP_DigestFinal_ex(run->md, md, NULL);
    dl_hex(md, 32, part->sha256);
    part->sha256[64] = '\0';
    if (part->file->sha256
        && strcmp(part->file->sha256, part->sha256) != 0) {
        fail(run, "STORAGE_ERROR", "A stored file is damaged",
             apr_psprintf(run->a->pool, "%s: its SHA-256 is not that of the "
                          "result", part->file->key), 0);
        return;
    }
    run->written++;
    next_part(run);
}

static void on_part(void *baton, const dl_failure_t *failure,
                    const dlw_object_t *object)
{
    run_t *run = baton;
    dlw_part_t *part = part_of(run);

    (void)object;
    run->op = NULL;
    if (run->rv != APR_SUCCESS) {
        fail_archive(run);
    }
    else if (!failure) {
        check_part(run);
    }
    else if (!part->name
             && strcmp(failure->error_code, "FILE_NOT_FOUND") == 0) {
        part->error_code = "FILE_NOT_FOUND";
        part->error = "The file is not in the storage any more";
        next_part(run);
    }
    else {
        end(run, failure);
    }
}

static void get_part(run_t *run)
{
    static const dlw_store_sink_t sink = {on_open, on_data, on_part};
    dlw_attempt_t *a = run->a;
    int at = run->at;
    void *op = a->env->store_ops->get(a->env->store, part_of(run)->file->key,
                                      a->pool, &sink, run);

    if (op && run->at == at)
        run->op = op;
}

static apr_status_t write_manifest(run_t *run)
{
    apr_size_t len;
    const char *json = dlw_manifest_write(
        run->a->job_id, run->parts, run->job.files->nelts, run->a->pool,
        &len);
    apr_status_t rv = dlw_archive_entry(run->archive, DLW_ENTRY_MANIFEST,
                                        (apr_int64_t)len);

    if (rv == APR_SUCCESS)
        rv = dlw_archive_data(run->archive, json, len);
    if (rv == APR_SUCCESS)
        rv = dlw_archive_close(run->archive);
    return rv == APR_SUCCESS ? dlw_spool_end(run->a->spool) : rv;
}

static void finish(run_t *run)
{
    dlw_attempt_t *a = run->a;
    const char *kind = dl_bundle_name(run->kind);

    if (run->written == 0) {
        fail(run, "FILE_NOT_FOUND", "None of the files is in the storage any "
             "more", NULL, 1);
        return;
    }
    run->rv = write_manifest(run);
    if (run->rv != APR_SUCCESS) {
        fail_archive(run);
        return;
    }
    a->filename = apr_psprintf(a->pool, "files-%s.%s", a->job_id, kind);
    a->extension = apr_pstrcat(a->pool, ".", kind, NULL);
    a->content_type = dl_bundle_content_type(run->kind);
    end(run, NULL);
}

static void on_defer(dl_defer_t *defer)
{
    run_t *run = defer->baton;

    while (++run->at < run->job.files->nelts) {
        dlw_part_t *part = part_of(run);

        if (part->file->state == DL_JOB_COMPLETED && part->file->key) {
            get_part(run);
            return;
        }
        part->error_code = part->file->error_code;
        part->error = part->file->error;
    }
    finish(run);
}

/* --- what the job is --------------------------------------------------- */

static void ask(run_t *run, int argc, const char **argv,
                void (*answered)(run_t *run, const redisReply *reply));

static void read_list(run_t *run, const redisReply *reply)
{
    dlw_attempt_t *a = run->a;
    int n;

    dl_job_read_files(&run->job, reply, a->pool);
    n = run->job.files ? run->job.files->nelts : 0;
    run->parts = apr_pcalloc(a->pool, ((apr_size_t)n + 1)
                                          * sizeof(*run->parts));
    for (int i = 0; i < n; i++) {
        run->parts[i].file = &APR_ARRAY_IDX(run->job.files, i,
                                            dl_job_file_t);
        if (run->parts[i].file->size > 0)
            run->total += run->parts[i].file->size;
    }
}

static apr_status_t on_archive(void *spool, const void *data, apr_size_t len)
{
    return dlw_spool_write(spool, data, len);
}

static apr_status_t free_md(void *md)
{
    EVP_MD_CTX_free(md);
    return APR_SUCCESS;
}

static void on_files(run_t *run, const redisReply *reply)
{
    dlw_attempt_t *a = run->a;

    read_list(run, reply);
    if (!run->job.files || run->job.files->nelts == 0) {
        fail(run, "STORAGE_ERROR", "The list of files was lost", NULL, 1);
        return;
    }
    if (run->total > a->conf->max_object) {
        run->rv = APR_EINVAL;
        fail_archive(run);
        return;
    }
    run->archive = dlw_archive_create(run->kind, on_archive, a->spool,
                                      a->pool);
    run->md = EVP_MD_CTX_new();
    apr_pool_cleanup_register(a->pool, run->md, free_md,
                              apr_pool_cleanup_null);
    if (!run->archive || !run->md) {
        run->rv = APR_ENOMEM;
        fail_archive(run);
        return;
    }
    dlw_entry_names_init(&run->names, a->pool);
    next_part(run);
}

static const char *key_of(const run_t *run, const char *name)
{
    return apr_pstrcat(run->a->pool, run->a->conf->key_prefix, name,
                       run->a->job_id, NULL);
}

static void on_set(run_t *run, const redisReply *reply)
{
    const char *argv[] = {"HGETALL", key_of(run, "job:files:")};
    apr_size_t len;
    const char *set = dl_reply_str(reply, &len);

    run->kind = dl_bundle_of_set(
        set ? apr_pstrmemdup(run->a->pool, set, len) : NULL);
    if (!run->kind)
        fail(run, "STORAGE_ERROR", "The list of files was lost",
             "no archive is asked for by the job", 1);
    else
        ask(run, 2, argv, on_files);
}

static void on_answer(void *baton, const redisReply *reply)
{
    ask_t *question = baton;
    run_t *run = question->run;

    if (run) {
        run->ask = NULL;
        if (reply && reply->type != REDIS_REPLY_ERROR)
            question->answered(run, reply);
        else
            fail(run, "SOURCE_ERROR", "The archive could not be made",
                 "Redis does not tell which files the job has", 0);
    }
    free(question);
}

static void ask(run_t *run, int argc, const char **argv,
                void (*answered)(run_t *run, const redisReply *reply))
{
    ask_t *question = malloc(sizeof(*question));

    if (!question)
        abort();
    question->run = run;
    question->answered = answered;
    run->ask = question;
    dlw_redis_command(run->a->env->redis, argc, argv, on_answer, question);
}

/* --- the source -------------------------------------------------------- */

static void *bundle_start(dlw_attempt_t *a)
{
    run_t *run = apr_pcalloc(a->pool, sizeof(*run));
    const char *argv[] = {"HGET", NULL, "set"};

    run->a = a;
    run->at = -1;
    run->defer = (dl_defer_t){.fn = on_defer, .baton = run};
    argv[1] = key_of(run, "job:status:");
    ask(run, 3, argv, on_set);
    return run;
}

static void bundle_abort(dlw_attempt_t *a, void *handle)
{
    run_t *run = handle;

    if (run->ask)
        run->ask->run = NULL;
    run->ask = NULL;
    if (run->op)
        a->env->store_ops->abort_get(a->env->store, run->op);
    run->op = NULL;
    dl_defer_cancel(a->env->loop, &run->defer);
}

static const char *bundle_detail(dlw_attempt_t *a, void *handle)
{
    const run_t *run = handle;

    return apr_psprintf(a->pool, "archive: at part %d", run->at + 1);
}

static const char *bundle_check(const dl_config_t *conf, apr_pool_t *p)
{
    (void)conf;
    (void)p;
    return NULL;
}

const dlw_source_ops_t dlw_source_bundle = {
    .name = "bundle",
    .check = bundle_check,
    .start = bundle_start,
    .abort = bundle_abort,
    .detail = bundle_detail,
};
