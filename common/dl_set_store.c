/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Setters of places: stores, sources, credentials.
 */
#include "dl_set.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "dl_metadata.h"
#include "dl_parse.h"
#include "dl_secret.h"

#define SIMULATE_MAX_MS 3600000
#define MIB APR_INT64_C(1048576)

static const char *absolute(const char *path, apr_pool_t *p)
{
    if (path[0] != '/' || strstr(path, "/../") != NULL) {
        return apr_psprintf(p, "%s is not an absolute path without \"..\"; "
                            "begin it with /", dl_parse_quote(path, p));
    }
    return NULL;
}

static const char *store_file(dl_store_conf_t *store, int argc,
                              const char *const *argv, apr_pool_t *p)
{
    apr_size_t len = strlen(argv[0]);
    const char *error = absolute(argv[0] + 5, p);

    while (len > 6 && argv[0][len - 1] == '/') {
        len--;
    }
    for (int i = 1; error == NULL && i < argc; i++) {
        const char *max = dl_set_option(argv[i], "max");
        error = max == NULL
                    ? dl_set_unknown(argv[i], "max=SIZE", p)
                    : dl_parse_size(max, MIB, APR_INT64_C(1) << 50, p,
                                    &store->max_bytes);
    }
    store->kind = DL_STORE_FILE;
    store->dir = apr_pstrmemdup(p, argv[0] + 5, len - 5);
    return error;
}

