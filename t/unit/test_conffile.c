/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dljob.conf without httpd: its syntax, places in messages, odd bytes.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "../fuzz/fuzz.h"
#include "dl_conffile.h"
#include "tempdir.h"

static apr_pool_t *pool;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static dl_settings_t *good(const char *text)
{
    dl_settings_t *settings = dl_settings_create(pool);
    const char *error = dl_conffile_text("c", text, strlen(text), settings,
                                         pool);

    ck_assert_msg(error == NULL, "%s: %s", text, error);
    return settings;
}

static void bad_bytes(const char *text, size_t len, const char *begin,
                      const char *part)
{
    const char *error = dl_conffile_text("c", text, len,
                                         dl_settings_create(pool), pool);

    ck_assert_msg(error != NULL, "accepted: %s", text);
    ck_assert_msg(strncmp(error, begin, strlen(begin)) == 0,
                  "\"%s\" does not begin with \"%s\"", error, begin);
    ck_assert_msg(strstr(error, part) != NULL, "\"%s\" lacks \"%s\"", error,
                  part);
}

static void bad(const char *text, const char *begin, const char *part)
{
    bad_bytes(text, strlen(text), begin, part);
}

START_TEST(test_syntax)
{
    ck_assert_int_eq(good("")->set, 0);
    ck_assert_int_eq(good("\n\n  # DLJobAttempts x\n\t\n")->set, 0);
    ck_assert_int_eq(good("  dljobATTEMPTS\t4  \r\n")->conf->attempts, 4);
    ck_assert_int_eq(good("DLJobAttempts 4\nDLJobAttempts 5")->conf->attempts,
                     5);
    ck_assert_int_eq(good("DLJobAttempts \\\n \\\r\n 6\n")->conf->attempts, 6);
    ck_assert_int_eq(good("# a comment \\\nDLJobAttempts 9\n")->conf->attempts,
                     3); /* httpd continues comments too */
    ck_assert_str_eq(good("DLJobKeyPrefix 'a:'")->conf->key_prefix, "a:");
    ck_assert_int_eq(good("DLJobStream off")->location->stream, 0);
}
END_TEST

START_TEST(test_environment)
{
    setenv("DL_TEST_N", "7", 1);
    setenv("DL_TEST_WORDS", "exec /bin/x", 1);
    unsetenv("DL_TEST_UNSET");
    ck_assert_int_eq(good("DLJobAttempts ${DL_TEST_N}")->conf->attempts, 7);
    ck_assert_int_eq(good("DLJobAttempts 1${DL_TEST_N}")->conf->attempts, 17);
    ck_assert_str_eq(good("DLJobSource ${DL_TEST_WORDS} ${}")
                         ->conf->source.argv[1], "${}");
    bad("DLJobAttempts ${DL_TEST_UNSET}", "c:1: DLJobAttempts: ",
        "${DL_TEST_UNSET} is not set");
}
END_TEST

START_TEST(test_places)
{
    bad("\n#\nDLJobAttempts x\n", "c:3: DLJobAttempts: ", "1 to 20");
    bad("DLJobAttempts \\\n x\n", "c:2: ", "1 to 20");
    bad("DLJobLeese 3s", "c:1: \"DLJobLeese\"", "did you mean DLJobLease?");
    bad("Timeout 3", "c:1: \"Timeout\"", "httpd's own files");
    bad("<Location />", "c:1: \"<Location\"", "sections");
    bad("Include x", "c:1: \"Include\"", "into this file");
    bad("\xef\xbb\xbf" "DLJobRate off", "c:1: ", "did you mean DLJobRate?");
    bad_bytes("DLJobRate off\nDLJob\0Rate\n", 25, "c:2: ", "NUL byte");
}
END_TEST

START_TEST(test_bounds)
{
    char *text = apr_palloc(pool, 2 * DL_CONFFILE_LINE_MAX);
    dl_settings_t *settings = dl_settings_create(pool);
    const char *dir = tempdir_make(pool);
    const char *error;
    char *big;

    memset(text, 'x', 2 * DL_CONFFILE_LINE_MAX);
    bad_bytes(text, 2 * DL_CONFFILE_LINE_MAX, "c:1: ", "longer than 64K");
    for (int i = 0; i < DL_CONFFILE_LINE_MAX; i++) {
        memcpy(text + 2 * i, "\\\n", 2);
    }
    ck_assert_ptr_null(dl_conffile_text("c", text, 2 * DL_CONFFILE_LINE_MAX,
                                        settings, pool));
    big = apr_palloc(pool, DL_CONFFILE_MAX + 1);
    memset(big, '\n', DL_CONFFILE_MAX + 1);
    error = dl_conffile_read(tempdir_file(pool, dir, "big", big,
                                          DL_CONFFILE_MAX + 1, 0600),
                             settings, pool);
    ck_assert_ptr_nonnull(strstr(error, "larger than 1M"));
    ck_assert_ptr_null(dl_conffile_read(
        tempdir_file(pool, dir, "max", big, DL_CONFFILE_MAX, 0600), settings,
        pool));
}
END_TEST

START_TEST(test_files)
{
    const char *dir = tempdir_make(pool);
    dl_settings_t *settings = dl_settings_create(pool);
    const char *error;

    error = dl_conffile_read(apr_pstrcat(pool, dir, "/none", NULL), settings,
                             pool);
    ck_assert_ptr_nonnull(strstr(error, "No such file"));
    error = dl_conffile_read(dir, settings, pool);
    ck_assert_ptr_nonnull(strstr(error, "not a regular file"));
    ck_assert_ptr_null(dl_conffile_read(
        tempdir_file(pool, dir, "c", "DLJobAttempts 8", -1, 0644), settings,
        pool));
    ck_assert_int_eq(settings->conf->attempts, 8);
}
END_TEST

START_TEST(test_corpus)
{
    ck_assert_int_ge(fuzz_replay("conffile", fuzz_conffile), 20);
}
END_TEST

Suite *test_conffile_suite(void);

Suite *test_conffile_suite(void)
{
    Suite *s = suite_create("conffile");
    TCase *tc = tcase_create("file");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_syntax);
    tcase_add_test(tc, test_environment);
    tcase_add_test(tc, test_places);
    tcase_add_test(tc, test_bounds);
    tcase_add_test(tc, test_files);
    tcase_add_test(tc, test_corpus);
    suite_add_tcase(s, tc);
    return s;
}
