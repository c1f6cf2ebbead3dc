/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See dlw_keys.h. What is asked and what answers mean: dl_metadata.h.
 */
#include "dlw_keys.h"

#include <string.h>
#include <time.h>

#include <apr_strings.h>

#include "dl_log.h"
#include "dl_metadata.h"
#include "dlw_curl.h"

#define ASK_MS 2000L            /* one request */
#define RETRY_FIRST_MS 500
#define RETRY_MAX_MS 30000
#define REFUSED_MS 1000

struct dlw_keys_t {
    const dlw_env_t *env;
    dl_timer_t timer;
    apr_pool_t *pool;           /* of one conversation */
    dl_metadata_t talk;
    dl_keys_t *into;            /* the conversation's */
    dlw_xfer_t *xfer;           /* a request is under way */
    char *body;
    apr_size_t len;
    int failures;               /* in a row */
    apr_int64_t begun_ms;       /* of the last conversation, loop's time */
};

static void ask(dlw_keys_t *k);

static apr_int64_t now_s(const dlw_keys_t *k)
{
    return k->env->clock ? dlw_clock_s(k->env->clock) : time(NULL);
}

static void end_talk(dlw_keys_t *k)
{
    dlw_xfer_close(k->xfer);
    k->xfer = NULL;
    memset(k->body, 0, k->len);
    k->len = 0;
}

static void failed(dlw_keys_t *k, const char *why)
{
    apr_int64_t wait_ms = (apr_int64_t)RETRY_FIRST_MS
                          << (k->failures < 6 ? k->failures : 6);
    apr_int64_t end_s = dl_keys_expires_s(k->into);
    apr_int64_t left_s = end_s - now_s(k);

    wait_ms = wait_ms < RETRY_MAX_MS ? wait_ms : RETRY_MAX_MS;
    if (k->failures++ == 0 || wait_ms == RETRY_MAX_MS) {
        dl_log(DL_LOG_WARN, "DL0731", NULL, "no new keys from the metadata "
               "service of DLJobCredentials (%s): %s; %s",
               k->talk.conf->instance ? "imds:" : "container:", why,
               dl_keys_renew_s(k->into) == 0 ? "S3 cannot be used yet"
               : end_s == 0 || left_s > 0 ? "the old ones are still good"
               : "the old ones have ended, S3 cannot be used");
    }
    end_talk(k);
    dl_timer_set(k->env->loop, &k->timer, wait_ms);
}

static void took(dlw_keys_t *k)
{
    apr_int64_t left_s;

    if (k->talk.set.expires_s && k->talk.set.expires_s <= now_s(k)) {
        failed(k, "the keys it gave have ended already");
        return;
    }
    if (dl_keys_put(k->into, &k->talk.set, now_s(k)) != APR_SUCCESS) {
        failed(k, "a key in its answer is too long");
        return;
    }
    k->failures = 0;
    left_s = dl_keys_renew_s(k->into) - now_s(k);
    dl_log(DL_LOG_INFO, "DL0732", NULL, "new keys for S3 from the metadata "
           "service, asked again in %" APR_INT64_T_FMT " s", left_s);
    end_talk(k);
    dl_timer_set(k->env->loop, &k->timer, left_s > 1 ? left_s * 1000 : 1000);
}

static int on_body(void *baton, const char *data, apr_size_t len)
{
    dlw_keys_t *k = baton;

    if (len > DL_METADATA_MAX - k->len) {
        return -1;
    }
    memcpy(k->body + k->len, data, len);
    k->len += len;
    return 0;
}

static void on_done(void *baton, CURLcode code)
{
    dlw_keys_t *k = baton;
    const char *error;

    if (code != CURLE_OK) {
        const char *words = dlw_xfer_error(k->xfer);

        failed(k, apr_pstrdup(k->pool, *words ? words
                                              : curl_easy_strerror(code)));
        return;
    }
    error = dl_metadata_answer(&k->talk, dlw_xfer_status(k->xfer), k->body,
                               k->len);
    if (error) {
        failed(k, error);
    }
    else if (!k->talk.method) {
        took(k);
    }
    else {
        end_talk(k);
        ask(k);
    }
}

static void ask(dlw_keys_t *k)
{
    static const dlw_xfer_on_t on = { .body = on_body, .done = on_done };
    CURL *e;

    k->xfer = dlw_xfer_open(k->env->curl, &on, k);
    if (!k->xfer) {
        failed(k, "no memory");
        return;
    }
    e = dlw_xfer_easy(k->xfer);
    curl_easy_setopt(e, CURLOPT_URL, k->talk.url);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, ASK_MS);
    if (strcmp(k->talk.method, "GET") != 0) {
        curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, k->talk.method);
    }
    if (k->talk.header) {
        dlw_xfer_header(k->xfer, k->talk.header);
    }
    dlw_xfer_start(k->xfer);
}

static void begin(dlw_keys_t *k)
{
    const dl_credentials_t *c = &k->env->conf->credentials;
    const char *error;

    if (!c->keys) {
        return;                 /* since SIGHUP it is a file again */
    }
    k->begun_ms = dl_loop_now_ms(k->env->loop);
    k->into = c->keys;
    apr_pool_clear(k->pool);
    error = dl_metadata_begin(&k->talk, c->metadata, k->pool);
    if (error) {
        failed(k, error);
    }
    else {
        ask(k);
    }
}

static void on_timer(dl_timer_t *timer)
{
    begin(timer->baton);
}

dlw_keys_t *dlw_keys_create(const dlw_env_t *env, apr_pool_t *p)
{
    dlw_keys_t *k = apr_pcalloc(p, sizeof(*k));

    k->env = env;
    k->body = apr_palloc(p, DL_METADATA_MAX);
    k->timer.fn = on_timer;
    k->timer.baton = k;
    apr_pool_create(&k->pool, p);
    begin(k);
    return k;
}

void dlw_keys_reload(dlw_keys_t *k, const dl_config_t *old)
{
    dl_keys_t *keys = k->env->conf->credentials.keys;

    if (k->xfer) {
        end_talk(k);            /* it fills what will be gone */
    }
    dl_timer_cancel(k->env->loop, &k->timer);
    k->failures = 0;
    if (keys && old->credentials.keys) {
        dl_keys_copy(keys, old->credentials.keys);
    }
    begin(k);
}

void dlw_keys_refused(dlw_keys_t *k)
{
    apr_int64_t wait_ms = k->begun_ms + REFUSED_MS
                          - dl_loop_now_ms(k->env->loop);

    if (!k->xfer && k->failures == 0) {
        dl_timer_set(k->env->loop, &k->timer, wait_ms > 0 ? wait_ms : 0);
    }
}
