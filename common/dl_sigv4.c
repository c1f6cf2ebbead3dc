/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS Signature Version 4 for S3; see dl_sigv4.h.
 *
 * Both forms build the same three things one after the other: the canonical
 * request, the string to sign, the signature.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <apr_strings.h>

#include "dl_sigv4.h"
#include "dl_uri.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
/* Ours on top of a request's own: six of a presigned URL, four headers. */
#define MAX_PAIRS (DL_SIGV4_MAX_PAIRS + 6)

/* Where a request goes, taken from its endpoint. */
typedef struct target_t {
    const char *base;           /* scheme://authority, as requested */
    const char *host;           /* as signed */
    const char *path;           /* encoded, with the endpoint's own path */
} target_t;

/* When and in what scope it is signed. */
typedef struct scope_t {
    char date[17];              /* 20240229T235958Z */
    char day[9];                /* 20240229 */
    const char *scope;          /* day/region/s3/aws4_request */
} scope_t;

static int compare_pairs(const void *a, const void *b)
{
    const dl_sigv4_pair_t *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order : strcmp(x->value, y->value);
}

static char *lower(const char *s, apr_pool_t *p)
{
    char *out = apr_pstrdup(p, s);
    char *c;

    for (c = out; *c; c++) {
        if (*c >= 'A' && *c <= 'Z') {
            *c += 'a' - 'A';
        }
    }
    return out;
}

/* Trimmed, and runs of blanks made one: how a header's value is signed. */
static const char *canonical_value(const char *s, apr_pool_t *p)
{
    char *out = apr_palloc(p, strlen(s) + 1);
    char *o = out;

    for (; *s; s++) {
        if (*s == ' ' || *s == '\t') {
            if (o > out && o[-1] != ' ') {
                *o++ = ' ';
            }
            continue;
        }
        *o++ = *s;
    }
    if (o > out && o[-1] == ' ') {
        o--;
    }
    *o = '\0';
    return out;
}

/* Drops the port of a host when it is its scheme's own. */
static void drop_default_port(char *host, int tls)
{
    const char *port = tls ? ":443" : ":80";
    apr_size_t len = strlen(host), port_len = strlen(port);

    if (len > port_len && strcmp(host + len - port_len, port) == 0) {
        host[len - port_len] = '\0';
    }
}

static apr_status_t make_target(const dl_sigv4_req_t *req, apr_pool_t *p,
                                target_t *t)
{
    int tls = strncmp(req->endpoint, "https://", 8) == 0;
    const char *authority = req->endpoint + (tls ? 8 : 7);
    const char *slash, *key;
    apr_size_t base_len;
    char *host;

    if (!tls && strncmp(req->endpoint, "http://", 7) != 0) {
        return APR_EINVAL;
    }
    slash = strchr(authority, '/');
    if (!slash) {
        slash = authority + strlen(authority);
    }
    if (slash == authority || !req->bucket || !*req->bucket) {
        return APR_EINVAL;
    }
    for (base_len = strlen(slash); base_len && slash[base_len - 1] == '/';) {
        base_len--;
    }
    host = apr_pstrmemdup(p, authority, slash - authority);
    if (req->virtual_host) {
        host = apr_pstrcat(p, req->bucket, ".", host, NULL);
    }
    t->base = apr_pstrcat(p, tls ? "https://" : "http://", host, NULL);
    host = lower(host, p);
    drop_default_port(host, tls);
    t->host = host;

    key = req->key ? dl_uri_encode(req->key, 1, p) : NULL;
    t->path = apr_pstrcat(p, apr_pstrmemdup(p, slash, base_len),
                          req->virtual_host ? "" : "/",
                          req->virtual_host ? ""
                          : dl_uri_encode(req->bucket, 0, p),
                          key || req->virtual_host ? "/" : "",
                          key ? key : "", NULL);
    return APR_SUCCESS;
}

static apr_status_t make_scope(const dl_sigv4_req_t *req,
                               const dl_sigv4_who_t *who, apr_pool_t *p,
                               scope_t *s)
{
    time_t t = (time_t)req->now_s;
    struct tm tm;

    if (!gmtime_r(&t, &tm)
        || strftime(s->date, sizeof(s->date), "%Y%m%dT%H%M%SZ", &tm) != 16) {
        return APR_EINVAL;
    }
    memcpy(s->day, s->date, 8);
    s->day[8] = '\0';
    s->scope = apr_pstrcat(p, s->day, "/", who->region, "/s3/aws4_request",
                           NULL);
    return APR_SUCCESS;
}

