/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accept, Prefer, ETag and If-None-Match.
 */
#include <check.h>
#include <string.h>

#include "dl_accept.h"

START_TEST(accept_weighs_ranges)
{
    static const struct {
        const char *header;
        int json, problem, stream, json_named, problem_named;
    } cases[] = {
        { NULL, 1000, 1000, 1000, 0, 0 },
        { "", 1000, 1000, 1000, 0, 0 },
        { " , ,", 1000, 1000, 1000, 0, 0 },
        { "*/*", 1000, 1000, 1000, 0, 0 },
        { "application/json", 1000, 0, 0, 1, 0 },
        { "Application/JSON", 1000, 0, 0, 1, 0 },
        { "application/json;charset=utf-8", 1000, 0, 0, 1, 0 },
        { "application/problem+json", 0, 1000, 0, 0, 1 },
        { "application/json, application/problem+json", 1000, 1000, 0, 1, 1 },
        { "text/event-stream", 0, 0, 1000, 0, 0 },
        { "text/*", 0, 0, 1000, 0, 0 },
        { "application/*;q=0.5", 500, 500, 0, 0, 0 },
        { "text/html", 0, 0, 0, 0, 0 },
        { "text/html, */*;q=0.8", 800, 800, 800, 0, 0 },
        { "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
          800, 800, 800, 0, 0 },
        /* axios */
        { "application/json, text/plain, */*", 1000, 1000, 1000, 1, 0 },
        /* the most specific range decides, whatever the order */
        { "*/*;q=1, application/json;q=0", 0, 1000, 1000, 0, 0 },
        { "application/json;q=0, */*", 0, 1000, 1000, 0, 0 },
        { "application/*;q=0.2, */*;q=0.9", 200, 200, 900, 0, 0 },
        { "text/html, application/json;q=0.5", 500, 0, 0, 0, 0 },
        { "application/json;q=0.5", 500, 0, 0, 1, 0 },
        { "application/json;q=0.001", 1, 0, 0, 1, 0 },
        { "application/json ; q=0.3", 300, 0, 0, 1, 0 },
        { "application/json;v=\"a,b;q=0\";q=0.3", 300, 0, 0, 1, 0 },
        { "application/json;q=1.000", 1000, 0, 0, 1, 0 },
        /* malformed: as if it were not there */
        { "application/json;q=2", 0, 0, 0, 0, 0 },
        { "application/json;q=1.001", 0, 0, 0, 0, 0 },
        { "application/json;q=-1", 0, 0, 0, 0, 0 },
        { "application/json;q=", 0, 0, 0, 0, 0 },
        { "application/json;q=0.1234", 0, 0, 0, 0, 0 },
        { "application/json;q=nan", 0, 0, 0, 0, 0 },
        { "application/json;q=\"0.5", 0, 0, 0, 0, 0 },
        { "json", 0, 0, 0, 0, 0 },
        { "*", 0, 0, 0, 0, 0 },
        { "*/json", 0, 0, 0, 0, 0 },
        { "application/jsonx", 0, 0, 0, 0, 0 },
        { ";;;,;q=1", 1000, 1000, 1000, 0, 0 },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *name = cases[i].header ? cases[i].header : "(none)";
        dl_accept_t a;

        dl_accept_read(cases[i].header, &a);
        ck_assert_msg(a.json == cases[i].json, "%s: %d", name, a.json);
        ck_assert_msg(a.problem == cases[i].problem, "%s: %d", name,
                      a.problem);
        ck_assert_msg(a.stream == cases[i].stream, "%s: %d", name, a.stream);
        ck_assert_msg(a.json_named == cases[i].json_named, "%s", name);
        ck_assert_msg(a.problem_named == cases[i].problem_named, "%s", name);
        ck_assert_int_eq(dl_accept_json_ok(&a),
                         cases[i].json > 0 || cases[i].problem > 0);
    }
}
END_TEST

