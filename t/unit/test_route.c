/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths and methods, honest and hostile.
 */
#include <check.h>
#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include "dl_route.h"

#define ID "3f2b8c1e-5d7a-4e0f-9b6c-2a1d4e8f7c90"

START_TEST(known_paths_have_their_route)
{
    static const struct {
        const char *method;
        const char *path;
        dl_route_e route;
    } cases[] = {
        { "POST", "/initiate", DL_ROUTE_INITIATE },
        { "POST", "/check", DL_ROUTE_CHECK },
        { "POST", "/start", DL_ROUTE_START },
        { "GET", "/status/" ID, DL_ROUTE_STATUS },
        { "HEAD", "/status/" ID, DL_ROUTE_STATUS },
        { "GET", "/" ID "/status", DL_ROUTE_STATUS },
        { "GET", "/" ID "/stream", DL_ROUTE_STREAM },
        { "GET", "/stream", DL_ROUTE_USER_STREAM },
        { "GET", "/" ID, DL_ROUTE_RESULT },
        { "HEAD", "/" ID, DL_ROUTE_RESULT },
        { "DELETE", "/" ID, DL_ROUTE_CANCEL },
        { "GET", "/", DL_ROUTE_LIST },
        { "GET", "", DL_ROUTE_LIST },
        { "GET", "/openapi.json", DL_ROUTE_OPENAPI },
        { "GET", "/objects/files/70000", DL_ROUTE_OBJECT },
        { "HEAD", "/objects/a", DL_ROUTE_OBJECT },
        { "OPTIONS", "/initiate", DL_ROUTE_PREFLIGHT },
        { "OPTIONS", "/" ID, DL_ROUTE_PREFLIGHT },
        { "OPTIONS", "/anything", DL_ROUTE_PREFLIGHT },
        { "OPTIONS", "/objects/a/b", DL_ROUTE_PREFLIGHT },
    };
    dl_route_t r;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dl_route_parse(cases[i].path, cases[i].method, &r);
        ck_assert_msg(r.route == cases[i].route, "%s %s: %d",
                      cases[i].method, cases[i].path, r.route);
        ck_assert_ptr_nonnull(r.allow);
        if (strstr(cases[i].path, ID) && r.route != DL_ROUTE_PREFLIGHT) {
            ck_assert_str_eq(r.job_id, ID);
        }
    }
    dl_route_parse("/objects/files/a b/\xc3\xa9", "GET", &r);
    ck_assert_int_eq(r.route, DL_ROUTE_OBJECT);
    ck_assert_str_eq(r.key, "files/a b/\xc3\xa9");
}
END_TEST

START_TEST(wrong_methods_are_told_the_right_ones)
{
    static const struct {
        const char *method;
        const char *path;
        const char *allow;
    } cases[] = {
        { "GET", "/initiate", "POST, OPTIONS" },
        { "PUT", "/initiate", "POST, OPTIONS" },
        { "DELETE", "/initiate", "POST, OPTIONS" },
        { "post", "/initiate", "POST, OPTIONS" },
        { "POST", "/status/" ID, "GET, HEAD, OPTIONS" },
        { "DELETE", "/" ID "/status", "GET, HEAD, OPTIONS" },
        { "DELETE", "/" ID "/stream", "GET, HEAD, OPTIONS" },
        { "POST", "/stream", "GET, HEAD, OPTIONS" },
        { "POST", "/" ID, "GET, HEAD, DELETE, OPTIONS" },
        { "PATCH", "/" ID, "GET, HEAD, DELETE, OPTIONS" },
        { "POST", "/", "GET, HEAD, OPTIONS" },
        { "DELETE", "", "GET, HEAD, OPTIONS" },
        { "GET", "/check", "POST, OPTIONS" },
        { "GET", "/start", "POST, OPTIONS" },
        { "POST", "/openapi.json", "GET, HEAD, OPTIONS" },
        { "DELETE", "/objects/a", "GET, HEAD, OPTIONS" },
        { "TRACE", "/" ID, "GET, HEAD, DELETE, OPTIONS" },
        { "PROPFIND", "/", "GET, HEAD, OPTIONS" },
        { "", "/", "GET, HEAD, OPTIONS" },
    };
    dl_route_t r;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dl_route_parse(cases[i].path, cases[i].method, &r);
        ck_assert_msg(r.route == DL_ROUTE_NONE, "%s %s", cases[i].method,
                      cases[i].path);
        ck_assert_int_eq(r.error, DL_ERROR_METHOD_NOT_ALLOWED);
        ck_assert_str_eq(r.allow, cases[i].allow);
    }
}
END_TEST

