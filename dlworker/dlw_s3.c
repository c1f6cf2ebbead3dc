/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request to S3; see dlw_s3.h.
 */
#include "dlw_s3.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <apr_strings.h>

#include "dl_keys.h"
#include "dl_log.h"
#include "dlw_xml.h"

#define BACKOFF_MS 250          /* before the second try; then doubled */
#define MAX_WAIT_MS 5000        /* a longer Retry-After is for the attempt */
#define IDLE_S 30L
#define UPLOAD_BUFFER 262144L
#define BIG_BODY (1024 * 1024)
#define FIRST_ANSWER 4096

struct dlw_s3_t {
    const dlw_env_t *env;
    dl_sigv4_key_t key;         /* the loop's thread alone signs */
    int active;
    dlw_s3_call_t *waiting, **waiting_end;
    dlw_s3_call_t *all;
};

struct dlw_s3_call_t {
    dlw_s3_t *s3;
    dlw_s3_request_t req;
    apr_pool_t *pool;
    apr_pool_t *try_pool;       /* of one try */
    dlw_s3_done_fn *done;
    void *baton;
    dlw_xfer_t *xfer;           /* while a try is under way */
    dl_timer_t backoff;
    int tried;
    int active;                 /* counted in s3->active */
    apr_int64_t sent;           /* of the body */
    char *body;                 /* malloc'd */
    apr_size_t body_len, body_size;
    dlw_s3_call_t *next, **prev; /* in s3->waiting */
    dlw_s3_call_t *next_all, **prev_all;
};

static void try_now(dlw_s3_call_t *call);

static apr_int64_t now_s(const dlw_s3_t *s3)
{
    return s3->env->clock ? dlw_clock_s(s3->env->clock) : time(NULL);
}

/* ---- the queue ---- */

static void enqueue(dlw_s3_call_t *call)
{
    dlw_s3_t *s3 = call->s3;

    call->next = NULL;
    call->prev = s3->waiting_end;
    *s3->waiting_end = call;
    s3->waiting_end = &call->next;
}

static void unqueue(dlw_s3_call_t *call)
{
    dlw_s3_t *s3 = call->s3;

    if (!call->prev) {
        return;
    }
    *call->prev = call->next;
    if (call->next) {
        call->next->prev = call->prev;
    }
    else {
        s3->waiting_end = call->prev;
    }
    call->prev = NULL;
}

static void give_turn(dlw_s3_t *s3)
{
    while (s3->waiting && s3->active < DLW_S3_PARALLEL) {
        dlw_s3_call_t *call = s3->waiting;

        unqueue(call);
        call->active = 1;
        s3->active++;
        try_now(call);
    }
}

static void end_turn(dlw_s3_call_t *call)
{
    if (call->active) {
        call->active = 0;
        call->s3->active--;
    }
}

static void leave(dlw_s3_call_t *call)
{
    *call->prev_all = call->next_all;
    if (call->next_all) {
        call->next_all->prev_all = call->prev_all;
    }
}

/* ---- the body, both ways ---- */

static long on_read(void *baton, char *buf, apr_size_t size)
{
    dlw_s3_call_t *call = baton;
    apr_int64_t left = call->req.size - call->sent;
    apr_size_t got = 0;

    if ((apr_int64_t)size > left) {
        size = (apr_size_t)left;
    }
    if (call->req.data) {
        memcpy(buf, (const char *)call->req.data + call->sent, size);
        got = size;
    }
    else if (size > 0
             && (dlw_spool_read(call->req.spool,
                                call->req.offset + call->sent, buf, size,
                                &got) != APR_SUCCESS || got == 0)) {
        return -1;
    }
    call->sent += (apr_int64_t)got;
    return (long)got;
}

static int on_seek(void *baton, apr_int64_t offset)
{
    dlw_s3_call_t *call = baton;

    if (offset < 0 || offset > call->req.size) {
        return -1;
    }
    call->sent = offset;
    return 0;
}

