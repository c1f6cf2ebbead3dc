/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's questions about the whole: figures, workers, switches.
 */
#include "dl_ops.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "dl_buf.h"
#include "dl_jobs_impl.h"
#include "dl_reply.h"

#define WORKERS_MAX "1000"
#define FRESH_MS 30000

static void free_all(redisReply **replies, int n)
{
    for (int i = 0; i < n; i++)
        dl_reply_free(replies[i]);
}

/* A command of two words: name and key. */
static dl_redis_cmd_t command(const dl_jobs_t *jobs, const char *name,
                              const char *key, apr_pool_t *p)
{
    dl_redis_cmd_t *cmd = dl_cmd_make(6, p);

    dl_cmd_adds(cmd, name);
    dl_cmd_adds(cmd, dl_jobs_key(jobs, key, "", p));
    return *cmd;
}

static int number(const redisReply *reply)
{
    apr_int64_t value = 0;

    dl_reply_int(reply, &value);
    return (int)value;
}

static void read_counters(const redisReply *hash, apr_pool_t *p,
                          dl_ops_stats_t *stats)
{
    apr_size_t n = dl_reply_count(hash);

    stats->counters = apr_array_make(p, (int)n / 2 + 1,
                                     sizeof(dl_ops_counter_t));
    for (apr_size_t i = 0; i + 1 < n; i += 2) {
        dl_ops_counter_t counter = {NULL, 0};
        const char *name = dl_reply_str_at(hash, i, NULL);

        if (name && dl_reply_int_at(hash, i + 1, &counter.value)) {
            counter.name = apr_pstrdup(p, name);
            APR_ARRAY_PUSH(stats->counters, dl_ops_counter_t) = counter;
        }
    }
}

static apr_int64_t time_ms(const redisReply *reply)
{
    apr_int64_t s = 0, us = 0;

    dl_reply_int_at(reply, 0, &s);
    dl_reply_int_at(reply, 1, &us);
    return s * 1000 + us / 1000;
}

/* The head of queue:wait; its score is a time in us and a penalty. */
static apr_int64_t age_ms(const redisReply *head, apr_int64_t now_ms)
{
    const char *score = dl_reply_str_at(head, 1, NULL);
    apr_int64_t age = score ? now_ms - (apr_int64_t)(strtod(score, NULL)
                                                     / 1000) : 0;

    /* of normal priority, the usual one */
    return score ? (age + 60000 > 0 ? age + 60000 : 0) : 0;
}

apr_status_t dl_ops_stats(dl_jobs_t *jobs, apr_pool_t *p,
                          dl_ops_stats_t *stats)
{
    enum { TIME, WAIT, SUSPECT, DELAYED, LEASE, DEAD, HOOKS, PAUSED, HEAD,
           WORKERS, COUNTERS, N };
    redisReply *r[N];
    dl_redis_cmd_t cmds[N] = {
        [WAIT] = command(jobs, "ZCARD", "queue:wait", p),
        [SUSPECT] = command(jobs, "ZCARD", "queue:suspect", p),
        [DELAYED] = command(jobs, "ZCARD", "queue:delayed", p),
        [LEASE] = command(jobs, "ZCARD", "queue:lease", p),
        [DEAD] = command(jobs, "ZCARD", "queue:dead", p),
        [HOOKS] = command(jobs, "ZCARD", "queue:hooks", p),
        [PAUSED] = command(jobs, "EXISTS", "queue:paused", p),
        [HEAD] = command(jobs, "ZRANGE", "queue:wait", p),
        [WORKERS] = command(jobs, "ZREVRANGE", "workers", p),
        [COUNTERS] = command(jobs, "HGETALL", "stats:engine", p),
    };
    apr_int64_t at;
    apr_status_t rv;

    cmds[TIME] = *dl_cmd_make(1, p);
    dl_cmd_adds(&cmds[TIME], "TIME");
    dl_cmd_adds(&cmds[HEAD], "0");
    dl_cmd_adds(&cmds[HEAD], "0");
    dl_cmd_adds(&cmds[HEAD], "WITHSCORES");
    dl_cmd_adds(&cmds[WORKERS], "0");
    dl_cmd_adds(&cmds[WORKERS], WORKERS_MAX);
    dl_cmd_adds(&cmds[WORKERS], "WITHSCORES");
    rv = dl_jobs_read(jobs, cmds, N, r);
    if (rv != APR_SUCCESS)
        return rv;

    memset(stats, 0, sizeof(*stats));
    stats->now_ms = time_ms(r[TIME]);
    stats->waiting = number(r[WAIT]);
    stats->suspect = number(r[SUSPECT]);
    stats->delayed = number(r[DELAYED]);
    stats->active = number(r[LEASE]);
    stats->dead = number(r[DEAD]);
    stats->hooks = number(r[HOOKS]);
    stats->paused = number(r[PAUSED]) != 0;
    stats->oldest_ms = age_ms(r[HEAD], stats->now_ms);
    for (apr_size_t i = 1; i < dl_reply_count(r[WORKERS]); i += 2)
        stats->workers += dl_reply_int_at(r[WORKERS], i, &at)
            && at > stats->now_ms - FRESH_MS;
    read_counters(r[COUNTERS], p, stats);
    free_all(r, N);
    return dl_jobs_estimate(jobs, p, &stats->estimate);
}

