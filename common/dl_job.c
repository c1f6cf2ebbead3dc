/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a job: hash fields to struct. A table says where each field goes,
 * and its rows are the list of fields the scripts of common/lua may write.
 */
#include "dl_job.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <hiredis/hiredis.h>

static const char *const state_names[] = {
    "queued", "processing", "completed", "failed", "cancelled"
};

const char *dl_job_state_name(dl_job_state_e state)
{
    return state_names[state];
}

int dl_job_state_parse(const char *name, dl_job_state_e *state)
{
    for (int i = 0; i <= DL_JOB_CANCELLED; i++) {
        if (strcmp(name, state_names[i]) == 0) {
            *state = (dl_job_state_e)i;
            return 0;
        }
    }
    return -1;
}

int dl_job_state_terminal(dl_job_state_e state)
{
    return state >= DL_JOB_COMPLETED;
}

int dl_job_has_files(const dl_job_t *job)
{
    return job->file_id == 0;
}

/* What the hash holds beside the members of dl_job_t. */
typedef struct read_t {
    dl_job_t job;
    const char *status;
    const char *set;            /**< hash of the files, or "zip:<hash>" */
    apr_int64_t nfiles;         /**< of a job with several */
    apr_int64_t progress_sum;   /**< of them, 0 .. 100 each */
    apr_int64_t failed;         /**< how many of them failed */
    apr_int64_t progress;
    apr_int64_t total;
    apr_int64_t attempt;
    apr_int64_t retries_remaining;
    apr_int64_t retryable;
    apr_int64_t holders;
} read_t;

typedef enum { TEXT, INTEGER } kind_e;

typedef struct field_t {
    const char *name;
    size_t len;
    kind_e kind;
    size_t offset;
} field_t;

#define F(name, kind, member)                                               \
    {name, sizeof(name) - 1, kind, offsetof(read_t, member)}

static const field_t fields[] = {
    F("status", TEXT, status),
    F("version", INTEGER, job.version),
    F("createdAt", INTEGER, job.created_ms),
    F("requestId", TEXT, job.request_id),
    F("traceparent", TEXT, job.traceparent),
    F("fileId", INTEGER, job.file_id),
    F("userId", TEXT, job.user),
    F("progress", INTEGER, progress),
    F("startedAt", INTEGER, job.started_ms),
    F("attempt", INTEGER, attempt),
    F("completedAt", INTEGER, job.completed_ms),
    F("s3Key", TEXT, job.key),
    F("presignedUrl", TEXT, job.url),
    F("urlExpires", INTEGER, job.url_expires_s),
    F("size", INTEGER, job.size),
    F("filename", TEXT, job.filename),
    F("contentType", TEXT, job.content_type),
    F("sha256", TEXT, job.sha256),
    F("estimate", INTEGER, job.estimate_ms),
    F("total", INTEGER, total),
    F("holders", INTEGER, holders),
    F("files", INTEGER, nfiles),
    F("set", TEXT, set),
    F("progressSum", INTEGER, progress_sum),
    F("failed", INTEGER, failed),
    F("nextAttemptAt", INTEGER, job.next_attempt_ms),
    F("retriesRemaining", INTEGER, retries_remaining),
    F("error", TEXT, job.error),
    F("errorCode", TEXT, job.error_code),
    F("retryable", INTEGER, retryable),
    F("message", TEXT, job.message),
    F("callbackUrl", TEXT, job.callback_url),
    F("base", TEXT, job.base),
    F("tracestate", TEXT, job.tracestate),
};

#define NFIELDS (sizeof(fields) / sizeof(fields[0]))

/** A whole decimal number; @return 0, or -1: leave the member as it is. */
static int to_integer(const char *s, size_t len, apr_int64_t *value)
{
    apr_int64_t v = 0;
    size_t i = len > 0 && s[0] == '-';

    if (len == i || len - i > 18)
        return -1;
    for (; i < len; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        v = v * 10 + (s[i] - '0');
    }
    *value = s[0] == '-' ? -v : v;
    return 0;
}

/*
 * @a guess is where the last search ended: the fields of a hash mostly come
 * in the order they were written, which is the table's.
 */
static const field_t *find_field(const redisReply *name, size_t *guess)
{
    for (size_t n = 0, i = *guess; n < NFIELDS; n++) {
        const field_t *f = &fields[i];

        i = i + 1 < NFIELDS ? i + 1 : 0;
        if (f->len == name->len && memcmp(f->name, name->str, f->len) == 0) {
            *guess = i;
            return f;
        }
    }
    return NULL;
}

static void read_fields(read_t *r, const redisReply *hash, apr_pool_t *p)
{
    size_t guess = 0;

    for (size_t i = 0; i + 1 < hash->elements; i += 2) {
        const redisReply *value = hash->element[i + 1];
        const field_t *f = find_field(hash->element[i], &guess);

        if (!f || value->type != REDIS_REPLY_STRING || value->len == 0)
            continue;
        if (f->kind == INTEGER) {
            to_integer(value->str, value->len,
                       (apr_int64_t *)((char *)r + f->offset));
        }
        else {
            *(const char **)((char *)r + f->offset) =
                apr_pstrmemdup(p, value->str, value->len);
        }
    }
}

