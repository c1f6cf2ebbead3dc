/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One try to deliver a webhook; see dlw_hook.h.
 */
#include "dlw_hook.h"

#include <string.h>

#include <apr_strings.h>

#include "dl_store.h"
#include "dl_trace.h"
#include "dl_webhook.h"
#include "dlw_curl.h"

#define ERROR_MAX 200

struct dlw_hook_t {
    const dlw_settings_t *settings;
    apr_pool_t *pool;
    dlw_xfer_t *xfer;
    dl_url_t url;
    const char *body;
    apr_size_t len, sent;
    apr_size_t answer_bytes;
    int cut;                    /* more came than is read */
    const char *refusal;        /* of an address, or NULL */
    dlw_hook_done_fn *done;
    void *baton;
};

/* At most ERROR_MAX bytes; what is not printable ASCII becomes "?". */
static const char *clean(const char *text, apr_pool_t *p)
{
    char *s = apr_pstrndup(p, text, ERROR_MAX);

    for (char *c = s; *c; c++) {
        if (*c < ' ' || *c > '~') {
            *c = '?';
        }
    }
    return s;
}

/* ---- the body ---- */

/* A link of the file store lies under the API's address: without that there
 * is none. */
static const char *sign_link(const dl_config_t *conf, const char *base,
                             const char *key, const char *filename,
                             const char *content_type, apr_int64_t now_s,
                             apr_pool_t *p)
{
    apr_int64_t expires_s;
    const char *url;

    if (!key
        || dl_store_link(conf, "", key, filename, content_type, now_s, p,
                         &url, &expires_s) != APR_SUCCESS) {
        return NULL;
    }
    return *url == '/' && !base ? NULL : url;
}

static void make_body(dlw_hook_t *try, dl_job_t *job, apr_int64_t now_s)
{
    const dl_config_t *conf = try->settings->conf;
    dl_job_links_t links = {conf->public_url ? conf->public_url : job->base,
                            NULL};

    job->url = sign_link(conf, links.base, job->key, job->filename,
                         job->content_type, now_s, try->pool);
    for (int i = 0; job->files && i < job->files->nelts; i++) {
        dl_job_file_t *f = &APR_ARRAY_IDX(job->files, i, dl_job_file_t);

        if (f->state == DL_JOB_COMPLETED) {
            f->url = sign_link(conf, links.base, f->key, f->filename,
                               f->content_type, now_s, try->pool);
        }
    }
    try->body = dl_webhook_body(job, &links, try->pool, &try->len);
}

/* ---- the request ---- */

static void add_header(dlw_hook_t *try, const char *name, const char *value)
{
    dlw_xfer_header(try->xfer, apr_pstrcat(try->pool, name, ": ", value,
                                           NULL));
}

/* The job's trace goes on with a span of this try. */
static void add_trace(dlw_hook_t *try, const dl_job_t *job)
{
    char traceparent[DL_TRACEPARENT_LEN + 1];
    dl_random_t random;
    dl_trace_t trace;

    dl_random_init(&random);
    dl_trace_continue(job->traceparent, job->tracestate, &random, try->pool,
                      &trace);
    dl_trace_format(&trace, trace.span_id, traceparent);
    add_header(try, "traceparent", traceparent);
    if (trace.state) {
        add_header(try, "tracestate", trace.state);
    }
}

static const char *add_headers(dlw_hook_t *try, const dl_hook_t *hook,
                               apr_int64_t now_s)
{
    const char *id = dl_webhook_id(hook->id, try->pool), *signature;

    if (dl_webhook_sign(try->settings->conf->webhook_secrets, id, now_s,
                        try->body, try->len, try->pool, &signature)
        != APR_SUCCESS) {
        return "it cannot be signed: see DLJobWebhookSecret";
    }
    add_header(try, "Content-Type", "application/json");
    add_header(try, "webhook-id", id);
    add_header(try, "webhook-timestamp",
               apr_psprintf(try->pool, "%" APR_INT64_T_FMT, now_s));
    if (signature) {
        add_header(try, "webhook-signature", signature);
    }
    add_trace(try, hook->job);
    dlw_xfer_header(try->xfer, "Expect:");      /* no 100 (Continue) first */
    return NULL;
}

/* The address that is about to be connected to. */
static int on_address(void *baton, const struct sockaddr *addr)
{
    dlw_hook_t *try = baton;
    const char *refusal = "its address is of an unknown kind";
    dl_ip_t ip;

    if (dl_ip_from_sockaddr(addr, &ip)) {
        refusal = dl_url_guard_address(try->settings->guard, &try->url, &ip,
                                       try->pool);
    }
    if (refusal) {
        try->refusal = refusal;
    }
    return refusal ? -1 : 0;
}

