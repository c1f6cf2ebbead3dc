/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's calls but for admission (dl_jobs_admit.c).
 */
#include "dl_jobs_impl.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "dl_log.h"
#include "dl_redis.h"
#include "dl_reply.h"
#include "dl_uuid.h"

#define LIST_MAX 100
#define WORKER_FRESH_MS 30000

apr_status_t dl_jobs_create(const dl_config_t *conf, dl_redis_pool_t *redis,
                            apr_pool_t *p, dl_jobs_t **jobs)
{
    dl_jobs_t *made = apr_pcalloc(p, sizeof(*made));
    apr_status_t rv = dl_scripts_create(conf, p, &made->scripts);

    if (rv != APR_SUCCESS)
        return rv;
    made->conf = conf;
    made->redis = redis;
    *jobs = made;
    return APR_SUCCESS;
}

const char *dl_jobs_key(const dl_jobs_t *jobs, const char *a, const char *b,
                        apr_pool_t *p)
{
    return apr_pstrcat(p, dl_script_prefix(jobs->scripts), a, b, NULL);
}

/* LOADING, READONLY, OOM, BUSY …: not now, and no use in sending it again;
 * NOPERM and the like: not ever. */
static apr_status_t refused(const char *what, redisReply *reply)
{
    apr_status_t rv = dl_redis_error(reply) == DL_REDIS_CONFIG
                          ? APR_EACCES : APR_EGENERAL;

    dl_log(DL_LOG_WARN, "DL0111", NULL, "Redis refused %s: %s", what,
           reply->str);
    dl_reply_free(reply);
    return rv;
}

static apr_status_t load_and_run(dl_jobs_t *jobs, dl_script_e script,
                                 const dl_redis_cmd_t *cmd, apr_pool_t *p,
                                 redisReply **reply)
{
    const dl_redis_cmd_t *load = dl_cmd_load(jobs->scripts, script, p);
    dl_redis_cmd_t cmds[2] = {*load, *cmd};
    redisReply *replies[2];
    apr_status_t rv = dl_redis_pool_call(jobs->redis, cmds, 2, replies);

    if (rv != APR_SUCCESS)
        return rv;
    /* why it could not be loaded says more than that it is not there */
    *reply = replies[replies[0]->type == REDIS_REPLY_ERROR ? 0 : 1];
    dl_reply_free(replies[*reply == replies[0] ? 1 : 0]);
    return APR_SUCCESS;
}

apr_status_t dl_jobs_run(dl_jobs_t *jobs, dl_script_e script,
                         const dl_redis_cmd_t *cmd, apr_pool_t *p,
                         redisReply **reply)
{
    apr_status_t rv = dl_redis_pool_call(jobs->redis, cmd, 1, reply);

    if (rv == APR_ECONNRESET)
        rv = dl_redis_pool_call(jobs->redis, cmd, 1, reply);
    if (rv == APR_SUCCESS && dl_script_missing(*reply)) {
        dl_reply_free(*reply);
        rv = load_and_run(jobs, script, cmd, p, reply);
    }
    if (rv != APR_SUCCESS)
        return rv;
    if ((*reply)->type == REDIS_REPLY_ERROR)
        return refused(dl_script_name(script), *reply);
    return APR_SUCCESS;
}

apr_status_t dl_jobs_read(dl_jobs_t *jobs, const dl_redis_cmd_t *cmds, int n,
                          redisReply **replies)
{
    apr_status_t rv = dl_redis_pool_call(jobs->redis, cmds, n, replies);

    if (rv == APR_ECONNRESET)
        rv = dl_redis_pool_call(jobs->redis, cmds, n, replies);
    for (int i = 0; rv == APR_SUCCESS && i < n; i++) {
        if (replies[i]->type == REDIS_REPLY_ERROR) {
            for (int k = 0; k < n; k++)
                if (k != i)
                    dl_reply_free(replies[k]);
            rv = refused(cmds[i].argv[0], replies[i]);
        }
    }
    return rv;
}

static apr_status_t read_hash(dl_jobs_t *jobs, const char *stem,
                              const char *id, apr_pool_t *p,
                              redisReply **reply)
{
    dl_redis_cmd_t *cmd = dl_cmd_make(2, p);

    dl_cmd_add(cmd, "HGETALL", 7);
    dl_cmd_adds(cmd, dl_jobs_key(jobs, stem, id, p));
    return dl_jobs_read(jobs, cmd, 1, reply);
}

