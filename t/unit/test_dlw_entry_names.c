/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of entries: each once, none that leads elsewhere.
 */
#include <check.h>

#include "dlw_entry_names.h"

static apr_pool_t *pool;
static dlw_entry_names_t names;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    dlw_entry_names_init(&names, pool);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

#define IS(filename, id, want)                                              \
    ck_assert_str_eq(dlw_entry_name(&names, filename, id), want)

START_TEST(test_once)
{
    IS("a.csv", 1, "a.csv");
    IS("a.csv", 2, "a-2.csv");
    IS("A.CSV", 3, "A-3.CSV");
    IS("a-4.csv", 9, "a-4.csv");
    IS("a.csv", 4, "a-4-2.csv");
    IS("b", 5, "b");
    IS("b", 6, "b-6");
    IS("manifest.json", 7, "manifest-7.json");
    IS("Manifest.JSON", 8, "Manifest-8.JSON");
}
END_TEST

START_TEST(test_harmless)
{
    IS("../../etc/passwd", 1, "passwd");
    IS("/etc/shadow", 2, "shadow");
    IS("..\\..\\boot.ini", 3, "boot.ini");
    IS("C:\\x.txt", 4, "x.txt");
    IS("C:y.txt", 5, "C_y.txt");
    IS("..", 6, "6");
    IS(".", 7, "7");
    IS("", 8, "8");
    IS(NULL, 9, "9");
    IS("a/", 10, "10");
    IS(".bashrc", 11, "bashrc");
    IS("ends. . .", 12, "ends");
    IS("a\nb\x1b[31m", 13, "a_b_[31m");
    IS("bad \xff utf-8", 14, "bad _ utf-8");
    IS("r\xc3\xa9sum\xc3\xa9.pdf", 15, "r\xc3\xa9sum\xc3\xa9.pdf");
    IS("what?<is>|\"it\"*.txt", 16, "what__is___it__.txt");
    IS("con", 17, "_con");
    IS("NUL.txt", 18, "_NUL.txt");
    IS("lpt1.log", 19, "_lpt1.log");
    IS("console.log", 20, "console.log");
}
END_TEST

Suite *test_dlw_entry_names_suite(void);
Suite *test_dlw_entry_names_suite(void)
{
    Suite *s = suite_create("dlw_entry_names");
    TCase *tc = tcase_create("dlw_entry_names");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_once);
    tcase_add_test(tc, test_harmless);
    suite_add_tcase(s, tc);
    return s;
}
