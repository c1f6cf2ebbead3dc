/* SPDX-License-Identifier: Apache-2.0 */
/*
 * show: a job or a file with all there is about it.
 */
#include "dlctl_show.h"

#include <stdio.h>
#include <string.h>

#include <apr_time.h>

#include "dl_links.h"
#include "dl_uuid.h"
#include "dlctl_commands.h"
#include "dlctl_json.h"
#include "dlctl_tty.h"
#include "dlctl_worker.h"

#define FILES_SHOWN 100         /* of a job, as text */

/* Files of the job that are in flight or have failed: there is more to know
 * of these. */
static dlctl_exit_e look_closer(dlctl_t *ctl, const dl_job_t *job, int max,
                                apr_array_header_t **files)
{
    apr_array_header_t *ids = apr_array_make(ctl->pool, 16,
                                             sizeof(apr_int64_t));
    apr_status_t rv;

    if (!job->files && job->state != DL_JOB_COMPLETED
        && job->state != DL_JOB_CANCELLED)
        APR_ARRAY_PUSH(ids, apr_int64_t) = job->file_id;
    for (int i = 0; job->files && i < job->files->nelts
                    && ids->nelts < max; i++) {
        const dl_job_file_t *f = &APR_ARRAY_IDX(job->files, i,
                                                dl_job_file_t);

        if (f->state != DL_JOB_COMPLETED && job->state != DL_JOB_CANCELLED)
            APR_ARRAY_PUSH(ids, apr_int64_t) = f->file_id;
    }
    rv = dl_ops_files(ctl->jobs, (const apr_int64_t *)ids->elts, ids->nelts,
                      ctl->pool, files);
    return rv == APR_SUCCESS ? DLCTL_OK : dlctl_no_answer(ctl, rv);
}

static void job_text(const dlctl_t *ctl, const dl_job_t *job,
                     const apr_array_header_t *files, apr_int64_t now_ms)
{
    dl_buf_t b;

    dl_buf_init(&b, 2048, ctl->pool);
    dlctl_show_job(&b, job, now_ms, ctl->conf->public_url);
    for (int i = 0; i < files->nelts; i++) {
        dl_buf_putc(&b, '\n');
        dlctl_show_file(&b, &APR_ARRAY_IDX(files, i, dl_ops_file_t), now_ms);
    }
    fputs(dl_buf_str(&b), stdout);
    if (job->files) {
        puts("");
        dlctl_tty_print(dlctl_show_files(job, FILES_SHOWN, ctl->pool));
        if (job->files->nelts > FILES_SHOWN)
            printf("and %d more; --json shows all\n",
                   job->files->nelts - FILES_SHOWN);
    }
}

static void job_json(dlctl_t *ctl, const dl_job_t *job,
                     const apr_array_header_t *files)
{
    dl_buf_t b;

    dl_buf_init(&b, 4096, ctl->pool);
    dlctl_json_job(&b, job, ctl->conf->public_url);
    dl_buf_puts(&b, ",\"tasks\":[");
    for (int i = 0; i < files->nelts; i++) {
        const dl_ops_file_t *f = &APR_ARRAY_IDX(files, i, dl_ops_file_t);

        if (f->task)
            dlctl_json_task(&b, f->task, f->queue);
    }
    dl_buf_puts(&b, "],\"deadLetters\":[");
    for (int i = 0; i < files->nelts; i++) {
        const dl_ops_file_t *f = &APR_ARRAY_IDX(files, i, dl_ops_file_t);

        if (f->dead)
            dlctl_json_dead(&b, f->dead);
    }
    dl_buf_puts(&b, "]}");
    dlctl_json_print(ctl, &b);
}

static dlctl_exit_e show_job(dlctl_t *ctl, const char *id,
                             apr_int64_t now_ms)
{
    apr_array_header_t *files;
    dlctl_exit_e status;
    dl_job_t *job;
    apr_status_t rv = dl_jobs_get(ctl->jobs, id, ctl->pool, &job);

    if (APR_STATUS_IS_NOTFOUND(rv))
        return dlctl_error(DLCTL_NOT_FOUND, "there is no job %s", id);
    if (rv != APR_SUCCESS)
        return dlctl_no_answer(ctl, rv);
    dl_links_refresh(ctl->conf, job, apr_time_sec(apr_time_now()), ctl->pool);
    status = look_closer(ctl, job, ctl->json ? ctl->conf->max_files : 10,
                         &files);
    if (status != DLCTL_OK)
        return status;
    if (ctl->json)
        job_json(ctl, job, files);
    else
        job_text(ctl, job, files, now_ms);
    return DLCTL_OK;
}

static void file_json(dlctl_t *ctl, const dl_ops_file_t *f)
{
    dl_buf_t b;

    dl_buf_init(&b, 2048, ctl->pool);
    dl_buf_putc(&b, '{');
    dlctl_json_int(&b, "fileId", f->file_id);
    if (f->task) {
        dlctl_json_name(&b, "task");
        dlctl_json_task(&b, f->task, f->queue);
        if (f->rank >= 0)
            dlctl_json_int(&b, "tasksBefore", f->rank);
        dlctl_json_int(&b, "jobsWaiting", f->njobs);
        dlctl_json_name(&b, "jobIds");
        dl_buf_putc(&b, '[');
        for (int i = 0; i < f->jobs->nelts; i++) {
            dlctl_json_next(&b);
            dl_buf_jsons(&b, APR_ARRAY_IDX(f->jobs, i, const char *));
        }
        dl_buf_putc(&b, ']');
    }
    if (f->result) {
        dlctl_json_name(&b, "result");
        dlctl_json_result(&b, f->result);
    }
    if (f->dead) {
        dlctl_json_name(&b, "deadLetter");
        dlctl_json_dead(&b, f->dead);
    }
    dl_buf_putc(&b, '}');
    dlctl_json_print(ctl, &b);
}

static dlctl_exit_e show_file(dlctl_t *ctl, apr_int64_t now_ms)
{
    apr_array_header_t *files;
    const dl_ops_file_t *f;
    const apr_int64_t *ids;
    int n;
    dlctl_exit_e status = dlctl_task_ids(ctl, &ids, &n);
    apr_status_t rv;
    dl_buf_t b;

    if (status != DLCTL_OK)
        return status;
    rv = dl_ops_files(ctl->jobs, ids, 1, ctl->pool, &files);
    if (rv != APR_SUCCESS)
        return dlctl_no_answer(ctl, rv);
    f = &APR_ARRAY_IDX(files, 0, dl_ops_file_t);
    if (!f->task && !f->result && !f->dead)
        return dlctl_error(DLCTL_NOT_FOUND, "nothing is known of file %"
                           APR_INT64_T_FMT, f->file_id);
    if (ctl->json) {
        file_json(ctl, f);
        return DLCTL_OK;
    }
    dl_buf_init(&b, 2048, ctl->pool);
    dlctl_show_file(&b, f, now_ms);
    fputs(dl_buf_str(&b), stdout);
    return DLCTL_OK;
}

dlctl_exit_e dlctl_show(dlctl_t *ctl)
{
    const char *what = dlctl_operand(ctl, 0);
    dlctl_exit_e status = dlctl_open(ctl);
    dl_ops_stats_t stats;

    if (status == DLCTL_OK)
        status = dlctl_stats_get(ctl, ctl->pool, &stats);
    if (status != DLCTL_OK)
        return status;
    return strspn(what, "0123456789") == strlen(what)
               ? show_file(ctl, stats.now_ms)
               : show_job(ctl, what, stats.now_ms);
}
