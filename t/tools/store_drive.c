/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives the worker's S3 store without a worker, for the tests of stores.
 *
 *   store_drive bucket                   makes the bucket
 *   store_drive list objects|uploads     prints the store's listing
 *   store_drive probe
 *   store_drive put KEY FILE TYPE        stores a file
 *   store_drive head KEY
 *   store_drive remove KEY
 *   store_drive link KEY NAME SECONDS    a link; SECONDS may lie in the past
 *   store_drive abort KEY FILE BYTES     stores, aborts after reading so many
 *
 * Where and as whom: ENDPOINT, REGION, BUCKET, ACCESS_KEY, SECRET_KEY,
 * SESSION_TOKEN, STYLE (virtual), STORAGE_CLASS, SSE, CA_FILE, PUBLIC (where
 * links point to), CLOCK_SHIFT (seconds).
 * Prints "ok …" or "failed CODE transient|permanent: MESSAGE (DETAIL)".
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "dl_store.h"
#include "dlw_curl.h"
#include "dlw_s3.h"
#include "dlw_store.h"

static dl_config_t conf;
static dlw_env_t env;
static dlw_clock_t host_clock;
static dlw_store_t *store;
static apr_pool_t *pool;
static int ended, exit_code;

static void on_done(void *baton, const dl_failure_t *failure,
                    const dlw_object_t *object)
{
    (void)baton;
    ended = 1;
    if (failure) {
        exit_code = 1;
        printf("failed %s %s: %s (%s)\n", failure->error_code,
               failure->permanent ? "permanent" : "transient",
               failure->error, failure->detail ? failure->detail : "");
    }
    else if (object) {
        printf("ok %" APR_INT64_T_FMT " %s %s %s\n", object->size,
               object->etag ? object->etag : "-",
               object->content_type ? object->content_type : "-",
               object->sha256 ? object->sha256 : "-");
    }
    else {
        printf("ok\n");
    }
}

static dlw_attempt_t *attempt(const char *path, const char *type)
{
    dlw_attempt_t *a = apr_pcalloc(pool, sizeof(*a));
    int done = 0, fd = open(path, O_RDONLY | O_CLOEXEC);

    a->env = &env;
    a->conf = &conf;
    a->pool = pool;
    a->content_type = type;
    a->spool = dlw_spool_create("/tmp", APR_INT64_C(1) << 40, pool);
    if (fd < 0 || dlw_spool_adopt(a->spool, fd) != APR_SUCCESS
        || dlw_spool_digest(a->spool, APR_SIZE_MAX, &done) != APR_SUCCESS
        || !done || dlw_spool_end(a->spool) != APR_SUCCESS) {
        fprintf(stderr, "store_drive: cannot read %s\n", path);
        exit(66);
    }
    return a;
}

static apr_int64_t bytes_read(void)
{
    char line[256];
    apr_int64_t n = 0;
    FILE *f = fopen("/proc/self/io", "r");

    while (f && fgets(line, sizeof(line), f)) {
        if (strncmp(line, "rchar: ", 7) == 0) {
            n = apr_atoi64(line + 7);
        }
    }
    if (f) {
        fclose(f);
    }
    return n;
}

static void settle(void)
{
    while (dlw_store_s3.pending(store) > 0) {
        dl_loop_turn(env.loop, 1000);
    }
}

static void on_answer(void *baton, const dlw_s3_answer_t *answer)
{
    (void)baton;
    ended = 1;
    exit_code = !dlw_s3_ok(answer);
    printf("%.*s\n", (int)answer->body_len, answer->body ? answer->body : "");
    if (exit_code) {
        fprintf(stderr, "%s\n", answer->detail);
    }
}

/* A request to the bucket itself. */
static void ask_bucket(const char *method, const char *query)
{
    dl_sigv4_pair_t *pair = apr_palloc(pool, sizeof(*pair));
    dlw_s3_request_t req = { 0 };

    *pair = (dl_sigv4_pair_t){ query, "" };
    req.method = method;
    req.query = pair;
    req.nquery = query != NULL;
    req.tries = 1;
    dlw_s3_start(dlw_s3_create(&env, pool), &req, pool, on_answer, NULL);
}

