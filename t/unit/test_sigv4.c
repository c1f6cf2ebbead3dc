/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures agree with botocore's (sigv4_vectors.json) and with the examples
 * that the Amazon S3 API Reference publishes.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <apr_pools.h>
#include <apr_strings.h>
#include <json-c/json.h>

#include "dl_sigv4.h"
#include "dl_uri.h"

#define VECTORS DL_TEST_SRCDIR "/t/unit/sigv4_vectors.json"

static apr_pool_t *pool;
static json_object *vectors;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    vectors = json_object_from_file(VECTORS);
    ck_assert_ptr_nonnull(vectors);
}

static void teardown(void)
{
    json_object_put(vectors);
    apr_pool_destroy(pool);
}

static const char *str(json_object *v, const char *name)
{
    json_object *s = NULL;

    ck_assert_msg(json_object_object_get_ex(v, name, &s), "no %s", name);
    return s ? json_object_get_string(s) : NULL;
}

static apr_int64_t seconds_of(const char *datetime)
{
    struct tm tm = { 0 };

    ck_assert_ptr_nonnull(strptime(datetime, "%Y%m%dT%H%M%SZ", &tm));
    return timegm(&tm);
}

static void who_of(json_object *v, dl_sigv4_who_t *who)
{
    who->access_key = str(v, "access_key");
    who->secret_key = str(v, "secret_key");
    who->session_token = str(v, "session_token");
    who->region = str(v, "region");
}

/* "ResponseContentType" of botocore is response-content-type on the wire */
static const char *wire_name(const char *name)
{
    static const char *const names[][2] = {
        { "ResponseContentDisposition", "response-content-disposition" },
        { "ResponseContentType", "response-content-type" },
        { "ResponseCacheControl", "response-cache-control" },
        { "VersionId", "versionId" },
    };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i][0], name) == 0) {
            return names[i][1];
        }
    }
    ck_abort_msg("unknown parameter %s", name);
}