/* "a=b&c=d", names and values encoded, sorted when asked to. */
static const char *query_string(const dl_sigv4_pair_t *pairs, int n,
                                int sorted, apr_pool_t *p)
{
    dl_sigv4_pair_t enc[MAX_PAIRS];
    struct iovec vec[MAX_PAIRS * 4];
    int i, v = 0;

    for (i = 0; i < n; i++) {
        enc[i].name = dl_uri_encode(pairs[i].name, 0, p);
        enc[i].value = dl_uri_encode(pairs[i].value, 0, p);
    }
    if (sorted) {
        qsort(enc, n, sizeof(*enc), compare_pairs);
    }
    for (i = 0; i < n; i++) {
        const char *parts[4] = { i ? "&" : "", enc[i].name, "=",
                                 enc[i].value };
        int k;

        for (k = 0; k < 4; k++, v++) {
            vec[v].iov_base = (void *)parts[k];
            vec[v].iov_len = strlen(parts[k]);
        }
    }
    return v ? apr_pstrcatv(p, vec, v, NULL) : "";
}

/* The signing key: four HMACs, or what the cache has. */
static void signing_key(dl_hmac_t *h, const scope_t *s,
                        const dl_sigv4_who_t *who, dl_sigv4_key_t *cache,
                        apr_pool_t *p, unsigned char *key)
{
    const char *secret = apr_pstrcat(p, "AWS4", who->secret_key, NULL);
    unsigned char of[DL_SHA256_LEN];

    if (cache) {
        const char *what = apr_pstrcat(p, s->scope, "\n", secret, NULL);

        dl_hmac_digest(h, what, strlen(what), of);
        if (cache->set && memcmp(of, cache->of, sizeof(of)) == 0) {
            memcpy(key, cache->key, DL_SHA256_LEN);
            return;
        }
    }
    dl_hmac_sign(h, secret, strlen(secret), s->day, 8, key);
    dl_hmac_sign(h, key, DL_SHA256_LEN, who->region, strlen(who->region),
                 key);
    dl_hmac_sign(h, key, DL_SHA256_LEN, "s3", 2, key);
    dl_hmac_sign(h, key, DL_SHA256_LEN, "aws4_request", 12, key);
    if (cache && !h->failed) {
        memcpy(cache->key, key, DL_SHA256_LEN);
        memcpy(cache->of, of, sizeof(of));
        cache->set = 1;
    }
}

/* From the canonical request to the signature, in hex. */
static apr_status_t sign(const scope_t *s, const dl_sigv4_who_t *who,
                         dl_sigv4_key_t *cache, apr_pool_t *p,
                         dl_sigv4_signed_t *out, char *signature)
{
    unsigned char key[DL_SHA256_LEN], digest[DL_SHA256_LEN];
    char hex[DL_SHA256_HEX + 1];
    dl_hmac_t h;

    (void)dl_hmac_open(&h);
    dl_hmac_digest(&h, out->canonical, strlen(out->canonical), digest);
    dl_hmac_hex(digest, hex);
    out->to_sign = apr_pstrcat(p, ALGORITHM "\n", s->date, "\n", s->scope,
                               "\n", hex, NULL);
    signing_key(&h, s, who, cache, p, key);
    dl_hmac_sign(&h, key, sizeof(key), out->to_sign, strlen(out->to_sign),
                 digest);
    dl_hmac_hex(digest, signature);
    return dl_hmac_close(&h);
}

/* Sorts the headers to sign; "name:value\n" of each, and their names. */
static void header_block(dl_sigv4_pair_t *pairs, int n, apr_pool_t *p,
                         const char **block, const char **names)
{
    const char *b = "", *l = "";
    int i;

    qsort(pairs, n, sizeof(*pairs), compare_pairs);
    for (i = 0; i < n; i++) {
        b = apr_pstrcat(p, b, pairs[i].name, ":", pairs[i].value, "\n", NULL);
        l = apr_pstrcat(p, l, i ? ";" : "", pairs[i].name, NULL);
    }
    *block = b;
    *names = l;
}

