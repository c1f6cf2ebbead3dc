/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See dljob_keys.h. What is asked and what answers mean: dl_metadata.h.
 */
#include "dljob_keys.h"

#include <pthread.h>
#include <string.h>

#include <http_log.h>
#include <apr_strings.h>
#include <curl/curl.h>

#include "dl_metadata.h"

APLOG_USE_MODULE(dljob);

#define ASK_MS 1000L            /* one of three requests */
#define RETRY_S 5

/* Of one configuration in one child. */
struct dljob_keys_t {
    pthread_mutex_t asking;
    apr_int64_t retry_s;        /* not before; atomic */
};

typedef struct answer_t {
    char *body;
    apr_size_t len;
} answer_t;

static size_t on_body(char *data, size_t size, size_t n, void *baton)
{
    answer_t *a = baton;

    n *= size;
    if (n > DL_METADATA_MAX - a->len) {
        return 0;
    }
    memcpy(a->body + a->len, data, n);
    a->len += n;
    return n;
}

/* @return NULL or what was wrong with it, in the conversation's pool */
static const char *ask(dl_metadata_t *talk, answer_t *a)
{
    char words[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = NULL;
    CURL *curl = curl_easy_init();
    CURLcode rc;
    long status = 0;

    if (!curl) {
        return "no memory";
    }
    a->len = 0;
    curl_easy_setopt(curl, CURLOPT_URL, talk->url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, talk->method);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, ASK_MS);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
    if (talk->header) {
        headers = curl_slist_append(NULL, talk->header);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    }
    rc = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    if (rc != CURLE_OK) {
        return apr_pstrdup(talk->pool, *words ? words
                                              : curl_easy_strerror(rc));
    }
    return dl_metadata_answer(talk, status, a->body, a->len);
}

static void renew(dljob_call_t *call, dljob_keys_t *shared)
{
    const dl_credentials_t *c = &call->conf->credentials;
    apr_int64_t now_s = apr_time_sec(apr_time_now());
    dl_metadata_t talk;
    apr_pool_t *p;
    const char *error;
    answer_t a;

    apr_pool_create(&p, call->pool);
    a.body = apr_palloc(p, DL_METADATA_MAX);
    error = dl_metadata_begin(&talk, c->metadata, p);
    while (!error && talk.method) {
        error = ask(&talk, &a);
    }
    if (!error && talk.set.expires_s && talk.set.expires_s <= now_s) {
        error = "the keys it gave have ended already";
    }
    if (!error && dl_keys_put(c->keys, &talk.set, now_s) != APR_SUCCESS) {
        error = "a key in its answer is too long";
    }
    if (error) {
        __atomic_store_n(&shared->retry_s, now_s + RETRY_S,
                         __ATOMIC_RELAXED);
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, call->r,
                      "DL0330: no new keys from the metadata service of "
                      "DLJobCredentials: %s", error);
    }
    memset(a.body, 0, DL_METADATA_MAX);
    apr_pool_destroy(p);
}

static int is_due(const dljob_call_t *call, const dljob_keys_t *shared)
{
    apr_int64_t now_s = apr_time_sec(apr_time_now());

    return now_s >= dl_keys_renew_s(call->conf->credentials.keys)
           && now_s >= __atomic_load_n(&shared->retry_s, __ATOMIC_RELAXED);
}

void dljob_keys_refresh(dljob_call_t *call)
{
    const dl_credentials_t *c = &call->conf->credentials;
    dljob_keys_t *shared = call->engine ? call->engine->keys : NULL;

    if (!c->keys || !shared || !is_due(call, shared)) {
        return;
    }
    if (dl_keys_renew_s(c->keys) == 0) {
        pthread_mutex_lock(&shared->asking);
    }
    else if (pthread_mutex_trylock(&shared->asking) != 0) {
        return;
    }
    if (is_due(call, shared)) {
        renew(call, shared);
    }
    pthread_mutex_unlock(&shared->asking);
}

static apr_status_t keys_cleanup(void *data)
{
    dljob_keys_t *shared = data;

    pthread_mutex_destroy(&shared->asking);
    return APR_SUCCESS;
}

dljob_keys_t *dljob_keys_create(apr_pool_t *p)
{
    dljob_keys_t *shared = apr_pcalloc(p, sizeof(*shared));

    pthread_mutex_init(&shared->asking, NULL);
    apr_pool_cleanup_register(p, shared, keys_cleanup,
                              apr_pool_cleanup_null);
    return shared;
}
