/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times as text, compared with the C library's own calendar.
 */
#include <check.h>
#include <stdio.h>
#include <time.h>

#include "dl_time.h"

#define LAST_MS APR_INT64_C(253402300799999)

static void compare(apr_int64_t ms)
{
    char iso[DL_TIME_ISO_LEN + 1], http[DL_TIME_HTTP_LEN + 1];
    char day[32], expected[48];
    time_t t = (time_t)(ms / 1000);
    struct tm tm;

    gmtime_r(&t, &tm);
    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(expected, sizeof(expected), "%s.%03dZ", day, (int)(ms % 1000));
    dl_time_iso(ms, iso);
    ck_assert_str_eq(iso, expected);
    strftime(expected, sizeof(expected), "%a, %d %b %Y %H:%M:%S GMT", &tm);
    dl_time_http(ms, http);
    ck_assert_str_eq(http, expected);
}

START_TEST(text_agrees_with_the_calendar)
{
    static const apr_int64_t edges[] = {
        0, 1, 999, 1000, 86399999, 86400000,
        APR_INT64_C(951782399999), APR_INT64_C(951782400000), /* 2000-02-29 */
        APR_INT64_C(951868800000),
        APR_INT64_C(1709164800000),                          /* 2024-02-29 */
        APR_INT64_C(4107542400000),                          /* 2100-03-01 */
        APR_INT64_C(4107542399999), APR_INT64_C(4102444799999),
        LAST_MS, LAST_MS - 1000,
    };
    apr_uint64_t x = 88172645463325252u;
    size_t i;

    for (i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        compare(edges[i]);
    }
    for (i = 0; i < 100000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        compare((apr_int64_t)(x % (apr_uint64_t)(LAST_MS + 1)));
    }
}
END_TEST

START_TEST(each_day_of_four_centuries)
{
    apr_int64_t day;

    for (day = 0; day < 146097; day++) {
        compare(day * 86400000 + 43200001);
    }
}
END_TEST

START_TEST(what_is_outside_is_the_nearer_end)
{
    char iso[DL_TIME_ISO_LEN + 1];

    dl_time_iso(-1, iso);
    ck_assert_str_eq(iso, "1970-01-01T00:00:00.000Z");
    dl_time_iso(APR_INT64_MIN, iso);
    ck_assert_str_eq(iso, "1970-01-01T00:00:00.000Z");
    dl_time_iso(LAST_MS + 1, iso);
    ck_assert_str_eq(iso, "9999-12-31T23:59:59.999Z");
    dl_time_iso(APR_INT64_MAX, iso);
    ck_assert_str_eq(iso, "9999-12-31T23:59:59.999Z");
}
END_TEST

START_TEST(now_is_the_clock)
{
    apr_int64_t before = (apr_int64_t)time(NULL) * 1000;
    apr_int64_t now = dl_time_now_ms();

    ck_assert_int_ge(now, before - 1000);
    ck_assert_int_lt(now, before + 60000);
}
END_TEST

Suite *test_time_suite(void);

Suite *test_time_suite(void)
{
    Suite *s = suite_create("time");
    TCase *tc = tcase_create("time");

    tcase_add_test(tc, text_agrees_with_the_calendar);
    tcase_add_test(tc, each_day_of_four_centuries);
    tcase_add_test(tc, what_is_outside_is_the_nearer_end);
    tcase_add_test(tc, now_is_the_clock);
    suite_add_tcase(s, tc);
    return s;
}
