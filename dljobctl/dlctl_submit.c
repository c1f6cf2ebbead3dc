/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submit: asks for files, waits for them, downloads them.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "dl_idempotency_key.h"
#include "dl_links.h"
#include "dl_parse.h"
#include "dlctl_commands.h"
#include "dlctl_fetch.h"
#include "dlctl_json.h"
#include "dlctl_output.h"
#include "dlctl_show.h"
#include "dlctl_text.h"
#include "dlctl_tty.h"
#include "dlctl_watch.h"

#define USER_MAX 256

/** What was asked for, and how far it is. */
typedef struct submit_t {
    dlctl_t *ctl;
    dl_admit_t admit;
    dlctl_output_t output;
    int wait;
    int save;
    apr_int64_t timeout_ms;
    const char *message;        /* of a job that was there already */
    dlctl_watched_t watched;
    dl_buf_t saved;             /* JSON of what was downloaded */
} submit_t;

/* ---- what is asked for */

static dlctl_exit_e read_key(submit_t *s)
{
    const char *key = dlctl_args_get(s->ctl->args, "idempotency-key");
    dl_json_str_t member = {key, key ? strlen(key) : 0};
    const char *error = dl_idempotency_key(&member, NULL, NULL, s->ctl->pool,
                                           &s->admit.idempotency_key);

    return error ? dlctl_error(DLCTL_USAGE, "--idempotency-key: %s", error)
                 : DLCTL_OK;
}

static dlctl_exit_e read_priority(submit_t *s)
{
    const char *name = dlctl_args_get(s->ctl->args, "priority");

    s->admit.priority = DL_PRIORITY_NORMAL;
    if (!name || strcmp(name, "normal") == 0)
        return DLCTL_OK;
    s->admit.priority = *name == 'h' ? DL_PRIORITY_HIGH : DL_PRIORITY_LOW;
    return strcmp(name, dlctl_priority_name(s->admit.priority)) == 0
               ? DLCTL_OK
               : dlctl_error(DLCTL_USAGE, "--priority: write high, normal or "
                             "low");
}

static dlctl_exit_e read_bundle(submit_t *s)
{
    const char *kind = dlctl_args_get(s->ctl->args, "bundle");

    if (!kind)
        return DLCTL_OK;
    s->admit.bundle = dl_bundle_parse(kind, strlen(kind));
    return s->admit.bundle ? DLCTL_OK
                           : dlctl_error(DLCTL_USAGE, "--bundle: write zip "
                                         "or tar");
}

static dlctl_exit_e read_options(submit_t *s)
{
    dlctl_t *ctl = s->ctl;
    const char *user = dlctl_args_get(ctl->args, "user");
    dlctl_exit_e status = dlctl_duration(ctl, "timeout", -1, &s->timeout_ms);

    s->save = dlctl_args_get(ctl->args, "output") != NULL;
    s->wait = s->save || dlctl_args_get(ctl->args, "wait") != NULL
        || s->timeout_ms >= 0;
    s->admit.user = user ? user : "";
    if (strlen(s->admit.user) > USER_MAX)
        return dlctl_error(DLCTL_USAGE, "--user: at most %d bytes", USER_MAX);
    if (status == DLCTL_OK)
        status = read_priority(s);
    if (status == DLCTL_OK)
        status = read_bundle(s);
    if (status == DLCTL_OK)
        status = read_key(s);
    return status;
}

static dlctl_exit_e read_files(submit_t *s)
{
    dlctl_exit_e status = dlctl_file_ids(s->ctl, &s->admit.file_ids,
                                         &s->admit.nfiles);

    s->admit.total = s->ctl->args->operands->nelts;
    if (status == DLCTL_OK && s->admit.total > s->ctl->conf->max_files)
        status = dlctl_error(DLCTL_USAGE, "at most %d files at a time "
                             "(DLJobMaxFiles)", s->ctl->conf->max_files);
    if (status == DLCTL_OK)
        status = dlctl_output_open(s->ctl,
                                   s->admit.bundle ? 1 : s->admit.nfiles,
                                   &s->output);
    return status;
}

/* ---- admission */

