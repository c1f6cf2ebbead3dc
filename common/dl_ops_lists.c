/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's lists: tasks, jobs, dead letters.
 */
#include "dl_ops.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "dl_jobs_impl.h"
#include "dl_reply.h"

#define PAGE_MAX 500
#define SCANNED "500"

static const char *text(const redisReply *hash, const char *name,
                        apr_pool_t *p)
{
    const char *s = dl_reply_str(dl_reply_field(hash, name), NULL);

    return s ? apr_pstrdup(p, s) : "";
}

static apr_int64_t integer(const redisReply *hash, const char *name,
                           apr_int64_t unknown)
{
    apr_int64_t value = unknown;

    dl_reply_int(dl_reply_field(hash, name), &value);
    return value;
}

/*
 * A page of a zset, and HGETALL of stem + member for each: what a list of
 * tasks or letters is made of. hashes: one per member, each to be freed.
 */
static apr_status_t read_page(dl_jobs_t *jobs, const char *range,
                              const char *zset, const char *stem, int first,
                              int n, apr_pool_t *p, redisReply **page,
                              redisReply ***hashes, int *count)
{
    dl_redis_cmd_t *cmd = dl_cmd_make(5, p), *cmds;
    apr_status_t rv;

    if (n > PAGE_MAX)
        n = PAGE_MAX;
    dl_cmd_adds(cmd, range);
    dl_cmd_adds(cmd, dl_jobs_key(jobs, zset, "", p));
    dl_cmd_addi(cmd, first < 0 ? 0 : first, p);
    dl_cmd_addi(cmd, (apr_int64_t)first + (n < 1 ? 0 : n - 1), p);
    dl_cmd_adds(cmd, "WITHSCORES");
    rv = dl_jobs_read(jobs, cmd, 1, page);
    if (rv != APR_SUCCESS)
        return rv;
    *count = (int)dl_reply_count(*page) / 2;
    if (*count == 0)
        return APR_SUCCESS;
    cmds = apr_palloc(p, *count * sizeof(*cmds));
    *hashes = apr_palloc(p, *count * sizeof(**hashes));
    for (int i = 0; i < *count; i++) {
        cmd = dl_cmd_make(2, p);
        dl_cmd_adds(cmd, "HGETALL");
        dl_cmd_adds(cmd, dl_jobs_key(jobs, stem,
                                     dl_reply_str_at(*page, 2 * i, NULL),
                                     p));
        cmds[i] = *cmd;
    }
    rv = dl_jobs_read(jobs, cmds, *count, *hashes);
    if (rv != APR_SUCCESS)
        dl_reply_free(*page);
    return rv;
}

static void free_page(redisReply *page, redisReply **hashes, int count)
{
    for (int i = 0; i < count; i++)
        dl_reply_free(hashes[i]);
    dl_reply_free(page);
}

static apr_int64_t member(const redisReply *page, apr_size_t i)
{
    apr_int64_t file_id = 0;

    dl_reply_int_at(page, i, &file_id);
    return file_id;
}

void dl_ops_task_read(const redisReply *hash, apr_int64_t file_id,
                      apr_pool_t *p, dl_ops_task_t *t)
{
    apr_int64_t priority = integer(hash, "priority", DL_PRIORITY_NORMAL);

    memset(t, 0, sizeof(*t));
    t->file_id = file_id;
    t->state = text(hash, "state", p);
    t->job_id = text(hash, "job", p);
    t->worker = text(hash, "worker", p);
    t->attempts = (int)integer(hash, "attempts", 0);
    t->lost = (int)integer(hash, "lost", 0);
    t->progress = (int)integer(hash, "progress", 0);
    t->priority = priority == DL_PRIORITY_HIGH ? DL_PRIORITY_HIGH
                : priority == DL_PRIORITY_LOW ? DL_PRIORITY_LOW
                : DL_PRIORITY_NORMAL;
}

