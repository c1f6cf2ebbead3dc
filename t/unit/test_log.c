/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log sink: what reaches it, and that no byte forges a line.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "dl_log.h"

static struct {
    int count;
    dl_log_level_e level;
    char code[16];
    const dl_log_about_t *about;
    char message[4000];
} last;

static void keep(void *baton, dl_log_level_e level, const char *code,
                 const dl_log_about_t *about, const char *message)
{
    ck_assert_ptr_eq(baton, &last);
    last.count++;
    last.level = level;
    last.about = about;
    snprintf(last.code, sizeof(last.code), "%s", code);
    snprintf(last.message, sizeof(last.message), "%s", message);
}

static void setup(void)
{
    memset(&last, 0, sizeof(last));
    dl_log_sink_set(keep, &last);
}

START_TEST(test_hands_over)
{
    const dl_log_about_t about = { .job_id = "j" };

    dl_log(DL_LOG_WARN, "T1", &about, "%s is %d", "this", 5);
    ck_assert_int_eq(last.count, 1);
    ck_assert_int_eq(last.level, DL_LOG_WARN);
    ck_assert_str_eq(last.code, "T1");
    ck_assert_ptr_eq(last.about, &about);
    ck_assert_str_eq(last.message, "this is 5");
}
END_TEST

START_TEST(test_levels)
{
    dl_log(DL_LOG_DEBUG, "T1", NULL, "dropped");
    ck_assert_int_eq(last.count, 0);
    dl_log_level_set(DL_LOG_DEBUG);
    dl_log(DL_LOG_DEBUG, "T1", NULL, "kept");
    ck_assert_int_eq(last.count, 1);
    dl_log_level_set(DL_LOG_ERROR);
    dl_log(DL_LOG_WARN, "T1", NULL, "dropped");
    ck_assert_int_eq(last.count, 1);
}
END_TEST

START_TEST(test_hostile)
{
    char big[5000];

    dl_log(DL_LOG_ERROR, "T1", NULL, "a%sb",
           "\n[error] forged\r\x1b[2J\t\x7f\xc3\xa9");
    ck_assert_str_eq(last.message, "a?[error] forged??[2J??\xc3\xa9" "b");
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    dl_log(DL_LOG_ERROR, "T1", NULL, "%s", big);
    ck_assert_uint_eq(strlen(last.message), 2000);
}
END_TEST

Suite *test_log_suite(void);

Suite *test_log_suite(void)
{
    Suite *s = suite_create("log");
    TCase *tc = tcase_create("sink");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_hands_over);
    tcase_add_test(tc, test_levels);
    tcase_add_test(tc, test_hostile);
    suite_add_tcase(s, tc);
    return s;
}
