/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of JSON objects; see dlctl_json.h. The names are those of the API.
 */
#include "dlctl_json.h"

#include <stdio.h>

void dlctl_json_next(dl_buf_t *b)
{
    char last = b->len > 0 ? b->data[b->len - 1] : '{';

    if (last != '{' && last != '[' && last != ':')
        dl_buf_putc(b, ',');
}

void dlctl_json_name(dl_buf_t *b, const char *name)
{
    dlctl_json_next(b);
    dl_buf_jsons(b, name);
    dl_buf_putc(b, ':');
}

void dlctl_json_str(dl_buf_t *b, const char *name, const char *value)
{
    if (value && *value) {
        dlctl_json_name(b, name);
        dl_buf_jsons(b, value);
    }
}

void dlctl_json_int(dl_buf_t *b, const char *name, apr_int64_t value)
{
    dlctl_json_name(b, name);
    dl_buf_int(b, value);
}

void dlctl_json_bool(dl_buf_t *b, const char *name, int value)
{
    dlctl_json_name(b, name);
    dl_buf_puts(b, value ? "true" : "false");
}

void dlctl_json_time(dl_buf_t *b, const char *name, apr_int64_t ms)
{
    if (ms > 0) {
        dlctl_json_name(b, name);
        dl_buf_json_time(b, ms);
    }
}

const char *dlctl_priority_name(dl_priority_e priority)
{
    return priority == DL_PRIORITY_HIGH ? "high"
         : priority == DL_PRIORITY_LOW ? "low" : "normal";
}

void dlctl_json_job(dl_buf_t *b, const dl_job_t *job, const char *base)
{
    dl_job_links_t links = {base, NULL};
    apr_size_t len;
    const char *body = dl_job_body(job, &links, b->pool, &len);

    dlctl_json_next(b);
    dl_buf_add(b, body, len - 1);
    dlctl_json_str(b, "user", job->user);
    dlctl_json_str(b, "requestId", job->request_id);
    dlctl_json_str(b, "traceparent", job->traceparent);
    dlctl_json_str(b, "callbackUrl", job->callback_url);
    if (job->holders > 1)
        dlctl_json_int(b, "holders", job->holders);
}

void dlctl_json_task(dl_buf_t *b, const dl_ops_task_t *task, int queue)
{
    dlctl_json_next(b);
    dl_buf_putc(b, '{');
    dlctl_json_int(b, "fileId", task->file_id);
    dlctl_json_str(b, "state", task->state);
    dlctl_json_str(b, "jobId", task->job_id);
    if (queue == DL_OPS_ACTIVE) {
        dlctl_json_str(b, "worker", task->worker);
        dlctl_json_time(b, "leaseUntil", task->at_ms);
    }
    if (queue == DL_OPS_DELAYED)
        dlctl_json_time(b, "nextAttemptAt", task->at_ms);
    dlctl_json_int(b, "progress", task->progress);
    dlctl_json_int(b, "attempts", task->attempts);
    dlctl_json_int(b, "lost", task->lost);
    dlctl_json_str(b, "priority", dlctl_priority_name(task->priority));
    dl_buf_putc(b, '}');
}

void dlctl_json_dead(dl_buf_t *b, const dl_ops_dead_t *dead)
{
    dlctl_json_next(b);
    dl_buf_putc(b, '{');
    dlctl_json_int(b, "fileId", dead->file_id);
    dlctl_json_time(b, "diedAt", dead->at_ms);
    dlctl_json_str(b, "errorCode", dead->error_code);
    dlctl_json_str(b, "error", dead->error);
    dlctl_json_str(b, "detail", dead->detail);
    dlctl_json_int(b, "attempts", dead->attempts);
    dlctl_json_int(b, "lost", dead->lost);
    dlctl_json_str(b, "jobId", dead->job_id);
    dlctl_json_str(b, "user", dead->user);
    dlctl_json_str(b, "requestId", dead->request_id);
    dlctl_json_str(b, "traceparent", dead->traceparent);
    dl_buf_putc(b, '}');
}

void dlctl_json_result(dl_buf_t *b, const dl_ops_result_t *result)
{
    dlctl_json_next(b);
    dl_buf_putc(b, '{');
    dlctl_json_str(b, "s3Key", result->key);
    if (result->size >= 0)
        dlctl_json_int(b, "size", result->size);
    dlctl_json_str(b, "filename", result->filename);
    dlctl_json_str(b, "contentType", result->content_type);
    dlctl_json_str(b, "sha256", result->sha256);
    if (result->ttl_s >= 0)
        dlctl_json_int(b, "reusedForSeconds", result->ttl_s);
    dl_buf_putc(b, '}');
}

void dlctl_json_print(dlctl_t *ctl, dl_buf_t *b)
{
    ctl->printed = 1;
    dl_buf_putc(b, '\n');
    fwrite(b->data, 1, b->len, stdout);
}