static const char *key_of(json_object *v)
{
    const char *hex = str(v, "key_utf8_hex");
    size_t n = strlen(hex) / 2, i;
    char *key = apr_pcalloc(pool, n + 1);

    for (i = 0; i < n; i++) {
        char two[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

        key[i] = (char)strtol(two, NULL, 16);
    }
    return key;
}

START_TEST(presigned_urls_agree_with_botocore)
{
    json_object *all, *v, *params;
    size_t i, n;

    ck_assert(json_object_object_get_ex(vectors, "presign", &all));
    n = json_object_array_length(all);
    ck_assert_uint_ge(n, 36);
    for (i = 0; i < n; i++) {
        dl_sigv4_pair_t query[DL_SIGV4_MAX_PAIRS];
        dl_sigv4_req_t req = { 0 };
        dl_sigv4_who_t who;
        dl_sigv4_signed_t out;

        v = json_object_array_get_idx(all, i);
        who_of(v, &who);
        req.method = str(v, "method");
        req.endpoint = str(v, "endpoint");
        req.virtual_host = strcmp(str(v, "style"), "virtual") == 0;
        req.bucket = str(v, "bucket");
        req.key = key_of(v);
        req.now_s = seconds_of(str(v, "datetime"));
        json_object_object_get_ex(v, "params", &params);
        json_object_object_foreach(params, name, value) {
            query[req.nquery].name = wire_name(name);
            query[req.nquery++].value = json_object_get_string(value);
        }
        req.query = query;
        ck_assert_int_eq(dl_sigv4_presign(&req, &who,
                                          atoi(str(v, "expires")), NULL,
                                          pool, &out), APR_SUCCESS);
        ck_assert_str_eq(out.canonical, str(v, "canonical_request"));
        ck_assert_str_eq(out.to_sign, str(v, "string_to_sign"));
        ck_assert_str_eq(out.url, str(v, "url"));
        ck_assert_ptr_null(out.authorization);
    }
}
END_TEST

/* "/media/a%20b?x=1&y" → bucket, key, query, all decoded */
static void take_target(const char *target, dl_sigv4_req_t *req,
                        dl_sigv4_pair_t *query)
{
    const char *q = strchr(target, '?'), *end, *slash;

    end = q ? q : target + strlen(target);
    slash = memchr(target + 1, '/', end - target - 1);
    req->bucket = apr_pstrmemdup(pool, target + 1,
                                 (slash ? slash : end) - target - 1);
    req->key = slash ? dl_uri_decode(slash + 1, end - slash - 1, pool) : NULL;
    while (q && *q) {
        size_t len = strcspn(q + 1, "&"), name = strcspn(q + 1, "=&");

        query[req->nquery].name = dl_uri_decode(q + 1, name, pool);
        query[req->nquery++].value =
            name < len ? dl_uri_decode(q + 2 + name, len - name - 1, pool)
                       : "";
        q += 1 + len;
    }
}

START_TEST(signed_headers_agree_with_botocore)
{
    dl_sigv4_key_t cache = { 0 };
    json_object *all, *v, *headers;
    size_t i, n;

    ck_assert(json_object_object_get_ex(vectors, "header", &all));
    n = json_object_array_length(all);
    ck_assert_uint_ge(n, 12);
    for (i = 0; i < 2 * n; i++) {   /* the second time from the cache */
        dl_sigv4_pair_t query[DL_SIGV4_MAX_PAIRS], pairs[DL_SIGV4_MAX_PAIRS];
        dl_sigv4_req_t req = { 0 };
        dl_sigv4_who_t who;
        dl_sigv4_signed_t out;

        v = json_object_array_get_idx(all, i % n);
        who_of(v, &who);
        req.method = str(v, "method");
        req.endpoint = str(v, "endpoint");
        req.payload_hash = str(v, "payload_hash");
        req.now_s = seconds_of(str(v, "datetime"));
        req.query = query;
        req.headers = pairs;
        take_target(str(v, "request_target"), &req, query);
        json_object_object_get_ex(v, "headers_in", &headers);
        json_object_object_foreach(headers, name, value) {
            pairs[req.nheaders].name = name;
            pairs[req.nheaders++].value = json_object_get_string(value);
        }
        ck_assert_int_eq(dl_sigv4_headers(&req, &who, &cache, pool, &out),
                         APR_SUCCESS);
        ck_assert_str_eq(out.canonical, str(v, "canonical_request"));
        ck_assert_str_eq(out.to_sign, str(v, "string_to_sign"));
        ck_assert_str_eq(out.authorization, str(v, "authorization"));
    }
}
END_TEST

/* Amazon S3 API Reference, "Examples: Signature Calculations" */
static const dl_sigv4_who_t amazon = {
    "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", NULL,
    "us-east-1"
};

static const dl_sigv4_pair_t range[] = { { "Range", "bytes=0-9" } };
static const dl_sigv4_pair_t put[] = {
    { "Date", "Fri, 24 May 2013 00:00:00 GMT" },
    { "x-amz-storage-class", "REDUCED_REDUNDANCY" }
};
static const dl_sigv4_pair_t lifecycle[] = { { "lifecycle", "" } };
static const dl_sigv4_pair_t list[] = { { "max-keys", "2" },
                                        { "prefix", "J" } };

static const struct {
    const char *method, *key;
    const dl_sigv4_pair_t *query, *headers;
    int nquery, nheaders;
    const char *payload, *signature;
} published[] = {
    { "GET", "test.txt", NULL, range, 0, 1, DL_SIGV4_EMPTY,
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41" },
    { "PUT", "test$file.text", NULL, put, 0, 2,
      "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd" },
    { "GET", NULL, lifecycle, NULL, 1, 0, DL_SIGV4_EMPTY,
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543" },
    { "GET", NULL, list, NULL, 2, 0, DL_SIGV4_EMPTY,
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7" },
};

static dl_sigv4_req_t amazon_request(const char *method, const char *key)
{
    dl_sigv4_req_t req = { 0 };

    req.method = method;
    req.endpoint = "https://s3.amazonaws.com";
    req.virtual_host = 1;
    req.bucket = "examplebucket";
    req.key = key;
    req.now_s = seconds_of("20130524T000000Z");
    return req;
}

START_TEST(published_header_examples)
{
    dl_sigv4_req_t req = amazon_request(published[_i].method,
                                        published[_i].key);
    dl_sigv4_signed_t out;

    req.query = published[_i].query;
    req.nquery = published[_i].nquery;
    req.headers = published[_i].headers;
    req.nheaders = published[_i].nheaders;
    req.payload_hash = published[_i].payload;
    ck_assert_int_eq(dl_sigv4_headers(&req, &amazon, NULL, pool, &out),
                     APR_SUCCESS);
    ck_assert_str_eq(out.host, "examplebucket.s3.amazonaws.com");
    ck_assert_str_eq(strstr(out.authorization, "Signature=") + 10,
                     published[_i].signature);
}
END_TEST

START_TEST(published_presigned_example)
{
    dl_sigv4_req_t req = amazon_request("GET", "test.txt");
    dl_sigv4_signed_t out;

    ck_assert_int_eq(dl_sigv4_presign(&req, &amazon, 86400, NULL, pool, &out),
                     APR_SUCCESS);
    ck_assert_str_eq(
        strstr(out.url, "X-Amz-Signature=") + 16,
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}
END_TEST

START_TEST(cached_key_follows_day_region_and_secret)
{
    dl_sigv4_req_t req = amazon_request("GET", "test.txt");
    dl_sigv4_who_t who = amazon;
    dl_sigv4_key_t cache = { 0 };
    dl_sigv4_signed_t with, without;
    int i;

    for (i = 0; i < 5; i++) {
        req.now_s += i == 1 ? 86400 : 0;
        who.region = i >= 2 ? "eu-central-1" : "us-east-1";
        who.secret_key = i >= 3 ? "another" : amazon.secret_key;
        dl_sigv4_headers(&req, &who, &cache, pool, &with);
        dl_sigv4_headers(&req, &who, NULL, pool, &without);
        ck_assert_str_eq(with.authorization, without.authorization);
    }
}
END_TEST

START_TEST(ipv6_endpoint_keeps_its_brackets)
{
    dl_sigv4_req_t req = amazon_request("GET", "a");
    dl_sigv4_signed_t out;

    req.virtual_host = 0;
    req.endpoint = "http://[::1]:80";
    ck_assert_int_eq(dl_sigv4_headers(&req, &amazon, NULL, pool, &out),
                     APR_SUCCESS);
    ck_assert_str_eq(out.host, "[::1]");
    ck_assert_str_eq(out.url, "http://[::1]:80/examplebucket/a");
}
END_TEST

START_TEST(bad_requests_are_refused)
{
    dl_sigv4_req_t req = amazon_request("GET", "a");
    dl_sigv4_signed_t out;

    ck_assert_int_eq(dl_sigv4_presign(&req, &amazon, 0, NULL, pool, &out),
                     APR_EINVAL);
    ck_assert_int_eq(dl_sigv4_presign(&req, &amazon, 604801, NULL, pool,
                                      &out), APR_EINVAL);
    req.endpoint = "s3.amazonaws.com";
    ck_assert_int_eq(dl_sigv4_headers(&req, &amazon, NULL, pool, &out),
                     APR_EINVAL);
    req.endpoint = "https:///x";
    ck_assert_int_eq(dl_sigv4_headers(&req, &amazon, NULL, pool, &out),
                     APR_EINVAL);
    req = amazon_request("GET", "a");
    req.nquery = DL_SIGV4_MAX_PAIRS + 1;
    ck_assert_int_eq(dl_sigv4_presign(&req, &amazon, 60, NULL, pool, &out),
                     APR_EINVAL);
}
END_TEST

START_TEST(decoding_refuses_malformed_escapes)
{
    ck_assert_str_eq(dl_uri_decode("a%2fb%C3%A9", 11, pool), "a/b\xc3\xa9");
    ck_assert_ptr_null(dl_uri_decode("a%", 2, pool));
    ck_assert_ptr_null(dl_uri_decode("a%2", 3, pool));
    ck_assert_ptr_null(dl_uri_decode("%2fb", 2, pool));
    ck_assert_ptr_null(dl_uri_decode("%zz", 3, pool));
    ck_assert_ptr_null(dl_uri_decode("%00", 3, pool));
}
END_TEST

START_TEST(hmac_agrees_with_rfc_4231)
{
    unsigned char key[131], mac[DL_SHA256_LEN];
    char hex[DL_SHA256_HEX + 1], b64[DL_SHA256_B64 + 1];
    const char *data = "Test Using Larger Than Block-Size Key - Hash Key First";

    ck_assert_int_eq(dl_hmac_sha256("Jefe", 4, "what do ya want for nothing?",
                                    28, mac), APR_SUCCESS);
    dl_hmac_hex(mac, hex);
    ck_assert_str_eq(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839d"
                     "ec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    ck_assert_int_eq(dl_hmac_sha256(key, sizeof(key), data, strlen(data),
                                    mac), APR_SUCCESS);
    dl_hmac_hex(mac, hex);
    ck_assert_str_eq(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140"
                     "546040f0ee37f54");
    dl_base64url_sha256(mac, b64);
    ck_assert_str_eq(b64, "YOQxWR7gtn8Niiaqy_W3f44LxiE3KMUUBUYEDw7jf1Q");
}
END_TEST

Suite *test_sigv4_suite(void);

Suite *test_sigv4_suite(void)
{
    Suite *s = suite_create("sigv4");
    TCase *t = tcase_create("sigv4");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, presigned_urls_agree_with_botocore);
    tcase_add_test(t, signed_headers_agree_with_botocore);
    tcase_add_loop_test(t, published_header_examples, 0,
                        sizeof(published) / sizeof(published[0]));
    tcase_add_test(t, published_presigned_example);
    tcase_add_test(t, cached_key_follows_day_region_and_secret);
    tcase_add_test(t, ipv6_endpoint_keeps_its_brackets);
    tcase_add_test(t, bad_requests_are_refused);
    tcase_add_test(t, decoding_refuses_malformed_escapes);
    tcase_add_test(t, hmac_agrees_with_rfc_4231);
    suite_add_tcase(s, t);
    return s;
}