void dl_ops_dead_read(const redisReply *hash, apr_int64_t file_id,
                      apr_pool_t *p, dl_ops_dead_t *d)
{
    d->file_id = file_id;
    d->at_ms = integer(hash, "at", 0);
    d->error_code = text(hash, "errorCode", p);
    d->error = text(hash, "error", p);
    d->detail = text(hash, "detail", p);
    d->attempts = (int)integer(hash, "attempts", 0);
    d->lost = (int)integer(hash, "lost", 0);
    d->job_id = text(hash, "job", p);
    d->user = text(hash, "userId", p);
    d->request_id = text(hash, "requestId", p);
    d->traceparent = text(hash, "traceparent", p);
}

apr_status_t dl_ops_tasks(dl_jobs_t *jobs, dl_ops_queue_e queue, int first,
                          int n, apr_pool_t *p, apr_array_header_t **tasks)
{
    static const char *const zsets[] = {
        "queue:wait", "queue:suspect", "queue:delayed", "queue:lease"
    };
    redisReply *page, **hashes = NULL;
    int count;
    apr_status_t rv = read_page(jobs, "ZRANGE", zsets[queue], "task:", first,
                                n, p, &page, &hashes, &count);

    if (rv != APR_SUCCESS)
        return rv;
    *tasks = apr_array_make(p, count + 1, sizeof(dl_ops_task_t));
    for (int i = 0; i < count; i++) {
        dl_ops_task_t *t = &APR_ARRAY_PUSH(*tasks, dl_ops_task_t);
        const char *score = dl_reply_str_at(page, 2 * i + 1, NULL);
        double at = score ? strtod(score, NULL) : 0;

        dl_ops_task_read(hashes[i], member(page, 2 * i), p, t);
        t->at_ms = (apr_int64_t)(queue <= DL_OPS_SUSPECT ? at / 1000 : at);
    }
    free_page(page, hashes, count);
    return APR_SUCCESS;
}

apr_status_t dl_ops_dead(dl_jobs_t *jobs, int first, int n, apr_pool_t *p,
                         apr_array_header_t **dead)
{
    redisReply *page, **hashes = NULL;
    int count;
    apr_status_t rv = read_page(jobs, "ZREVRANGE", "queue:dead", "dead:",
                                first, n, p, &page, &hashes, &count);

    if (rv != APR_SUCCESS)
        return rv;
    *dead = apr_array_make(p, count + 1, sizeof(dl_ops_dead_t));
    for (int i = 0; i < count; i++) {
        dl_ops_dead_t *d = &APR_ARRAY_PUSH(*dead, dl_ops_dead_t);

        dl_ops_dead_read(hashes[i], member(page, 2 * i), p, d);
    }
    free_page(page, hashes, count);
    return APR_SUCCESS;
}

/* The prefix as a pattern of SCAN: its own special characters escaped. */
static const char *pattern_of(const dl_jobs_t *jobs, apr_pool_t *p)
{
    const char *s = dl_script_prefix(jobs->scripts);
    char *out = apr_palloc(p, 2 * strlen(s) + 1), *o = out;

    for (; *s; s++) {
        if (strchr("*?[]\\", *s))
            *o++ = '\\';
        *o++ = *s;
    }
    *o = '\0';
    return apr_pstrcat(p, out, "job:status:*", NULL);
}

