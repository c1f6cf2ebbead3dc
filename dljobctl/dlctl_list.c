/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list: jobs, newest first.
 *
 * Of a user they come in order from Redis. Of all users there is no list:
 * the keys are walked, and of what is met only the newest few ids are kept.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "dl_links.h"
#include "dl_uuid.h"
#include "dlctl_commands.h"
#include "dlctl_json.h"
#include "dlctl_show.h"
#include "dlctl_text.h"
#include "dlctl_tty.h"
#include "dlctl_worker.h"

#define LIMIT_MAX 1000
#define PAGE 100

/** What was asked for, and what becomes of it. */
typedef struct list_t {
    dlctl_t *ctl;
    const char *user;           /* NULL: all */
    int state;                  /* -1: all */
    int limit;
    const char *cursor;         /* to begin after, then of the next page */
    apr_int64_t now_ms;
    dlctl_table_t *table;
    dl_buf_t json;
    int shown;
} list_t;

/** A job by its place in the list. */
typedef struct place_t {
    apr_int64_t created_ms;
    char id[DL_UUID_LEN + 1];
} place_t;

static void show_one(list_t *list, dl_job_t *job)
{
    apr_pool_t *p = list->ctl->pool;
    const char *cells[7];

    list->shown++;
    if (list->ctl->json) {
        dl_links_refresh(list->ctl->conf, job, apr_time_sec(apr_time_now()),
                         p);
        dlctl_json_job(&list->json, job, list->ctl->conf->public_url);
        dl_buf_putc(&list->json, '}');
        return;
    }
    cells[0] = job->id;
    cells[1] = job->user;
    cells[2] = job->file_id
        ? apr_psprintf(p, "%" APR_INT64_T_FMT, job->file_id)
        : dlctl_text_count(job->total, "file", p);
    cells[3] = dlctl_text_ago(job->created_ms, list->now_ms, p);
    cells[4] = dl_job_state_name(job->state);
    cells[5] = apr_psprintf(p, "%d %%", job->progress);
    cells[6] = job->error ? apr_pstrcat(p, job->error_code ? job->error_code
                                        : "", ": ", job->error, NULL)
                          : job->message;
    dlctl_table_row(list->table, cells);
}

/* ---- of one user */

static dlctl_exit_e list_user(list_t *list)
{
    dl_job_list_t page;

    do {
        int left = list->limit - list->shown;
        apr_status_t rv = dl_jobs_list(list->ctl->jobs, list->user,
                                       list->state,
                                       left < PAGE ? left : PAGE,
                                       list->cursor, list->ctl->pool, &page);

        if (rv == APR_EINVAL)
            return dlctl_error(DLCTL_USAGE, "--cursor: not one of an earlier "
                               "list");
        if (rv != APR_SUCCESS)
            return dlctl_no_answer(list->ctl, rv);
        for (int i = 0; i < page.jobs->nelts; i++)
            show_one(list, APR_ARRAY_IDX(page.jobs, i, dl_job_t *));
        list->cursor = page.cursor;
    } while (list->cursor && list->shown < list->limit);
    return DLCTL_OK;
}

/* ---- of all */

/* Newest first, then by id, as the users' lists have it. */
static int before(const place_t *a, const place_t *b)
{
    return a->created_ms != b->created_ms ? a->created_ms > b->created_ms
                                          : strcmp(a->id, b->id) > 0;
}

static int read_cursor(const char *cursor, place_t *after)
{
    char *end;

    after->created_ms = apr_strtoi64(cursor, &end, 10);
    if (end == cursor || *end != ':' || !dl_uuid_valid(end + 1,
                                                       strlen(end + 1)))
        return -1;
    apr_cpystrn(after->id, end + 1, sizeof(after->id));
    return 0;
}

/* Keeps the newest; one too many tells that there is a next page. */
static void keep(place_t *kept, int *n, int max, const place_t *place)
{
    int at = *n;

    while (at > 0 && before(place, &kept[at - 1]))
        at--;
    if ((at < *n && strcmp(kept[at].id, place->id) == 0)
        || (at > 0 && strcmp(kept[at - 1].id, place->id) == 0)
        || at == max)
        return;                 /* SCAN may show a key twice */
    if (*n < max)
        ++*n;
    memmove(kept + at + 1, kept + at, (size_t)(*n - at - 1) * sizeof(*kept));
    kept[at] = *place;
}

