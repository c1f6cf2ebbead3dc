/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exec source's pure parts: what a child says, how it ended, what it is
 * started with.
 */
#include <check.h>
#include <signal.h>
#include <string.h>

#include <apr_strings.h>

#include "dlw_exec_args.h"
#include "dlw_exec_lines.h"
#include "dlw_exec_status.h"

static apr_pool_t *pool;
static char heard[4096];

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    heard[0] = '\0';
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static void on_line(void *baton, const char *word, const char *rest)
{
    (void)baton;
    strcat(heard, word);
    strcat(heard, "=");
    strcat(heard, rest);
    strcat(heard, ";");
}

/** Feeds @a text in pieces of @a step bytes. */
static const char *hear(const char *text, size_t len, size_t step)
{
    dlw_exec_lines_t lines = {0};

    heard[0] = '\0';
    for (size_t i = 0; i < len; i += step)
        dlw_exec_lines_feed(&lines, text + i,
                            len - i < step ? len - i : step, on_line, NULL);
    dlw_exec_lines_end(&lines, on_line, NULL);
    return heard;
}

START_TEST(test_lines_come_whole_however_they_are_cut)
{
    static const char text[] = "progress 45\r\nfilename a b.csv\n\n"
                               "  spaced\n7 seven\nmessage\tx\nlast";

    for (size_t step = 1; step < sizeof(text); step++)
        ck_assert_str_eq(hear(text, sizeof(text) - 1, step),
                         "progress=45;filename=a b.csv;message=x;last=;");
}
END_TEST

START_TEST(test_a_line_too_long_or_with_a_nul_is_dropped_alone)
{
    char text[DLW_EXEC_LINE_MAX * 3];
    size_t len = 0;

    memset(text, 'x', sizeof(text));
    len = DLW_EXEC_LINE_MAX * 2;
    memcpy(text + len, "\nok 1\nbad\0word 2\nok 3\n", 22);
    ck_assert_str_eq(hear(text, len + 22, 7), "ok=1;ok=3;");
    len = DLW_EXEC_LINE_MAX - 1;        /* the longest that is taken */
    text[len] = '\n';
    ck_assert_uint_eq(strlen(hear(text, len + 1, 100)), len + 2);
}
END_TEST

