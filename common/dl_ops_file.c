/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All there is about a file: its task, who waits for it, its result, its
 * dead letter.
 */
#include "dl_ops.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "dl_jobs_impl.h"
#include "dl_reply.h"

#define FILES_MAX 20            /* a call */
#define SHOWN "100"             /* jobs that wait beside the first, about */

enum {
    TASK, WAIT, SUSPECT, DELAYED, LEASE, RANK, JOBS, OTHERS, RESULT, TTL,
    DEAD, NCMDS
};

static const struct {
    const char *name;
    const char *key;            /* followed by the file's id … */
    const char *after;          /* … and this; NULL: the id is an argument */
    const char *args[3];
} commands[NCMDS] = {
    [TASK] = {"HGETALL", "task:", "", {NULL}},
    [WAIT] = {"ZSCORE", "queue:wait", NULL, {NULL}},
    [SUSPECT] = {"ZSCORE", "queue:suspect", NULL, {NULL}},
    [DELAYED] = {"ZSCORE", "queue:delayed", NULL, {NULL}},
    [LEASE] = {"ZSCORE", "queue:lease", NULL, {NULL}},
    [RANK] = {"ZRANK", "queue:wait", NULL, {NULL}},
    [JOBS] = {"SCARD", "task:jobs:", "", {NULL}},
    [OTHERS] = {"SSCAN", "task:jobs:", "", {"0", "COUNT", SHOWN}},
    [RESULT] = {"GET", "result:file:", ":completed", {NULL}},
    [TTL] = {"TTL", "result:file:", ":completed", {NULL}},
    [DEAD] = {"HGETALL", "dead:", "", {NULL}},
};

static dl_redis_cmd_t command(const dl_jobs_t *jobs, int i, const char *id,
                              apr_pool_t *p)
{
    dl_redis_cmd_t *cmd = dl_cmd_make(5, p);

    dl_cmd_adds(cmd, commands[i].name);
    if (commands[i].after) {
        dl_cmd_adds(cmd, dl_jobs_key(jobs, commands[i].key,
                                     apr_pstrcat(p, id, commands[i].after,
                                                 NULL), p));
    }
    else {
        dl_cmd_adds(cmd, dl_jobs_key(jobs, commands[i].key, "", p));
        dl_cmd_adds(cmd, id);
    }
    for (int k = 0; k < 3 && commands[i].args[k]; k++)
        dl_cmd_adds(cmd, commands[i].args[k]);
    return *cmd;
}

/* The queue a task stands in and its score there; in doubt the lease. */
static void read_place(redisReply *const *r, dl_ops_file_t *file)
{
    static const struct {
        int cmd;
        dl_ops_queue_e queue;
    } rows[] = {
        {LEASE, DL_OPS_ACTIVE}, {DELAYED, DL_OPS_DELAYED},
        {SUSPECT, DL_OPS_SUSPECT}, {WAIT, DL_OPS_WAIT},
    };
    apr_int64_t rank;

    file->queue = -1;
    file->rank = -1;
    for (int i = 0; i < 4; i++) {
        const char *score = dl_reply_str(r[rows[i].cmd], NULL);

        if (score) {
            double at = strtod(score, NULL);

            file->queue = (int)rows[i].queue;
            if (file->task)
                file->task->at_ms = (apr_int64_t)(
                    file->queue <= DL_OPS_SUSPECT ? at / 1000 : at);
            break;
        }
    }
    if (dl_reply_int(r[RANK], &rank))
        file->rank = (int)rank;
}

static void read_waiting(redisReply *const *r, dl_ops_file_t *file,
                         apr_pool_t *p)
{
    const redisReply *others = dl_reply_at(r[OTHERS], 1);
    apr_int64_t n = 0;

    file->jobs = apr_array_make(p, 4, sizeof(const char *));
    dl_reply_int(r[JOBS], &n);
    file->njobs = (int)n;
    if (file->task && *file->task->job_id) {
        APR_ARRAY_PUSH(file->jobs, const char *) = file->task->job_id;
        file->njobs++;
    }
    for (apr_size_t i = 0; i < dl_reply_count(others); i++) {
        const char *id = dl_reply_str_at(others, i, NULL);

        if (id)
            APR_ARRAY_PUSH(file->jobs, const char *) = apr_pstrdup(p, id);
    }
}

