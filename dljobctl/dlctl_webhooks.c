/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhooks: what is to be delivered, what was given up, sending it again.
 */
#include <stdio.h>

#include <apr_strings.h>

#include "dlctl_commands.h"
#include "dlctl_json.h"
#include "dlctl_text.h"
#include "dlctl_tty.h"
#include "dlctl_worker.h"

#define PAGE 100
#define LIMIT_MAX 5000

/* ---- list */

static const char *state_of(const dl_ops_hook_t *h, int dead)
{
    return dead ? "dead" : h->sending ? "sending"
         : h->host_waits ? "host busy" : "waiting";
}

static void add_row(dlctl_table_t *table, const dl_ops_hook_t *h, int dead,
                    apr_int64_t now_ms, apr_pool_t *p)
{
    const char *cells[8] = {
        h->job_id, h->type, h->host, state_of(h, dead),
        h->due_ms > now_ms ? apr_pstrcat(
            p, "in ", dlctl_text_duration(h->due_ms - now_ms, p), NULL)
        : h->due_ms ? "now" : "",
        apr_itoa(p, h->tried), h->status ? apr_itoa(p, h->status) : "",
        h->error
    };

    dlctl_table_row(table, cells);
}

static void add_json(dl_buf_t *b, const dl_ops_hook_t *h, int dead)
{
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

static void finish(dlctl_t *ctl, dlctl_table_t *table, dl_buf_t *b,
                   int total)
{
    int rows = dlctl_table_rows(table);

    if (ctl->json) {
        dl_buf_putc(b, ']');
        dlctl_json_int(b, "total", total);
        dl_buf_putc(b, '}');
        dlctl_json_print(ctl, b);
        return;
    }
    if (rows == 0)
        puts("No webhooks.");
    else
        dlctl_tty_print(table);
    if (total > rows)
        printf("%d more; see --limit\n", total - rows);
}

dlctl_exit_e dlctl_webhooks_list(dlctl_t *ctl)
{
    static const dlctl_column_t columns[] = {
        {"JOB", 0, 0}, {"TYPE", 0, 0}, {"HOST", 0, 8}, {"STATE", 0, 0},
        {"NEXT TRY", 1, 0}, {"TRIED", 1, 0}, {"STATUS", 1, 0},
        {"ERROR", 0, 8},
    };
    int dead = dlctl_args_get(ctl->args, "dead") != NULL, total = 0;
    dlctl_table_t *table = dlctl_table_make(columns, 8, ctl->pool);
    apr_array_header_t *hooks;
    apr_int64_t limit, done = 0;
    dlctl_exit_e status = dlctl_number(ctl, "limit", 1, LIMIT_MAX, 20,
                                       &limit);
    apr_status_t rv;
    dl_ops_stats_t stats;
    dl_buf_t b;

    if (status == DLCTL_OK)
        status = dlctl_open(ctl);
    if (status == DLCTL_OK)
        status = dlctl_stats_get(ctl, ctl->pool, &stats);
    if (status != DLCTL_OK)
        return status;
    dl_buf_init(&b, 2048, ctl->pool);
    dl_buf_puts(&b, "{\"webhooks\":[");
    rv = dl_ops_hooks_count(ctl->jobs, ctl->pool, dead ? NULL : &total,
                            dead ? &total : NULL);
    do {
        int n = limit - done < PAGE ? (int)(limit - done) : PAGE;

        if (rv == APR_SUCCESS)
            rv = dl_ops_hooks(ctl->jobs, dead, (int)done, n, ctl->pool,
                              &hooks);
        if (rv != APR_SUCCESS)
            return dlctl_no_answer(ctl, rv);
        for (int i = 0; i < hooks->nelts; i++) {
            const dl_ops_hook_t *h = &APR_ARRAY_IDX(hooks, i, dl_ops_hook_t);

            if (ctl->json)
                add_json(&b, h, dead);
            else
                add_row(table, h, dead, stats.now_ms, ctl->pool);
        }
        done += hooks->nelts;
    } while (hooks->nelts > 0 && done < limit);
    finish(ctl, table, &b, total);
    return DLCTL_OK;
}

/* ---- replay */

/** What came of it. */
typedef struct replay_t {
    dlctl_t *ctl;
    dl_buf_t b;                 /* JSON */
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

/* Latest first. Those that die again meanwhile, or whose job is gone, stay
 * before the others and are passed over. */
static dlctl_exit_e replay_all(replay_t *replay, apr_int64_t until_ms)
{
    dlctl_exit_e status = DLCTL_OK;
    int passed = 0, n;

    do {
        apr_array_header_t *dead;
        apr_pool_t *p;
        apr_status_t rv;

        apr_pool_create(&p, replay->ctl->pool);
        rv = dl_ops_hooks(replay->ctl->jobs, 1, passed, PAGE, p, &dead);
        if (rv != APR_SUCCESS)
            return dlctl_no_answer(replay->ctl, rv);
        n = dead->nelts;
        for (int i = 0; i < n && status == DLCTL_OK; i++) {
            const dl_ops_hook_t *h = &APR_ARRAY_IDX(dead, i, dl_ops_hook_t);
            dl_ops_replay_e outcome = DL_OPS_REPLAY_NONE;

            if (h->at_ms <= until_ms)
                status = replay_one(replay, h->webhook_id, h->job_id,
                                    &outcome);
            passed += outcome != DL_OPS_REPLAY_QUEUED;
        }
        apr_pool_destroy(p);
    } while (n > 0 && status == DLCTL_OK);
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
    if (all)
        status = replay_all(&replay, stats.now_ms);
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
