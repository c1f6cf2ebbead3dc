/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as people write them: what is accepted, and that a refusal names
 * value, bound and remedy.
 */
#include <check.h>
#include <string.h>

#include "dl_parse.h"
#include "dl_words.h"

static apr_pool_t *pool;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

/** A refusal that holds @a part; what it was asked for is untouched. */
#define REFUSED(error, part)                                                  \
    do {                                                                      \
        const char *said = (error);                                           \
        ck_assert_ptr_nonnull(said);                                          \
        ck_assert_msg(strstr(said, part) != NULL, "\"%s\" lacks \"%s\"",      \
                      said, part);                                            \
    } while (0)

START_TEST(test_int)
{
    apr_int64_t n = -1;

    ck_assert_ptr_null(dl_parse_int("7", 1, 10, pool, &n));
    ck_assert_int_eq(n, 7);
    ck_assert_ptr_null(dl_parse_int("007", 1, 10, pool, &n));
    ck_assert_ptr_null(dl_parse_int("10", 1, 10, pool, &n));
    ck_assert_int_eq(n, 10);
    REFUSED(dl_parse_int("11", 1, 10, pool, &n), "maximum of 10");
    REFUSED(dl_parse_int("0", 1, 10, pool, &n), "minimum of 1");
    REFUSED(dl_parse_int("-3", 1, 10, pool, &n), "write 1 to 10");
    REFUSED(dl_parse_int("+3", 1, 10, pool, &n), "not a whole number");
    REFUSED(dl_parse_int("3.5", 1, 10, pool, &n), "\"3.5\"");
    REFUSED(dl_parse_int("", 1, 10, pool, &n), "\"\"");
    REFUSED(dl_parse_int(" 3", 1, 10, pool, &n), "not a whole number");
    REFUSED(dl_parse_int("0x3", 1, 10, pool, &n), "not a whole number");
    REFUSED(dl_parse_int("99999999999999999999", 1, 10, pool, &n), "whole");
    ck_assert_int_eq(n, 10);
}
END_TEST

START_TEST(test_duration)
{
    static const struct {
        const char *text;
        apr_int64_t ms;
    } GOOD[] = { { "500ms", 500 }, { "30s", 30000 }, { "30", 30000 },
                 { "5m", 300000 }, { "24h", 86400000 }, { "7D", 604800000 },
                 { "0", 0 }, { "0ms", 0 } };
    static const char *BAD[] = { "", "s", "5x", "-5s", "1.5s", "5 s", "5ss",
                                 "1h30m", "ms5" };
    apr_int64_t ms = -1;

    for (size_t i = 0; i < sizeof(GOOD) / sizeof(*GOOD); i++) {
        ck_assert_ptr_null(dl_parse_duration(GOOD[i].text, 0, 604800000, pool,
                                             &ms));
        ck_assert_int_eq(ms, GOOD[i].ms);
    }
    ms = -1;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(*BAD); i++) {
        REFUSED(dl_parse_duration(BAD[i], 0, 1000, pool, &ms),
                "ms, s, m, h or d");
    }
    REFUSED(dl_parse_duration("2s", 3000, 60000, pool, &ms),
            "\"2s\" is below the minimum of 3s; write 3s to 1m");
    REFUSED(dl_parse_duration("2m", 3000, 60000, pool, &ms), "maximum of 1m");
    REFUSED(dl_parse_duration("999999999999999d", 0, 1000, pool, &ms),
            "above the maximum");
    ck_assert_int_eq(ms, -1);
}
END_TEST

START_TEST(test_size)
{
    apr_int64_t n = -1;

    ck_assert_ptr_null(dl_parse_size("5G", 0, APR_INT64_MAX, pool, &n));
    ck_assert_int_eq(n, APR_INT64_C(5368709120));
    ck_assert_ptr_null(dl_parse_size("64k", 0, APR_INT64_MAX, pool, &n));
    ck_assert_int_eq(n, 65536);
    ck_assert_ptr_null(dl_parse_size("512", 0, APR_INT64_MAX, pool, &n));
    ck_assert_int_eq(n, 512);
    REFUSED(dl_parse_size("5Q", 0, 10, pool, &n), "K, M, G or T");
    REFUSED(dl_parse_size("1K", 0, 512, pool, &n), "maximum of 512");
    REFUSED(dl_parse_size("1", 1024, 4096, pool, &n), "write 1K to 4K");
    REFUSED(dl_parse_size("99999999999999999T", 0, 5, pool, &n), "maximum");
    ck_assert_int_eq(n, 512);
}
END_TEST