START_TEST(other_paths_are_not_found)
{
    static const struct {
        const char *path;
        dl_error_e error;
    } cases[] = {
        { "/unknown", DL_ERROR_JOB_NOT_FOUND },
        { "/3F2B8C1E-5D7A-4E0F-9B6C-2A1D4E8F7C90", DL_ERROR_JOB_NOT_FOUND },
        { "/status/x", DL_ERROR_JOB_NOT_FOUND },
        { "/x/status", DL_ERROR_JOB_NOT_FOUND },
        { "/x/stream", DL_ERROR_JOB_NOT_FOUND },
        { "/" ID "0", DL_ERROR_JOB_NOT_FOUND },
        { "/status", DL_ERROR_JOB_NOT_FOUND },
        { "/objects", DL_ERROR_JOB_NOT_FOUND },
        { "/initiate/", DL_ERROR_NOT_FOUND },
        { "/" ID "/", DL_ERROR_NOT_FOUND },
        { "/status/", DL_ERROR_NOT_FOUND },
        { "/status/" ID "/", DL_ERROR_NOT_FOUND },
        { "/" ID "/status/", DL_ERROR_NOT_FOUND },
        { "/" ID "/other", DL_ERROR_NOT_FOUND },
        { "/a/b/c", DL_ERROR_NOT_FOUND },
        { "//", DL_ERROR_NOT_FOUND },
        { "//" ID, DL_ERROR_NOT_FOUND },
        { "/status//" ID, DL_ERROR_NOT_FOUND },
        { "/./" ID, DL_ERROR_NOT_FOUND },
        { "/../" ID, DL_ERROR_NOT_FOUND },
        { "/.", DL_ERROR_NOT_FOUND },
        { "/..", DL_ERROR_NOT_FOUND },
        { "/" ID "/..", DL_ERROR_NOT_FOUND },
        { "/a\\b", DL_ERROR_NOT_FOUND },
        { "/a\nb", DL_ERROR_NOT_FOUND },
        { "/a\x7f", DL_ERROR_NOT_FOUND },
        { "/\xff", DL_ERROR_NOT_FOUND },
        { "/\xc0\xaf", DL_ERROR_NOT_FOUND },
        { "x", DL_ERROR_NOT_FOUND },
        { "initiate", DL_ERROR_NOT_FOUND },
        { "/objects/", DL_ERROR_NOT_FOUND },
        { "/objects/a/", DL_ERROR_NOT_FOUND },
        { "/objects/a//b", DL_ERROR_NOT_FOUND },
        { "/objects//etc/passwd", DL_ERROR_NOT_FOUND },
        { "/objects/../secret", DL_ERROR_NOT_FOUND },
        { "/objects/a/../../b", DL_ERROR_NOT_FOUND },
        { "/objects/./a", DL_ERROR_NOT_FOUND },
        { "/objects/a\\..\\b", DL_ERROR_NOT_FOUND },
        { "/objects/a\rb", DL_ERROR_NOT_FOUND },
        { "/objects/\xed\xa0\x80", DL_ERROR_NOT_FOUND },
    };
    dl_route_t r;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dl_route_parse(cases[i].path, "GET", &r);
        ck_assert_msg(r.route == DL_ROUTE_NONE, "%s: %d", cases[i].path,
                      r.route);
        ck_assert_msg(r.error == cases[i].error, "%s: %d", cases[i].path,
                      r.error);
        ck_assert_str_eq(r.job_id, "");
    }
}
END_TEST

START_TEST(keys_are_bounded)
{
    apr_pool_t *p;
    dl_route_t r;
    char *path;

    apr_pool_create(&p, NULL);
    path = apr_palloc(p, 9 + 1026);
    memcpy(path, "/objects/", 9);
    memset(path + 9, 'k', 1025);
    path[9 + 1025] = '\0';
    dl_route_parse(path, "GET", &r);
    ck_assert_int_eq(r.route, DL_ROUTE_NONE);
    path[9 + 1024] = '\0';
    dl_route_parse(path, "GET", &r);
    ck_assert_int_eq(r.route, DL_ROUTE_OBJECT);
    apr_pool_destroy(p);
}
END_TEST

START_TEST(tricks_of_encoding_are_seen)
{
    static const char *const good[] = {
        "/", "", "/v1/download/initiate", "/v1/download/" ID,
        "/v1/download/objects/a%20b", "/o/caf%C3%A9", "/a;b=c", "/a:b@c",
        "/...", "/a/..b", "/~user/x"
    };
    static const char *const bad[] = {
        "/a%2fb", "/a%2Fb", "/a%5cb", "/a%5Cb", "/a%00", "/%00", "/%2e%2e/b",
        "/%2E/b", "/a%2eb", "/a%0a", "/a%0d%0aX:y", "/a%7f", "/a%1f",
        "/a%", "/a%2", "/a%zz", "/a%2%66", "/%%30%30", "/a\\b", "/a b",
        "/a\tb", "/\xc3\xa9", "/a\x7f", "//", "//a", "/a//b", "/a/./b",
        "/a/../b", "/..", "/.", "/a/..", "/a/.", "..", ".", "/a//"
    };
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_msg(dl_route_raw_ok(good[i]), "%s", good[i]);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!dl_route_raw_ok(bad[i]), "%s", bad[i]);
    }
}
END_TEST

Suite *test_route_suite(void);

Suite *test_route_suite(void)
{
    Suite *s = suite_create("route");
    TCase *tc = tcase_create("route");

    tcase_add_test(tc, known_paths_have_their_route);
    tcase_add_test(tc, wrong_methods_are_told_the_right_ones);
    tcase_add_test(tc, other_paths_are_not_found);
    tcase_add_test(tc, keys_are_bounded);
    tcase_add_test(tc, tricks_of_encoding_are_seen);
    suite_add_tcase(s, tc);
    return s;
}