apr_status_t dl_jobs_get(dl_jobs_t *jobs, const char *job_id,
                         apr_pool_t *p, dl_job_t **job)
{
    redisReply *reply;
    apr_status_t rv;

    if (!dl_uuid_valid(job_id, strlen(job_id)))
        return APR_NOTFOUND;
    rv = read_hash(jobs, "job:status:", job_id, p, &reply);
    if (rv != APR_SUCCESS)
        return rv;
    rv = dl_job_read(job_id, reply, NULL, p, job);
    dl_reply_free(reply);
    if (rv != APR_SUCCESS || !dl_job_has_files(*job))
        return rv;

    rv = read_hash(jobs, "job:files:", job_id, p, &reply);
    if (rv != APR_SUCCESS)
        return rv;
    dl_job_read_files(*job, reply, p);
    dl_reply_free(reply);
    return APR_SUCCESS;
}

apr_status_t dl_jobs_cancel(dl_jobs_t *jobs, const char *job_id,
                            const char *user, const char *token,
                            apr_pool_t *p, dl_cancelled_t *cancelled)
{
    dl_redis_cmd_t *cmd = dl_cmd_script(jobs->scripts, DL_SCRIPT_CANCEL, 4,
                                        p);
    apr_int64_t outcome = DL_CANCEL_NOT_FOUND;
    redisReply *reply;
    apr_status_t rv;

    cancelled->outcome = DL_CANCEL_NOT_FOUND;
    cancelled->job = NULL;
    if (!dl_uuid_valid(job_id, strlen(job_id)))
        return APR_SUCCESS;
    dl_cmd_adds(cmd, job_id);
    dl_cmd_adds(cmd, user);
    dl_cmd_adds(cmd, user ? "0" : "1");
    dl_cmd_adds(cmd, token);
    rv = dl_jobs_run(jobs, DL_SCRIPT_CANCEL, cmd, p, &reply);
    if (rv != APR_SUCCESS)
        return rv;
    dl_reply_int_at(reply, 0, &outcome);
    if (dl_job_read(job_id, dl_reply_at(reply, 1), dl_reply_at(reply, 2), p,
                    &cancelled->job) == APR_SUCCESS)
        cancelled->outcome = (dl_cancel_e)outcome;
    dl_reply_free(reply);
    return APR_SUCCESS;
}

/* "createdAt:jobId", as list.lua makes it */
static int cursor_valid(const char *cursor)
{
    size_t digits = strspn(cursor, "0123456789");

    return digits > 0 && digits <= 15 && cursor[digits] == ':'
        && dl_uuid_valid(cursor + digits + 1, strlen(cursor + digits + 1));
}

apr_status_t dl_jobs_list(dl_jobs_t *jobs, const char *user, int state,
                          int limit, const char *cursor,
                          apr_pool_t *p, dl_job_list_t *list)
{
    dl_redis_cmd_t *cmd = dl_cmd_script(jobs->scripts, DL_SCRIPT_LIST, 4, p);
    const char *next;
    redisReply *reply;
    apr_status_t rv;

    if (cursor && !cursor_valid(cursor))
        return APR_EINVAL;
    dl_cmd_adds(cmd, user);
    dl_cmd_addi(cmd, limit < 1 ? 1 : limit > LIST_MAX ? LIST_MAX : limit, p);
    dl_cmd_adds(cmd, state < 0 ? "" : dl_job_state_name(state));
    dl_cmd_adds(cmd, cursor);
    rv = dl_jobs_run(jobs, DL_SCRIPT_LIST, cmd, p, &reply);
    if (rv != APR_SUCCESS)
        return rv;
    list->jobs = apr_array_make(p, LIST_MAX, sizeof(dl_job_t *));
    for (apr_size_t i = 1; i + 1 < dl_reply_count(reply); i += 2) {
        const char *id = dl_reply_str_at(reply, i, NULL);
        dl_job_t *job;

        if (id && dl_job_read(id, dl_reply_at(reply, i + 1), NULL, p, &job)
            == APR_SUCCESS)
            APR_ARRAY_PUSH(list->jobs, dl_job_t *) = job;
    }
    next = dl_reply_str_at(reply, 0, NULL);
    list->cursor = next && *next ? apr_pstrdup(p, next) : NULL;
    dl_reply_free(reply);
    return APR_SUCCESS;
}

