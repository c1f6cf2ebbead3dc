/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets by reference: sources, refusals with their remedy, and that no
 * message repeats a secret.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include "dl_secret.h"
#include "tempdir.h"

#define HOOK_A "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
#define HOOK_B "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo="

static apr_pool_t *pool;
static const char *dir;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    dir = tempdir_make(pool);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static const char *make(const char *text, mode_t mode)
{
    return tempdir_file(pool, dir, "secret", text, -1, mode);
}

static void refused(const char *error, const char *part)
{
    ck_assert_ptr_nonnull(error);
    ck_assert_msg(strstr(error, part) != NULL, "\"%s\" lacks \"%s\"", error,
                  part);
    ck_assert_msg(strstr(error, "hunter2") == NULL, "told: %s", error);
}

START_TEST(test_file)
{
    const char *path = make("hunter2 \n\r\n\n", 0640);
    const char *secret = NULL;

    ck_assert_ptr_null(dl_secret_read(path, pool, &secret));
    ck_assert_str_eq(secret, "hunter2 ");
    secret = NULL;
    ck_assert_ptr_null(dl_secret_read(apr_pstrcat(pool, "file:", path, NULL),
                                      pool, &secret));
    ck_assert_str_eq(secret, "hunter2 ");
}
END_TEST

START_TEST(test_file_modes)
{
    static const struct {
        mode_t mode;
        const char *part;
    } BAD[] = { { 0644, "readable by everybody (mode 0644); run: chmod" },
                { 0604, "readable by everybody" },
                { 0660, "writable by its group" },
                { 0602, "writable by everybody" } };
    static const mode_t GOOD[] = { 0600, 0400, 0440, 0640, 0700 };
    const char *secret = NULL;

    for (size_t i = 0; i < sizeof(BAD) / sizeof(*BAD); i++) {
        refused(dl_secret_read(make("hunter2", BAD[i].mode), pool, &secret),
                BAD[i].part);
    }
    for (size_t i = 0; i < sizeof(GOOD) / sizeof(*GOOD); i++) {
        ck_assert_ptr_null(dl_secret_read(make("hunter2", GOOD[i]), pool,
                                          &secret));
    }
}
END_TEST

START_TEST(test_chmod_of_the_message_helps)
{
    const char *secret = NULL;
    const char *error = dl_secret_read(make("hunter2", 0666), pool, &secret);
    const char *run = strstr(error, "run: ");

    ck_assert_ptr_nonnull(run);
    ck_assert_int_eq(system(run + 5), 0);
    ck_assert_ptr_null(dl_secret_read(apr_pstrcat(pool, dir, "/secret", NULL),
                                      pool, &secret));
}
END_TEST

START_TEST(test_not_a_file)
{
    const char *secret = NULL;
    const char *fifo = apr_pstrcat(pool, dir, "/fifo", NULL);

    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    refused(dl_secret_read(fifo, pool, &secret), "not a regular file");
    refused(dl_secret_read(dir, pool, &secret), "not a regular file");
    refused(dl_secret_read("/nonexistent/x", pool, &secret),
            "No such file or directory; create it");
    refused(dl_secret_read("hunter2", pool, &secret), "is not written here");
    refused(dl_secret_read("file:hunter2", pool, &secret), "file:/PATH");
    refused(dl_secret_read("", pool, &secret), "file:/PATH");
    refused(dl_secret_read("file:", pool, &secret), "file:/PATH");
}
END_TEST

START_TEST(test_bounds)
{
    const char *secret = NULL;
    char *big = apr_palloc(pool, DL_SECRET_MAX + 1);

    memset(big, 'x', DL_SECRET_MAX + 1);
    ck_assert_ptr_null(dl_secret_read(
        tempdir_file(pool, dir, "max", big, DL_SECRET_MAX, 0600), pool,
        &secret));
    ck_assert_uint_eq(strlen(secret), DL_SECRET_MAX);
    refused(dl_secret_read(
                tempdir_file(pool, dir, "big", big, DL_SECRET_MAX + 1, 0600),
                pool, &secret),
            "more than 64K");
    refused(dl_secret_read(make("\n\n", 0600), pool, &secret), "is empty");
    refused(dl_secret_read(make("", 0600), pool, &secret), "is empty");
    refused(dl_secret_read(
                tempdir_file(pool, dir, "nul", "hunter2\0x", 9, 0600), pool,
                &secret),
            "NUL byte");
}
END_TEST

START_TEST(test_env)
{
    const char *secret = NULL;

    setenv("DL_TEST_SECRET", "hunter2\n", 1);
    ck_assert_ptr_null(dl_secret_read("env:DL_TEST_SECRET", pool, &secret));
    ck_assert_str_eq(secret, "hunter2");
    unsetenv("DL_TEST_SECRET");
    refused(dl_secret_read("env:DL_TEST_SECRET", pool, &secret),
            "env:DL_TEST_SECRET is not set");
    refused(dl_secret_read("env:", pool, &secret), "not set");
}
END_TEST

static const char *script(const char *body, mode_t mode)
{
    return tempdir_file(pool, dir, "tell",
                        apr_pstrcat(pool, "#!/bin/sh\n", body, "\n", NULL), -1,
                        mode);
}

