/* SPDX-License-Identifier: Apache-2.0 */
/*
 * top: figures, workers and running tasks, again and again.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "dl_time.h"
#include "dlctl_commands.h"
#include "dlctl_overview.h"
#include "dlctl_text.h"
#include "dlctl_tty.h"
#include "dlctl_worker.h"

#define TASKS_MAX 200
#define WORKERS_SHOWN 10        /* on a terminal, so that tasks fit */
#define CLEAR_LINE "\033[K"
#define CLEAR_REST "\033[J"

/** One look. */
typedef struct look_t {
    dl_ops_stats_t stats;
    apr_array_header_t *workers;
    apr_array_header_t *tasks;  /* of dl_ops_task_t */
} look_t;

/** Counters of the look before, for rates. */
typedef struct before_t {
    apr_int64_t at_ms;          /* 0: there was none */
    apr_int64_t created, completed, failed;
} before_t;

static dlctl_exit_e take_look(dlctl_t *ctl, apr_pool_t *p, look_t *look)
{
    dlctl_exit_e status = dlctl_stats_get(ctl, p, &look->stats);
    apr_status_t rv;

    if (status == DLCTL_OK)
        status = dlctl_workers_get(ctl, look->stats.now_ms, p,
                                   &look->workers);
    if (status != DLCTL_OK)
        return status;
    rv = dl_ops_tasks(ctl->jobs, DL_OPS_ACTIVE, 0, TASKS_MAX, p,
                      &look->tasks);
    return rv == APR_SUCCESS ? DLCTL_OK : dlctl_no_answer(ctl, rv);
}

static void put_rates(dl_buf_t *b, const look_t *look, before_t *before)
{
    const dl_ops_stats_t *s = &look->stats;
    before_t now = {s->now_ms, dlctl_overview_value(s, "created"),
                    dlctl_overview_value(s, "completed"),
                    dlctl_overview_value(s, "failed")};
    double seconds = (double)(now.at_ms - before->at_ms) / 1000;

    if (before->at_ms && seconds > 0)
        dl_buf_puts(b, apr_psprintf(
            b->pool, "%-14s%.1f created, %.1f completed, %.1f failed\n",
            "Jobs a second", (double)(now.created - before->created) / seconds,
            (double)(now.completed - before->completed) / seconds,
            (double)(now.failed - before->failed) / seconds));
    *before = now;
}

static dlctl_table_t *tasks_table(const look_t *look, apr_pool_t *p)
{
    static const dlctl_column_t columns[] = {
        {"FILE", 1, 0}, {"WORKER", 0, 8}, {"PROGRESS", 1, 0},
        {"ATTEMPT", 1, 0}, {"LOST", 1, 0}, {"LEASE", 1, 0}, {"JOB", 0, 8},
    };
    dlctl_table_t *table = dlctl_table_make(columns, 7, p);

    for (int i = 0; i < look->tasks->nelts; i++) {
        const dl_ops_task_t *t = &APR_ARRAY_IDX(look->tasks, i,
                                                dl_ops_task_t);
        const char *cells[7] = {
            apr_psprintf(p, "%" APR_INT64_T_FMT, t->file_id), t->worker,
            apr_psprintf(p, "%d %%", t->progress),
            apr_itoa(p, t->attempts + 1), apr_itoa(p, t->lost),
            t->at_ms > look->stats.now_ms
                ? dlctl_text_duration(t->at_ms - look->stats.now_ms, p)
                : "over",
            t->job_id
        };

        dlctl_table_row(table, cells);
    }
    return table;
}

static const char *as_text(dlctl_t *ctl, look_t *look, before_t *before,
                           int width, apr_pool_t *p)
{
    apr_array_header_t *workers = look->workers;
    int hidden = 0;
    dl_buf_t b;

    dl_buf_init(&b, 4096, p);
    dl_buf_puts(&b, apr_psprintf(p, "%-14s%s UTC, %s\n\n", "dljobctl top",
                                 dlctl_text_time(look->stats.now_ms, p),
                                 ctl->conf->redis->display));
    dlctl_overview_text(&b, &look->stats);
    put_rates(&b, look, before);
    if (width && workers->nelts > WORKERS_SHOWN) {
        hidden = workers->nelts - WORKERS_SHOWN;
        workers->nelts = WORKERS_SHOWN;
    }
    if (workers->nelts) {
        dl_buf_puts(&b, "\n");
        dl_buf_puts(&b, dlctl_table_text(
            dlctl_workers_table(workers, look->stats.now_ms, p), width));
    }
    if (hidden)
        dl_buf_puts(&b, apr_psprintf(p, "and %d more\n", hidden));
    if (look->tasks->nelts) {
        dl_buf_puts(&b, "\n");
        dl_buf_puts(&b, dlctl_table_text(tasks_table(look, p), width));
    }
    return dl_buf_str(&b);
}