START_TEST(test_percentages)
{
    static const struct {
        const char *text;
        int percent;
    } rows[] = {{"45", 45},   {"0", 0},      {"100", 100}, {"45%", 45},
                {"45.9", 45}, {"45.9% ", 45}, {"101", -1},  {"-1", -1},
                {"", -1},     {"x", -1},      {"4x", -1},   {"1e2", -1},
                {"99999999999999999999", -1}, {" 5", -1}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        ck_assert_msg(dlw_exec_percent(rows[i].text) == rows[i].percent,
                      "\"%s\"", rows[i].text);
}
END_TEST

START_TEST(test_filenames)
{
    char longest[600];
    const char *name;

    ck_assert_str_eq(dlw_exec_filename("report 1.csv", pool), "report 1.csv");
    ck_assert_str_eq(dlw_exec_filename("/etc/../a.csv ", pool), "a.csv");
    ck_assert_str_eq(dlw_exec_filename("a\x01\"b\x7f.c\xff", pool),
                     "a\"b.c");
    ck_assert_str_eq(dlw_exec_filename("\xc3\xa4.txt", pool),
                     "\xc3\xa4.txt");
    ck_assert_ptr_null(dlw_exec_filename("", pool));
    ck_assert_ptr_null(dlw_exec_filename("a/..", pool));
    ck_assert_ptr_null(dlw_exec_filename(".", pool));
    ck_assert_ptr_null(dlw_exec_filename("dir/", pool));
    for (int i = 0; i < 300; i++)       /* cut between characters */
        memcpy(longest + 2 * i, "\xc3\xa4", 2);
    longest[599] = '\0';
    name = dlw_exec_filename(longest, pool);
    ck_assert_uint_eq(strlen(name), 254);
}
END_TEST

START_TEST(test_types)
{
    ck_assert_str_eq(dlw_exec_type("text/csv", pool), "text/csv");
    ck_assert_str_eq(dlw_exec_type("text/csv; charset=utf-8", pool),
                     "text/csv; charset=utf-8");
    ck_assert_ptr_null(dlw_exec_type("text", pool));
    ck_assert_ptr_null(dlw_exec_type("/csv", pool));
    ck_assert_ptr_null(dlw_exec_type("text/", pool));
    ck_assert_ptr_null(dlw_exec_type("text/csv\r\nX: y", pool));
    ck_assert_ptr_null(dlw_exec_type("text/csv; \xff", pool));
    ck_assert_ptr_null(dlw_exec_type("te xt/csv", pool));
}
END_TEST

START_TEST(test_the_tail_keeps_whole_last_lines)
{
    static dlw_exec_tail_t tail;
    const char *text;

    memset(&tail, 0, sizeof(tail));
    ck_assert_ptr_null(dlw_exec_tail_text(&tail, pool));
    dlw_exec_tail_add(&tail, "one\n\x1b[1mtwo\xff\n", 13);
    ck_assert_str_eq(dlw_exec_tail_text(&tail, pool), "one\n?[1mtwo?");
    for (int i = 0; i < 1000; i++) {
        const char *line = apr_psprintf(pool, "line %d\n", i);

        dlw_exec_tail_add(&tail, line, strlen(line));
    }
    text = dlw_exec_tail_text(&tail, pool);
    ck_assert_int_eq(strncmp(text, "line ", 5), 0);
    ck_assert_str_eq(text + strlen(text) - 8, "line 999");
    ck_assert_uint_le(strlen(text), DLW_EXEC_TAIL_MAX);
}
END_TEST

START_TEST(test_the_tail_of_one_big_piece)
{
    static dlw_exec_tail_t tail;
    char big[DLW_EXEC_TAIL_MAX * 2];

    memset(&tail, 0, sizeof(tail));
    memset(big, 'x', sizeof(big));
    dlw_exec_tail_add(&tail, "head", 4);
    dlw_exec_tail_add(&tail, big, sizeof(big));
    ck_assert_uint_eq(strlen(dlw_exec_tail_text(&tail, pool)),
                      DLW_EXEC_TAIL_MAX);
}
END_TEST

START_TEST(test_exit_codes_are_sysexits)
{
    static const struct {
        int exit_code;
        const char *code;
        int permanent;
    } rows[] = {{66, "FILE_NOT_FOUND", 1}, {64, "SOURCE_ERROR", 1},
                {65, "SOURCE_ERROR", 1},   {77, "SOURCE_ERROR", 1},
                {78, "SOURCE_ERROR", 1},   {75, "SOURCE_ERROR", 0},
                {1, "SOURCE_ERROR", 0},    {69, "SOURCE_ERROR", 0},
                {126, "SOURCE_ERROR", 0},  {255, "SOURCE_ERROR", 0}};
    dl_failure_t f;

    ck_assert_int_eq(dlw_exec_status(0, "noise", pool, &f), 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ck_assert_int_eq(dlw_exec_status(rows[i].exit_code << 8, "why", pool,
                                         &f), 0);
        ck_assert_str_eq(f.error_code, rows[i].code);
        ck_assert_int_eq(f.permanent, rows[i].permanent);
        ck_assert_str_eq(f.detail, apr_psprintf(pool, "exit status %d: why",
                                                rows[i].exit_code));
        ck_assert_int_eq(f.retry_after_ms, -1);
    }
}
END_TEST

START_TEST(test_signals_are_transient_but_for_a_file_too_large)
{
    dl_failure_t f;

    ck_assert_int_eq(dlw_exec_status(SIGKILL, NULL, pool, &f), 0);
    ck_assert_int_eq(f.permanent, 0);
    ck_assert_str_eq(f.detail, "ended by signal 9");
    ck_assert_int_eq(dlw_exec_status(SIGXFSZ, NULL, pool, &f), 0);
    ck_assert_int_eq(f.permanent, 1);
}
END_TEST

static dlw_attempt_t attempt(dl_config_t *conf)
{
    return (dlw_attempt_t){.conf = conf, .pool = pool, .file_id = 70000,
                           .attempt = 2, .job_id = "j", .request_id = "",
                           .traceparent = "00-a-b-01", .tracestate = ""};
}

START_TEST(test_arguments_name_the_file)
{
    static const char *const argv[] = {"/bin/x", "--id=%{file_id}", "plain",
                                       "%{file_id}/%{file_id}", "%{other}",
                                       NULL};
    dl_config_t conf = {.source = {.argv = argv}};
    dlw_attempt_t a = attempt(&conf);
    const char *const *got = dlw_exec_argv(&a);

    ck_assert_str_eq(got[0], "/bin/x");
    ck_assert_str_eq(got[1], "--id=70000");
    ck_assert_str_eq(got[2], "plain");
    ck_assert_str_eq(got[3], "70000/70000");
    ck_assert_str_eq(got[4], "%{other}");
    ck_assert_ptr_null(got[5]);
}
END_TEST

START_TEST(test_the_environment_is_made_anew)
{
    char *parent[] = {(char *)"HOME=/root", (char *)"SECRET=x",
                      (char *)"LC_ALL=C", (char *)"NOTIFY_SOCKET=/run/n",
                      (char *)"DLJOB_SECRET=y", NULL};
    dl_config_t conf = {0};
    dlw_attempt_t a = attempt(&conf);
    const char *const *env;
    const char *all = "";

    a.fence = APR_INT64_C(1795736662847033);
    env = dlw_exec_env(&a, parent, "/w", "/w/output");
    for (; *env; env++)
        all = apr_pstrcat(pool, all, *env, ";", NULL);
    ck_assert_str_eq(all,
                     "HOME=/root;LC_ALL=C;PATH=/usr/local/bin:/usr/bin:/bin;"
                     "TMPDIR=/w;DLJOB_FILE_ID=70000;DLJOB_JOB_ID=j;"
                     "DLJOB_ATTEMPT=2;DLJOB_FENCE=1795736662847033;"
                     "DLJOB_OUTPUT=/w/output;"
                     "TRACEPARENT=00-a-b-01;");
}
END_TEST

Suite *test_dlw_exec_suite(void);

Suite *test_dlw_exec_suite(void)
{
    Suite *s = suite_create("dlw_exec");
    TCase *tc = tcase_create("pure");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_lines_come_whole_however_they_are_cut);
    tcase_add_test(tc, test_a_line_too_long_or_with_a_nul_is_dropped_alone);
    tcase_add_test(tc, test_percentages);
    tcase_add_test(tc, test_filenames);
    tcase_add_test(tc, test_types);
    tcase_add_test(tc, test_the_tail_keeps_whole_last_lines);
    tcase_add_test(tc, test_the_tail_of_one_big_piece);
    tcase_add_test(tc, test_exit_codes_are_sysexits);
    tcase_add_test(tc, test_signals_are_transient_but_for_a_file_too_large);
    tcase_add_test(tc, test_arguments_name_the_file);
    tcase_add_test(tc, test_the_environment_is_made_anew);
    suite_add_tcase(s, tc);
    return s;
}
