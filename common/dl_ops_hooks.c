/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's view of webhooks: what waits, what was given up, and sending
 * one again.
 */
#include "dl_ops.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "dl_jobs_impl.h"
#include "dl_reply.h"
#include "dl_uuid.h"
#include "dl_webhook.h"

#define PAGE_MAX 500
#define PER_HOOK 2              /* commands: its own hash, the job's URL */

static const char *text(const redisReply *hash, const char *name,
                        apr_pool_t *p)
{
    const char *s = dl_reply_str(dl_reply_field(hash, name), NULL);

    return s ? apr_pstrdup(p, s) : "";
}

static apr_int64_t integer(const redisReply *hash, const char *name)
{
    apr_int64_t value = 0;

    dl_reply_int(dl_reply_field(hash, name), &value);
    return value;
}

/* "host[:port]" of a URL that admission has checked. */
static const char *host_of(const redisReply *reply, apr_pool_t *p)
{
    const char *url = dl_reply_str(reply, NULL);
    const char *host = url ? strstr(url, "://") : NULL;

    return host ? apr_pstrmemdup(p, host + 3, strcspn(host + 3, "/?#")) : "";
}

static apr_int64_t now_ms(const redisReply *time)
{
    apr_int64_t s = 0, us = 0;

    dl_reply_int_at(time, 0, &s);
    dl_reply_int_at(time, 1, &us);
    return s * 1000 + us / 1000;
}

/* ":<n>" of "<job>:<state>:<n>", else "" */
static const char *number_of(const char *id)
{
    const char *state = strchr(id, ':');
    const char *number = state ? strchr(state + 1, ':') : NULL;

    return number ? number : "";
}

/* The two commands that say what a hook is like. */
static void ask(dl_jobs_t *jobs, const char *id, apr_pool_t *p,
                dl_redis_cmd_t *cmds)
{
    const char *job = apr_pstrmemdup(p, id, strcspn(id, ":"));
    const char *number = number_of(id);
    dl_redis_cmd_t *cmd = dl_cmd_make(2, p);

    dl_cmd_adds(cmd, "HGETALL");
    dl_cmd_adds(cmd, dl_jobs_key(jobs, "hook:",
                                 apr_pstrcat(p, job, number, NULL), p));
    cmds[0] = *cmd;
    cmd = dl_cmd_make(3, p);
    dl_cmd_adds(cmd, "HGET");
    dl_cmd_adds(cmd, dl_jobs_key(jobs, *number ? "job:callbacks:"
                                               : "job:status:", job, p));
    dl_cmd_adds(cmd, *number ? number + 1 : "callbackUrl");
    cmds[1] = *cmd;
}

static void fill(const char *id, const char *score, int dead,
                 apr_int64_t now, redisReply *const *answers, apr_pool_t *p,
                 dl_ops_hook_t *h)
{
    const redisReply *hash = answers[0];
    const char *colon = strchr(id, ':');
    const char *name = colon ? apr_pstrmemdup(p, colon + 1,
                                              strcspn(colon + 1, ":")) : "";
    dl_job_state_e state;
    apr_int64_t due = score ? (apr_int64_t)strtod(score, NULL) : 0;

    memset(h, 0, sizeof(*h));
    h->id = apr_pstrdup(p, id);
    h->webhook_id = dl_webhook_id(id, p);
    h->job_id = apr_pstrmemdup(p, id, strcspn(id, ":"));
    h->type = dl_job_state_parse(name, &state) == 0
              ? dl_webhook_type(state) : NULL;
    h->type = h->type ? h->type : "";
    h->host = host_of(answers[1], p);
    h->at_ms = dead ? due : integer(hash, "at");
    h->tried = (int)integer(hash, "tried");
    h->worker = text(hash, "worker", p);
    h->status = (int)integer(hash, "status");
    h->error = text(hash, "error", p);
    h->sending = !dead && due > now && dl_reply_field(hash, "fence");
    h->due_ms = dead || h->sending ? 0 : due;
}

/* A hook that stands in its host's own queue waits for nothing but room. */
static apr_status_t mark_waiting(dl_jobs_t *jobs, apr_array_header_t *hooks,
                                 apr_pool_t *p)
{
    dl_redis_cmd_t *cmds = apr_palloc(p, (hooks->nelts + 1) * sizeof(*cmds));
    redisReply **r = apr_palloc(p, (hooks->nelts + 1) * sizeof(*r));
    apr_status_t rv;

    for (int i = 0; i < hooks->nelts; i++) {
        const dl_ops_hook_t *h = &APR_ARRAY_IDX(hooks, i, dl_ops_hook_t);
        char *host = apr_pstrdup(p, h->host);
        dl_redis_cmd_t *cmd = dl_cmd_make(3, p);

        for (char *c = host; *c; c++)
            if (*c >= 'A' && *c <= 'Z')
                *c += 'a' - 'A';
        dl_cmd_adds(cmd, "ZSCORE");
        dl_cmd_adds(cmd, dl_jobs_key(jobs, "hooks:host:", host, p));
        dl_cmd_adds(cmd, h->id);
        cmds[i] = *cmd;
    }
    rv = hooks->nelts ? dl_jobs_read(jobs, cmds, hooks->nelts, r)
                      : APR_SUCCESS;
    for (int i = 0; rv == APR_SUCCESS && i < hooks->nelts; i++) {
        dl_ops_hook_t *h = &APR_ARRAY_IDX(hooks, i, dl_ops_hook_t);

        if (dl_reply_str(r[i], NULL) && !h->sending) {
            h->host_waits = 1;
            h->due_ms = 0;
        }
        dl_reply_free(r[i]);
    }
    return rv;
}

