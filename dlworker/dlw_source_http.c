/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source `http`: GET of a URL, streamed into the spool.
 *
 * A body that is cut off is gone on with by Range and If-Range where the
 * origin gave a validator. Redirects are followed here rather than by
 * libcurl: headers that hold a token go to the configured origin alone.
 */
#include "dlw_source.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "dl_disposition.h"
#include "dl_secret.h"
#include "dlw_curl.h"
#include "dlw_http_answer.h"

#define MAX_RESUMES 5
#define RESUME_MS 500           /* before the first; then doubled */
#define MAX_URL 8192
#define MAX_DISCARDED 65536

typedef struct run_t {
    dlw_attempt_t *a;
    const char *first_url;      /* as configured */
    const char *url;            /* asked now */
    const char *secret_headers; /* lines for the configured origin, or NULL */
    dlw_xfer_t *xfer;
    int redirects;
    int resumes;
    dl_timer_t again;
    const char *validator;      /* for If-Range, or NULL */
    apr_int64_t total;          /* bytes of the whole, -1: not known */
    apr_int64_t resume_at;      /* asked for from here; 0: all */
    int percent;                /* last told */
    int accepted;               /* this answer's body goes to the spool */
    int judged;                 /* and whether it does has been decided */
    int told;                   /* done has been called */
    apr_size_t discarded;
    apr_status_t spool_rv;
} run_t;

static void ask(run_t *run);

static void end(run_t *run, const dl_failure_t *failure)
{
    dlw_xfer_close(run->xfer);
    run->xfer = NULL;
    run->told = 1;
    run->a->on->done(run->a, failure);
}

static void fail(run_t *run, const char *error, const char *detail,
                 int permanent)
{
    dl_failure_t f = dlw_failure("SOURCE_ERROR", error, detail, permanent);

    end(run, &f);
}

/* ---- the body ---- */

/* Type and name, from the first answer. */
static void keep_description(run_t *run)
{
    dlw_attempt_t *a = run->a;
    const char *type = dlw_xfer_response(run->xfer, "content-type", a->pool);

    if (type && dlw_http_plain_value(type)) {
        a->content_type = type;
    }
    a->filename = dl_disposition_filename(
        dlw_xfer_response(run->xfer, "content-disposition", a->pool),
        a->pool);
}

/* What a later request may prove with that it goes on with the same bytes. */
static void keep_validator(run_t *run)
{
    apr_pool_t *p = run->a->pool;
    const char *ranges = dlw_xfer_response(run->xfer, "accept-ranges", p);
    const char *etag = dlw_xfer_response(run->xfer, "etag", p);
    const char *date = dlw_xfer_response(run->xfer, "last-modified", p);

    run->validator = NULL;
    if (ranges && strcasecmp(ranges, "none") == 0) {
        return;
    }
    if (dlw_http_strong_validator(etag)) {
        run->validator = etag;
    }
    else if (!etag && dlw_http_strong_validator(date)) {
        run->validator = date;
    }
}

static apr_status_t begin_anew(run_t *run)
{
    if (run->a->on->restart) {
        run->a->on->restart(run->a);
    }
    return dlw_spool_reset(run->a->spool);
}

/* Looks at an answer when its body begins (or it ends without one).
 * @return 1: to the spool; 0: not */
