/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dead letters: list, show, retry, purge.
 */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "dlctl_commands.h"
#include "dlctl_json.h"
#include "dlctl_pages.h"
#include "dlctl_show.h"
#include "dlctl_text.h"
#include "dlctl_worker.h"

/* ---- list and show */

static apr_status_t read_page(dlctl_t *ctl, void *baton, int first, int n,
                              apr_pool_t *p, apr_array_header_t **dead)
{
    (void)baton;
    return dl_ops_dead(ctl->jobs, first, n, p, dead);
}

static void add_row(void *baton, const void *element, apr_int64_t now_ms,
                    dlctl_table_t *table, apr_pool_t *p)
{
    const dl_ops_dead_t *d = element;
    const char *cells[7] = {
        apr_psprintf(p, "%" APR_INT64_T_FMT, d->file_id),
        dlctl_text_ago(d->at_ms, now_ms, p), d->error_code,
        apr_itoa(p, d->attempts), apr_itoa(p, d->lost), d->user, d->error
    };

    (void)baton;
    dlctl_table_row(table, cells);
}

static void add_json(void *baton, dl_buf_t *b, const void *element)
{
    (void)baton;
    dlctl_json_dead(b, element);
}

dlctl_exit_e dlctl_dead_list(dlctl_t *ctl)
{
    static const dlctl_column_t columns[] = {
        {"FILE", 1, 0}, {"DIED", 1, 0}, {"CODE", 0, 0}, {"ATTEMPTS", 1, 0},
        {"LOST", 1, 0}, {"USER", 0, 6}, {"ERROR", 0, 12},
    };
    static const dlctl_pages_t pages = {
        "deadLetters", "No dead letters.", columns, 7, sizeof(dl_ops_dead_t),
        read_page, add_row, add_json, NULL
    };
    apr_int64_t limit;
    dlctl_exit_e status = dlctl_number(ctl, "limit", 1, DLCTL_PAGES_MAX, 20,
                                       &limit);
    dl_ops_stats_t stats;

    if (status == DLCTL_OK)
        status = dlctl_open(ctl);
    if (status == DLCTL_OK)
        status = dlctl_stats_get(ctl, ctl->pool, &stats);
    return status == DLCTL_OK
        ? dlctl_pages_show(ctl, &pages, limit, stats.dead, stats.now_ms)
        : status;
}

dlctl_exit_e dlctl_dead_show(dlctl_t *ctl)
{
    dlctl_exit_e status = dlctl_open(ctl);
    apr_array_header_t *files;
    const apr_int64_t *ids;
    const dl_ops_dead_t *dead;
    apr_status_t rv;
    dl_buf_t b;
    int n;

    if (status == DLCTL_OK)
        status = dlctl_task_ids(ctl, &ids, &n);
    if (status != DLCTL_OK)
        return status;
    rv = dl_ops_files(ctl->jobs, ids, 1, ctl->pool, &files);
    if (rv != APR_SUCCESS)
        return dlctl_no_answer(ctl, rv);
    dead = APR_ARRAY_IDX(files, 0, dl_ops_file_t).dead;
    if (!dead)
        return dlctl_error(DLCTL_NOT_FOUND, "there is no dead letter of file "
                           "%" APR_INT64_T_FMT, ids[0]);
    dl_buf_init(&b, 1024, ctl->pool);
    if (ctl->json) {
        dlctl_json_dead(&b, dead);
        dlctl_json_print(ctl, &b);
    }
    else {
        dlctl_show_dead(&b, dead);
        fputs(dl_buf_str(&b), stdout);
    }
    return DLCTL_OK;
}

/* ---- retry */

/** What came of a retry, as text or JSON. */
typedef struct retry_t {
    dlctl_t *ctl;
    dl_buf_t b;                 /* JSON */
    apr_int64_t until_ms;       /* later letters are left */
    int done;
    int missing;
} retry_t;

static dlctl_exit_e retry_one(retry_t *retry, apr_int64_t file_id)
{
    dlctl_t *ctl = retry->ctl;
    const char *job = NULL, *fresh;
    apr_pool_t *p;
    apr_status_t rv;

    apr_pool_create(&p, ctl->pool);
    fresh = dlctl_job_id(p);
    rv = dl_ops_dead_retry(ctl->jobs, file_id, fresh, dlctl_request_id(p), p,
                           &job);
    if (rv != APR_SUCCESS && !APR_STATUS_IS_NOTFOUND(rv))
        return dlctl_no_answer(ctl, rv);
    if (rv != APR_SUCCESS)
        retry->missing++;
    else
        retry->done++;
    if (ctl->json) {
        dlctl_json_next(&retry->b);
        dl_buf_putc(&retry->b, '{');
        dlctl_json_int(&retry->b, "fileId", file_id);
        dlctl_json_str(&retry->b, "jobId", job);
        if (job)
            dlctl_json_bool(&retry->b, "joined", strcmp(job, fresh) != 0);
        dlctl_json_bool(&retry->b, "found", job != NULL);
        dl_buf_putc(&retry->b, '}');
    }
    else if (job)
        printf("%" APR_INT64_T_FMT "  job %s%s\n", file_id, job,
               strcmp(job, fresh) ? " (under way already)" : "");
    else
        printf("%" APR_INT64_T_FMT "  has no dead letter\n", file_id);
    apr_pool_destroy(p);
    return DLCTL_OK;
}