static dlctl_exit_e walk(list_t *list, const place_t *after, place_t *kept,
                         int *n)
{
    const char *cursor = "0";
    char next[32];
    apr_pool_t *p;

    apr_pool_create(&p, list->ctl->pool);
    do {
        apr_array_header_t *jobs;
        apr_status_t rv = dl_ops_jobs(list->ctl->jobs, list->state, p,
                                      &cursor, &jobs);

        if (rv != APR_SUCCESS)
            return dlctl_no_answer(list->ctl, rv);
        for (int i = 0; i < jobs->nelts; i++) {
            const dl_job_t *job = APR_ARRAY_IDX(jobs, i, dl_job_t *);
            place_t place = {job->created_ms, ""};

            if (list->user && strcmp(job->user, list->user) != 0)
                continue;
            apr_cpystrn(place.id, job->id, sizeof(place.id));
            if (!after || before(after, &place))
                keep(kept, n, list->limit + 1, &place);
        }
        apr_cpystrn(next, cursor, sizeof(next));
        cursor = next;
        apr_pool_clear(p);
    } while (strcmp(cursor, "0") != 0);
    apr_pool_destroy(p);
    return DLCTL_OK;
}

static dlctl_exit_e list_all(list_t *list)
{
    place_t *kept = apr_palloc(list->ctl->pool, ((apr_size_t)list->limit + 1)
                                                * sizeof(*kept));
    place_t after;
    dlctl_exit_e status;
    int n = 0;

    if (list->cursor && read_cursor(list->cursor, &after) != 0)
        return dlctl_error(DLCTL_USAGE, "--cursor: not one of an earlier "
                           "list");
    status = walk(list, list->cursor ? &after : NULL, kept, &n);
    if (status != DLCTL_OK)
        return status;
    list->cursor = NULL;
    if (n > list->limit) {
        n = list->limit;
        list->cursor = apr_psprintf(list->ctl->pool, "%" APR_INT64_T_FMT
                                    ":%s", kept[n - 1].created_ms,
                                    kept[n - 1].id);
    }
    for (int i = 0; i < n; i++) {
        dl_job_t *job;
        apr_pool_t *p;
        apr_status_t rv;

        apr_pool_create(&p, list->ctl->pool);
        rv = dl_jobs_get(list->ctl->jobs, kept[i].id, p, &job);
        if (rv == APR_SUCCESS) {
            job->files = NULL;  /* as in a user's list */
            show_one(list, job);
        }
        apr_pool_destroy(p);
        if (rv != APR_SUCCESS && !APR_STATUS_IS_NOTFOUND(rv))
            return dlctl_no_answer(list->ctl, rv);
    }
    return DLCTL_OK;
}

static dlctl_exit_e read_options(list_t *list)
{
    const dlctl_args_t *args = list->ctl->args;
    const char *status = dlctl_args_get(args, "status");
    dl_job_state_e state;
    apr_int64_t limit;
    dlctl_exit_e rc = dlctl_number(list->ctl, "limit", 1, LIMIT_MAX, 20,
                                   &limit);

    if (rc != DLCTL_OK)
        return rc;
    list->limit = (int)limit;
    list->user = dlctl_args_get(args, "user");
    list->cursor = dlctl_args_get(args, "cursor");
    list->state = -1;
    if (status && dl_job_state_parse(status, &state) != 0)
        return dlctl_error(DLCTL_USAGE, "--status: write queued, processing, "
                           "completed, failed or cancelled");
    if (status)
        list->state = (int)state;
    return DLCTL_OK;
}

static void finish(list_t *list)
{
    if (list->ctl->json) {
        dl_buf_putc(&list->json, ']');
        dlctl_json_str(&list->json, "cursor", list->cursor);
        dl_buf_putc(&list->json, '}');
        dlctl_json_print(list->ctl, &list->json);
        return;
    }
    if (list->shown)
        dlctl_tty_print(list->table);
    else
        puts("No jobs.");
    if (list->cursor)
        printf("more: --cursor %s\n", list->cursor);
}

dlctl_exit_e dlctl_list(dlctl_t *ctl)
{
    static const dlctl_column_t columns[] = {
        {"JOB", 0, 0}, {"USER", 0, 6}, {"FILE", 1, 0}, {"CREATED", 1, 0},
        {"STATUS", 0, 0}, {"PROGRESS", 1, 0}, {"MESSAGE", 0, 7},
    };
    list_t list = {.ctl = ctl};
    dlctl_exit_e status = read_options(&list);
    dl_ops_stats_t stats;

    if (status == DLCTL_OK)
        status = dlctl_open(ctl);
    if (status == DLCTL_OK)
        status = dlctl_stats_get(ctl, ctl->pool, &stats);
    if (status != DLCTL_OK)
        return status;
    list.now_ms = stats.now_ms;
    list.table = dlctl_table_make(columns, 7, ctl->pool);
    dl_buf_init(&list.json, 4096, ctl->pool);
    dl_buf_puts(&list.json, "{\"jobs\":[");
    status = list.user && *list.user ? list_user(&list) : list_all(&list);
    if (status == DLCTL_OK)
        finish(&list);
    return status;
}
