/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CORS and the RateLimit headers.
 */
#include <check.h>
#include <string.h>

#include "dl_cors.h"
#include "dl_ratelimit_headers.h"

static apr_pool_t *pool;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static dl_cors_t cors_of(const char *a, const char *b, int credentials)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(const char *));
    dl_cors_t cors = { list, credentials };

    ck_assert_ptr_null(dl_cors_origin_parse(a, pool, apr_array_push(list)));
    if (b) {
        ck_assert_ptr_null(dl_cors_origin_parse(b, pool,
                                                apr_array_push(list)));
    }
    return cors;
}

START_TEST(origins_are_read)
{
    static const struct {
        const char *in;
        const char *out;
    } good[] = {
        { "*", "*" },
        { "https://app.example.com", "https://app.example.com" },
        { "HTTPS://App.Example.COM", "https://app.example.com" },
        { "https://a.example.com:443", "https://a.example.com" },
        { "http://a.example.com:80", "http://a.example.com" },
        { "http://localhost:3000", "http://localhost:3000" },
        { "http://a.example.com:443", "http://a.example.com:443" },
        { "https://[::1]:8443", "https://[::1]:8443" },
    };
    static const char *const bad[] = {
        "", "app.example.com", "null", "ftp://a", "https://", "https:///",
        "https://a/", "https://a/b", "https://a?b", "https://*.a",
        "https://a:b", "https://a:", "https://a:123456", "https://u@a",
        "https://[::1", "https://[]", "https://[x]", "**", "https://a b",
        "https://a,https://b", "https://[::1]x"
    };
    const char *origin;
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_ptr_null(dl_cors_origin_parse(good[i].in, pool, &origin));
        ck_assert_str_eq(origin, good[i].out);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *message = dl_cors_origin_parse(bad[i], pool, &origin);

        ck_assert_msg(message != NULL, "%s", bad[i]);
        ck_assert_ptr_nonnull(strstr(message, bad[i]));
    }
}
END_TEST

START_TEST(only_named_origins_are_allowed)
{
    static const char *const strangers[] = {
        "https://evil.example.com", "https://app.example.com.evil.com",
        "https://evilapp.example.com", "http://app.example.com",
        "https://app.example.com:8443", "https://app.example.com/",
        "https://APP.example.com", "null", "*", ""
    };
    dl_cors_t cors = cors_of("https://app.example.com",
                             "http://localhost:3000", 1);
    dl_cors_t off = { NULL, 0 };
    dl_cors_t any = cors_of("*", NULL, 0);
    size_t i;

    ck_assert_str_eq(dl_cors_allow_origin(&cors, "https://app.example.com"),
                     "https://app.example.com");
    ck_assert_str_eq(dl_cors_allow_origin(&cors, "http://localhost:3000"),
                     "http://localhost:3000");
    for (i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
        ck_assert_msg(!dl_cors_allow_origin(&cors, strangers[i]), "%s",
                      strangers[i]);
    }
    ck_assert_ptr_null(dl_cors_allow_origin(&cors, NULL));
    ck_assert_int_eq(dl_cors_varies(&cors), 1);

    ck_assert_ptr_null(dl_cors_allow_origin(&off, "https://a"));
    ck_assert_int_eq(dl_cors_varies(&off), 0);

    ck_assert_str_eq(dl_cors_allow_origin(&any, "https://a"), "*");
    ck_assert_int_eq(dl_cors_varies(&any), 0);
}
END_TEST

START_TEST(any_origin_with_credentials_is_refused)
{
    dl_cors_t cors = cors_of("https://app.example.com", "*", 1);

    ck_assert_ptr_nonnull(dl_cors_check(&cors));
    cors.credentials = 0;
    ck_assert_ptr_null(dl_cors_check(&cors));
    cors = cors_of("https://app.example.com", NULL, 1);
    ck_assert_ptr_null(dl_cors_check(&cors));
}
END_TEST

START_TEST(rate_limits_have_two_forms)
{
    dl_ratelimit_headers_t h;

    dl_ratelimit_headers(100, 60, 80, 42, &h);
    ck_assert_str_eq(h.policy, "\"default\";q=100;w=60");
    ck_assert_str_eq(h.state, "\"default\";r=80;t=42");
    ck_assert_str_eq(h.limit, "100");
    ck_assert_str_eq(h.remaining, "80");
    ck_assert_str_eq(h.reset, "42");
    dl_ratelimit_headers(1, 1, -5, -7, &h);
    ck_assert_str_eq(h.state, "\"default\";r=0;t=0");
    ck_assert_str_eq(h.remaining, "0");
    ck_assert_str_eq(h.reset, "0");
    dl_ratelimit_headers(APR_INT64_MAX, APR_INT64_MAX, APR_INT64_MAX,
                         APR_INT64_MAX, &h);
    ck_assert_str_eq(h.limit, "9223372036854775807");
    ck_assert_str_eq(h.state, "\"default\";r=9223372036854775807;"
                              "t=9223372036854775807");
}
END_TEST

Suite *test_cors_suite(void);

Suite *test_cors_suite(void)
{
    Suite *s = suite_create("cors");
    TCase *tc = tcase_create("cors");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, origins_are_read);
    tcase_add_test(tc, only_named_origins_are_allowed);
    tcase_add_test(tc, any_origin_with_credentials_is_refused);
    tcase_add_test(tc, rate_limits_have_two_forms);
    suite_add_tcase(s, tc);
    return s;
}