START_TEST(test_range)
{
    apr_int64_t low = -1;
    apr_int64_t high = -1;

    ck_assert_ptr_null(dl_parse_range("10000-100000000", 0, APR_INT64_MAX,
                                      pool, &low, &high));
    ck_assert_int_eq(low, 10000);
    ck_assert_int_eq(high, 100000000);
    ck_assert_ptr_null(dl_parse_range("5-5", 0, 9, pool, &low, &high));
    REFUSED(dl_parse_range("9-5", 0, 9, pool, &low, &high), "smaller");
    REFUSED(dl_parse_range("5", 0, 9, pool, &low, &high), "LOW-HIGH");
    REFUSED(dl_parse_range("-5", 0, 9, pool, &low, &high), "LOW-HIGH");
    REFUSED(dl_parse_range("5-", 0, 9, pool, &low, &high), "whole number");
    REFUSED(dl_parse_range("5-10", 0, 9, pool, &low, &high), "maximum of 9");
    ck_assert_int_eq(low, 5);
    ck_assert_int_eq(high, 5);
}
END_TEST

START_TEST(test_rate)
{
    apr_int64_t n = -1;
    apr_int64_t ms = -1;

    ck_assert_ptr_null(dl_parse_rate("100/60s", 1000, 1000, 3600000, pool,
                                     &n, &ms));
    ck_assert_int_eq(n, 100);
    ck_assert_int_eq(ms, 60000);
    ck_assert_ptr_null(dl_parse_rate("10/m", 1000, 1000, 3600000, pool, &n,
                                     &ms));
    ck_assert_int_eq(ms, 60000);
    ck_assert_ptr_null(dl_parse_rate("off", 1000, 1000, 3600000, pool, &n,
                                     &ms));
    ck_assert_int_eq(n, 0);
    REFUSED(dl_parse_rate("10", 9, 1000, 2000, pool, &n, &ms),
            "COUNT/DURATION");
    REFUSED(dl_parse_rate("/s", 9, 1000, 2000, pool, &n, &ms), "100/60s");
    REFUSED(dl_parse_rate("10/", 9, 1000, 2000, pool, &n, &ms), "100/60s");
    REFUSED(dl_parse_rate("10/s", 9, 1000, 2000, pool, &n, &ms),
            "maximum of 9");
    REFUSED(dl_parse_rate("5/1h", 9, 1000, 2000, pool, &n, &ms),
            "maximum of 2s");
    REFUSED(dl_parse_rate("0/s", 9, 1000, 2000, pool, &n, &ms), "minimum");
}
END_TEST

START_TEST(test_flag)
{
    int on = -1;

    ck_assert_ptr_null(dl_parse_flag("On", pool, &on));
    ck_assert_int_eq(on, 1);
    ck_assert_ptr_null(dl_parse_flag("off", pool, &on));
    ck_assert_int_eq(on, 0);
    REFUSED(dl_parse_flag("yes", pool, &on), "neither on nor off");
}
END_TEST