/* S3's rule for buckets, but for capitals, which Ceph has allowed. */
static const char *bucket_name(const char *bucket, apr_pool_t *p)
{
    apr_size_t len = strlen(bucket);
    apr_size_t good = strspn(bucket, "abcdefghijklmnopqrstuvwxyz"
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789.-_");

    if (len < 3 || len > 63 || good != len || !apr_isalnum(bucket[0])
        || !apr_isalnum(bucket[len - 1]) || strstr(bucket, "..") != NULL) {
        return apr_psprintf(p, "%s is not a bucket's name; write 3 to 63 "
                            "letters, digits, dots and hyphens",
                            dl_parse_quote(bucket, p));
    }
    return NULL;
}

static const char *plain_word(const char *value, apr_pool_t *p,
                              const char **word)
{
    if (*value == '\0' || strlen(value) > 64
        || value[strspn(value, "abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789-_")] != '\0') {
        return apr_psprintf(p, "%s is not a name of letters, digits and "
                            "hyphens; correct it", dl_parse_quote(value, p));
    }
    *word = apr_pstrdup(p, value);
    return NULL;
}

static const char *store_style(dl_store_conf_t *store, const char *value,
                               apr_pool_t *p)
{
    if (strcmp(value, "path") != 0 && strcmp(value, "virtual") != 0) {
        return dl_set_unknown(value, "style=path or style=virtual", p);
    }
    store->virtual_host = strcmp(value, "virtual") == 0;
    return NULL;
}

static const char *store_sse(dl_store_conf_t *store, const char *value,
                             apr_pool_t *p)
{
    if (strcmp(value, "AES256") != 0 && strcmp(value, "aws:kms") != 0) {
        return dl_set_unknown(value, "sse=AES256 or sse=aws:kms", p);
    }
    store->sse = apr_pstrdup(p, value);
    return NULL;
}

static const char *store_s3_option(dl_store_conf_t *store, const char *arg,
                                   apr_pool_t *p)
{
    const char *value;
    const char *error;

    if ((value = dl_set_option(arg, "endpoint")) != NULL) {
        return dl_parse_url(value, DL_URL_ORIGIN, p, &store->endpoint);
    }
    if ((value = dl_set_option(arg, "public")) != NULL) {
        return dl_parse_url(value, DL_URL_ORIGIN, p, &store->public_endpoint);
    }
    if ((value = dl_set_option(arg, "region")) != NULL) {
        return plain_word(value, p, &store->region);
    }
    if ((value = dl_set_option(arg, "class")) != NULL) {
        return plain_word(value, p, &store->storage_class);
    }
    if ((value = dl_set_option(arg, "style")) != NULL) {
        return store_style(store, value, p);
    }
    if ((value = dl_set_option(arg, "sse")) != NULL) {
        return store_sse(store, value, p);
    }
    if ((value = dl_set_option(arg, "ca")) != NULL) {
        error = absolute(value, p);
        store->ca_file = apr_pstrdup(p, value);
        return error;
    }
    return dl_set_unknown(arg, "endpoint=, region=, style=, public=, class=, "
                          "sse= or ca=", p);
}

static const char *store_s3(dl_store_conf_t *store, int argc,
                            const char *const *argv, apr_pool_t *p)
{
    const char *error = bucket_name(argv[0] + 5, p);

    store->kind = DL_STORE_S3;
    store->bucket = apr_pstrdup(p, argv[0] + 5);
    store->region = "us-east-1";
    for (int i = 1; error == NULL && i < argc; i++) {
        error = store_s3_option(store, argv[i], p);
    }
    if (store->endpoint == NULL) {
        store->endpoint = apr_pstrcat(p, "https://s3.", store->region,
                                      ".amazonaws.com", NULL);
    }
    return error;
}

const char *dl_set_store(const dl_directive_t *directive, void *into,
                         int argc, const char *const *argv, apr_pool_t *p)
{
    dl_store_conf_t store = { 0 };
    const char *error;

    (void)directive;
    if (strncmp(argv[0], "file:", 5) == 0) {
        error = store_file(&store, argc, argv, p);
    }
    else if (strncmp(argv[0], "s3://", 5) == 0) {
        error = store_s3(&store, argc, argv, p);
    }
    else {
        error = dl_set_unknown(argv[0], "file:/DIRECTORY or s3://BUCKET", p);
    }
    if (error == NULL) {
        ((dl_config_t *)into)->store = store;
    }
    return error;
}

const char *dl_set_credentials(const dl_directive_t *directive, void *into,
                               int argc, const char *const *argv,
                               apr_pool_t *p)
{
    (void)directive;
    (void)argc;
    return dl_metadata_credentials(argv[0], p,
                                   &((dl_config_t *)into)->credentials);
}

static const char *source_exec(dl_source_conf_t *source, int argc,
                               const char *const *argv, apr_pool_t *p)
{
    const char **copy = apr_palloc(p, argc * sizeof(*copy));

    if (argc < 2) {
        return "exec needs a program; write exec /PATH ARGUMENTS";
    }
    for (int i = 1; i < argc; i++) {
        copy[i - 1] = apr_pstrdup(p, argv[i]);
        if (strstr(argv[i], "%{") != NULL) {
            const char *error = dl_parse_template(argv[i], p);
            if (error != NULL) {
                return error;
            }
        }
    }
    copy[argc - 1] = NULL;
    source->kind = DL_SOURCE_EXEC;
    source->argv = copy;
    return absolute(argv[1], p);
}

static const char *source_simulate(dl_source_conf_t *source, int argc,
                                   const char *const *argv, apr_pool_t *p)
{
    const char *error;

    if (argc != 3) {
        return "simulate needs two durations; write simulate 10s 120s";
    }
    source->kind = DL_SOURCE_SIMULATE;
    error = dl_parse_duration(argv[1], 0, SIMULATE_MAX_MS, p,
                              &source->min_ms);
    if (error == NULL) {
        error = dl_parse_duration(argv[2], 0, SIMULATE_MAX_MS, p,
                                  &source->max_ms);
    }
    if (error == NULL && source->min_ms > source->max_ms) {
        error = apr_psprintf(p, "%s is above %s; write the shorter time first",
                             dl_parse_quote(argv[1], p),
                             dl_parse_quote(argv[2], p));
    }
    return error;
}

static const char *source_http_option(dl_source_conf_t *source,
                                      const char *arg, apr_pool_t *p)
{
    const char *value, *error;
    apr_int64_t number = source->redirects;

    if ((value = dl_set_option(arg, "connect")) != NULL) {
        return dl_parse_duration(value, 100, 600000, p, &source->connect_ms);
    }
    if ((value = dl_set_option(arg, "idle")) != NULL) {
        return dl_parse_duration(value, 1000, 3600000, p, &source->idle_ms);
    }
    if ((value = dl_set_option(arg, "redirects")) != NULL) {
        error = dl_parse_int(value, 0, 20, p, &number);
        source->redirects = (int)number;
        return error;
    }
    if ((value = dl_set_option(arg, "headers")) != NULL) {
        source->headers = apr_pstrdup(p, value);
        return absolute(value, p);
    }
    if ((value = dl_set_option(arg, "ca")) != NULL) {
        source->ca_file = apr_pstrdup(p, value);
        return absolute(value, p);
    }
    return dl_set_unknown(arg, "headers=, connect=, idle=, redirects= or ca=",
                          p);
}

static const char *source_http(dl_source_conf_t *source, int argc,
                               const char *const *argv, apr_pool_t *p)
{
    const char *error;

    if (argc < 2) {
        return "http needs a URL; write http http://HOST/PATH/%{file_id}";
    }
    source->kind = DL_SOURCE_HTTP;
    source->connect_ms = 10000;
    source->idle_ms = 60000;
    source->redirects = 5;
    error = dl_parse_url(argv[1], DL_URL_TEMPLATE, p, &source->url);
    for (int i = 2; error == NULL && i < argc; i++) {
        error = source_http_option(source, argv[i], p);
    }
    return error;
}

const char *dl_set_source(const dl_directive_t *directive, void *into,
                          int argc, const char *const *argv, apr_pool_t *p)
{
    dl_source_conf_t source = { 0 };
    const char *error = NULL;

    (void)directive;
    if (strcmp(argv[0], "exec") == 0) {
        error = source_exec(&source, argc, argv, p);
    }
    else if (strcmp(argv[0], "simulate") == 0) {
        error = source_simulate(&source, argc, argv, p);
    }
    else if (strcmp(argv[0], "http") == 0) {
        error = source_http(&source, argc, argv, p);
    }
    else if (strcmp(argv[0], "store") == 0) {
        source.kind = DL_SOURCE_STORE;
        error = argc != 1 ? "store takes no arguments; remove them" : NULL;
    }
    else {
        error = dl_set_unknown(argv[0], "exec, http, store or simulate", p);
    }
    if (error == NULL) {
        ((dl_config_t *)into)->source = source;
    }
    return error;
}