static int run(int argc, char **argv)
{
    const char *what = argv[1], *key = argc > 2 ? argv[2] : NULL, *url;
    apr_int64_t end_s, start;
    void *op;

    if (strcmp(what, "bucket") == 0) {
        ask_bucket("PUT", NULL);
    }
    else if (strcmp(what, "list") == 0 && argc == 3) {
        ask_bucket("GET", strcmp(key, "uploads") == 0 ? key : NULL);
    }
    else if (strcmp(what, "probe") == 0) {
        dlw_store_s3.probe(store, pool, on_done, NULL);
    }
    else if (strcmp(what, "put") == 0 && argc == 5) {
        dlw_store_s3.put(store, attempt(argv[3], argv[4]), key, on_done,
                         NULL);
    }
    else if (strcmp(what, "head") == 0 && key) {
        dlw_store_s3.head(store, key, pool, on_done, NULL);
    }
    else if (strcmp(what, "remove") == 0 && key) {
        dlw_store_s3.remove(store, key);
        ended = 1;
    }
    else if (strcmp(what, "link") == 0 && argc == 5) {
        conf.url_expiry_s = 60;
        if (dl_store_link(&conf, NULL, key, *argv[3] ? argv[3] : NULL, NULL,
                          dlw_clock_s(&host_clock) + atoi(argv[4]), pool,
                          &url, &end_s) != APR_SUCCESS) {
            return 1;
        }
        printf("%s\n", url);
        return 0;
    }
    else if (strcmp(what, "abort") == 0 && argc == 5) {
        start = bytes_read();
        op = dlw_store_s3.put(store, attempt(argv[3], "x/y"), key, on_done,
                              NULL);
        while (!ended && bytes_read() - start < apr_atoi64(argv[4])) {
            dl_loop_turn(env.loop, 1000);
        }
        if (!ended) {
            dlw_store_s3.abort(store, op);
            printf("aborted\n");
        }
        settle();
        return 0;
    }
    else {
        fprintf(stderr, "store_drive: see the head of its source\n");
        return 64;
    }
    while (!ended) {
        dl_loop_turn(env.loop, 1000);
    }
    settle();
    return exit_code;
}

static const char *from_env(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value && *value ? value : otherwise;
}

int main(int argc, char **argv)
{
    dlw_curl_t *curl;
    dl_loop_t *loop;
    int rv;

    if (argc < 2 || apr_initialize() != APR_SUCCESS) {
        return 64;
    }
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    conf.key_format = "files/%{file_id}";
    conf.timeout_ms = 300000;
    conf.store.kind = DL_STORE_S3;
    conf.store.endpoint = from_env("ENDPOINT", NULL);
    conf.store.region = from_env("REGION", "us-east-1");
    conf.store.bucket = from_env("BUCKET", "downloads");
    conf.store.virtual_host = strcmp(from_env("STYLE", ""), "virtual") == 0;
    conf.store.storage_class = from_env("STORAGE_CLASS", NULL);
    conf.store.sse = from_env("SSE", NULL);
    conf.store.ca_file = from_env("CA_FILE", NULL);
    conf.store.public_endpoint = from_env("PUBLIC", NULL);
    conf.credentials.access_key = from_env("ACCESS_KEY", NULL);
    conf.credentials.secret_key = from_env("SECRET_KEY", NULL);
    conf.credentials.session_token = from_env("SESSION_TOKEN", NULL);
    dlw_clock_learn(&host_clock, apr_time_as_msec(apr_time_now())
                    + 1000 * atoi(from_env("CLOCK_SHIFT", "0")));
    env.conf = &conf;
    env.clock = &host_clock;
    env.pool = pool;
    if (dl_loop_create(pool, &loop) != APR_SUCCESS
        || dlw_curl_create(loop, pool, &curl) != APR_SUCCESS) {
        return 71;
    }
    env.loop = loop;
    env.curl = curl;
    if (dlw_store_s3.create(&env, pool, &store) != APR_SUCCESS) {
        return 71;
    }
    rv = run(argc, argv);
    apr_pool_destroy(pool);
    return rv;
}
