/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job body: the one place that writes a job as the API shows it.
 *
 * On the path of every status poll, so it writes straight into a buffer.
 */
#include "dl_job.h"

#include "dl_buf.h"

/* Keys are literals of ours: written as they are. */
#define KEY(b, name) dl_buf_add(b, ",\"" name "\":", sizeof(name) + 3)

static void put_state(dl_buf_t *b, dl_job_state_e state)
{
    dl_buf_putc(b, '"');
    dl_buf_puts(b, dl_job_state_name(state));
    dl_buf_putc(b, '"');
}

/* A signed link; one of the file store lies under the API's own address. */
static void put_url(dl_buf_t *b, const char *url, const dl_job_links_t *links)
{
    if (url[0] != '/' || !links->base) {
        dl_buf_jsons(b, url);
        return;
    }
    dl_buf_json(b, links->base, strlen(links->base));
    b->len--;                   /* its closing quote … */
    {
        apr_size_t at = b->len;

        dl_buf_json(b, url, strlen(url));
        /* … and the second part's opening one */
        memmove(b->data + at, b->data + at + 1, b->len - at - 1);
        b->len--;
    }
}

static void put_result(dl_buf_t *b, const dl_job_t *job,
                       const dl_job_links_t *links)
{
    if (job->state == DL_JOB_COMPLETED && job->url) {
        KEY(b, "downloadUrl");
        put_url(b, job->url, links);
    }
    if (job->size >= 0) {
        KEY(b, "size");
        dl_buf_int(b, job->size);
    }
    if (job->filename) {
        KEY(b, "filename");
        dl_buf_jsons(b, job->filename);
    }
    if (job->content_type) {
        KEY(b, "contentType");
        dl_buf_jsons(b, job->content_type);
    }
    if (job->sha256) {
        KEY(b, "sha256");
        dl_buf_jsons(b, job->sha256);
    }
}

static void put_error(dl_buf_t *b, const dl_job_t *job)
{
    if (job->error) {
        KEY(b, "error");
        dl_buf_jsons(b, job->error);
    }
    if (job->error_code) {
        KEY(b, "errorCode");
        dl_buf_jsons(b, job->error_code);
    }
    if (job->retryable >= 0) {
        KEY(b, "retryable");
        dl_buf_puts(b, job->retryable ? "true" : "false");
    }
    if (job->retries_remaining >= 0) {
        KEY(b, "retriesRemaining");
        dl_buf_int(b, job->retries_remaining);
    }
    if (job->attempt > 0) {
        KEY(b, "attempt");
        dl_buf_int(b, job->attempt);
    }
}

static void put_times(dl_buf_t *b, const dl_job_t *job)
{
    int terminal = dl_job_state_terminal(job->state);

    if (job->next_attempt_ms > 0 && !terminal) {
        KEY(b, "nextAttemptAt");
        dl_buf_json_time(b, job->next_attempt_ms);
    }
    if (job->created_ms > 0) {
        KEY(b, "createdAt");
        dl_buf_json_time(b, job->created_ms);
    }
    if (job->started_ms > 0) {
        KEY(b, "startedAt");
        dl_buf_json_time(b, job->started_ms);
    }
    if (job->completed_ms > 0) {
        KEY(b, "completedAt");
        dl_buf_json_time(b, job->completed_ms);
    }
    if (job->estimate_ms > 0 && job->created_ms > 0 && !terminal) {
        KEY(b, "estimatedCompletion");
        dl_buf_json_time(b, job->created_ms + job->estimate_ms);
        KEY(b, "estimatedTime");
        dl_buf_int(b, (job->estimate_ms + 999) / 1000);
    }
}

void dl_job_put_links(dl_buf_t *b, const char *id, const char *base)
{
    static const struct {
        const char *key, *before, *after;
    } rows[] = {
        {",\"statusUrl\":", "/status/", ""},
        {",\"streamUrl\":", "/", "/stream"},
        {",\"resultUrl\":", "/", ""},
    };

    for (int i = 0; i < 3; i++) {
        dl_buf_puts(b, rows[i].key);
        dl_buf_json(b, base, strlen(base));
        b->len--;
        /* a job id is hexadecimal digits and hyphens */
        dl_buf_puts(b, rows[i].before);
        dl_buf_puts(b, id);
        dl_buf_puts(b, rows[i].after);
        dl_buf_putc(b, '"');
    }
}

static void put_file(dl_buf_t *b, const dl_job_file_t *f,
                     const dl_job_links_t *links)
{
    dl_buf_puts(b, "{\"fileId\":");
    dl_buf_int(b, f->file_id);
    KEY(b, "status");
    put_state(b, f->state);
    KEY(b, "progress");
    dl_buf_int(b, f->progress);
    if (f->url) {
        KEY(b, "downloadUrl");
        put_url(b, f->url, links);
    }
    if (f->size >= 0) {
        KEY(b, "size");
        dl_buf_int(b, f->size);
    }
    if (f->filename) {
        KEY(b, "filename");
        dl_buf_jsons(b, f->filename);
    }
    if (f->content_type) {
        KEY(b, "contentType");
        dl_buf_jsons(b, f->content_type);
    }
    if (f->sha256) {
        KEY(b, "sha256");
        dl_buf_jsons(b, f->sha256);
    }
    if (f->error) {
        KEY(b, "error");
        dl_buf_jsons(b, f->error);
    }
    if (f->error_code) {
        KEY(b, "errorCode");
        dl_buf_jsons(b, f->error_code);
    }
    dl_buf_putc(b, '}');
}

static void put_files(dl_buf_t *b, const dl_job_t *job,
                      const dl_job_links_t *links)
{
    if (job->state == DL_JOB_COMPLETED) {
        KEY(b, "partial");
        dl_buf_puts(b, job->partial ? "true" : "false");
    }
    KEY(b, "files");
    dl_buf_putc(b, '[');
    for (int i = 0; i < job->files->nelts; i++) {
        if (i > 0)
            dl_buf_putc(b, ',');
        put_file(b, &APR_ARRAY_IDX(job->files, i, dl_job_file_t), links);
    }
    dl_buf_putc(b, ']');
}

const char *dl_job_body(const dl_job_t *job, const dl_job_links_t *links,
                        apr_pool_t *p, apr_size_t *len)
{
    const char *message = links->message ? links->message : job->message;
    dl_buf_t b;
    char *body;

    dl_buf_init(&b, job->files ? 512 + 160 * job->files->nelts : 1400, p);
    dl_buf_puts(&b, "{\"jobId\":\"");
    dl_buf_puts(&b, job->id);
    dl_buf_putc(&b, '"');
    KEY(&b, "status");
    put_state(&b, job->state);
    KEY(&b, "progress");
    dl_buf_int(&b, job->progress);
    KEY(&b, "totalFileIds");
    dl_buf_int(&b, job->total);
    if (job->file_id > 0) {
        KEY(&b, "fileId");
        dl_buf_int(&b, job->file_id);
        put_result(&b, job, links);
    }
    else if (job->bundle) {
        KEY(&b, "bundle");
        dl_buf_jsons(&b, dl_bundle_name(job->bundle));
        put_result(&b, job, links);
    }
    put_error(&b, job);
    put_times(&b, job);
    if (message) {
        KEY(&b, "message");
        dl_buf_jsons(&b, message);
    }
    if (links->base)
        dl_job_put_links(&b, job->id, links->base);
    if (job->files)
        put_files(&b, job, links);
    dl_buf_putc(&b, '}');
    body = dl_buf_str(&b);
    *len = b.len;
    return body;
}
