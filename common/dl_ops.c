/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's questions about the whole: figures, workers, switches.
 */
#include "dl_ops.h"

#include <apr_strings.h>

#include "dl_buf.h"
#include "dl_jobs_impl.h"
#include "dl_reply.h"

#define WORKERS_MAX "1000"

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

static int int_at(const redisReply *reply, apr_size_t i)
{
    apr_int64_t value = 0;

    dl_reply_int_at(reply, i, &value);
    return (int)value;
}

static void read_queues(const redisReply *reply, apr_size_t first,
                        dl_ops_stats_t *stats)
{
    int *const lengths[DL_OPS_QUEUES] = {
        [DL_OPS_WAIT] = &stats->waiting, [DL_OPS_SUSPECT] = &stats->suspect,
        [DL_OPS_DELAYED] = &stats->delayed, [DL_OPS_ACTIVE] = &stats->active
    };

    for (int q = 0; q < DL_OPS_QUEUES; q++) {
        for (int i = 0; i <= DL_PRIORITY_LOW; i++) {
            stats->tasks[q][i] = int_at(reply, first++);
            *lengths[q] += stats->tasks[q][i];
        }
    }
}

apr_status_t dl_ops_stats(dl_jobs_t *jobs, apr_pool_t *p,
                          dl_ops_stats_t *stats)
{
    enum { NOW, PAUSED, DEAD, HOOKS, WORKERS, SLOTS, BUSY, OLDEST, COUNTERS,
           ESTIMATE, QUEUES };
    dl_redis_cmd_t *cmd = dl_cmd_script(jobs->scripts, DL_SCRIPT_FIGURES, 0,
                                        p);
    redisReply *reply;
    apr_status_t rv = dl_jobs_run(jobs, DL_SCRIPT_FIGURES, cmd, p, &reply);

    if (rv != APR_SUCCESS)
        return rv;
    memset(stats, 0, sizeof(*stats));
    dl_reply_int_at(reply, NOW, &stats->now_ms);
    stats->paused = int_at(reply, PAUSED);
    stats->dead = int_at(reply, DEAD);
    stats->hooks = int_at(reply, HOOKS);
    stats->workers = int_at(reply, WORKERS);
    stats->slots = int_at(reply, SLOTS);
    stats->busy = int_at(reply, BUSY);
    dl_reply_int_at(reply, OLDEST, &stats->oldest_ms);
    read_counters(dl_reply_at(reply, COUNTERS), p, stats);
    dl_jobs_estimate_parse(dl_reply_str_at(reply, ESTIMATE, NULL),
                           &stats->estimate);
    read_queues(reply, QUEUES, stats);
    dl_reply_free(reply);
    return APR_SUCCESS;
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