static int on_body(void *baton, const char *data, apr_size_t len)
{
    dlw_s3_call_t *call = baton;
    long status = dlw_xfer_status(call->xfer);

    if (call->req.body && status >= 200 && status < 300) {
        curl_off_t length = -1;

        curl_easy_getinfo(dlw_xfer_easy(call->xfer),
                          CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        call->tried = call->req.tries;
        return call->req.body(call->baton, length, data, len);
    }
    if (len > DLW_S3_MAX_ANSWER - call->body_len) {
        return -1;
    }
    if (call->body_len + len > call->body_size) {
        apr_size_t size = call->body_size ? call->body_size : FIRST_ANSWER;
        char *bigger;

        while (size < call->body_len + len) {
            size *= 2;
        }
        bigger = realloc(call->body, size);
        if (!bigger) {
            return -1;
        }
        call->body = bigger;
        call->body_size = size;
    }
    memcpy(call->body + call->body_len, data, len);
    call->body_len += len;
    return 0;
}

/* ---- a try ---- */

static void read_answer(dlw_s3_call_t *call, CURLcode code,
                        dlw_s3_answer_t *a)
{
    apr_pool_t *p = call->try_pool;
    dlw_xfer_t *x = call->xfer;
    curl_off_t n = -1;

    memset(a, 0, sizeof(*a));
    a->code = code;
    a->length = a->retry_after_ms = -1;
    a->status = dlw_xfer_status(x);
    a->body = call->body;
    a->body_len = call->body_len;
    if (code != CURLE_OK) {
        a->detail = apr_psprintf(p, "S3 %s: %s", call->req.method,
                                 *dlw_xfer_error(x) ? dlw_xfer_error(x)
                                 : curl_easy_strerror(code));
        return;
    }
    a->etag = dlw_xfer_response(x, "etag", p);
    if (a->etag && a->etag[0] == '"' && a->etag[1]) {
        a->etag = apr_pstrmemdup(p, a->etag + 1, strlen(a->etag) - 2);
    }
    a->content_type = dlw_xfer_response(x, "content-type", p);
    a->sha256 = dlw_xfer_response(x, "x-amz-meta-sha256", p);
    curl_easy_getinfo(dlw_xfer_easy(x), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
                      &n);
    a->length = n;
    curl_easy_getinfo(dlw_xfer_easy(x), CURLINFO_RETRY_AFTER, &n);
    a->retry_after_ms = n > 0 ? n * 1000 : -1;
    if (!dlw_s3_ok(a) || strcmp(call->req.method, "POST") == 0) {
        a->error = call->body_len
                   ? dlw_xml_text(call->body, call->body_len, "Code", p)
                   : NULL;
    }
    if (!dlw_s3_ok(a) || a->error) {
        a->detail = apr_psprintf(p, "S3 %s: status %ld%s%s",
                                 call->req.method, a->status,
                                 a->error ? ", " : "",
                                 a->error ? a->error : "");
    }
}

static void finish(dlw_s3_call_t *call, const dlw_s3_answer_t *answer)
{
    dlw_s3_t *s3 = call->s3;
    char *body = call->body;

    dlw_xfer_close(call->xfer);
    call->xfer = NULL;
    call->body = NULL;
    end_turn(call);
    leave(call);
    call->done(call->baton, answer);    /* call may be gone now */
    free(body);
    give_turn(s3);
}

static void on_backoff(dl_timer_t *timer)
{
    dlw_s3_call_t *call = timer->baton;

    enqueue(call);
    give_turn(call->s3);
}

static void again(dlw_s3_call_t *call, const dlw_s3_answer_t *answer,
                  apr_int64_t wait_ms)
{
    dl_log(DL_LOG_DEBUG, "DL0710", NULL, "%s; tried again in %"
           APR_INT64_T_FMT " ms", answer->detail, wait_ms);
    dlw_xfer_close(call->xfer);
    call->xfer = NULL;
    end_turn(call);
    dl_timer_set(call->s3->env->loop, &call->backoff, wait_ms);
}

static void on_done(void *baton, CURLcode code)
{
    dlw_s3_call_t *call = baton;
    apr_int64_t wait_ms = (apr_int64_t)BACKOFF_MS << (call->tried - 1);
    dlw_s3_answer_t answer;

    read_answer(call, code, &answer);
    answer.passing = dlw_s3_keys_refused(call->s3->env, call->req.method,
                                         &answer);
    if (answer.retry_after_ms > wait_ms) {
        wait_ms = answer.retry_after_ms;
    }
    if (call->tried >= call->req.tries || !dlw_s3_worth_another(&answer)
        || wait_ms > MAX_WAIT_MS) {
        finish(call, &answer);
        return;
    }
    again(call, &answer, wait_ms);
    give_turn(call->s3);
}

static void set_headers(dlw_s3_call_t *call, const dl_sigv4_signed_t *s,
                        const char *token)
{
    apr_pool_t *p = call->try_pool;
    dlw_xfer_t *x = call->xfer;
    int i;

    dlw_xfer_header(x, apr_pstrcat(p, "Host: ", s->host, NULL));
    dlw_xfer_header(x, apr_pstrcat(p, "x-amz-date: ", s->date, NULL));
    dlw_xfer_header(x, apr_pstrcat(p, "x-amz-content-sha256: ",
                                   s->payload_hash, NULL));
    dlw_xfer_header(x, apr_pstrcat(p, "Authorization: ", s->authorization,
                                   NULL));
    if (token) {
        dlw_xfer_header(x, apr_pstrcat(p, "x-amz-security-token: ", token,
                                       NULL));
    }
    /* without ours libcurl would add a type of its own */
    dlw_xfer_header(x, "Content-Type:");
    for (i = 0; i < call->req.nheaders; i++) {
        dlw_xfer_header(x, apr_pstrcat(p, call->req.headers[i].name, ": ",
                                       call->req.headers[i].value, NULL));
    }
}

static void set_options(dlw_s3_call_t *call, const char *url)
{
    const dlw_s3_request_t *req = &call->req;
    const char *ca = call->s3->env->conf->store.ca_file;
    CURL *e = dlw_xfer_easy(call->xfer);

    curl_easy_setopt(e, CURLOPT_URL, url);
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, IDLE_S);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)req->timeout_ms);
    if (ca) {
        curl_easy_setopt(e, CURLOPT_CAINFO, ca);
    }
    if (strcmp(req->method, "HEAD") == 0) {
        curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
    }
    else if (strcmp(req->method, "PUT") == 0) {
        curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)req->size);
        if (req->size > BIG_BODY) {
            curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER);
        }
    }
    else if (strcmp(req->method, "POST") == 0) {
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, req->data ? req->data : "");
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)req->size);
    }
    else if (strcmp(req->method, "GET") != 0) {
        curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, req->method);
    }
}