static int judge(run_t *run)
{
    long status = dlw_xfer_status(run->xfer);
    apr_int64_t first = 0, total = -1;
    curl_off_t length = -1;

    run->judged = 1;
    curl_easy_getinfo(dlw_xfer_easy(run->xfer),
                      CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (status == 206 && run->resume_at > 0) {
        if (dlw_http_content_range(
                dlw_xfer_response(run->xfer, "content-range", run->a->pool),
                &first, &total) != 0 || first != run->resume_at) {
            run->validator = NULL;      /* it does not do ranges right */
            return 0;
        }
        return 1;
    }
    if (status != 200) {
        return 0;
    }
    if (run->resume_at > 0
        && (run->spool_rv = begin_anew(run)) != APR_SUCCESS) {
        return 0;
    }
    run->resume_at = 0;
    run->total = run->a->expected = length;
    if (length > run->a->conf->max_object) {
        run->spool_rv = APR_EINVAL;     /* as if it had been written */
        return 0;
    }
    keep_description(run);
    keep_validator(run);
    return 1;
}

static int on_body(void *baton, const char *data, apr_size_t len)
{
    run_t *run = baton;
    dlw_attempt_t *a = run->a;
    int percent;

    if (!run->judged) {
        run->accepted = judge(run);
    }
    if (!run->accepted) {
        run->discarded += len;          /* an error page, perhaps endless */
        return run->spool_rv != APR_SUCCESS || run->discarded > MAX_DISCARDED
               ? -1 : 0;
    }
    run->spool_rv = dlw_spool_write(a->spool, data, len);
    if (run->spool_rv != APR_SUCCESS) {
        return -1;
    }
    if (run->total > 0) {
        percent = (int)(dlw_spool_size(a->spool) * 100 / run->total);
        if (percent > run->percent) {
            run->percent = percent;
            a->on->progress(a, percent > 100 ? 100 : percent);
        }
    }
    if (a->on->grown) {
        a->on->grown(a);
    }
    return 0;
}

/* ---- the end of an answer ---- */

static void spool_failed(run_t *run)
{
    char buf[120];
    dl_failure_t f;

    if (run->spool_rv == APR_EINVAL) {
        fail(run, "The file is larger than allowed",
             "http source: more than DLJobMaxObject", 1);
        return;
    }
    f = dlw_failure("STORAGE_ERROR", run->spool_rv == ENOSPC
                    || run->spool_rv == EDQUOT ? "The storage is full"
                    : "The storage is not available",
                    apr_psprintf(run->a->pool, "DLJobSpool: %s",
                                 apr_strerror(run->spool_rv, buf,
                                              sizeof(buf))), 0);
    end(run, &f);
}

static void again_later(run_t *run)
{
    dlw_xfer_close(run->xfer);
    run->xfer = NULL;
    dl_timer_set(run->a->env->loop, &run->again,
                 (apr_int64_t)RESUME_MS << run->resumes);
    run->resumes++;
}

static void redirect(run_t *run)
{
    const dl_source_conf_t *conf = &run->a->conf->source;
    char *to = NULL;

    curl_easy_getinfo(dlw_xfer_easy(run->xfer), CURLINFO_REDIRECT_URL, &to);
    if (!to || strlen(to) > MAX_URL) {
        fail(run, "The source refuses the request",
             "http source: a redirect without a good Location", 1);
        return;
    }
    if (run->redirects >= conf->redirects) {
        fail(run, "The source refuses the request",
             apr_psprintf(run->a->pool, "http source: more than %d redirects",
                          conf->redirects), 1);
        return;
    }
    if (strncasecmp(run->url, "https:", 6) == 0
        && strncasecmp(to, "https:", 6) != 0) {
        fail(run, "The source cannot be trusted",
             "http source: a redirect from https to http", 1);
        return;
    }
    run->redirects++;
    run->url = apr_pstrdup(run->a->pool, to);
    dlw_xfer_close(run->xfer);
    run->xfer = NULL;
    ask(run);
}

static void whole(run_t *run)
{
    if (!run->judged) {                 /* a body of no bytes */
        run->accepted = judge(run);
    }
    if (!run->accepted) {
        if (run->spool_rv != APR_SUCCESS) {
            spool_failed(run);
        }
        else if (run->resumes < MAX_RESUMES) {
            again_later(run);
        }
        else {
            fail(run, "The source is not available",
                 "http source: a range that was not asked for", 0);
        }
        return;
    }
    run->spool_rv = dlw_spool_end(run->a->spool);
    if (run->spool_rv != APR_SUCCESS) {
        spool_failed(run);
        return;
    }
    end(run, NULL);
}

/* An answer came whole: what does it say? */
static void on_answer(run_t *run)
{
    long status = dlw_xfer_status(run->xfer);
    curl_off_t retry_after_s = 0;
    dl_failure_t f;

    if (status == 200 || (status == 206 && run->resume_at > 0)) {
        whole(run);
        return;
    }
    if (status == 301 || status == 302 || status == 303 || status == 307
        || status == 308) {
        redirect(run);
        return;
    }
    if (run->resume_at > 0 && (status == 416 || status >= 500)
        && run->resumes < MAX_RESUMES) {
        if (status == 416) {
            run->validator = NULL;      /* begin again, whole */
        }
        again_later(run);
        return;
    }
    curl_easy_getinfo(dlw_xfer_easy(run->xfer), CURLINFO_RETRY_AFTER,
                      &retry_after_s);
    f = dlw_http_status_failure(status, retry_after_s > 0
                                ? retry_after_s * 1000 : -1, run->a->pool);
    end(run, &f);
}

static void on_done(void *baton, CURLcode code)
{
    run_t *run = baton;
    dl_failure_t f;

    if (run->spool_rv != APR_SUCCESS) {
        spool_failed(run);
        return;
    }
    if (code == CURLE_OK
        || (code == CURLE_WRITE_ERROR && !run->accepted && run->judged)) {
        on_answer(run);
        return;
    }
    /* cut off: go on where that is possible and something had come */
    if (dlw_http_code_resumable(code) && run->resumes < MAX_RESUMES
        && run->validator && dlw_spool_size(run->a->spool) > 0) {
        again_later(run);
        return;
    }
    f = dlw_http_code_failure(code, dlw_xfer_error(run->xfer), run->a->pool);
    end(run, &f);
}

/* ---- asking ---- */

static void add_lines(run_t *run, const char *lines)
{
    apr_pool_t *p = run->a->pool;

    while (*lines) {
        apr_size_t len = strcspn(lines, "\r\n");

        if (len > 0 && *lines != '#') {
            dlw_xfer_header(run->xfer, apr_pstrmemdup(p, lines, len));
        }
        lines += len + (lines[len] != '\0');
    }
}

static void add_header(run_t *run, const char *name, const char *value)
{
    if (value && *value && strpbrk(value, "\r\n") == NULL) {
        dlw_xfer_header(run->xfer, apr_pstrcat(run->a->pool, name, ": ",
                                               value, NULL));
    }
}

static void set_headers(run_t *run)
{
    dlw_attempt_t *a = run->a;

    add_header(run, "User-Agent", "dlworker");
    add_header(run, "Accept-Encoding", "identity");
    add_header(run, "traceparent", a->traceparent);
    add_header(run, "tracestate", a->tracestate);
    add_header(run, "X-Request-ID", a->request_id);
    if (run->secret_headers
        && dlw_http_same_origin(run->first_url, run->url)) {
        add_lines(run, run->secret_headers);
    }
    if (run->resume_at > 0) {
        add_header(run, "Range", apr_psprintf(a->pool, "bytes=%"
                                              APR_INT64_T_FMT "-",
                                              run->resume_at));
        add_header(run, "If-Range", run->validator);
    }
}

static void ask(run_t *run)
{
    static const dlw_xfer_on_t on = { .body = on_body, .done = on_done };
    const dl_source_conf_t *conf = &run->a->conf->source;
    CURL *e;

    run->judged = run->accepted = 0;
    run->discarded = 0;
    run->xfer = dlw_xfer_open(run->a->env->curl, &on, run);
    if (!run->xfer) {
        fail(run, "The source is not available", "out of memory", 0);
        return;
    }
    e = dlw_xfer_easy(run->xfer);
    curl_easy_setopt(e, CURLOPT_URL, run->url);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)conf->connect_ms);
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME,
                     (long)(conf->idle_ms + 999) / 1000);
    if (conf->ca_file) {
        curl_easy_setopt(e, CURLOPT_CAINFO, conf->ca_file);
    }
    set_headers(run);
    dlw_xfer_start(run->xfer);
}

