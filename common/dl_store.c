/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and links of both stores; see dl_store.h.
 */
#include <string.h>

#include <apr_strings.h>

#include "dl_disposition.h"
#include "dl_keys.h"
#include "dl_link.h"
#include "dl_sigv4.h"
#include "dl_store.h"

#define FILE_ID "%{file_id}"
#define MAX_KEY 1024
#define MAX_PART 255

const char *dl_store_key(const dl_config_t *conf, apr_int64_t file_id,
                         apr_pool_t *p)
{
    const char *format = conf->key_format, *key = "", *at;
    const char *id = apr_psprintf(p, "%" APR_INT64_T_FMT, file_id);

    for (; (at = strstr(format, FILE_ID)); format = at + strlen(FILE_ID)) {
        key = apr_pstrcat(p, key, apr_pstrmemdup(p, format, at - format), id,
                          NULL);
    }
    return apr_pstrcat(p, key, format, NULL);
}

int dl_store_key_safe(const char *key)
{
    const char *s;

    if (strlen(key) > MAX_KEY) {
        return 0;
    }
    for (s = key; *s; s++) {
        if ((unsigned char)*s < 0x20 || *s == 0x7f || *s == '\\') {
            return 0;
        }
    }
    for (s = key;;) {
        apr_size_t len = strcspn(s, "/");

        if (len == 0 || len > MAX_PART
            || (len == 1 && s[0] == '.')
            || (len == 2 && s[0] == '.' && s[1] == '.')
            || strncmp(s, ".dljob-", 7) == 0) {
            return 0;
        }
        if (!s[len]) {
            return 1;
        }
        s += len + 1;
    }
}

/* expires_s: when the link should end; made earlier when the keys do */
static apr_status_t link_s3(const dl_config_t *conf, const char *key,
                            const char *filename, apr_int64_t now_s,
                            apr_pool_t *p, const char **url,
                            apr_int64_t *expires_s)
{
    const dl_store_conf_t *store = &conf->store;
    dl_sigv4_who_t who;
    apr_int64_t end_s;
    dl_sigv4_pair_t query = { "response-content-disposition", NULL };
    dl_sigv4_signed_t out;
    dl_sigv4_req_t req = { 0 };
    apr_status_t rv;

    req.method = "GET";
    req.endpoint = store->public_endpoint ? store->public_endpoint
                                          : store->endpoint;
    req.virtual_host = store->virtual_host;
    req.bucket = store->bucket;
    req.key = key;
    req.now_s = now_s;
    if (filename) {
        query.value = dl_disposition_make(filename, p);
        req.query = &query;
        req.nquery = 1;
    }
    if (!dl_keys_take(conf, now_s, p, &who, &end_s) || !who.region
        || !req.endpoint || !req.bucket) {
        return APR_EINVAL;
    }
    if (end_s && end_s < *expires_s) {
        *expires_s = end_s;
    }
    rv = dl_sigv4_presign(&req, &who, *expires_s - now_s, NULL, p, &out);
    if (rv == APR_SUCCESS) {
        *url = out.url;
    }
    return rv;
}

apr_status_t dl_store_link(const dl_config_t *conf, const char *base,
                           const char *key, const char *filename,
                           const char *content_type, apr_int64_t now_s,
                           apr_pool_t *p, const char **url,
                           apr_int64_t *expires_s)
{
    apr_status_t rv = APR_EINVAL;

    *expires_s = now_s + conf->url_expiry_s;
    if (conf->store.kind == DL_STORE_S3) {
        rv = link_s3(conf, key, filename, now_s, p, url, expires_s);
    }
    else if (conf->store.kind == DL_STORE_FILE && base
             && conf->credentials.link_key) {
        dl_link_t link = { key, *expires_s, filename, content_type };

        rv = dl_link_make(conf->credentials.link_key, base, &link, p, url);
    }
    return rv;
}

int dl_store_link_fresh(const dl_config_t *conf, apr_int64_t expires_s,
                        apr_int64_t now_s)
{
    const dl_keys_t *keys = conf->credentials.keys;

    /* one that ends with the keys cannot be had longer until these change */
    return expires_s - now_s >= (conf->url_expiry_s + 1) / 2
           || (keys && expires_s > now_s
               && expires_s == dl_keys_expires_s(keys));
}