apr_status_t dl_jobs_link(dl_jobs_t *jobs, const char *job_id,
                          const char *url, apr_int64_t url_expires_s,
                          apr_pool_t *p)
{
    dl_redis_cmd_t *cmd = dl_cmd_script(jobs->scripts, DL_SCRIPT_LINK, 3, p);
    redisReply *reply;
    apr_status_t rv;

    dl_cmd_adds(cmd, job_id);
    dl_cmd_adds(cmd, url);
    dl_cmd_addi(cmd, url_expires_s, p);
    rv = dl_jobs_run(jobs, DL_SCRIPT_LINK, cmd, p, &reply);
    if (rv == APR_SUCCESS)
        dl_reply_free(reply);
    return rv;
}

void dl_jobs_estimate_parse(const char *stored, dl_estimate_t *estimate)
{
    double rate, weight;
    char *end;

    estimate->duration_ms = 0;
    estimate->per_second = 0;
    if (!stored)
        return;
    /* "p75 rate weight at" */
    estimate->duration_ms = (apr_int64_t)(strtod(stored, &end) + 0.5);
    rate = strtod(end, &end);
    weight = strtod(end, &end);
    if (rate > 0 && weight > 0)
        estimate->per_second = rate / weight;
}

apr_status_t dl_jobs_estimate(dl_jobs_t *jobs, apr_pool_t *p,
                              dl_estimate_t *estimate)
{
    dl_redis_cmd_t *cmd = dl_cmd_make(2, p);
    redisReply *reply;
    apr_status_t rv;

    dl_cmd_add(cmd, "GET", 3);
    dl_cmd_adds(cmd, dl_jobs_key(jobs, "stats:", "estimate", p));
    rv = dl_jobs_read(jobs, cmd, 1, &reply);
    if (rv != APR_SUCCESS)
        return rv;
    dl_jobs_estimate_parse(dl_reply_str(reply, NULL), estimate);
    dl_reply_free(reply);
    return APR_SUCCESS;
}

apr_status_t dl_jobs_health(dl_jobs_t *jobs, apr_pool_t *p,
                            dl_health_t *health)
{
    static const char *const zsets[] = {
        "queue:wait", "queue:suspect", "queue:delayed", "queue:lease"
    };
    dl_redis_cmd_t cmds[7];
    redisReply *replies[7];
    apr_int64_t value, now_ms = 0;
    const redisReply *workers;
    apr_status_t rv;

    for (int i = 0; i < 4; i++) {
        dl_redis_cmd_t *cmd = dl_cmd_make(2, p);

        dl_cmd_add(cmd, "ZCARD", 5);
        dl_cmd_adds(cmd, dl_jobs_key(jobs, zsets[i], "", p));
        cmds[i] = *cmd;
    }
    for (int i = 4; i < 7; i++)
        cmds[i] = *dl_cmd_make(5, p);
    dl_cmd_add(&cmds[4], "EXISTS", 6);
    dl_cmd_adds(&cmds[4], dl_jobs_key(jobs, "queue:paused", "", p));
    dl_cmd_add(&cmds[5], "TIME", 4);
    dl_cmd_add(&cmds[6], "ZREVRANGE", 9);
    dl_cmd_adds(&cmds[6], dl_jobs_key(jobs, "workers", "", p));
    dl_cmd_adds(&cmds[6], "0");
    dl_cmd_adds(&cmds[6], "-1");
    dl_cmd_adds(&cmds[6], "WITHSCORES");
    rv = dl_jobs_read(jobs, cmds, 7, replies);
    if (rv != APR_SUCCESS)
        return rv;

    memset(health, 0, sizeof(*health));
    health->queue_max = jobs->conf->max_queue;
    for (int i = 0; i < 4; i++)
        if (dl_reply_int(replies[i], &value))
            health->queued += (int)value;
    health->paused = dl_reply_int(replies[4], &value) && value != 0;
    if (dl_reply_int_at(replies[5], 0, &value))
        now_ms = value * 1000;
    workers = replies[6];
    for (apr_size_t i = 1; i < dl_reply_count(workers); i += 2)
        health->workers += dl_reply_int_at(workers, i, &value)
            && value > now_ms - WORKER_FRESH_MS;
    for (int i = 0; i < 7; i++)
        dl_reply_free(replies[i]);
    return APR_SUCCESS;
}
