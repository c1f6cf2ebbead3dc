/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See dl_keys.h. Keys stand in the struct itself: nothing is allocated when
 * they change, and what ended is overwritten.
 */
#include "dl_keys.h"

#include <pthread.h>
#include <string.h>

#include <apr_strings.h>

#define MAX_KEY 256
#define MAX_TOKEN 8192
#define RENEW_S 300             /* before the end: from then on AWS gives
                                   new ones */
#define NEVER_S 3600            /* what has no end is looked at hourly */

struct dl_keys_t {
    pthread_mutex_t mutex;
    apr_int64_t renew_s, expires_s;     /* atomic */
    char access_key[MAX_KEY];
    char secret_key[MAX_KEY];
    char session_token[MAX_TOKEN];
};

static apr_status_t keys_cleanup(void *data)
{
    dl_keys_t *keys = data;

    pthread_mutex_destroy(&keys->mutex);
    memset(keys->secret_key, 0, sizeof(keys->secret_key));
    return APR_SUCCESS;
}

dl_keys_t *dl_keys_create(apr_pool_t *p)
{
    dl_keys_t *keys = apr_pcalloc(p, sizeof(*keys));

    pthread_mutex_init(&keys->mutex, NULL);
    apr_pool_cleanup_register(p, keys, keys_cleanup, apr_pool_cleanup_null);
    return keys;
}

static void set_times(dl_keys_t *keys, apr_int64_t renew_s,
                      apr_int64_t expires_s)
{
    __atomic_store_n(&keys->expires_s, expires_s, __ATOMIC_RELAXED);
    __atomic_store_n(&keys->renew_s, renew_s, __ATOMIC_RELAXED);
}

apr_status_t dl_keys_put(dl_keys_t *keys, const dl_key_set_t *set,
                         apr_int64_t now_s)
{
    const char *token = set->session_token ? set->session_token : "";
    apr_int64_t left_s = set->expires_s ? set->expires_s - now_s : NEVER_S;

    if (strlen(set->access_key) >= MAX_KEY
        || strlen(set->secret_key) >= MAX_KEY || strlen(token) >= MAX_TOKEN) {
        return APR_EINVAL;
    }
    pthread_mutex_lock(&keys->mutex);
    apr_cpystrn(keys->access_key, set->access_key, MAX_KEY);
    apr_cpystrn(keys->secret_key, set->secret_key, MAX_KEY);
    apr_cpystrn(keys->session_token, token, MAX_TOKEN);
    /* of a short life, half of it: a test, or a service with rules of its
     * own */
    set_times(keys, now_s + (left_s > 2 * RENEW_S ? left_s - RENEW_S
                             : left_s > 2 ? left_s / 2 : 1),
              set->expires_s);
    pthread_mutex_unlock(&keys->mutex);
    return APR_SUCCESS;
}

void dl_keys_copy(dl_keys_t *to, dl_keys_t *from)
{
    pthread_mutex_lock(&from->mutex);
    pthread_mutex_lock(&to->mutex);
    memcpy(to->access_key, from->access_key, MAX_KEY);
    memcpy(to->secret_key, from->secret_key, MAX_KEY);
    memcpy(to->session_token, from->session_token, MAX_TOKEN);
    set_times(to, from->renew_s, from->expires_s);
    pthread_mutex_unlock(&to->mutex);
    pthread_mutex_unlock(&from->mutex);
}

int dl_keys_take(const dl_config_t *conf, apr_int64_t now_s, apr_pool_t *p,
                 dl_sigv4_who_t *who, apr_int64_t *expires_s)
{
    const dl_credentials_t *fixed = &conf->credentials;
    dl_keys_t *keys = fixed->keys;

    who->region = conf->store.region;
    *expires_s = 0;
    if (!keys) {
        who->access_key = fixed->access_key;
        who->secret_key = fixed->secret_key;
        who->session_token = fixed->session_token;
        return who->access_key && who->secret_key;
    }
    pthread_mutex_lock(&keys->mutex);
    who->access_key = apr_pstrdup(p, keys->access_key);
    who->secret_key = apr_pstrdup(p, keys->secret_key);
    who->session_token = *keys->session_token
                             ? apr_pstrdup(p, keys->session_token) : NULL;
    *expires_s = keys->expires_s;
    pthread_mutex_unlock(&keys->mutex);
    return *who->access_key && (*expires_s == 0 || *expires_s > now_s);
}

apr_int64_t dl_keys_renew_s(const dl_keys_t *keys)
{
    return __atomic_load_n(&keys->renew_s, __ATOMIC_RELAXED);
}

apr_int64_t dl_keys_expires_s(const dl_keys_t *keys)
{
    return __atomic_load_n(&keys->expires_s, __ATOMIC_RELAXED);
}