/* "fence\nkey\nsize\nfilename\ntype\nsha256\netag": complete.lua */
static dl_ops_result_t *read_result(redisReply *const *r, apr_pool_t *p)
{
    const char *text = dl_reply_str(r[RESULT], NULL);
    const char *lines[7] = {NULL};
    dl_ops_result_t *result;
    apr_int64_t ttl_s = -1;
    char *s;

    if (!text)
        return NULL;
    s = apr_pstrdup(p, text);
    for (int i = 0; i < 7 && s; i++) {
        char *lf = strchr(s, '\n');

        lines[i] = s;
        if (lf)
            *lf++ = '\0';
        s = lf;
    }
    result = apr_pcalloc(p, sizeof(*result));
    result->key = lines[1] ? lines[1] : "";
    result->size = lines[2] ? apr_atoi64(lines[2]) : -1;
    result->filename = lines[3] ? lines[3] : "";
    result->content_type = lines[4] ? lines[4] : "";
    result->sha256 = lines[5] ? lines[5] : "";
    dl_reply_int(r[TTL], &ttl_s);
    result->ttl_s = ttl_s;
    return result;
}

static void read_one(redisReply *const *r, apr_int64_t id, apr_pool_t *p,
                     dl_ops_file_t *file)
{
    memset(file, 0, sizeof(*file));
    file->file_id = id;
    if (dl_reply_count(r[TASK]) > 0) {
        file->task = apr_pcalloc(p, sizeof(*file->task));
        dl_ops_task_read(r[TASK], id, p, file->task);
    }
    read_place(r, file);
    read_waiting(r, file, p);
    file->result = read_result(r, p);
    if (dl_reply_count(r[DEAD]) > 0) {
        file->dead = apr_pcalloc(p, sizeof(*file->dead));
        dl_ops_dead_read(r[DEAD], id, p, file->dead);
    }
}

static apr_status_t read_some(dl_jobs_t *jobs, const apr_int64_t *ids, int n,
                              apr_pool_t *p, apr_array_header_t *files)
{
    dl_redis_cmd_t *cmds = apr_palloc(p, n * NCMDS * sizeof(*cmds));
    redisReply **replies = apr_palloc(p, n * NCMDS * sizeof(*replies));
    apr_status_t rv;

    for (int i = 0; i < n; i++) {
        const char *id = apr_psprintf(p, "%" APR_INT64_T_FMT, ids[i]);

        for (int k = 0; k < NCMDS; k++)
            cmds[i * NCMDS + k] = command(jobs, k, id, p);
    }
    rv = dl_jobs_read(jobs, cmds, n * NCMDS, replies);
    if (rv != APR_SUCCESS)
        return rv;
    for (int i = 0; i < n; i++)
        read_one(replies + i * NCMDS, ids[i], p,
                 &APR_ARRAY_PUSH(files, dl_ops_file_t));
    for (int i = 0; i < n * NCMDS; i++)
        dl_reply_free(replies[i]);
    return APR_SUCCESS;
}

apr_status_t dl_ops_files(dl_jobs_t *jobs, const apr_int64_t *ids, int n,
                          apr_pool_t *p, apr_array_header_t **files)
{
    apr_status_t rv = APR_SUCCESS;

    *files = apr_array_make(p, n > 0 ? n : 1, sizeof(dl_ops_file_t));
    for (int at = 0; at < n && rv == APR_SUCCESS; at += FILES_MAX)
        rv = read_some(jobs, ids + at, n - at < FILES_MAX ? n - at
                                                          : FILES_MAX,
                       p, *files);
    return rv;
}
