/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content-Disposition: names survive the way out and in, hostile ones are
 * made harmless.
 */
#include <check.h>
#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include "dl_disposition.h"
#include "dl_utf8.h"

static apr_pool_t *pool;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

START_TEST(names_are_cleaned)
{
    static const char *const cases[][2] = {
        { "report.csv", "report.csv" },
        { "../../etc/passwd", "passwd" },
        { "C:\\temp\\a.doc", "a.doc" },
        { "...hidden", "hidden" },
        { " a b ", "a b" },
        { "a\r\nSet-Cookie: x", "a__Set-Cookie: x" },
        { "caf\xc3\xa9.txt", "caf\xc3\xa9.txt" },
        { "caf\xe9.txt", "caf_.txt" },
        { "a\xe2\x80\xae" "txt.exe", "a_txt.exe" },
        { "a\xc2\x85" "b", "a_b" },
        { "", NULL }, { "..", NULL }, { "a/", NULL }, { NULL, NULL },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_pstr_eq(dl_filename_clean(cases[i][0], pool), cases[i][1]);
    }
}
END_TEST

START_TEST(long_names_keep_their_extension)
{
    char name[1000] = "";
    const char *clean;
    int i;

    for (i = 0; i < 300; i++) {
        strcat(name, "\xe4\xb8\xad");
    }
    strcat(name, ".csv");
    clean = dl_filename_clean(name, pool);
    ck_assert_uint_le(strlen(clean), DL_FILENAME_MAX);
    ck_assert_uint_ge(strlen(clean), DL_FILENAME_MAX - 3);
    ck_assert(dl_utf8_valid(clean, strlen(clean)));
    ck_assert_str_eq(clean + strlen(clean) - 4, ".csv");
}
END_TEST

START_TEST(headers_are_made)
{
    static const char *const cases[][2] = {
        { NULL, "attachment" },
        { "a b.csv", "attachment; filename=\"a b.csv\"" },
        { "caf\xc3\xa9.txt", "attachment; filename=\"caf_.txt\"; "
          "filename*=UTF-8''caf%C3%A9.txt" },
        { "a\"b\\c.txt", "attachment; filename=\"a_b_c.txt\"; "
          "filename*=UTF-8''a%22b%5Cc.txt" },
        { "100%25.txt", "attachment; filename=\"100_25.txt\"; "
          "filename*=UTF-8''100%2525.txt" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(dl_disposition_make(cases[i][0], pool), cases[i][1]);
    }
}
END_TEST

START_TEST(headers_are_read)
{
    static const char *const cases[][2] = {
        { "attachment", NULL },
        { "attachment; filename=a.csv", "a.csv" },
        { "Attachment;FileName=\"a b.csv\"", "a b.csv" },
        { "attachment; filename=\"a\\\"b.csv\" ; x=y", "a\"b.csv" },
        { "attachment; filename=x.txt; filename*=UTF-8''caf%C3%A9.txt",
          "caf\xc3\xa9.txt" },
        { "attachment; filename*=utf-8'en'b.txt; filename=x.txt", "b.txt" },
        { "attachment; filename*=iso-8859-1''caf%E9.txt; filename=x.txt",
          "x.txt" },
        { "attachment; filename*=UTF-8''%2e%2e%2fetc%2fpasswd", "passwd" },
        { "attachment; filename*=UTF-8''a%00b; filename=x", "x" },
        { "attachment; filename=a.csv;", "a.csv" },
        { "attachment; filename=\"open", NULL },
        { "attachment; filename", NULL },
        { "attachment; =a", NULL },
        { "attachment filename=a", NULL },
        { "", NULL }, { ";;;", NULL }, { NULL, NULL },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_pstr_eq(dl_disposition_filename(cases[i][0], pool),
                          cases[i][1]);
    }
}
END_TEST

START_TEST(what_is_made_is_read_again)
{
    static const char *const names[] = {
        "a.csv", "a;b=c.txt", "100% \"sure\".zip", "\xe4\xb8\xad\xe6\x96\x87",
        "it's (1).tar.gz"
    };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ck_assert_str_eq(
            dl_disposition_filename(dl_disposition_make(names[i], pool),
                                    pool), names[i]);
    }
}
END_TEST

Suite *test_disposition_suite(void);

Suite *test_disposition_suite(void)
{
    Suite *s = suite_create("disposition");
    TCase *t = tcase_create("disposition");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, names_are_cleaned);
    tcase_add_test(t, long_names_keep_their_extension);
    tcase_add_test(t, headers_are_made);
    tcase_add_test(t, headers_are_read);
    tcase_add_test(t, what_is_made_is_read_again);
    suite_add_tcase(s, t);
    return s;
}
