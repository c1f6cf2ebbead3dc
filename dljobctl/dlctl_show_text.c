/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs, tasks and dead letters as lines; see dlctl_show.h.
 */
#include "dlctl_show.h"

#include <string.h>

#include <apr_strings.h>

#include "dlctl_json.h"
#include "dlctl_text.h"

#define JOBS_SHOWN 10           /* that wait for a file */

void dlctl_show_line(dl_buf_t *b, const char *name, const char *value)
{
    if (value && *value)
        dl_buf_puts(b, apr_psprintf(b->pool, "%-14s%s\n", name,
                                    dlctl_text_safe(value, b->pool)));
}

static void number(dl_buf_t *b, const char *name, apr_int64_t value)
{
    dlctl_show_line(b, name, apr_psprintf(b->pool, "%" APR_INT64_T_FMT,
                                          value));
}

static void time(dl_buf_t *b, const char *name, apr_int64_t ms,
                 apr_int64_t now_ms)
{
    apr_pool_t *p = b->pool;

    if (ms <= 0)
        return;
    dlctl_show_line(b, name, apr_pstrcat(
        p, dlctl_text_time(ms, p), " UTC, ", ms > now_ms ? "in " : "",
        dlctl_text_duration(ms > now_ms ? ms - now_ms : now_ms - ms, p),
        ms > now_ms ? "" : " ago", NULL));
}

const char *dlctl_show_state(const dl_job_t *job, apr_pool_t *p)
{
    const char *s = dl_job_state_name(job->state);

    if (job->state == DL_JOB_COMPLETED)
        return job->partial ? apr_pstrcat(p, s, ", but not all files", NULL)
                            : s;
    if (job->state != DL_JOB_CANCELLED && job->progress > 0)
        s = apr_psprintf(p, "%s, %d %%", s, job->progress);
    if (job->attempt > 1 || (job->attempt == 1 && job->next_attempt_ms
                             && !dl_job_state_terminal(job->state)))
        s = apr_psprintf(p, "%s, attempt %d", s, job->attempt);
    return s;
}

static void put_error(dl_buf_t *b, const dl_job_t *job)
{
    if (job->error)
        dlctl_show_line(b, "Error", apr_pstrcat(
            b->pool, job->error_code ? job->error_code : "", ": ",
            job->error, NULL));
    if (job->retries_remaining >= 0 && !dl_job_state_terminal(job->state))
        number(b, "Retries left", job->retries_remaining);
}

static const char *full_url(const dl_job_t *job, const char *base,
                            apr_pool_t *p)
{
    if (!job->url || job->state != DL_JOB_COMPLETED)
        return NULL;
    return job->url[0] == '/' && base ? apr_pstrcat(p, base, job->url, NULL)
                                      : job->url;
}

void dlctl_show_job(dl_buf_t *b, const dl_job_t *job, apr_int64_t now_ms,
                    const char *base)
{
    apr_pool_t *p = b->pool;

    dlctl_show_line(b, "Job", job->id);
    dlctl_show_line(b, "Status", dlctl_show_state(job, p));
    dlctl_show_line(b, "User", *job->user ? job->user : "(anonymous)");
    if (job->file_id)
        number(b, "File", job->file_id);
    else
        number(b, "Files", job->total);
    time(b, "Created", job->created_ms, now_ms);
    time(b, "Started", job->started_ms, now_ms);
    time(b, "Ended", job->completed_ms, now_ms);
    if (!dl_job_state_terminal(job->state)) {
        time(b, "Next attempt", job->next_attempt_ms, now_ms);
        if (job->estimate_ms)
            time(b, "Expected", job->created_ms + job->estimate_ms, now_ms);
    }
    dlctl_show_line(b, "Message", job->message);
    put_error(b, job);
    if (job->size >= 0)
        dlctl_show_line(b, "Size", dlctl_text_size(job->size, p));
    dlctl_show_line(b, "Name", job->filename);
    dlctl_show_line(b, "Type", job->content_type);
    dlctl_show_line(b, "SHA-256", job->sha256);
    dlctl_show_line(b, "Key", job->key);
    dlctl_show_line(b, "Link", full_url(job, base, p));
    if (job->holders > 1)
        number(b, "Holders", job->holders);
    dlctl_show_line(b, "Callback", job->callback_url);
    dlctl_show_line(b, "Request", job->request_id);
    dlctl_show_line(b, "Trace", job->traceparent);
}