apr_status_t dl_sigv4_headers(const dl_sigv4_req_t *req,
                              const dl_sigv4_who_t *who,
                              dl_sigv4_key_t *cache, apr_pool_t *p,
                              dl_sigv4_signed_t *out)
{
    dl_sigv4_pair_t pairs[MAX_PAIRS];
    char signature[DL_SHA256_HEX + 1];
    const char *block, *names, *query;
    apr_status_t rv;
    target_t t;
    scope_t s;
    int i, n = 0;

    memset(out, 0, sizeof(*out));
    if (req->nheaders > DL_SIGV4_MAX_PAIRS
        || req->nquery > DL_SIGV4_MAX_PAIRS) {
        return APR_EINVAL;
    }
    if ((rv = make_target(req, p, &t)) != APR_SUCCESS
        || (rv = make_scope(req, who, p, &s)) != APR_SUCCESS) {
        return rv;
    }
    out->host = t.host;
    out->date = apr_pstrdup(p, s.date);
    out->payload_hash = req->payload_hash ? req->payload_hash
                                          : DL_SIGV4_UNSIGNED;
    pairs[n++] = (dl_sigv4_pair_t){ "host", out->host };
    pairs[n++] = (dl_sigv4_pair_t){ "x-amz-content-sha256",
                                    out->payload_hash };
    pairs[n++] = (dl_sigv4_pair_t){ "x-amz-date", out->date };
    if (who->session_token) {
        pairs[n++] = (dl_sigv4_pair_t){ "x-amz-security-token",
                                        who->session_token };
    }
    for (i = 0; i < req->nheaders; i++, n++) {
        pairs[n].name = lower(req->headers[i].name, p);
        pairs[n].value = canonical_value(req->headers[i].value, p);
    }
    header_block(pairs, n, p, &block, &names);
    query = query_string(req->query, req->nquery, 1, p);
    out->url = apr_pstrcat(p, t.base, t.path, *query ? "?" : "", query, NULL);
    out->canonical = apr_pstrcat(p, req->method, "\n", t.path, "\n", query,
                                 "\n", block, "\n", names, "\n",
                                 out->payload_hash, NULL);
    if ((rv = sign(&s, who, cache, p, out, signature)) != APR_SUCCESS) {
        return rv;
    }
    out->authorization = apr_pstrcat(p, ALGORITHM " Credential=",
                                     who->access_key, "/", s.scope,
                                     ", SignedHeaders=", names,
                                     ", Signature=", signature, NULL);
    return APR_SUCCESS;
}

apr_status_t dl_sigv4_presign(const dl_sigv4_req_t *req,
                              const dl_sigv4_who_t *who,
                              apr_int64_t expires_s, dl_sigv4_key_t *cache,
                              apr_pool_t *p, dl_sigv4_signed_t *out)
{
    dl_sigv4_pair_t pairs[MAX_PAIRS];
    char signature[DL_SHA256_HEX + 1], expires[24];
    apr_status_t rv;
    target_t t;
    scope_t s;
    int n;

    memset(out, 0, sizeof(*out));
    if (req->nquery > DL_SIGV4_MAX_PAIRS || expires_s < 1
        || expires_s > 604800) {
        return APR_EINVAL;
    }
    if ((rv = make_target(req, p, &t)) != APR_SUCCESS
        || (rv = make_scope(req, who, p, &s)) != APR_SUCCESS) {
        return rv;
    }
    out->host = t.host;
    out->date = apr_pstrdup(p, s.date);
    out->payload_hash = DL_SIGV4_UNSIGNED;
    snprintf(expires, sizeof(expires), "%" APR_INT64_T_FMT, expires_s);

    for (n = 0; n < req->nquery; n++) {
        pairs[n] = req->query[n];
    }
    pairs[n++] = (dl_sigv4_pair_t){ "X-Amz-Algorithm", ALGORITHM };
    pairs[n++] = (dl_sigv4_pair_t){
        "X-Amz-Credential",
        apr_pstrcat(p, who->access_key, "/", s.scope, NULL)
    };
    pairs[n++] = (dl_sigv4_pair_t){ "X-Amz-Date", out->date };
    pairs[n++] = (dl_sigv4_pair_t){ "X-Amz-Expires", expires };
    pairs[n++] = (dl_sigv4_pair_t){ "X-Amz-SignedHeaders", "host" };
    if (who->session_token) {
        pairs[n++] = (dl_sigv4_pair_t){ "X-Amz-Security-Token",
                                        who->session_token };
    }
    out->canonical = apr_pstrcat(p, req->method, "\n", t.path, "\n",
                                 query_string(pairs, n, 1, p), "\nhost:",
                                 out->host, "\n\nhost\n" DL_SIGV4_UNSIGNED,
                                 NULL);
    if ((rv = sign(&s, who, cache, p, out, signature)) != APR_SUCCESS) {
        return rv;
    }
    out->url = apr_pstrcat(p, t.base, t.path, "?",
                           query_string(pairs, n, 0, p), "&X-Amz-Signature=",
                           signature, NULL);
    return APR_SUCCESS;
}
