/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pure parts of the S3 store: keys of attempts, XML, stale uploads, what
 * errors mean, sizes of parts.
 */
#include <check.h>
#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include "dlw_curl.h"
#include "dlw_s3_multipart.h"
#include "dlw_s3_sweep.h"
#include "dlw_xml.h"

static apr_pool_t *pool;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

START_TEST(keys_of_attempts)
{
    static const struct {
        const char *format, *before, *after;
    } cases[] = {
        { "files/%{file_id}", "files/7.12-", "" },
        { "a.b/%{file_id}", "a.b/7.12-", "" },
        { "x/%{file_id}.tar.gz", "x/7.tar.12-", ".gz" },
        { "%{file_id}/data.csv", "7/data.12-", ".csv" },
        { "d/.%{file_id}", "d/.7.12-", "" },
    };
    dl_config_t conf = { 0 };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *key;

        conf.key_format = cases[i].format;
        key = dlw_store_attempt_key(&conf, 7, 12, pool);
        ck_assert_uint_eq(strlen(key), strlen(cases[i].before) + 6
                          + strlen(cases[i].after));
        ck_assert_int_eq(strncmp(key, cases[i].before,
                                 strlen(cases[i].before)), 0);
        ck_assert_str_eq(key + strlen(cases[i].before) + 6, cases[i].after);
        ck_assert_int_eq(dlw_store_key_fence(key), 12);
        ck_assert_str_eq(key, dlw_store_attempt_key(&conf, 7, 12, pool));
    }
}
END_TEST

START_TEST(other_keys_have_no_fence)
{
    static const char *const keys[] = {
        "", "70000", "files/70000", "70000.zip", "70000.12", "70000.12-",
        "70000.12-abc", "70000.12-abcdefg", "70000.12-ABCDEF",
        "70000.x-abcdef", "70000.12-abcdef/x", ".12-abcdef",
        "70000.9999999999999999999-abcdef", "70000.12_abcdef"
    };
    size_t i;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        ck_assert_msg(dlw_store_key_fence(keys[i]) == -1, "%s", keys[i]);
    }
}
END_TEST

START_TEST(stale_uploads)
{
    dlw_s3_stale_t fence = { "files/7.", NULL, 12, 0 };
    dlw_s3_stale_t age = { "files/", NULL, -1, 1709251199000 };
    dlw_s3_stale_t one = { "files/7.", "files/7.12-abcdef", -1, 0 };
    const char *old = "2024-02-29T23:59:58.000Z";

    ck_assert(dlw_s3_is_stale(&fence, "files/7.11-abcdef", old));
    ck_assert(dlw_s3_is_stale(&fence, "files/7.11-abcdef", NULL));
    ck_assert(!dlw_s3_is_stale(&fence, "files/7.12-abcdef", old));
    ck_assert(!dlw_s3_is_stale(&fence, "files/7.13-abcdef", old));
    ck_assert(!dlw_s3_is_stale(&fence, "files/70.11-abcdef", old));
    ck_assert(!dlw_s3_is_stale(&fence, "files/7.somebody", old));
    ck_assert(dlw_s3_is_stale(&age, "files/9.1-abcdef", old));
    ck_assert(!dlw_s3_is_stale(&age, "files/9.1-abcdef",
                               "2024-02-29T23:59:59.000Z"));
    ck_assert(!dlw_s3_is_stale(&age, "files/9.1-abcdef", "yesterday"));
    ck_assert(!dlw_s3_is_stale(&age, "files/9.1-abcdef", NULL));
    ck_assert(!dlw_s3_is_stale(&age, "files/video.mp4", old));
    ck_assert(!dlw_s3_is_stale(&age, "other/9.1-abcdef", old));
    ck_assert(dlw_s3_is_stale(&one, "files/7.12-abcdef", old));
    ck_assert(!dlw_s3_is_stale(&one, "files/7.12-abcdee", old));
}
END_TEST

static const char *text(const char *xml, const char *name)
{
    /* a copy of exactly its length: a read past its end is found by ASan */
    apr_size_t len = strlen(xml);
    char *copy = apr_pmemdup(pool, xml, len + 1);

    return dlw_xml_text(copy, len, name, pool);
}