/* @param token  set to what x-amz-security-token must say, or NULL */
static apr_status_t sign(dlw_s3_call_t *call, dl_sigv4_signed_t *out,
                         const char **token)
{
    const dl_config_t *conf = call->s3->env->conf;
    dl_sigv4_req_t req = { 0 };
    dl_sigv4_who_t who;
    apr_int64_t end_s;

    req.now_s = now_s(call->s3);
    if (!dl_keys_take(conf, req.now_s, call->try_pool, &who, &end_s)) {
        return APR_NOTFOUND;
    }
    if (!conf->store.endpoint) {
        return APR_EINVAL;
    }
    *token = who.session_token;
    req.method = call->req.method;
    req.endpoint = conf->store.endpoint;
    req.virtual_host = conf->store.virtual_host;
    req.bucket = conf->store.bucket;
    req.key = call->req.key;
    req.query = call->req.query;
    req.nquery = call->req.nquery;
    req.headers = call->req.headers;
    req.nheaders = call->req.nheaders;
    req.payload_hash = call->req.size > 0 ? call->req.payload_hash
                                          : DL_SIGV4_EMPTY;
    return dl_sigv4_headers(&req, &who, &call->s3->key, call->try_pool, out);
}

static void try_now(dlw_s3_call_t *call)
{
    static const dlw_xfer_on_t on = { .body = on_body, .read = on_read,
                                      .seek = on_seek, .done = on_done };
    dlw_s3_answer_t answer = { 0 };
    const char *token = NULL;
    dl_sigv4_signed_t s;
    apr_status_t rv;

    call->tried++;
    call->sent = 0;
    call->body_len = 0;
    apr_pool_clear(call->try_pool);
    rv = sign(call, &s, &token);
    if (rv == APR_SUCCESS
        && (call->xfer = dlw_xfer_open(call->s3->env->curl, &on, call))) {
        set_options(call, s.url);
        set_headers(call, &s, token);
        dlw_xfer_start(call->xfer);
        return;
    }
    answer.code = CURLE_FAILED_INIT;
    answer.length = answer.retry_after_ms = -1;
    answer.detail = "S3: no memory, or DLJobStore and DLJobCredentials do not "
                    "say where and as whom";
    if (rv == APR_NOTFOUND && call->s3->env->conf->credentials.keys) {
        answer.detail = "S3: the metadata service of DLJobCredentials has "
                        "given no keys that are good now";
        if (call->tried < call->req.tries) {
            again(call, &answer, (apr_int64_t)BACKOFF_MS
                                 << (call->tried - 1));
            return;
        }
    }
    finish(call, &answer);
}

dlw_s3_call_t *dlw_s3_start(dlw_s3_t *s3, const dlw_s3_request_t *req,
                            apr_pool_t *p, dlw_s3_done_fn *done, void *baton)
{
    dlw_s3_call_t *call = apr_pcalloc(p, sizeof(*call));

    call->s3 = s3;
    call->req = *req;
    call->pool = p;
    apr_pool_create(&call->try_pool, p);
    call->done = done;
    call->baton = baton;
    call->next_all = s3->all;
    call->prev_all = &s3->all;
    if (s3->all) {
        s3->all->prev_all = &call->next_all;
    }
    s3->all = call;
    call->backoff.fn = on_backoff;
    call->backoff.baton = call;
    /* even the first try waits for a turn: done must not come from within */
    dl_timer_set(s3->env->loop, &call->backoff, 0);
    return call;
}

static void stop(dlw_s3_call_t *call)
{
    dl_timer_cancel(call->s3->env->loop, &call->backoff);
    unqueue(call);
    leave(call);
    dlw_xfer_close(call->xfer);
    call->xfer = NULL;
    free(call->body);
    call->body = NULL;
}

void dlw_s3_abort(dlw_s3_call_t *call)
{
    int active = call->active;

    stop(call);
    end_turn(call);
    if (active) {
        give_turn(call->s3);
    }
}

/* Before the pools of calls that nobody aborts (removals) are gone. */
static apr_status_t stop_all(void *data)
{
    dlw_s3_t *s3 = data;

    while (s3->all) {
        stop(s3->all);
    }
    return APR_SUCCESS;
}

dlw_s3_t *dlw_s3_create(const dlw_env_t *env, apr_pool_t *p)
{
    dlw_s3_t *s3 = apr_pcalloc(p, sizeof(*s3));

    s3->env = env;
    s3->waiting_end = &s3->waiting;
    apr_pool_pre_cleanup_register(p, s3, stop_all);
    return s3;
}