START_TEST(prefer_is_read)
{
    static const struct {
        const char *header;
        int wait, async;
    } cases[] = {
        { NULL, -1, 0 },
        { "", -1, 0 },
        { "wait=10", 10, 0 },
        { "Wait=10", 10, 0 },
        { "wait = 10", 10, 0 },
        { "wait=\"10\"", 10, 0 },
        { "wait=0", 0, 0 },
        { "wait=60", 25, 0 },
        { "wait=99999999999999999999999999", 25, 0 },
        { "respond-async", -1, 1 },
        { "respond-async, wait=10", 10, 1 },
        { "wait=10, respond-async", 10, 1 },
        { "respond-async;x=\"a,b\", wait=5", 5, 1 },
        { "handling=lenient; wait=3, wait=7", 7, 0 },
        { "wait=3, wait=7", 3, 0 },
        { "wait=x, wait=7", -1, 0 },           /* the first one counts */
        { "wait", -1, 0 }, { "wait=", -1, 0 }, { "wait=-1", -1, 0 },
        { "wait=1.5", -1, 0 }, { "wait=+1", -1, 0 }, { "wait=1 2", -1, 0 },
        { "wait=\"1", -1, 0 },
        { "waits=3", -1, 0 }, { "respond-async=1", -1, 0 },
        { "foo=\"wait=3, respond-async\"", -1, 0 },
        { ",,; ;=,", -1, 0 },
        { "foo=\"\\\"\", wait=4", 4, 0 },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dl_prefer_t p;

        dl_prefer_read(cases[i].header, 25, &p);
        ck_assert_msg(p.wait_s == cases[i].wait, "%s: %d",
                      cases[i].header ? cases[i].header : "(none)",
                      (int)p.wait_s);
        ck_assert_int_eq(p.respond_async, cases[i].async);
    }
}
END_TEST

START_TEST(etags_differ_with_what_they_name)
{
    char a[DL_ETAG_MAX], b[DL_ETAG_MAX];

    dl_etag_make(7, 1769862896, a);
    ck_assert_str_eq(a, "W/\"7-1769862896\"");
    dl_etag_make(8, 1769862896, b);
    ck_assert_str_ne(a, b);
    dl_etag_make(7, 1769862897, b);
    ck_assert_str_ne(a, b);
    dl_etag_make(0, 0, a);
    ck_assert_str_eq(a, "W/\"0-0\"");
    dl_etag_make(APR_INT64_MAX, APR_INT64_MAX, a);
    ck_assert_uint_lt(strlen(a), DL_ETAG_MAX);
}
END_TEST

START_TEST(if_none_match_compares_weakly)
{
    static const char tag[] = "W/\"7-0\"";
    static const char *const yes[] = {
        "W/\"7-0\"", "\"7-0\"", "*", " * ", "\"a\", W/\"7-0\"",
        "\"a\",\"b\" , \"7-0\"", "\"a,b\", \"7-0\"", ",\"7-0\","
    };
    static const char *const no[] = {
        "", " ", "7-0", "\"7-00\"", "\"7-\"", "w/\"7-0\"", "W/\"7-1\"",
        "\"a\"", "\"a, W/\"7-0\"", "\"*\"", "**", "W/", "W/\"7-0", ",,,"
    };
    size_t i;

    ck_assert(!dl_etag_match(NULL, tag));
    for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        ck_assert_msg(dl_etag_match(yes[i], tag), "%s", yes[i]);
    }
    for (i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        ck_assert_msg(!dl_etag_match(no[i], tag), "%s", no[i]);
    }
    ck_assert(dl_etag_match("W/\"7-0\"", "\"7-0\""));
}
END_TEST

Suite *test_accept_suite(void);

Suite *test_accept_suite(void)
{
    Suite *s = suite_create("accept");
    TCase *tc = tcase_create("accept");

    tcase_add_test(tc, accept_weighs_ranges);
    tcase_add_test(tc, prefer_is_read);
    tcase_add_test(tc, etags_differ_with_what_they_name);
    tcase_add_test(tc, if_none_match_compares_weakly);
    suite_add_tcase(s, tc);
    return s;
}