START_TEST(test_exec)
{
    const char *secret = NULL;
    const char *path = script("printf '%s-%s\\n' \"$1\" \"$2\"", 0755);

    ck_assert_ptr_null(dl_secret_read(
        apr_pstrcat(pool, "exec:", path, " 'a b' $HOME", NULL), pool,
        &secret));
    ck_assert_str_eq(secret, "a b-$HOME"); /* by argv: no shell */
}
END_TEST

START_TEST(test_exec_fails)
{
    const char *secret = NULL;
    const char *told;

    told = dl_secret_read(
        apr_pstrcat(pool, "exec:", script("echo hunter2; exit 3", 0755),
                    " hunter2", NULL), pool, &secret);
    refused(told, "ended with status 3");
    told = dl_secret_read(
        apr_pstrcat(pool, "exec:", script("kill -9 $$", 0755), NULL), pool,
        &secret);
    refused(told, "ended with signal 9");
    told = dl_secret_read(
        apr_pstrcat(pool, "exec:", script("true", 0755), " hunter2", NULL),
        pool, &secret);
    refused(told, "is empty");
    told = dl_secret_read(
        apr_pstrcat(pool, "exec:", script("true", 0777), NULL), pool,
        &secret);
    refused(told, "chmod go-w");
    told = dl_secret_read(
        apr_pstrcat(pool, "exec:", script("true", 0600), NULL), pool,
        &secret);
    refused(told, "is it executable?");
    told = dl_secret_read(
        apr_pstrcat(pool, "exec:", script("yes", 0755), NULL), pool, &secret);
    refused(told, "more than 64K");
    refused(dl_secret_read("exec:/nonexistent", pool, &secret),
            "No such file");
    refused(dl_secret_read("exec:", pool, &secret), "names no program");
    refused(dl_secret_read("exec:hunter2", pool, &secret), "exec:/PATH");
    refused(dl_secret_read("exec:/bin/echo 'hunter2", pool, &secret),
            "does not end");
}
END_TEST

START_TEST(test_credentials)
{
    dl_credentials_t got = { 0 };
    const char *path = make("# of the store\n\n"
                            "access_key = AK\n"
                            " secret_key=a/b+c==\n"
                            "session_token = t\n"
                            "link_key = 0123456789abcdef\n", 0600);

    ck_assert_ptr_null(dl_secret_credentials(path, pool, &got));
    ck_assert_str_eq(got.access_key, "AK");
    ck_assert_str_eq(got.secret_key, "a/b+c==");
    ck_assert_str_eq(got.session_token, "t");
    ck_assert_str_eq(got.link_key, "0123456789abcdef");
}
END_TEST

START_TEST(test_credentials_refused)
{
    static const struct {
        const char *text;
        const char *part;
    } BAD[] = {
        { "hunter2\n", "line 1 of" },
        { "# x\nhunter2 = y\n", "line 2 of" },
        { "hunter2 = y\n", "unknown name; access_key" },
        { "access_key = hunter2\nsecret_key =\n", "no value" },
        { "access_key = hunter2\naccess_key = x\n", "repeats a name" },
        { "access_key = hunter2\n", "only one of" },
        { "secret_key = hunter2\n", "only one of" },
        { "link_key = hunter2\n", "fewer than 16 bytes; make one with" },
        { "secret_key = hunter2 x\naccess_key = y\n", "space or control" },
        { "# nothing\n", "neither link_key" },
        { "session_token = hunter2\n", "neither link_key" },
        { "access_key: hunter2\n", "has no \"=\"" },
    };
    dl_credentials_t got = { .link_key = "kept" };

    for (size_t i = 0; i < sizeof(BAD) / sizeof(*BAD); i++) {
        refused(dl_secret_credentials(make(BAD[i].text, 0600), pool, &got),
                BAD[i].part);
    }
    ck_assert_str_eq(got.link_key, "kept");
}
END_TEST

START_TEST(test_webhooks)
{
    apr_array_header_t *got = apr_array_make(pool, 2, sizeof(const char *));

    ck_assert_ptr_null(dl_secret_webhooks(make("# new\n" HOOK_A "\n" HOOK_B
                                               "\n", 0600), pool, got));
    ck_assert_int_eq(got->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(got, 0, const char *), HOOK_A);
    ck_assert_str_eq(APR_ARRAY_IDX(got, 1, const char *), HOOK_B);
    refused(dl_secret_webhooks(make("hunter2", 0600), pool, got),
            "line 1 of");
    refused(dl_secret_webhooks(make("whsec_hunter2", 0600), pool, got),
            "openssl rand -base64 32");
    refused(dl_secret_webhooks(make(HOOK_A "\n" HOOK_A "=", 0600), pool, got),
            "line 2 of");
    refused(dl_secret_webhooks(make("whsec_MDEyMzQ1Njc4", 0600), pool, got),
            "24 to 64");
}
END_TEST

Suite *test_secret_suite(void);

Suite *test_secret_suite(void)
{
    Suite *s = suite_create("secret");
    TCase *tc = tcase_create("references");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_file);
    tcase_add_test(tc, test_file_modes);
    tcase_add_test(tc, test_chmod_of_the_message_helps);
    tcase_add_test(tc, test_not_a_file);
    tcase_add_test(tc, test_bounds);
    tcase_add_test(tc, test_env);
    tcase_add_test(tc, test_exec);
    tcase_add_test(tc, test_exec_fails);
    tcase_add_test(tc, test_credentials);
    tcase_add_test(tc, test_credentials_refused);
    tcase_add_test(tc, test_webhooks);
    suite_add_tcase(s, tc);
    return s;
}