static void on_again(dl_timer_t *timer)
{
    run_t *run = timer->baton;

    run->url = run->first_url;  /* a redirect may lead elsewhere by now */
    run->redirects = 0;
    if (run->validator) {
        run->resume_at = dlw_spool_size(run->a->spool);
    }
    else {
        run->resume_at = 0;
        run->spool_rv = begin_anew(run);
        if (run->spool_rv != APR_SUCCESS) {
            spool_failed(run);
            return;
        }
    }
    ask(run);
}

static void *http_start(dlw_attempt_t *a)
{
    const dl_source_conf_t *conf = &a->conf->source;
    run_t *run = apr_pcalloc(a->pool, sizeof(*run));
    const char *error;

    run->a = a;
    run->total = -1;
    run->again.fn = on_again;
    run->again.baton = run;
    run->first_url = run->url = dlw_http_url(conf->url, a->file_id, a->pool);
    if (conf->headers) {
        /* read each time: tokens are renewed */
        error = dl_secret_read(conf->headers, a->pool, &run->secret_headers);
        if (error) {
            fail(run, "The source is not available",
                 apr_pstrcat(a->pool, "headers= of DLJobSource: ", error,
                             NULL), 0);
            return NULL;
        }
    }
    ask(run);
    return run->told ? NULL : run;
}

static void http_abort(dlw_attempt_t *a, void *handle)
{
    run_t *run = handle;

    dl_timer_cancel(a->env->loop, &run->again);
    dlw_xfer_close(run->xfer);
    run->xfer = NULL;
}

static const char *http_check(const dl_config_t *conf, apr_pool_t *p)
{
    const char *lines, *error;

    if (conf->source.headers
        && (error = dl_secret_read(conf->source.headers, p, &lines))) {
        return apr_pstrcat(p, "headers= of DLJobSource: ", error, NULL);
    }
    return NULL;
}

const dlw_source_ops_t dlw_source_http = {
    .name = "http",
    .check = http_check,
    .start = http_start,
    .abort = http_abort,
};