static long on_read(void *baton, char *buf, apr_size_t size)
{
    dlw_hook_t *try = baton;
    apr_size_t n = try->len - try->sent;

    n = n < size ? n : size;
    memcpy(buf, try->body + try->sent, n);
    try->sent += n;
    return (long)n;
}

static int on_seek(void *baton, apr_int64_t offset)
{
    dlw_hook_t *try = baton;

    if (offset < 0 || (apr_size_t)offset > try->len) {
        return -1;
    }
    try->sent = (apr_size_t)offset;
    return 0;
}

static void set_options(dlw_hook_t *try)
{
    const dl_url_t *url = &try->url;
    int bracketed = url->ip_kind != DL_IP_NONE && url->ip.v6;
    const char *ca = try->settings->conf->webhook_ca;
    CURL *e = dlw_xfer_easy(try->xfer);

    /* put together anew: libcurl sees what the guard has seen */
    curl_easy_setopt(e, CURLOPT_URL, apr_psprintf(
        try->pool, "%s://%s%s%s:%d%s", url->https ? "https" : "http",
        bracketed ? "[" : "", url->host, bracketed ? "]" : "", url->port,
        url->path));
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, url->https ? "https" : "http");
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "dlworker/" DL_VERSION);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)DL_WEBHOOK_TIMEOUT_MS);
    /* no connection that another check has opened, and none left behind */
    curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
    /* each try asks the resolver itself, once */
    curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    if (ca) {
        curl_easy_setopt(e, CURLOPT_CAINFO, ca);
    }
    curl_easy_setopt(e, CURLOPT_POST, 1L);
    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)try->len);
}

/* ---- the answer ---- */

static int on_body(void *baton, const char *data, apr_size_t len)
{
    dlw_hook_t *try = baton;

    (void)data;
    try->answer_bytes += len;
    try->cut = try->answer_bytes > DL_WEBHOOK_ANSWER_MAX;
    return try->cut ? -1 : 0;
}

static const char *no_answer(const dlw_hook_t *try, CURLcode code)
{
    const char *words = dlw_xfer_error(try->xfer);

    if (try->refusal) {
        return try->refusal;
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return "no whole answer in time";
    }
    return *words ? words : curl_easy_strerror(code);
}

static void on_done(void *baton, CURLcode code)
{
    dlw_hook_t *try = baton;
    dlw_hook_answer_t answer = {0, 0, NULL};
    dlw_hook_done_fn *done = try->done;
    curl_off_t seconds = 0;

    if (code == CURLE_OK || try->cut) {
        answer.status = (int)dlw_xfer_status(try->xfer);
        curl_easy_getinfo(dlw_xfer_easy(try->xfer), CURLINFO_RETRY_AFTER,
                          &seconds);
        answer.retry_after_s = seconds;
        if (answer.status / 100 != 2) {
            answer.error = apr_psprintf(
                try->pool, "the receiver answered %d%s", answer.status,
                answer.status / 100 == 3 ? "; redirects are not followed"
                                         : "");
        }
    }
    else {
        answer.error = clean(no_answer(try, code), try->pool);
    }
    dlw_xfer_close(try->xfer);
    try->xfer = NULL;
    done(try->baton, &answer);
}

const char *dlw_hook_send(const dlw_env_t *env, const dlw_settings_t *settings,
                          const dl_hook_t *hook, apr_pool_t *p,
                          dlw_hook_done_fn *done, void *baton,
                          dlw_hook_t **out)
{
    static const dlw_xfer_on_t on = {.body = on_body, .read = on_read,
                                     .seek = on_seek, .address = on_address,
                                     .done = on_done};
    const char *to = hook->job->callback_url, *error;
    apr_int64_t now_s = dlw_clock_s(env->clock);
    dlw_hook_t *try = apr_pcalloc(p, sizeof(*try));

    try->settings = settings;
    try->pool = p;
    try->done = done;
    try->baton = baton;
    error = dl_url_guard_check(settings->guard, to, strlen(to), p, &try->url);
    if (error) {
        return clean(error, p);
    }
    make_body(try, hook->job, now_s);
    try->xfer = dlw_xfer_open(env->curl, &on, try);
    if (!try->xfer) {
        return "the worker is out of memory";
    }
    error = add_headers(try, hook, now_s);
    if (error) {
        dlw_xfer_close(try->xfer);
        return error;
    }
    set_options(try);
    dlw_xfer_start(try->xfer);
    *out = try;
    return NULL;
}

void dlw_hook_abort(dlw_hook_t *try)
{
    dlw_xfer_close(try->xfer);
    try->xfer = NULL;
}
