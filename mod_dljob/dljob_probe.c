/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the store: stat(2) for the file store, a signed HEAD for S3.
 */
#include "dljob_probe.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <httpd.h>
#include <apr_atomic.h>
#include <apr_strings.h>
#include <curl/curl.h>
#include <http_log.h>

#include "dl_keys.h"
#include "dl_store.h"

APLOG_USE_MODULE(dljob);

enum { IDLE_MAX = 8 };

/* Handles at rest, each with the connection it had: another handshake would
 * cost more than the question. */
struct dljob_asking_t {
    pthread_mutex_t mutex;
    int n;
    CURL *idle[IDLE_MAX];
};

static apr_status_t asking_down(void *data)
{
    dljob_asking_t *asking = data;

    while (asking->n > 0) {
        curl_easy_cleanup(asking->idle[--asking->n]);
    }
    return APR_SUCCESS;
}

dljob_asking_t *dljob_asking_create(apr_pool_t *p)
{
    dljob_asking_t *asking = apr_pcalloc(p, sizeof(*asking));

    pthread_mutex_init(&asking->mutex, NULL);
    apr_pool_cleanup_register(p, asking, asking_down, apr_pool_cleanup_null);
    return asking;
}

static CURL *take(dljob_call_t *call)
{
    dljob_asking_t *asking = call->engine ? call->engine->asking : NULL;
    CURL *curl = NULL;

    if (asking) {
        pthread_mutex_lock(&asking->mutex);
        if (asking->n > 0) {
            curl = asking->idle[--asking->n];
        }
        pthread_mutex_unlock(&asking->mutex);
    }
    return curl ? curl : curl_easy_init();
}

static void give_back(dljob_call_t *call, CURL *curl)
{
    dljob_asking_t *asking = call->engine ? call->engine->asking : NULL;

    curl_easy_reset(curl);
    if (asking) {
        pthread_mutex_lock(&asking->mutex);
        if (asking->n < IDLE_MAX) {
            asking->idle[asking->n++] = curl;
            curl = NULL;
        }
        pthread_mutex_unlock(&asking->mutex);
    }
    if (curl) {
        curl_easy_cleanup(curl);
    }
}

static apr_status_t curl_down(void *data)
{
    (void)data;
    curl_global_cleanup();
    return APR_SUCCESS;
}

void dljob_probe_child(apr_pool_t *pchild)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    apr_pool_cleanup_register(pchild, NULL, curl_down,
                              apr_pool_cleanup_null);
}

/* @return the HTTP status, 0 when there was no answer in time */
static long head(dljob_call_t *call, const char *url, apr_int64_t wait_ms,
                 apr_int64_t *size)
{
    const dl_store_conf_t *store = &call->conf->store;
    char error[CURL_ERROR_SIZE] = "";
    curl_off_t length = -1;
    CURLcode rc = CURLE_OUT_OF_MEMORY;
    CURL *curl = take(call);
    long status = 0;

    if (!curl) {
        return 0;
    }
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)wait_ms);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    if (store->ca_file) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, store->ca_file);
    }
    rc = curl_easy_perform(curl);
    if (rc == CURLE_OK) {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        *size = length;
    }
    else {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, call->r,
                      "DL0310: the store did not answer: %s",
                      *error ? error : curl_easy_strerror(rc));
    }
    give_back(call, curl);
    return status;
}

/* @param key  NULL: the bucket */
static long head_s3(dljob_call_t *call, const char *key, apr_int64_t wait_ms,
                    apr_int64_t *size)
{
    const dl_store_conf_t *store = &call->conf->store;
    apr_int64_t end_s;
    dl_sigv4_who_t who;
    dl_sigv4_signed_t out;
    dl_sigv4_req_t req = { 0 };

    req.method = "HEAD";
    req.endpoint = store->endpoint;
    req.virtual_host = store->virtual_host;
    req.bucket = store->bucket;
    req.key = key;
    req.now_s = apr_time_sec(apr_time_now());
    if (!dl_keys_take(call->conf, req.now_s, call->pool, &who, &end_s)
        || dl_sigv4_presign(&req, &who, 60, NULL, call->pool, &out)
           != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, call->r,
                      "DL0311: a request to the store cannot be signed: see "
                      "DLJobCredentials");
        return 0;
    }
    return head(call, out.url, wait_ms, size);
}

static apr_status_t stat_file(dljob_call_t *call, const char *key,
                              apr_int64_t *size)
{
    const char *path;
    struct stat st;

    if (!dl_store_key_safe(key)) {
        return APR_NOTFOUND;
    }
    path = apr_pstrcat(call->pool, call->conf->store.dir, "/", key, NULL);
    if (lstat(path, &st)) {
        return errno == ENOENT || errno == ENOTDIR ? APR_NOTFOUND : errno;
    }
    if (!S_ISREG(st.st_mode)) {
        return APR_NOTFOUND;
    }
    *size = st.st_size;
    return APR_SUCCESS;
}

/* Anybody may ask for /health, and each HEAD costs: one a second is enough.
 * The second and what was found share a word, so threads need no lock. */
static int bucket_ok(dljob_call_t *call)
{
    dljob_engine_t *engine = call->engine;
    apr_uint32_t now = (apr_uint32_t)apr_time_sec(apr_time_now()) << 1;
    apr_uint32_t seen = engine ? apr_atomic_read32(&engine->probed) : 0;
    apr_int64_t size;
    long status;
    int ok;

    if ((seen & ~1u) == now) {
        return seen & 1;
    }
    status = head_s3(call, NULL, DLJOB_PROBE_MS, &size);
    ok = status >= 200 && status < 400;
    if (engine) {
        now = (apr_uint32_t)apr_time_sec(apr_time_now()) << 1;
        apr_atomic_set32(&engine->probed, now | ok);
    }
    return ok;
}

int dljob_probe_store(dljob_call_t *call)
{
    switch (call->conf->store.kind) {
    case DL_STORE_FILE:
        return access(call->conf->store.dir, R_OK | X_OK) == 0;
    case DL_STORE_S3:
        return bucket_ok(call);
    default:
        return 0;
    }
}

apr_status_t dljob_probe_object(dljob_call_t *call, const char *key,
                                apr_int64_t wait_ms, apr_int64_t *size)
{
    long status;

    switch (call->conf->store.kind) {
    case DL_STORE_FILE:
        if (access(call->conf->store.dir, X_OK)) {
            return errno;
        }
        return stat_file(call, key, size);
    case DL_STORE_S3:
        status = head_s3(call, key, wait_ms, size);
        return status == HTTP_OK ? APR_SUCCESS
             : status == HTTP_NOT_FOUND ? APR_NOTFOUND : APR_EGENERAL;
    default:
        return APR_EINVAL;
    }
}