apr_status_t dl_ops_workers(dl_jobs_t *jobs, apr_pool_t *p,
                            apr_array_header_t **workers)
{
    dl_redis_cmd_t cmd = command(jobs, "ZREVRANGE", "workers", p), *cmds;
    redisReply *reply, **loads;
    apr_array_header_t *list;
    apr_status_t rv;

    dl_cmd_adds(&cmd, "0");
    dl_cmd_adds(&cmd, WORKERS_MAX);
    dl_cmd_adds(&cmd, "WITHSCORES");
    rv = dl_jobs_read(jobs, &cmd, 1, &reply);
    if (rv != APR_SUCCESS)
        return rv;
    list = apr_array_make(p, 8, sizeof(dl_ops_worker_t));
    for (apr_size_t i = 0; i + 1 < dl_reply_count(reply); i += 2) {
        dl_ops_worker_t *w = &APR_ARRAY_PUSH(list, dl_ops_worker_t);
        const char *name = dl_reply_str_at(reply, i, NULL);

        w->name = apr_pstrdup(p, name ? name : "");
        w->at_ms = 0;
        w->load = "";
        dl_reply_int_at(reply, i + 1, &w->at_ms);
    }
    dl_reply_free(reply);
    *workers = list;
    if (list->nelts == 0)
        return APR_SUCCESS;

    cmds = apr_palloc(p, list->nelts * sizeof(*cmds));
    loads = apr_palloc(p, list->nelts * sizeof(*loads));
    for (int i = 0; i < list->nelts; i++) {
        cmds[i] = command(jobs, "HGET",
                          apr_pstrcat(p, "worker:", APR_ARRAY_IDX(list, i,
                              dl_ops_worker_t).name, NULL), p);
        dl_cmd_adds(&cmds[i], "load");
    }
    rv = dl_jobs_read(jobs, cmds, list->nelts, loads);
    if (rv != APR_SUCCESS)
        return rv;
    for (int i = 0; i < list->nelts; i++) {
        const char *load = dl_reply_str(loads[i], NULL);

        if (load)
            APR_ARRAY_IDX(list, i, dl_ops_worker_t).load =
                apr_pstrdup(p, load);
    }
    free_all(loads, list->nelts);
    return APR_SUCCESS;
}

static dl_redis_cmd_t publish(const dl_jobs_t *jobs, const char *message,
                              apr_pool_t *p)
{
    dl_redis_cmd_t cmd = command(jobs, "PUBLISH", "control", p);

    dl_cmd_adds(&cmd, message);
    return cmd;
}

apr_status_t dl_ops_pause(dl_jobs_t *jobs, int paused, apr_pool_t *p)
{
    dl_redis_cmd_t cmds[4];
    redisReply *r[4];
    int n = 0;
    apr_status_t rv;

    cmds[n] = command(jobs, paused ? "SET" : "DEL", "queue:paused", p);
    if (paused)
        dl_cmd_adds(&cmds[n], "1");
    n++;
    if (!paused) {
        /* a worker that waits looks at once; never more than one token */
        cmds[n] = command(jobs, "LPUSH", "queue:wake", p);
        dl_cmd_adds(&cmds[n++], "1");
        cmds[n] = command(jobs, "LTRIM", "queue:wake", p);
        dl_cmd_adds(&cmds[n], "0");
        dl_cmd_adds(&cmds[n++], "0");
    }
    cmds[n++] = publish(jobs, paused ? "{\"pause\":true}"
                                     : "{\"pause\":false}", p);
    rv = dl_jobs_read(jobs, cmds, n, r);
    if (rv == APR_SUCCESS)
        free_all(r, n);
    return rv;
}

apr_status_t dl_ops_drain(dl_jobs_t *jobs, const char *worker, apr_pool_t *p,
                          int *heard)
{
    dl_redis_cmd_t cmd;
    redisReply *reply;
    apr_status_t rv;
    dl_buf_t b;

    dl_buf_init(&b, 64 + strlen(worker), p);
    dl_buf_puts(&b, "{\"drain\":");
    dl_buf_jsons(&b, worker);
    dl_buf_putc(&b, '}');
    cmd = publish(jobs, dl_buf_str(&b), p);
    rv = dl_jobs_read(jobs, &cmd, 1, &reply);
    if (rv != APR_SUCCESS)
        return rv;
    *heard = number(reply);
    dl_reply_free(reply);
    return APR_SUCCESS;
}