static void print_json(dlctl_t *ctl, const look_t *look, apr_pool_t *p)
{
    dl_buf_t b;

    dl_buf_init(&b, 4096, p);
    dl_buf_putc(&b, '{');
    dlctl_overview_json(&b, &look->stats);
    dlctl_json_name(&b, "workers");
    dl_buf_putc(&b, '[');
    for (int i = 0; i < look->workers->nelts; i++)
        dlctl_json_worker(&b, &APR_ARRAY_IDX(look->workers, i,
                                             dlctl_worker_t));
    dl_buf_putc(&b, ']');
    dlctl_json_name(&b, "tasks");
    dl_buf_putc(&b, '[');
    for (int i = 0; i < look->tasks->nelts; i++)
        dlctl_json_task(&b, &APR_ARRAY_IDX(look->tasks, i, dl_ops_task_t),
                        DL_OPS_ACTIVE);
    dl_buf_puts(&b, "]}");
    dlctl_json_print(ctl, &b);
}

/* As much as the screen holds, each line cleared behind its end. */
static void draw(const char *text, int width, int lines, apr_pool_t *p)
{
    fputs("\033[H", stdout);
    for (; *text && lines > 1; lines--) {
        apr_size_t len = strcspn(text, "\n");
        const char *line = apr_pstrmemdup(p, text, len);

        printf("%s" CLEAR_LINE "\n", dlctl_text_cut(line, width, p));
        text += len + (text[len] == '\n');
    }
    fputs(CLEAR_REST, stdout);
    fflush(stdout);
}

static void show(dlctl_t *ctl, look_t *look, before_t *before, int screen,
                 apr_pool_t *p)
{
    int lines, width;

    if (ctl->json) {
        print_json(ctl, look, p);
    }
    else if (screen) {
        width = dlctl_tty_size(STDOUT_FILENO, &lines);
        draw(as_text(ctl, look, before, width, p), width, lines, p);
        return;
    }
    else {
        if (before->at_ms)
            puts("");
        fputs(as_text(ctl, look, before, 0, p), stdout);
    }
    fflush(stdout);
}

/* @return whether to go on */
static int wait_next(int screen, apr_int64_t interval_ms)
{
    int key;

    if (!screen) {
        dlctl_tty_wait((int)interval_ms);
        return 1;
    }
    key = dlctl_tty_key((int)interval_ms);
    return key >= 0 && key != 'q' && key != 'Q';
}

dlctl_exit_e dlctl_top(dlctl_t *ctl)
{
    int screen = !ctl->json && isatty(STDOUT_FILENO) && isatty(STDIN_FILENO);
    apr_int64_t interval_ms, count;
    before_t before = {0, 0, 0, 0};
    dlctl_exit_e status = dlctl_duration(ctl, "interval", 2000, &interval_ms);
    apr_pool_t *p;

    if (status == DLCTL_OK)
        status = dlctl_number(ctl, "count", 1, 1000000000, screen ? 0 : 1,
                              &count);
    if (status == DLCTL_OK && (interval_ms < 100 || interval_ms > 3600000))
        status = dlctl_error(DLCTL_USAGE, "--interval: 100ms to 1h");
    if (status == DLCTL_OK)
        status = dlctl_open(ctl);
    if (status != DLCTL_OK)
        return status;
    dlctl_tty_signals();
    if (screen && dlctl_tty_screen() != 0)
        screen = 0;
    apr_pool_create(&p, ctl->pool);
    do {
        look_t look;

        apr_pool_clear(p);
        status = take_look(ctl, p, &look);
        if (status != DLCTL_OK)
            break;
        show(ctl, &look, &before, screen, p);
    } while (!(count > 0 && --count == 0) && wait_next(screen, interval_ms));
    dlctl_tty_screen_end();
    return status;
}
