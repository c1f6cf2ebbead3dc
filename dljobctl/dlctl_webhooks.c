/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhooks: what is to be delivered, what was given up, sending it again.
 */
#include <stdio.h>

#include <apr_strings.h>

#include "dlctl_commands.h"
#include "dlctl_json.h"
#include "dlctl_pages.h"
#include "dlctl_text.h"
#include "dlctl_worker.h"

/* ---- list */

/* baton: whether those that were given up are meant */
static int is_dead(const void *baton)
{
    return *(const int *)baton;
}

static apr_status_t read_page(dlctl_t *ctl, void *baton, int first, int n,
                              apr_pool_t *p, apr_array_header_t **hooks)
{
    return dl_ops_hooks(ctl->jobs, is_dead(baton), first, n, p, hooks);
}

static const char *state_of(const dl_ops_hook_t *h, int dead)
{
    return dead ? "dead" : h->sending ? "sending"
         : h->host_waits ? "host busy" : "waiting";
}

static void add_row(void *baton, const void *element, apr_int64_t now_ms,
                    dlctl_table_t *table, apr_pool_t *p)
{
    const dl_ops_hook_t *h = element;
    const char *cells[8] = {
        h->job_id, h->type, h->host, state_of(h, is_dead(baton)),
        h->due_ms > now_ms ? apr_pstrcat(
            p, "in ", dlctl_text_duration(h->due_ms - now_ms, p), NULL)
        : h->due_ms ? "now" : "",
        apr_itoa(p, h->tried), h->status ? apr_itoa(p, h->status) : "",
        h->error
    };

    dlctl_table_row(table, cells);
}

static void add_json(void *baton, dl_buf_t *b, const void *element)
{
    const dl_ops_hook_t *h = element;
    int dead = is_dead(baton);

    dlctl_json_next(b);
    dl_buf_putc(b, '{');
    dlctl_json_str(b, "jobId", h->job_id);
    dlctl_json_str(b, "webhookId", h->webhook_id);
    dlctl_json_str(b, "type", h->type);
    dlctl_json_str(b, "host", h->host);
    dlctl_json_str(b, "state", state_of(h, dead));
    dlctl_json_time(b, "nextTryAt", h->due_ms);
    dlctl_json_time(b, dead ? "diedAt" : "triedAt", h->at_ms);
    dlctl_json_int(b, "tried", h->tried);
    if (h->status)
        dlctl_json_int(b, "status", h->status);
    dlctl_json_str(b, "error", h->error);
    dlctl_json_str(b, "worker", h->worker);
    dl_buf_putc(b, '}');
}

dlctl_exit_e dlctl_webhooks_list(dlctl_t *ctl)
{
    static const dlctl_column_t columns[] = {
        {"JOB", 0, 0}, {"TYPE", 0, 0}, {"HOST", 0, 8}, {"STATE", 0, 0},
        {"NEXT TRY", 1, 0}, {"TRIED", 1, 0}, {"STATUS", 1, 0},
        {"ERROR", 0, 8},
    };
    int dead = dlctl_args_get(ctl->args, "dead") != NULL, total = 0;
    const dlctl_pages_t pages = {
        "webhooks", "No webhooks.", columns, 8, sizeof(dl_ops_hook_t),
        read_page, add_row, add_json, &dead
    };
    apr_int64_t limit;
    dlctl_exit_e status = dlctl_number(ctl, "limit", 1, DLCTL_PAGES_MAX, 20,
                                       &limit);
    apr_status_t rv;
    dl_ops_stats_t stats;

    if (status == DLCTL_OK)
        status = dlctl_open(ctl);
    if (status == DLCTL_OK)
        status = dlctl_stats_get(ctl, ctl->pool, &stats);
    if (status != DLCTL_OK)
        return status;
    rv = dl_ops_hooks_count(ctl->jobs, ctl->pool, dead ? NULL : &total,
                            dead ? &total : NULL);
    return rv == APR_SUCCESS
        ? dlctl_pages_show(ctl, &pages, limit, total, stats.now_ms)
        : dlctl_no_answer(ctl, rv);
}

/* ---- replay */