START_TEST(xml_is_read)
{
    const char *list = "<L><Upload><Key>a</Key></Upload>"
                       "<Upload><Key>b</Key></Upload><Upload><Key>c</Key>";
    const char *inner;
    apr_size_t at = 0, len;
    int n = 0;

    ck_assert_str_eq(text("<?xml?><E><Code>NoSuchKey</Code></E>", "Code"),
                     "NoSuchKey");
    ck_assert_str_eq(text("<a x='1'>b</a>", "a"), "b");
    ck_assert_str_eq(text("<K>a&amp;b&lt;&gt;&quot;&apos;&#10;&#x41;</K>",
                          "K"), "a&b<>\"'\nA");
    ck_assert_str_eq(text("<K>&bad;&#999999;&#x;&</K>", "K"),
                     "&bad;&#999999;&#x;&");
    ck_assert_str_eq(text("<Keys>x</Keys><Key>y</Key>", "Key"), "y");
    ck_assert_str_eq(text("<K></K>", "K"), "");
    ck_assert_ptr_null(text("<K><b></b></K>", "K"));
    ck_assert_ptr_null(text("<K>abc", "K"));
    ck_assert_ptr_null(text("<K", "K"));
    ck_assert_ptr_null(text("", "K"));
    ck_assert_ptr_null(text("<K>a</K", "K"));
    while (dlw_xml_next(list, strlen(list), "Upload", &at, &inner, &len)) {
        ck_assert_uint_eq(len, strlen("<Key>a</Key>"));
        ck_assert_int_eq(inner[5], 'a' + n++);
    }
    ck_assert_int_eq(n, 2);
    ck_assert_str_eq(dlw_xml_escape("a&b<c>\"'\n", pool),
                     "a&#38;b&#60;c&#62;&#34;&#39;&#10;");
}
END_TEST

START_TEST(errors_have_meanings)
{
    static const struct {
        CURLcode code;
        long status;
        const char *error, *means;
        int permanent;
    } cases[] = {
        { CURLE_OK, 404, "NoSuchKey", "FILE_NOT_FOUND", 1 },
        { CURLE_OK, 404, NULL, "FILE_NOT_FOUND", 1 },
        { CURLE_OK, 404, "NoSuchBucket", "STORAGE_ERROR", 1 },
        { CURLE_OK, 403, "SignatureDoesNotMatch", "STORAGE_ERROR", 1 },
        { CURLE_OK, 403, "RequestTimeTooSkewed", "STORAGE_ERROR", 0 },
        { CURLE_OK, 400, "ExpiredToken", "STORAGE_ERROR", 0 },
        { CURLE_OK, 403, "QuotaExceeded", "STORAGE_ERROR", 0 },
        { CURLE_OK, 400, "EntityTooLarge", "STORAGE_ERROR", 1 },
        { CURLE_OK, 400, "Whatever", "STORAGE_ERROR", 1 },
        { CURLE_OK, 503, "SlowDown", "STORAGE_ERROR", 0 },
        { CURLE_OK, 500, NULL, "STORAGE_ERROR", 0 },
        { CURLE_OK, 429, NULL, "STORAGE_ERROR", 0 },
        { CURLE_COULDNT_CONNECT, 0, NULL, "STORAGE_ERROR", 0 },
        { CURLE_PARTIAL_FILE, 404, "NoSuchKey", "STORAGE_ERROR", 0 },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dlw_s3_answer_t a = { 0 };
        dl_failure_t f;

        a.code = cases[i].code;
        a.status = cases[i].status;
        a.error = cases[i].error;
        a.detail = "S3 GET";
        a.retry_after_ms = 7000;
        f = dlw_s3_failure(&a, pool);
        ck_assert_str_eq(f.error_code, cases[i].means);
        ck_assert_int_eq(f.permanent, cases[i].permanent);
        ck_assert_ptr_null(strstr(f.error, "S3"));
        if (!f.permanent) {
            ck_assert_int_eq(f.retry_after_ms, 7000);
        }
    }
}
END_TEST

START_TEST(parts_are_few_and_whole)
{
    apr_int64_t mib = 1024 * 1024, size;

    ck_assert_int_eq(dlw_s3_part_size(65 * mib), 16 * mib);
    for (size = 65 * mib; size < 5 * mib * mib; size = size * 3 + 1) {
        apr_int64_t part = dlw_s3_part_size(size);

        ck_assert_int_eq(part % mib, 0);
        ck_assert_int_le((size + part - 1) / part, 10000);
    }
}
END_TEST

/* ---- a store that is not there */

static apr_pool_t *store_pool;
static dl_loop_t *loop;
static dlw_env_t env;
static dl_config_t conf;
static int calls;
static char last_code[32];

