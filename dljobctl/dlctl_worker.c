/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers; see dlctl_worker.h.
 */
#include "dlctl_worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "dl_json.h"
#include "dlctl_commands.h"
#include "dlctl_json.h"
#include "dlctl_text.h"
#include "dlctl_tty.h"

static void read_member(dl_json_t *r, const dl_json_str_t *name,
                        apr_pool_t *p, dlctl_worker_t *w)
{
    const struct {
        const char *name;
        const char **text;
        apr_int64_t *number;
    } rows[] = {
        {"host", &w->host, NULL}, {"version", &w->version, NULL},
        {"source", &w->source, NULL}, {"store", &w->store, NULL},
        {"startedAt", &w->started, NULL}, {"pid", NULL, &w->pid},
        {"concurrency", NULL, &w->concurrency},
        {"running", NULL, &w->running}, {"completed", NULL, &w->completed},
        {"failed", NULL, &w->failed}, {"retried", NULL, &w->retried},
    };
    dl_json_e kind = dl_json_peek(r);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        dl_json_str_t text;
        dl_json_number_t number;

        if (!dl_json_is(name, rows[i].name))
            continue;
        if (rows[i].text && kind == DL_JSON_STRING) {
            if (dl_json_string(r, &text))
                *rows[i].text = apr_pstrmemdup(p, text.s, text.len);
            return;
        }
        if (rows[i].number && kind == DL_JSON_NUMBER) {
            if (dl_json_number(r, &number) && number.kind == DL_JSON_INTEGER)
                *rows[i].number = number.value;
            return;
        }
    }
    if (dl_json_is(name, "draining"))
        w->draining = kind == DL_JSON_TRUE;
    dl_json_skip(r);
}

void dlctl_worker_read(const dl_ops_worker_t *from, apr_int64_t now_ms,
                       apr_pool_t *p, dlctl_worker_t *w)
{
    dl_json_members_t members;
    dl_json_str_t name;
    dl_json_t r;

    memset(w, 0, sizeof(*w));
    w->name = from->name;
    w->at_ms = from->at_ms;
    w->alive = from->at_ms > now_ms - DLCTL_WORKER_FRESH_MS;
    w->host = w->version = w->source = w->store = w->started = "";
    dl_json_init(&r, from->load, strlen(from->load), p);
    if (dl_json_object(&r, &members))
        while (dl_json_member(&r, &members, &name))
            read_member(&r, &name, p, w);
}

static int by_life_and_name(const void *a, const void *b)
{
    const dlctl_worker_t *x = a, *y = b;

    return x->alive != y->alive ? y->alive - x->alive
                                : strcmp(x->name, y->name);
}

dlctl_exit_e dlctl_workers_get(dlctl_t *ctl, apr_int64_t now_ms,
                               apr_pool_t *p, apr_array_header_t **workers)
{
    apr_array_header_t *raw;
    apr_status_t rv = dl_ops_workers(ctl->jobs, p, &raw);

    if (rv != APR_SUCCESS)
        return dlctl_no_answer(ctl, rv);
    *workers = apr_array_make(p, raw->nelts + 1, sizeof(dlctl_worker_t));
    for (int i = 0; i < raw->nelts; i++)
        dlctl_worker_read(&APR_ARRAY_IDX(raw, i, dl_ops_worker_t), now_ms, p,
                          &APR_ARRAY_PUSH(*workers, dlctl_worker_t));
    qsort((*workers)->elts, (*workers)->nelts, sizeof(dlctl_worker_t),
          by_life_and_name);
    return DLCTL_OK;
}

const char *dlctl_worker_state(const dlctl_worker_t *worker)
{
    return worker->alive ? worker->draining ? "draining" : "alive"
                         : worker->draining ? "ended" : "lost";
}

dlctl_table_t *dlctl_workers_table(const apr_array_header_t *workers,
                                   apr_int64_t now_ms, apr_pool_t *p)
{
    static const dlctl_column_t columns[] = {
        {"WORKER", 0, 8}, {"STATE", 0, 0}, {"HEARD", 1, 0}, {"HOST", 0, 4},
        {"PID", 1, 0}, {"RUNNING", 1, 0}, {"COMPLETED", 1, 0},
        {"FAILED", 1, 0}, {"RETRIED", 1, 0}, {"SOURCE", 0, 0},
        {"STORE", 0, 0}, {"VERSION", 0, 0},
    };
    dlctl_table_t *table = dlctl_table_make(columns, 12, p);

    for (int i = 0; i < workers->nelts; i++) {
        const dlctl_worker_t *w = &APR_ARRAY_IDX(workers, i, dlctl_worker_t);
        const char *cells[12] = {
            w->name, dlctl_worker_state(w),
            dlctl_text_ago(w->at_ms, now_ms, p), w->host,
            w->pid ? apr_itoa(p, (int)w->pid) : "",
            apr_psprintf(p, "%d/%d", (int)w->running, (int)w->concurrency),
            apr_psprintf(p, "%" APR_INT64_T_FMT, w->completed),
            apr_psprintf(p, "%" APR_INT64_T_FMT, w->failed),
            apr_psprintf(p, "%" APR_INT64_T_FMT, w->retried), w->source,
            w->store, w->version,
        };

        dlctl_table_row(table, cells);
    }
    return table;
}

void dlctl_json_worker(dl_buf_t *b, const dlctl_worker_t *w)
{
    dlctl_json_next(b);
    dl_buf_putc(b, '{');
    dlctl_json_str(b, "id", w->name);
    dlctl_json_str(b, "state", dlctl_worker_state(w));
    dlctl_json_time(b, "heartbeatAt", w->at_ms);
    dlctl_json_str(b, "host", w->host);
    if (w->pid)
        dlctl_json_int(b, "pid", w->pid);
    dlctl_json_str(b, "version", w->version);
    dlctl_json_str(b, "startedAt", w->started);
    dlctl_json_str(b, "source", w->source);
    dlctl_json_str(b, "store", w->store);
    dlctl_json_int(b, "concurrency", w->concurrency);
    dlctl_json_int(b, "running", w->running);
    dlctl_json_int(b, "completed", w->completed);
    dlctl_json_int(b, "failed", w->failed);
    dlctl_json_int(b, "retried", w->retried);
    dl_buf_putc(b, '}');
}

dlctl_exit_e dlctl_workers(dlctl_t *ctl)
{
    dlctl_exit_e status = dlctl_open(ctl);
    apr_array_header_t *workers;
    dl_ops_stats_t stats;
    dl_buf_t b;

    if (status == DLCTL_OK)
        status = dlctl_stats_get(ctl, ctl->pool, &stats);
    if (status == DLCTL_OK)
        status = dlctl_workers_get(ctl, stats.now_ms, ctl->pool, &workers);
    if (status != DLCTL_OK)
        return status;
    if (!ctl->json) {
        if (workers->nelts)
            dlctl_tty_print(dlctl_workers_table(workers, stats.now_ms,
                                                ctl->pool));
        else
            puts("No worker has been heard of within the last hour.");
        return DLCTL_OK;
    }
    dl_buf_init(&b, 1024, ctl->pool);
    dl_buf_puts(&b, "{\"workers\":[");
    for (int i = 0; i < workers->nelts; i++)
        dlctl_json_worker(&b, &APR_ARRAY_IDX(workers, i, dlctl_worker_t));
    dl_buf_puts(&b, "]}");
    dlctl_json_print(ctl, &b);
    return DLCTL_OK;
}