static dlctl_exit_e refused(const submit_t *s, const dl_admitted_t *a)
{
    const dl_config_t *conf = s->ctl->conf;

    switch (a->outcome) {
    case DL_ADMIT_KEY_REUSED:
        return dlctl_error(DLCTL_DATA, "--idempotency-key: was used for "
                           "other files");
    case DL_ADMIT_RATE_LIMITED:
        return dlctl_error(DLCTL_LATER, "refused for now: the user's rate "
                           "limit is spent; again in %d s",
                           (int)a->retry_after_s);
    case DL_ADMIT_TOO_MANY_JOBS:
        return dlctl_error(DLCTL_LATER, "refused for now: the user has %d "
                           "unfinished jobs (DLJobMaxActive)",
                           conf->max_active);
    default:
        return dlctl_error(DLCTL_LATER, "refused for now: the queue is full "
                           "(DLJobMaxQueue %d)", conf->max_queue);
    }
}

static const char *message_of(dl_admit_e outcome)
{
    switch (outcome) {
    case DL_ADMIT_IDEMPOTENT:
        return "Existing job found for this idempotency key";
    case DL_ADMIT_DUPLICATE:
        return "Duplicate request detected, returning existing job";
    case DL_ADMIT_ACTIVE:
        return "Existing job in progress";
    case DL_ADMIT_REUSED:
        return "Reusing existing completed job";
    default:
        return NULL;
    }
}

static dlctl_exit_e admit(submit_t *s)
{
    dlctl_t *ctl = s->ctl;
    dl_admitted_t admitted;
    apr_status_t rv;

    s->admit.job_id = dlctl_job_id(ctl->pool);
    s->admit.request_id = dlctl_request_id(ctl->pool);
    rv = dl_jobs_admit(ctl->jobs, &s->admit, ctl->pool, &admitted);
    if (rv != APR_SUCCESS)
        return dlctl_no_answer(ctl, rv);
    if (!admitted.job)
        return refused(s, &admitted);
    s->message = message_of(admitted.outcome);
    apr_pool_create(&s->watched.pool, ctl->pool);
    s->watched.id = admitted.job->id;
    s->watched.job = admitted.job;
    return DLCTL_OK;
}

/* ---- download */

static void note_saved(submit_t *s, const dlctl_fetch_t *f,
                       apr_int64_t file_id)
{
    apr_pool_t *p = s->ctl->pool;

    dlctl_json_next(&s->saved);
    dl_buf_putc(&s->saved, '{');
    if (file_id)
        dlctl_json_int(&s->saved, "fileId", file_id);
    dlctl_json_str(&s->saved, "path", f->path ? f->path : "-");
    dlctl_json_int(&s->saved, "size", f->bytes);
    dlctl_json_int(&s->saved, "transferred", f->moved);
    dlctl_json_str(&s->saved, "sha256", f->sha256);
    dlctl_json_bool(&s->saved, "verified", f->sha256 != NULL);
    dl_buf_putc(&s->saved, '}');
    if (!s->ctl->json && f->path)
        printf("%-14s%s (%s, %s)\n", "Saved", dlctl_text_safe(f->path, p),
               dlctl_text_size(f->bytes, p),
               f->sha256 ? "SHA-256 is right" : "SHA-256 is not known");
}

/** A file that is to be had, of a job with one or several. */
typedef struct had_t {
    apr_int64_t file_id;        /* 0: the archive */
    const char *url, *key, *filename, *sha256;
    apr_int64_t size;
} had_t;

static dlctl_exit_e save_one(submit_t *s, const had_t *had)
{
    dlctl_t *ctl = s->ctl;
    dlctl_fetch_t f = {.sha256 = had->sha256, .size = had->size,
                       .ca_file = ctl->conf->store.ca_file,
                       .force = s->output.force,
                       .bar = !ctl->json && isatty(STDERR_FILENO)};
    dlctl_exit_e status;

    f.label = had->file_id ? apr_psprintf(ctl->pool, "%" APR_INT64_T_FMT,
                                          had->file_id)
                           : "archive";
    f.url = dlctl_output_url(ctl, &s->output, had->url, had->key, ctl->pool);
    if (!f.url)
        return DLCTL_CONFIG;
    f.path = dlctl_output_path(&s->output, had->filename, had->key,
                               had->file_id, ctl->pool);
    if (f.path && !f.force && access(f.path, F_OK) == 0)
        return dlctl_error(DLCTL_CANT_CREATE, "%s is there already; --force "
                           "replaces it", f.path);
    status = dlctl_fetch(ctl, &f);
    if (status == DLCTL_OK)
        note_saved(s, &f, had->file_id);
    return status;
}