static void on_done(void *baton, const dl_failure_t *failure,
                    const dlw_object_t *object)
{
    (void)baton;
    (void)object;
    calls++;
    apr_cpystrn(last_code, failure ? failure->error_code : "",
                sizeof(last_code));
}

static dlw_store_t *away(void)
{
    dlw_curl_t *curl;
    dlw_store_t *store;

    conf.key_format = "%{file_id}";
    conf.store = (dl_store_conf_t){ .kind = DL_STORE_S3, .bucket = "b",
                                    .region = "r",
                                    .endpoint = "http://127.0.0.1:1" };
    conf.credentials.access_key = "a";
    conf.credentials.secret_key = "s";
    calls = 0;
    ck_assert_int_eq(dl_loop_create(pool, &loop), APR_SUCCESS);
    ck_assert_int_eq(dlw_curl_create(loop, pool, &curl), APR_SUCCESS);
    env.conf = &conf;
    env.loop = loop;
    env.curl = curl;
    apr_pool_create(&store_pool, pool);
    ck_assert_int_eq(dlw_store_s3.create(&env, store_pool, &store),
                     APR_SUCCESS);
    return store;
}

static dlw_attempt_t *attempt(apr_size_t size)
{
    dlw_attempt_t *a = apr_pcalloc(pool, sizeof(*a));
    char *bytes = apr_pcalloc(pool, 1024 * 1024);

    a->env = &env;
    a->conf = &conf;
    a->pool = pool;
    a->spool = dlw_spool_create("/tmp", 1 << 30, pool);
    for (; size > 0; size -= size < 1024 * 1024 ? size : 1024 * 1024) {
        dlw_spool_write(a->spool, bytes, size < 1024 * 1024 ? size
                                                            : 1024 * 1024);
    }
    ck_assert_int_eq(dlw_spool_end(a->spool), APR_SUCCESS);
    return a;
}

START_TEST(a_store_that_is_away)
{
    dlw_store_t *store = away();
    int i;

    dlw_store_s3.put(store, attempt(10), "k", on_done, NULL);
    dlw_store_s3.put(store, attempt(65 * 1024 * 1024), "7.1-abcdef", on_done,
                     NULL);
    dlw_store_s3.head(store, "k", pool, on_done, NULL);
    dlw_store_s3.probe(store, pool, on_done, NULL);
    for (i = 1; i <= 4; i++) {
        while (calls < i) {
            ck_assert_int_eq(dl_loop_turn(loop, 30000), APR_SUCCESS);
        }
        ck_assert_str_eq(last_code, "STORAGE_ERROR");
    }
    ck_assert_int_gt(dlw_store_s3.pending(store), 0);
    apr_pool_destroy(store_pool);
}
END_TEST

START_TEST(aborted_at_every_moment)
{
    dlw_store_t *store = away();
    int turns, i;

    for (turns = 0; turns < 12; turns++) {
        void *single = dlw_store_s3.put(store, attempt(10), "k", on_done,
                                        NULL);
        void *large = dlw_store_s3.put(store, attempt(65 * 1024 * 1024),
                                       "7.1-abcdef", on_done, NULL);
        void *head = dlw_store_s3.head(store, "k", pool, on_done, NULL);

        for (i = 0; i < turns; i++) {
            dl_loop_turn(loop, 5);
        }
        ck_assert_int_eq(calls, 0);
        dlw_store_s3.abort(store, single);
        dlw_store_s3.abort(store, large);
        dlw_store_s3.abort(store, head);
        dlw_store_s3.remove(store, "k");
    }
    apr_pool_destroy(store_pool);
    for (i = 0; i < 5; i++) {
        dl_loop_turn(loop, 1);
    }
    ck_assert_int_eq(calls, 0);
}
END_TEST

Suite *test_dlw_s3_suite(void);

Suite *test_dlw_s3_suite(void)
{
    Suite *s = suite_create("dlw_s3");
    TCase *t = tcase_create("dlw_s3");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, keys_of_attempts);
    tcase_add_test(t, other_keys_have_no_fence);
    tcase_add_test(t, stale_uploads);
    tcase_add_test(t, xml_is_read);
    tcase_add_test(t, errors_have_meanings);
    tcase_add_test(t, parts_are_few_and_whole);
    tcase_add_test(t, a_store_that_is_away);
    tcase_add_test(t, aborted_at_every_moment);
    suite_add_tcase(s, t);
    return s;
}