static int bounded(apr_int64_t value, int low, int high)
{
    return value < low ? low : value > high ? high : (int)value;
}

static void finish(read_t *r)
{
    dl_job_t *job = &r->job;

    if (r->nfiles > 0) {
        job->file_id = 0;
        job->bundle = dl_bundle_of_set(r->set);
        r->progress = r->progress_sum / r->nfiles;
        job->partial = job->state == DL_JOB_COMPLETED && r->failed > 0;
    }
    if (job->state == DL_JOB_COMPLETED)
        r->progress = 100;
    job->progress = bounded(r->progress, 0,
                            dl_job_state_terminal(job->state) ? 100 : 99);
    job->total = bounded(r->total ? r->total : r->nfiles, 1, 1 << 30);
    job->attempt = bounded(r->attempt, 0, 1 << 30);
    job->retries_remaining = bounded(r->retries_remaining, -1, 1 << 30);
    job->retryable = bounded(r->retryable, -1, 1);
    job->holders = bounded(r->holders, 1, 1 << 30);
}

apr_status_t dl_job_read(const char *id, const redisReply *hash,
                         const redisReply *files, apr_pool_t *p,
                         dl_job_t **job)
{
    read_t *r;

    if (!hash || hash->type != REDIS_REPLY_ARRAY || hash->elements == 0)
        return APR_NOTFOUND;
    r = apr_pcalloc(p, sizeof(*r));
    r->job.id = apr_pstrdup(p, id);
    r->job.user = "";
    r->job.size = -1;
    r->retries_remaining = -1;
    r->retryable = -1;
    read_fields(r, hash, p);
    if (!r->status || dl_job_state_parse(r->status, &r->job.state) != 0)
        return APR_NOTFOUND;
    finish(r);
    *job = &r->job;
    if (files)
        dl_job_read_files(*job, files, p);
    return APR_SUCCESS;
}

/* The lines of a file's state after its first letter (lua/lib/settle.lua). */
static const char *next_line(const char **s, const char *end, apr_pool_t *p)
{
    const char *from = *s;
    const char *lf = from < end ? memchr(from, '\n', end - from) : NULL;
    const char *to = lf ? lf : end;

    *s = lf ? lf + 1 : end;
    return to > from ? apr_pstrmemdup(p, from, to - from) : NULL;
}

static apr_int64_t next_integer(const char **s, const char *end,
                                apr_int64_t unknown)
{
    const char *lf = *s < end ? memchr(*s, '\n', end - *s) : NULL;
    const char *to = lf ? lf : end;
    apr_int64_t value = unknown;

    to_integer(*s, to - *s, &value);
    *s = lf ? lf + 1 : end;
    return value;
}

static void read_file(dl_job_file_t *f, const dl_job_t *job,
                      const redisReply *value, apr_pool_t *p)
{
    const char *s = value->str, *end = s + value->len;
    char letter = s < end ? *s++ : '\0';

    f->size = -1;
    switch (letter) {
    case 'c':
        f->state = DL_JOB_COMPLETED;
        f->progress = 100;
        f->size = next_integer(&s, end, -1);
        f->key = next_line(&s, end, p);
        f->filename = next_line(&s, end, p);
        f->content_type = next_line(&s, end, p);
        f->sha256 = next_line(&s, end, p);
        return;
    case 'f':
        f->state = DL_JOB_FAILED;
        f->progress = bounded(next_integer(&s, end, 0), 0, 99);
        f->error_code = next_line(&s, end, p);
        f->error = next_line(&s, end, p);
        return;
    case 'p':
        f->state = DL_JOB_PROCESSING;
        f->progress = bounded(next_integer(&s, end, 0), 0, 99);
        break;
    default:
        f->state = DL_JOB_QUEUED;
        break;
    }
    /* a cancelled job's hash of files is left as it was */
    if (job->state == DL_JOB_CANCELLED)
        f->state = DL_JOB_CANCELLED;
}

static int by_id(const void *a, const void *b)
{
    const dl_job_file_t *x = a, *y = b;

    return x->file_id < y->file_id ? -1 : x->file_id > y->file_id;
}

void dl_job_read_files(dl_job_t *job, const redisReply *files, apr_pool_t *p)
{
    apr_array_header_t *list;

    if (!dl_job_has_files(job) || files->type != REDIS_REPLY_ARRAY)
        return;
    list = apr_array_make(p, (int)files->elements / 2 + 1,
                          sizeof(dl_job_file_t));
    for (size_t i = 0; i + 1 < files->elements; i += 2) {
        const redisReply *name = files->element[i];
        const redisReply *value = files->element[i + 1];
        dl_job_file_t f = {0};

        if (name->type != REDIS_REPLY_STRING
            || value->type != REDIS_REPLY_STRING
            || to_integer(name->str, name->len, &f.file_id) != 0)
            continue;
        read_file(&f, job, value, p);
        APR_ARRAY_PUSH(list, dl_job_file_t) = f;
    }
    qsort(list->elts, list->nelts, sizeof(dl_job_file_t), by_id);
    job->files = list;
}