START_TEST(test_url)
{
    static const char *BAD[] = {
        "", "ftp://h", "http:", "http://", "http:///x", "//h", "h:80",
        "http://h:0", "http://h:65536", "http://h:x", "http://h:", "http://h h",
        "http://h\r\nX: y", "http://[::1", "http://[]", "http://h/#f",
        "http://-h", "http://h\\x", "http://u@h", "http://u:pw@h/",
        "http://h/?q=1", "http://\xc3\xa4"
    };
    const char *url = NULL;

    ck_assert_ptr_null(dl_parse_url("https://h:9000/", DL_URL_ORIGIN, pool,
                                    &url));
    ck_assert_str_eq(url, "https://h:9000");
    ck_assert_ptr_null(dl_parse_url("HTTP://[::1]:80", DL_URL_ORIGIN, pool,
                                    &url));
    ck_assert_ptr_null(dl_parse_url("http://h/v1/download//", DL_URL_BASE,
                                    pool, &url));
    ck_assert_str_eq(url, "http://h/v1/download");
    for (size_t i = 0; i < sizeof(BAD) / sizeof(*BAD); i++) {
        ck_assert_msg(dl_parse_url(BAD[i], DL_URL_BASE, pool, &url) != NULL,
                      "accepted: %s", BAD[i]);
    }
    REFUSED(dl_parse_url("http://h/p", DL_URL_ORIGIN, pool, &url),
            "leave the rest out");
    ck_assert_str_eq(url, "http://h/v1/download");
}
END_TEST

START_TEST(test_url_hides_secrets)
{
    const char *url = NULL;
    const char *said = dl_parse_url("http://u:hunter2@h/", DL_URL_BASE, pool,
                                    &url);

    ck_assert_ptr_nonnull(said);
    ck_assert_ptr_null(strstr(said, "hunter2"));
    said = dl_parse_url("http://h/?token=hunter2", DL_URL_BASE, pool, &url);
    ck_assert_ptr_nonnull(said);
    ck_assert_ptr_null(strstr(said, "hunter2"));
}
END_TEST

START_TEST(test_template)
{
    const char *url = NULL;

    ck_assert_ptr_null(dl_parse_template("files/%{file_id}.zip", pool));
    REFUSED(dl_parse_template("files/x", pool), "%{file_id} is missing");
    REFUSED(dl_parse_template("%{file_id}/%{user}", pool), "\"%{user}\"");
    ck_assert_ptr_null(dl_parse_url("http://h/e/%{file_id}?x=1",
                                    DL_URL_TEMPLATE, pool, &url));
    REFUSED(dl_parse_url("http://h/e", DL_URL_TEMPLATE, pool, &url),
            "missing");
    ck_assert_ptr_nonnull(dl_parse_url("http://%{file_id}/", DL_URL_TEMPLATE,
                                       pool, &url));
}
END_TEST

START_TEST(test_quote)
{
    char text[201];

    memset(text, 'a', 200);
    text[200] = '\0';
    ck_assert_uint_lt(strlen(dl_parse_quote(text, pool)), 70);
    ck_assert_str_eq(dl_parse_quote("a\nb\"c\x7f", pool), "\"a?b?c?\"");
}
END_TEST

static const char *joined(const char *line)
{
    apr_array_header_t *words = NULL;
    const char *error = dl_words(line, pool, &words);

    return error != NULL ? error : apr_array_pstrcat(pool, words, '|');
}

START_TEST(test_words)
{
    ck_assert_str_eq(joined(""), "");
    ck_assert_str_eq(joined("  a\t b  "), "a|b");
    ck_assert_str_eq(joined("\"a b\" 'c \"d' e"), "a b|c \"d|e");
    ck_assert_str_eq(joined("\"a\\\"b\\\\c\\d\""), "a\"b\\c\\d");
    ck_assert_str_eq(joined("a\"b c\""), "a\"b|c\"");
    ck_assert_str_eq(joined("a \"\" b"), "a||b");
    REFUSED(joined("a \"b"), "argument 2 does not end");
    REFUSED(joined("\"a\"b"), "middle of a word");
    REFUSED(joined("\"a\\\""), "does not end");
}
END_TEST

Suite *test_parse_suite(void);

Suite *test_parse_suite(void)
{
    Suite *s = suite_create("parse");
    TCase *tc = tcase_create("values");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_int);
    tcase_add_test(tc, test_duration);
    tcase_add_test(tc, test_size);
    tcase_add_test(tc, test_range);
    tcase_add_test(tc, test_rate);
    tcase_add_test(tc, test_flag);
    tcase_add_test(tc, test_url);
    tcase_add_test(tc, test_url_hides_secrets);
    tcase_add_test(tc, test_template);
    tcase_add_test(tc, test_quote);
    tcase_add_test(tc, test_words);
    suite_add_tcase(s, tc);
    return s;
}
