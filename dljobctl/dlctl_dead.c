/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dead letters: list, show, retry, purge.
 */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "dlctl_commands.h"
#include "dlctl_json.h"
#include "dlctl_show.h"
#include "dlctl_text.h"
#include "dlctl_tty.h"
#include "dlctl_worker.h"

#define PAGE 100
#define DEAD_MAX 5000           /* as many as the engine keeps */

/* ---- list and show */

static void list_text(const apr_array_header_t *dead, apr_int64_t now_ms,
                      dlctl_table_t *table, apr_pool_t *p)
{
    for (int i = 0; i < dead->nelts; i++) {
        const dl_ops_dead_t *d = &APR_ARRAY_IDX(dead, i, dl_ops_dead_t);
        const char *cells[7] = {
            apr_psprintf(p, "%" APR_INT64_T_FMT, d->file_id),
            dlctl_text_ago(d->at_ms, now_ms, p), d->error_code,
            apr_itoa(p, d->attempts), apr_itoa(p, d->lost), d->user, d->error
        };

        dlctl_table_row(table, cells);
    }
}

dlctl_exit_e dlctl_dead_list(dlctl_t *ctl)
{
    static const dlctl_column_t columns[] = {
        {"FILE", 1, 0}, {"DIED", 1, 0}, {"CODE", 0, 0}, {"ATTEMPTS", 1, 0},
        {"LOST", 1, 0}, {"USER", 0, 6}, {"ERROR", 0, 12},
    };
    dlctl_table_t *table = dlctl_table_make(columns, 7, ctl->pool);
    apr_int64_t limit, done = 0;
    dlctl_exit_e status = dlctl_number(ctl, "limit", 1, DEAD_MAX, 20, &limit);
    apr_array_header_t *dead;
    dl_ops_stats_t stats;
    dl_buf_t b;

    if (status == DLCTL_OK)
        status = dlctl_open(ctl);
    if (status == DLCTL_OK)
        status = dlctl_stats_get(ctl, ctl->pool, &stats);
    if (status != DLCTL_OK)
        return status;
    dl_buf_init(&b, 4096, ctl->pool);
    dl_buf_puts(&b, "{\"deadLetters\":[");
    do {
        int n = limit - done < PAGE ? (int)(limit - done) : PAGE;
        apr_status_t rv = dl_ops_dead(ctl->jobs, (int)done, n, ctl->pool,
                                      &dead);

        if (rv != APR_SUCCESS)
            return dlctl_no_answer(ctl, rv);
        if (!ctl->json)
            list_text(dead, stats.now_ms, table, ctl->pool);
        for (int i = 0; ctl->json && i < dead->nelts; i++)
            dlctl_json_dead(&b, &APR_ARRAY_IDX(dead, i, dl_ops_dead_t));
        done += dead->nelts;
    } while (dead->nelts > 0 && done < limit);
    if (ctl->json) {
        dl_buf_putc(&b, ']');
        dlctl_json_int(&b, "total", stats.dead);
        dl_buf_putc(&b, '}');
        dlctl_json_print(ctl, &b);
        return DLCTL_OK;
    }
    if (done == 0)
        puts("No dead letters.");
    else
        dlctl_tty_print(table);
    if (stats.dead > done)
        printf("%d more; see --limit\n", stats.dead - (int)done);
    return DLCTL_OK;
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
        status = dlctl_file_ids(ctl, &ids, &n);
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

/* Newest first. Those that die again meanwhile stand before the others and
 * are passed over. */
static dlctl_exit_e retry_all(retry_t *retry, apr_int64_t until_ms)
{
    dlctl_exit_e status = DLCTL_OK;
    int newer = 0, n;

    do {
        apr_array_header_t *dead;
        apr_pool_t *p;
        apr_status_t rv;

        apr_pool_create(&p, retry->ctl->pool);
        rv = dl_ops_dead(retry->ctl->jobs, newer, PAGE, p, &dead);
        if (rv != APR_SUCCESS)
            return dlctl_no_answer(retry->ctl, rv);
        n = dead->nelts;
        for (int i = 0; i < n && status == DLCTL_OK; i++) {
            const dl_ops_dead_t *d = &APR_ARRAY_IDX(dead, i, dl_ops_dead_t);

            if (d->at_ms > until_ms)
                newer++;
            else
                status = retry_one(retry, d->file_id);
        }
        apr_pool_destroy(p);
    } while (n > 0 && status == DLCTL_OK);
    return status;
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
        status = dlctl_file_ids(ctl, &ids, &n);
    if (status == DLCTL_OK)
        status = dlctl_stats_get(ctl, ctl->pool, &stats);
    if (status != DLCTL_OK)
        return status;
    dl_buf_init(&retry.b, 1024, ctl->pool);
    dl_buf_puts(&retry.b, "{\"retried\":[");
    if (all)
        status = retry_all(&retry, stats.now_ms);
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
        status = dlctl_file_ids(ctl, &ids, &n);
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