dlctl_table_t *dlctl_show_files(const dl_job_t *job, int max, apr_pool_t *p)
{
    static const dlctl_column_t columns[] = {
        {"FILE", 1, 0}, {"STATUS", 0, 0}, {"PROGRESS", 1, 0},
        {"SIZE", 1, 0}, {"NAME", 0, 8}, {"ERROR", 0, 10},
    };
    dlctl_table_t *table = dlctl_table_make(columns, 6, p);

    for (int i = 0; i < job->files->nelts && i < max; i++) {
        const dl_job_file_t *f = &APR_ARRAY_IDX(job->files, i,
                                                dl_job_file_t);
        const char *cells[6] = {
            apr_psprintf(p, "%" APR_INT64_T_FMT, f->file_id),
            dl_job_state_name(f->state), apr_psprintf(p, "%d %%",
                                                      f->progress),
            dlctl_text_size(f->size, p), f->filename,
            f->error ? apr_pstrcat(p, f->error_code ? f->error_code : "",
                                   ": ", f->error, NULL) : NULL
        };

        dlctl_table_row(table, cells);
    }
    return table;
}

static void put_task(dl_buf_t *b, const dl_ops_file_t *file,
                     apr_int64_t now_ms)
{
    const dl_ops_task_t *t = file->task;
    apr_pool_t *p = b->pool;

    if (!t) {
        dlctl_show_line(b, "Task", "none in flight");
        return;
    }
    dlctl_show_line(b, "Task", apr_psprintf(p, "%s, %d %%", t->state,
                                            t->progress));
    dlctl_show_line(b, "Priority", dlctl_priority_name(t->priority));
    dlctl_show_line(b, "Attempts", apr_psprintf(
        p, "%d failed, %d lost with their worker", t->attempts, t->lost));
    if (file->rank >= 0)
        dlctl_show_line(b, "Place", apr_psprintf(p, "%d before it in the "
                                                 "queue", file->rank));
    if (file->queue == DL_OPS_ACTIVE) {
        dlctl_show_line(b, "Worker", t->worker);
        time(b, "Lease until", t->at_ms, now_ms);
    }
    if (file->queue == DL_OPS_DELAYED)
        time(b, "Next attempt", t->at_ms, now_ms);
    for (int i = 0; i < file->jobs->nelts && i < JOBS_SHOWN; i++)
        dlctl_show_line(b, i ? "" : "Waiting jobs",
                        APR_ARRAY_IDX(file->jobs, i, const char *));
    if (file->njobs > JOBS_SHOWN)
        dlctl_show_line(b, "", apr_psprintf(p, "and %d more",
                                            file->njobs - JOBS_SHOWN));
}

void dlctl_show_file(dl_buf_t *b, const dl_ops_file_t *file,
                     apr_int64_t now_ms)
{
    const dl_ops_result_t *r = file->result;
    apr_pool_t *p = b->pool;

    number(b, "File", file->file_id);
    put_task(b, file, now_ms);
    if (r) {
        dlctl_show_line(b, "Result", r->key);
        dlctl_show_line(b, "  size", dlctl_text_size(r->size, p));
        dlctl_show_line(b, "  name", r->filename);
        dlctl_show_line(b, "  type", r->content_type);
        dlctl_show_line(b, "  SHA-256", r->sha256);
        if (r->ttl_s >= 0)
            dlctl_show_line(b, "  reused for",
                            dlctl_text_duration(r->ttl_s * 1000, p));
    }
    if (file->dead) {
        dl_buf_puts(b, "\n");
        dlctl_show_dead(b, file->dead);
    }
}

void dlctl_show_dead(dl_buf_t *b, const dl_ops_dead_t *d)
{
    apr_pool_t *p = b->pool;
    char *rest, *line;

    dlctl_show_line(b, "Dead letter", apr_psprintf(p, "%" APR_INT64_T_FMT,
                                                   d->file_id));
    dlctl_show_line(b, "Died", apr_pstrcat(p, dlctl_text_time(d->at_ms, p),
                                           " UTC", NULL));
    dlctl_show_line(b, "Error", apr_pstrcat(p, d->error_code, ": ", d->error,
                                            NULL));
    dlctl_show_line(b, "Attempts", apr_psprintf(
        p, "%d failed, %d lost with their worker", d->attempts, d->lost));
    dlctl_show_line(b, "Job", d->job_id);
    dlctl_show_line(b, "User", d->user);
    dlctl_show_line(b, "Request", d->request_id);
    dlctl_show_line(b, "Trace", d->traceparent);
    if (!*d->detail)
        return;
    dl_buf_puts(b, "Detail\n");
    for (line = apr_strtok(apr_pstrdup(p, d->detail), "\n", &rest); line;
         line = apr_strtok(NULL, "\n", &rest))
        dl_buf_puts(b, apr_pstrcat(p, "    ", dlctl_text_safe(line, p), "\n",
                                   NULL));
}
