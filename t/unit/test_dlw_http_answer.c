/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What answers of origins mean.
 */
#include <check.h>
#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include "dlw_http_answer.h"

static apr_pool_t *pool;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

START_TEST(statuses)
{
    static const struct {
        long status;
        const char *code;
        int permanent;
    } cases[] = {
        { 404, "FILE_NOT_FOUND", 1 }, { 410, "FILE_NOT_FOUND", 1 },
        { 400, "SOURCE_ERROR", 1 },   { 401, "SOURCE_ERROR", 1 },
        { 403, "SOURCE_ERROR", 1 },   { 405, "SOURCE_ERROR", 1 },
        { 416, "SOURCE_ERROR", 1 },   { 204, "SOURCE_ERROR", 1 },
        { 408, "SOURCE_ERROR", 0 },   { 425, "SOURCE_ERROR", 0 },
        { 429, "SOURCE_ERROR", 0 },   { 500, "SOURCE_ERROR", 0 },
        { 503, "SOURCE_ERROR", 0 },   { 599, "SOURCE_ERROR", 0 },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dl_failure_t f = dlw_http_status_failure(cases[i].status, 9000, pool);

        ck_assert_str_eq(f.error_code, cases[i].code);
        ck_assert_int_eq(f.permanent, cases[i].permanent);
        ck_assert_int_eq(f.retry_after_ms, cases[i].permanent ? -1 : 9000);
        ck_assert_ptr_null(strpbrk(f.error, "0123456789"));
    }
}
END_TEST

START_TEST(codes)
{
    dl_failure_t f;

    f = dlw_http_code_failure(CURLE_COULDNT_CONNECT, "to 10.0.0.1", pool);
    ck_assert_str_eq(f.error_code, "SOURCE_ERROR");
    ck_assert_int_eq(f.permanent, 0);
    ck_assert_ptr_null(strstr(f.error, "10.0.0.1"));
    ck_assert_ptr_nonnull(strstr(f.detail, "10.0.0.1"));
    f = dlw_http_code_failure(CURLE_OPERATION_TIMEDOUT, "", pool);
    ck_assert_str_eq(f.error_code, "TIMEOUT");
    ck_assert_int_eq(f.permanent, 0);
    f = dlw_http_code_failure(CURLE_PEER_FAILED_VERIFICATION, NULL, pool);
    ck_assert_str_eq(f.error_code, "SOURCE_ERROR");
    ck_assert_int_eq(f.permanent, 1);
    ck_assert(dlw_http_code_resumable(CURLE_PARTIAL_FILE));
    ck_assert(!dlw_http_code_resumable(CURLE_WRITE_ERROR));
    ck_assert(!dlw_http_code_resumable(CURLE_PEER_FAILED_VERIFICATION));
}
END_TEST

START_TEST(content_range)
{
    static const char *const bad[] = {
        NULL, "", "bytes", "bytes ", "bytes */10", "bytes 5-4/10",
        "bytes 5-9/9", "bytes 5-9/5", "bytes -9/10", "bytes 5-/10",
        "bytes 5-9", "bytes 5-9/", "bytes 5-9/10x", "items 5-9/10",
        "bytes 99999999999999999999-9/10", "bytes  5-9/10"
    };
    apr_int64_t first, total;
    size_t i;

    ck_assert_int_eq(dlw_http_content_range("bytes 5-9/10", &first, &total),
                     0);
    ck_assert_int_eq(first, 5);
    ck_assert_int_eq(total, 10);
    ck_assert_int_eq(dlw_http_content_range("Bytes 0-0/*", &first, &total),
                     0);
    ck_assert_int_eq(first, 0);
    ck_assert_int_eq(total, -1);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(dlw_http_content_range(bad[i], &first, &total) == -1,
                      "%s", bad[i] ? bad[i] : "(none)");
    }
}
END_TEST

START_TEST(validators)
{
    ck_assert(dlw_http_strong_validator("\"abc\""));
    ck_assert(dlw_http_strong_validator("Thu, 29 Feb 2024 23:59:59 GMT"));
    ck_assert(!dlw_http_strong_validator("W/\"abc\""));
    ck_assert(!dlw_http_strong_validator(""));
    ck_assert(!dlw_http_strong_validator(NULL));
    ck_assert(!dlw_http_strong_validator("\"a\x01\""));
}
END_TEST

START_TEST(origins)
{
    static const struct {
        const char *a, *b;
        int same;
    } cases[] = {
        { "http://h/a", "http://h/b?c", 1 },
        { "http://h/a", "HTTP://H", 1 },
        { "http://h:80/a", "http://h/", 1 },
        { "https://h:443/a", "https://h?x", 1 },
        { "http://h:8080/a", "http://h:80/a", 0 },
        { "http://h/a", "https://h/a", 0 },
        { "http://h/a", "http://hh/a", 0 },
        { "http://h/a", "http://h.evil/a", 0 },
        { "http://h:8081/a", "http://h:808/a", 0 },
        { "http://h/a", "h/a", 0 },
        { "", "", 0 },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_msg(dlw_http_same_origin(cases[i].a, cases[i].b)
                      == cases[i].same, "%s %s", cases[i].a, cases[i].b);
        ck_assert_int_eq(dlw_http_same_origin(cases[i].b, cases[i].a),
                         cases[i].same);
    }
}
END_TEST

START_TEST(templates)
{
    ck_assert_str_eq(dlw_http_url("http://h/%{file_id}/x?id=%{file_id}",
                                  70000, pool), "http://h/70000/x?id=70000");
    ck_assert_str_eq(dlw_http_url("http://h/%20%{file_id}", 7, pool),
                     "http://h/%207");
}
END_TEST

Suite *test_dlw_http_answer_suite(void);

Suite *test_dlw_http_answer_suite(void)
{
    Suite *s = suite_create("dlw_http_answer");
    TCase *t = tcase_create("dlw_http_answer");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, statuses);
    tcase_add_test(t, codes);
    tcase_add_test(t, content_range);
    tcase_add_test(t, validators);
    tcase_add_test(t, origins);
    tcase_add_test(t, templates);
    suite_add_tcase(s, t);
    return s;
}