/** What came of it. */
typedef struct replay_t {
    dlctl_t *ctl;
    dl_buf_t b;                 /* JSON */
    apr_int64_t until_ms;       /* those given up later are left */
    int done;
    int missing;
} replay_t;

/* name: a job's id or a webhook-id; job: what is shown */
static dlctl_exit_e replay_one(replay_t *replay, const char *name,
                               const char *job, dl_ops_replay_e *outcome)
{
    static const char *const words[] = {
        [DL_OPS_REPLAY_NONE] = "has no webhook: it is not there, has not "
                               "ended, or has no callbackUrl",
        [DL_OPS_REPLAY_QUEUED] = "is sent now",
        [DL_OPS_REPLAY_SENDING] = "is being sent already",
    };
    dlctl_t *ctl = replay->ctl;
    apr_status_t rv = dl_ops_hook_replay(ctl->jobs, name, ctl->pool, outcome);
    int found = rv == APR_SUCCESS && *outcome != DL_OPS_REPLAY_NONE;

    if (rv != APR_SUCCESS)
        return dlctl_no_answer(ctl, rv);
    replay->done += found;
    replay->missing += !found;
    if (ctl->json) {
        dlctl_json_next(&replay->b);
        dl_buf_putc(&replay->b, '{');
        dlctl_json_str(&replay->b, "jobId", job);
        dlctl_json_bool(&replay->b, "found", found);
        dlctl_json_str(&replay->b, "message", words[*outcome]);
        dl_buf_putc(&replay->b, '}');
    }
    else
        printf("%s  %s\n", dlctl_text_safe(job, ctl->pool), words[*outcome]);
    return DLCTL_OK;
}

static apr_status_t read_dead(dlctl_t *ctl, void *baton, int first, int n,
                              apr_pool_t *p, apr_array_header_t **hooks)
{
    (void)baton;
    return dl_ops_hooks(ctl->jobs, 1, first, n, p, hooks);
}

/* One of all. Those that die again meanwhile, or whose job is gone, stay
 * before the others and are passed over. */
static dlctl_exit_e replay_next(void *baton, const void *element, int *stays)
{
    const dl_ops_hook_t *h = element;
    replay_t *replay = baton;
    dl_ops_replay_e outcome = DL_OPS_REPLAY_NONE;
    dlctl_exit_e status = DLCTL_OK;

    if (h->at_ms <= replay->until_ms)
        status = replay_one(replay, h->webhook_id, h->job_id, &outcome);
    *stays = outcome != DL_OPS_REPLAY_QUEUED;
    return status;
}

dlctl_exit_e dlctl_webhooks_replay(dlctl_t *ctl)
{
    int all = dlctl_args_get(ctl->args, "all-dead") != NULL;
    int n = ctl->args->operands->nelts;
    replay_t replay = {.ctl = ctl};
    dl_ops_replay_e outcome;
    dl_ops_stats_t stats;
    dlctl_exit_e status;

    if (all == (n > 0))
        return dlctl_error(DLCTL_USAGE, "webhooks replay: name jobs, or all "
                           "given up by --all-dead");
    status = dlctl_open(ctl);
    if (status == DLCTL_OK)
        status = dlctl_stats_get(ctl, ctl->pool, &stats);
    if (status != DLCTL_OK)
        return status;
    dl_buf_init(&replay.b, 1024, ctl->pool);
    dl_buf_puts(&replay.b, "{\"jobs\":[");
    replay.until_ms = stats.now_ms;
    if (all)
        status = dlctl_pages_drain(ctl, read_dead, sizeof(dl_ops_hook_t),
                                   replay_next, &replay);
    for (int i = 0; i < n && status == DLCTL_OK; i++)
        status = replay_one(&replay, dlctl_operand(ctl, i),
                            dlctl_operand(ctl, i), &outcome);
    if (status != DLCTL_OK)
        return status;
    dl_buf_puts(&replay.b, "]}");
    if (ctl->json)
        dlctl_json_print(ctl, &replay.b);
    else if (all)
        printf("%s sent again\n", dlctl_text_count(replay.done, "webhook",
                                                   ctl->pool));
    return replay.missing && !all ? DLCTL_NOT_FOUND : DLCTL_OK;
}
