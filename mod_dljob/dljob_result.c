/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /{jobId}: to the file when it is there, else why not.
 */
#include <apr_strings.h>

#include "dljob_args.h"
#include "dljob_base.h"
#include "dljob_job.h"
#include "dljob_respond.h"
#include "dljob_there.h"
#include "dljob_wait.h"

/* To the object, when it is still there.
 * @param file_id  0: the archive */
static int redirect(dljob_call_t *call, const dl_job_t *job,
                    apr_int64_t file_id, const char *key, const char *url)
{
    dl_object_ref_t object = { file_id, key };

    if (!url) {
        return dljob_error(call, DL_ERROR_INTERNAL, NULL);
    }
    if (key && dljob_gone(call, job->id, &object, 1)) {
        return dljob_error(call, DL_ERROR_NOT_FOUND,
                           "The file is not in the storage any more: ask for "
                           "it anew by POST /initiate");
    }
    if (*url == '/') {
        url = apr_pstrcat(call->pool, dljob_base_url(call), url, NULL);
    }
    apr_table_setn(call->r->headers_out, "Location", url);
    return dljob_send_empty(call, HTTP_MOVED_TEMPORARILY);
}

static const dl_job_file_t *find(const dl_job_t *job, apr_int64_t file_id)
{
    int i;

    for (i = 0; i < job->files->nelts; i++) {
        const dl_job_file_t *file = &APR_ARRAY_IDX(job->files, i,
                                                   dl_job_file_t);

        if (file->file_id == file_id) {
            return file;
        }
    }
    return NULL;
}

/* ?file_id=N of a job with several files. */
static int one_of(dljob_call_t *call, dl_job_t *job, apr_int64_t file_id)
{
    const dl_job_file_t *file = find(job, file_id);

    if (!file) {
        return dljob_errorf(call, DL_ERROR_NOT_FOUND,
                            "file_id: %" APR_INT64_T_FMT
                            " is not a file of this job", file_id);
    }
    switch (file->state) {
    case DL_JOB_COMPLETED:
        return redirect(call, job, file_id, file->key, file->url);
    case DL_JOB_FAILED:
        return dljob_error_send(call, dl_error_of_job(file->error_code),
                                file->error);
    case DL_JOB_CANCELLED:
        return dljob_error(call, DL_ERROR_CANCELLED, NULL);
    default:
        return dljob_job_send(call, HTTP_ACCEPTED, job, NULL);
    }
}

/* "?redirect=0", or Accept names JSON. */
static int wants_json(dljob_call_t *call)
{
    const char *arg;

    return (!dljob_arg(call, "redirect", &arg) && !strcmp(arg, "0"))
        || call->accept.json_named;
}

int dljob_result(dljob_call_t *call)
{
    apr_int64_t file_id = 0;
    int asked = dljob_arg_int(call, "file_id", 1, APR_INT64_MAX, &file_id);
    dl_job_t *job;
    int rc;

    if (asked < 0) {
        return dljob_error(call, DL_ERROR_INVALID_FILE_ID,
                           "file_id: not a file id");
    }
    rc = dljob_job_get(call, &job);
    if (rc != OK) {
        return rc;
    }
    apr_table_setn(call->r->notes, "DLJOB_ID", job->id);
    dljob_job_links(call, job);

    if (job->state == DL_JOB_CANCELLED) {
        return dljob_error(call, DL_ERROR_CANCELLED, NULL);
    }
    if (asked == 0 && job->files) {
        return one_of(call, job, file_id);
    }
    if (asked == 0 && job->file_id != file_id) {
        return dljob_errorf(call, DL_ERROR_NOT_FOUND,
                            "file_id: %" APR_INT64_T_FMT
                            " is not a file of this job", file_id);
    }
    switch (job->state) {
    case DL_JOB_FAILED:
        return dljob_error_send(call, dl_error_of_job(job->error_code),
                                job->error);
    case DL_JOB_COMPLETED:
        if ((job->files && !job->bundle) || wants_json(call)) {
            return dljob_job_send(call, HTTP_OK, job, NULL);
        }
        return redirect(call, job, job->bundle ? 0 : job->file_id, job->key,
                        job->url);
    default:
        return dljob_wait_preferred(call, job, 0, &rc)
                   ? rc : dljob_job_send(call, HTTP_ACCEPTED, job, NULL);
    }
}