static dlctl_exit_e save(submit_t *s, const dl_job_t *job)
{
    dlctl_exit_e status, worst = DLCTL_OK;

    if (!job->files || job->bundle) {
        had_t had = {job->file_id, job->url, job->key, job->filename,
                     job->sha256, job->size};

        return save_one(s, &had);
    }
    for (int i = 0; i < job->files->nelts; i++) {
        const dl_job_file_t *f = &APR_ARRAY_IDX(job->files, i,
                                                dl_job_file_t);
        had_t had = {f->file_id, f->url, f->key, f->filename, f->sha256,
                     f->size};

        if (f->state != DL_JOB_COMPLETED)
            continue;
        status = save_one(s, &had);
        worst = worst == DLCTL_OK ? status : worst;
    }
    return worst;
}

/* ---- what is said */

static void tell_begun(const submit_t *s)
{
    /* stdout may be the file itself */
    FILE *out = s->save && !s->output.path ? stderr : stdout;

    if (s->ctl->json)
        return;
    if (!s->wait)
        fprintf(out, "%s\n", s->watched.id);
    else
        fprintf(out, "%-14s%s\n", "Job", s->watched.id);
    if (s->message)
        fprintf(stderr, "dljobctl: %s\n", s->message);
    fflush(out);
}

/* Which of several files are not to be had. */
static void tell_missing(dl_buf_t *b, const dl_job_t *job)
{
    for (int i = 0; job->files && i < job->files->nelts; i++) {
        const dl_job_file_t *f = &APR_ARRAY_IDX(job->files, i,
                                                dl_job_file_t);

        if (f->state == DL_JOB_FAILED)
            dlctl_show_line(b, "Failed", apr_psprintf(
                b->pool, "%" APR_INT64_T_FMT ", %s: %s", f->file_id,
                f->error_code ? f->error_code : "",
                f->error ? f->error : ""));
    }
}

static void tell_ended(submit_t *s, const dl_job_t *job)
{
    FILE *out = s->save && !s->output.path ? stderr : stdout;
    dl_buf_t b;

    if (s->ctl->json)
        return;
    dl_buf_init(&b, 512, s->ctl->pool);
    dlctl_show_line(&b, "Status", dlctl_show_state(job, s->ctl->pool));
    if (job->error)
        dlctl_show_line(&b, "Error", apr_pstrcat(
            s->ctl->pool, job->error_code ? job->error_code : "", ": ",
            job->error, NULL));
    tell_missing(&b, job);
    if (!s->save && job->url && job->state == DL_JOB_COMPLETED)
        dlctl_show_line(&b, "Link", job->url[0] == '/' && s->output.base
            ? apr_pstrcat(s->ctl->pool, s->output.base, job->url, NULL)
            : job->url);
    fputs(dl_buf_str(&b), out);
    fflush(out);
}

static void tell_json(submit_t *s, const dl_job_t *job)
{
    dl_buf_t b;

    /* the file has gone there */
    if (!s->ctl->json || (s->save && !s->output.path))
        return;
    dl_buf_init(&b, 4096, s->ctl->pool);
    dlctl_json_job(&b, job, s->output.base);
    dlctl_json_str(&b, "notice", s->message);
    if (s->save) {
        dlctl_json_name(&b, "saved");
        dl_buf_putc(&b, '[');
        dl_buf_add(&b, s->saved.data, s->saved.len);
        dl_buf_putc(&b, ']');
    }
    dl_buf_putc(&b, '}');
    dlctl_json_print(s->ctl, &b);
}

dlctl_exit_e dlctl_submit(dlctl_t *ctl)
{
    submit_t s = {.ctl = ctl};
    dlctl_exit_e status = read_options(&s), saved = DLCTL_OK;

    dl_buf_init(&s.saved, 256, ctl->pool);
    if (status == DLCTL_OK)
        status = dlctl_open(ctl);
    if (status == DLCTL_OK)
        status = read_files(&s);
    if (status == DLCTL_OK)
        status = admit(&s);
    if (status != DLCTL_OK)
        return status;
    tell_begun(&s);
    if (s.wait) {
        dlctl_tty_signals();
        status = dlctl_watch(ctl, &s.watched, 1, s.timeout_ms);
        if (status != DLCTL_OK)
            return status;
        status = dlctl_watch_verdict(s.watched.job);
    }
    dl_links_refresh(ctl->conf, s.watched.job, apr_time_sec(apr_time_now()),
                     ctl->pool);
    if (s.wait)
        tell_ended(&s, s.watched.job);
    if (s.save && s.watched.job->state == DL_JOB_COMPLETED)
        saved = save(&s, s.watched.job);
    tell_json(&s, s.watched.job);
    return saved != DLCTL_OK ? saved : status;
}