static apr_status_t read_page(dl_jobs_t *jobs, int dead, int first, int n,
                              apr_pool_t *p, redisReply **r)
{
    dl_redis_cmd_t *page = dl_cmd_make(5, p), *time = dl_cmd_make(1, p);
    dl_redis_cmd_t cmds[2];

    if (n > PAGE_MAX)
        n = PAGE_MAX;
    dl_cmd_adds(time, "TIME");
    dl_cmd_adds(page, dead ? "ZREVRANGE" : "ZRANGE");
    dl_cmd_adds(page, dl_jobs_key(jobs, dead ? "hooks:dead" : "queue:hooks",
                                  "", p));
    dl_cmd_addi(page, first < 0 ? 0 : first, p);
    dl_cmd_addi(page, (apr_int64_t)(first < 0 ? 0 : first)
                      + (n < 1 ? 0 : n - 1), p);
    dl_cmd_adds(page, "WITHSCORES");
    cmds[0] = *time;
    cmds[1] = *page;
    return dl_jobs_read(jobs, cmds, 2, r);
}

apr_status_t dl_ops_hooks(dl_jobs_t *jobs, int dead, int first, int n,
                          apr_pool_t *p, apr_array_header_t **hooks)
{
    redisReply *r[2], **answers;
    dl_redis_cmd_t *cmds;
    int count;
    apr_status_t rv = read_page(jobs, dead, first, n, p, r);

    if (rv != APR_SUCCESS)
        return rv;
    count = (int)dl_reply_count(r[1]) / 2;
    *hooks = apr_array_make(p, count + 1, sizeof(dl_ops_hook_t));
    cmds = apr_palloc(p, (count + 1) * PER_HOOK * sizeof(*cmds));
    answers = apr_palloc(p, (count + 1) * PER_HOOK * sizeof(*answers));
    for (int i = 0; i < count; i++)
        ask(jobs, dl_reply_str_at(r[1], 2 * i, NULL), p, &cmds[PER_HOOK * i]);
    rv = count ? dl_jobs_read(jobs, cmds, PER_HOOK * count, answers)
               : APR_SUCCESS;
    for (int i = 0; rv == APR_SUCCESS && i < count; i++) {
        fill(dl_reply_str_at(r[1], 2 * i, NULL),
             dl_reply_str_at(r[1], 2 * i + 1, NULL), dead, now_ms(r[0]),
             &answers[PER_HOOK * i], p,
             &APR_ARRAY_PUSH(*hooks, dl_ops_hook_t));
        dl_reply_free(answers[PER_HOOK * i]);
        dl_reply_free(answers[PER_HOOK * i + 1]);
    }
    dl_reply_free(r[0]);
    dl_reply_free(r[1]);
    return rv != APR_SUCCESS || dead ? rv : mark_waiting(jobs, *hooks, p);
}

apr_status_t dl_ops_hooks_count(dl_jobs_t *jobs, apr_pool_t *p, int *waiting,
                                int *dead)
{
    static const char *const zsets[2] = {"queue:hooks", "hooks:dead"};
    int *const counts[2] = {waiting, dead};
    dl_redis_cmd_t cmds[2];
    redisReply *r[2];
    apr_status_t rv;

    for (int i = 0; i < 2; i++) {
        dl_redis_cmd_t *cmd = dl_cmd_make(2, p);

        dl_cmd_adds(cmd, "ZCARD");
        dl_cmd_adds(cmd, dl_jobs_key(jobs, zsets[i], "", p));
        cmds[i] = *cmd;
    }
    rv = dl_jobs_read(jobs, cmds, 2, r);
    for (int i = 0; rv == APR_SUCCESS && i < 2; i++) {
        apr_int64_t value = 0;

        dl_reply_int(r[i], &value);
        if (counts[i])
            *counts[i] = (int)value;
        dl_reply_free(r[i]);
    }
    return rv;
}

/* A job's id, or a webhook-id. @return 0 when it is neither */
static int read_name(const char *name, apr_pool_t *p, const char **job,
                     const char **number)
{
    const char *end;

    *number = "";
    if (strncmp(name, "msg_", 4) == 0) {
        name += 4;
        *number = "1";
    }
    end = name + strcspn(name, "_");
    if (*end) {
        if (!**number || strlen(end + 1) > 2 || !end[1]
            || strspn(end + 1, "0123456789") != strlen(end + 1))
            return 0;
        *number = end + 1;
    }
    *job = apr_pstrmemdup(p, name, end - name);
    return dl_uuid_valid(*job, strlen(*job));
}

apr_status_t dl_ops_hook_replay(dl_jobs_t *jobs, const char *name,
                                apr_pool_t *p, dl_ops_replay_e *outcome)
{
    dl_redis_cmd_t *cmd = dl_cmd_script(jobs->scripts, DL_SCRIPT_HOOK_REPLAY,
                                        2, p);
    apr_int64_t queued = 0, sending = 0;
    const char *job, *number;
    redisReply *reply;
    apr_status_t rv;

    *outcome = DL_OPS_REPLAY_NONE;
    if (!read_name(name, p, &job, &number))
        return APR_SUCCESS;
    dl_cmd_adds(cmd, job);
    dl_cmd_adds(cmd, number);
    rv = dl_jobs_run(jobs, DL_SCRIPT_HOOK_REPLAY, cmd, p, &reply);
    if (rv != APR_SUCCESS)
        return rv;
    dl_reply_int_at(reply, 0, &queued);
    dl_reply_int_at(reply, 1, &sending);
    dl_reply_free(reply);
    *outcome = queued > 0 ? DL_OPS_REPLAY_QUEUED
             : sending > 0 ? DL_OPS_REPLAY_SENDING : DL_OPS_REPLAY_NONE;
    return APR_SUCCESS;
}