/* One of all. Those that die again meanwhile stand before the others and are
 * passed over. */
static dlctl_exit_e retry_next(void *baton, const void *element, int *stays)
{
    const dl_ops_dead_t *d = element;
    retry_t *retry = baton;

    *stays = d->at_ms > retry->until_ms;
    return *stays ? DLCTL_OK : retry_one(retry, d->file_id);
}

dlctl_exit_e dlctl_retry(dlctl_t *ctl)
{
    int all = dlctl_args_get(ctl->args, "all-dead") != NULL, n = 0;
    retry_t retry = {.ctl = ctl};
    const apr_int64_t *ids = NULL;
    dl_ops_stats_t stats;
    dlctl_exit_e status;

    if (all == (ctl->args->operands->nelts > 0))
        return dlctl_error(DLCTL_USAGE, "retry: name files, or all by "
                           "--all-dead");
    status = dlctl_open(ctl);
    if (status == DLCTL_OK)
        status = dlctl_task_ids(ctl, &ids, &n);
    if (status == DLCTL_OK)
        status = dlctl_stats_get(ctl, ctl->pool, &stats);
    if (status != DLCTL_OK)
        return status;
    dl_buf_init(&retry.b, 1024, ctl->pool);
    dl_buf_puts(&retry.b, "{\"retried\":[");
    retry.until_ms = stats.now_ms;
    if (all)
        status = dlctl_pages_drain(ctl, read_page, sizeof(dl_ops_dead_t),
                                   retry_next, &retry);
    for (int i = 0; i < n && status == DLCTL_OK; i++)
        status = retry_one(&retry, ids[i]);
    if (status != DLCTL_OK)
        return status;
    dl_buf_puts(&retry.b, "]}");
    if (ctl->json)
        dlctl_json_print(ctl, &retry.b);
    else if (all)
        printf("%s retried\n", dlctl_text_count(retry.done, "dead letter",
                                                ctl->pool));
    return retry.missing ? DLCTL_NOT_FOUND : DLCTL_OK;
}

/* ---- purge */

static dlctl_exit_e purge_all(dlctl_t *ctl, apr_int64_t before_ms,
                              int *removed)
{
    int n = 0;

    do {
        apr_status_t rv = dl_ops_dead_purge(ctl->jobs, 0, before_ms,
                                            ctl->pool, &n);

        if (rv != APR_SUCCESS)
            return dlctl_no_answer(ctl, rv);
        *removed += n;
    } while (n > 0);
    return DLCTL_OK;
}

static dlctl_exit_e purge_some(dlctl_t *ctl, const apr_int64_t *ids, int n,
                               int *removed)
{
    for (int i = 0; i < n; i++) {
        int one = 0;
        apr_status_t rv = dl_ops_dead_purge(ctl->jobs, ids[i], 0, ctl->pool,
                                            &one);

        if (rv != APR_SUCCESS)
            return dlctl_no_answer(ctl, rv);
        *removed += one;
    }
    return DLCTL_OK;
}

dlctl_exit_e dlctl_dead_purge(dlctl_t *ctl)
{
    int all = dlctl_args_get(ctl->args, "all") != NULL, n = 0, removed = 0;
    const apr_int64_t *ids = NULL;
    apr_int64_t age_ms;
    dl_ops_stats_t stats;
    dlctl_exit_e status = dlctl_duration(ctl, "older-than", 0, &age_ms);
    dl_buf_t b;

    if (status != DLCTL_OK)
        return status;
    if (all == (ctl->args->operands->nelts > 0))
        return dlctl_error(DLCTL_USAGE, "dead purge: name files, or all by "
                           "--all");
    if (!all && dlctl_args_get(ctl->args, "older-than"))
        return dlctl_error(DLCTL_USAGE, "dead purge: --older-than goes with "
                           "--all");
    status = dlctl_open(ctl);
    if (status == DLCTL_OK)
        status = dlctl_task_ids(ctl, &ids, &n);
    if (status == DLCTL_OK)
        status = dlctl_stats_get(ctl, ctl->pool, &stats);
    if (status == DLCTL_OK)
        status = all ? purge_all(ctl, stats.now_ms - age_ms, &removed)
                     : purge_some(ctl, ids, n, &removed);
    if (status != DLCTL_OK)
        return status;
    if (ctl->json) {
        dl_buf_init(&b, 64, ctl->pool);
        dl_buf_putc(&b, '{');
        dlctl_json_int(&b, "removed", removed);
        dl_buf_putc(&b, '}');
        dlctl_json_print(ctl, &b);
    }
    else
        printf("%s removed\n", dlctl_text_count(removed, "dead letter",
                                                ctl->pool));
    return removed < n ? DLCTL_NOT_FOUND : DLCTL_OK;
}