static apr_status_t read_jobs(dl_jobs_t *jobs, const redisReply *keys,
                              int state, apr_pool_t *p,
                              apr_array_header_t *list)
{
    int n = (int)dl_reply_count(keys);
    apr_size_t stem = strlen(dl_jobs_key(jobs, "job:status:", "", p));
    dl_redis_cmd_t *cmds = apr_palloc(p, (n + 1) * sizeof(*cmds));
    redisReply **hashes = apr_palloc(p, (n + 1) * sizeof(*hashes));
    apr_status_t rv;

    if (n == 0)
        return APR_SUCCESS;
    for (int i = 0; i < n; i++) {
        cmds[i] = *dl_cmd_make(2, p);
        dl_cmd_adds(&cmds[i], "HGETALL");
        dl_cmd_adds(&cmds[i], dl_reply_str_at(keys, i, NULL));
    }
    rv = dl_jobs_read(jobs, cmds, n, hashes);
    if (rv != APR_SUCCESS)
        return rv;
    for (int i = 0; i < n; i++) {
        dl_job_t *job;

        if (dl_job_read(cmds[i].argv[1] + stem, hashes[i], NULL, p, &job)
            == APR_SUCCESS && (state < 0 || (int)job->state == state))
            APR_ARRAY_PUSH(list, dl_job_t *) = job;
        dl_reply_free(hashes[i]);
    }
    return APR_SUCCESS;
}

apr_status_t dl_ops_jobs(dl_jobs_t *jobs, int state, apr_pool_t *p,
                         const char **cursor, apr_array_header_t **list)
{
    dl_redis_cmd_t *cmd = dl_cmd_make(6, p);
    const char *next;
    redisReply *reply;
    apr_status_t rv;

    dl_cmd_adds(cmd, "SCAN");
    dl_cmd_adds(cmd, *cursor);
    dl_cmd_adds(cmd, "MATCH");
    dl_cmd_adds(cmd, pattern_of(jobs, p));
    dl_cmd_adds(cmd, "COUNT");
    dl_cmd_adds(cmd, SCANNED);
    rv = dl_jobs_read(jobs, cmd, 1, &reply);
    if (rv != APR_SUCCESS)
        return rv;
    *list = apr_array_make(p, 16, sizeof(dl_job_t *));
    next = dl_reply_str_at(reply, 0, NULL);
    *cursor = apr_pstrdup(p, next ? next : "0");
    rv = read_jobs(jobs, dl_reply_at(reply, 1), state, p, *list);
    dl_reply_free(reply);
    return rv;
}

apr_status_t dl_ops_dead_retry(dl_jobs_t *jobs, apr_int64_t file_id,
                               const char *job_id, const char *request_id,
                               apr_pool_t *p, const char **made)
{
    dl_redis_cmd_t *cmd = dl_cmd_script(jobs->scripts, DL_SCRIPT_RETRY, 6, p);
    redisReply *reply;
    const char *id;
    apr_status_t rv;

    dl_cmd_adds(cmd, job_id);
    dl_cmd_addi(cmd, file_id, p);
    dl_cmd_adds(cmd, "fileId");
    dl_cmd_addi(cmd, file_id, p);
    if (request_id && *request_id) {
        dl_cmd_adds(cmd, "requestId");
        dl_cmd_adds(cmd, request_id);
    }
    rv = dl_jobs_run(jobs, DL_SCRIPT_RETRY, cmd, p, &reply);
    if (rv != APR_SUCCESS)
        return rv;
    id = dl_reply_str_at(reply, 1, NULL);
    if (id)
        *made = apr_pstrdup(p, id);
    dl_reply_free(reply);
    return id ? APR_SUCCESS : APR_NOTFOUND;
}

apr_status_t dl_ops_dead_purge(dl_jobs_t *jobs, apr_int64_t file_id,
                               apr_int64_t before_ms, apr_pool_t *p,
                               int *removed)
{
    dl_redis_cmd_t *cmd = dl_cmd_script(jobs->scripts, DL_SCRIPT_PURGE, 2, p);
    apr_int64_t n = 0;
    redisReply *reply;
    apr_status_t rv;

    if (file_id > 0)
        dl_cmd_addi(cmd, file_id, p);
    else
        dl_cmd_adds(cmd, "");
    dl_cmd_addi(cmd, before_ms, p);
    rv = dl_jobs_run(jobs, DL_SCRIPT_PURGE, cmd, p, &reply);
    if (rv != APR_SUCCESS)
        return rv;
    dl_reply_int(reply, &n);
    *removed = (int)n;
    dl_reply_free(reply);
    return APR_SUCCESS;
}
