/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What dljobctl prints: text, tables, bars, JSON, names of files.
 */
#include <check.h>
#include <string.h>

#include <apr_strings.h>

#include "dlctl_bar.h"
#include "dlctl_json.h"
#include "dlctl_output.h"
#include "dlctl_overview.h"
#include "dlctl_show.h"
#include "dlctl_table.h"
#include "dlctl_text.h"
#include "dlctl_worker.h"

static apr_pool_t *p;

static void setup(void)
{
    apr_pool_create(&p, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(p);
}

START_TEST(test_safe)
{
    ck_assert_str_eq(dlctl_text_safe(NULL, p), "");
    ck_assert_str_eq(dlctl_text_safe("Grüße €", p), "Grüße €");
    ck_assert_str_eq(dlctl_text_safe("\033[2Jx\r\n\t\177", p), "?[2Jx????");
    /* C1 as UTF-8, a stray byte, a character cut short, an overlong one */
    ck_assert_str_eq(dlctl_text_safe("a\xc2\x9b" "b", p), "a?b");
    ck_assert_str_eq(dlctl_text_safe("a\x9b" "b\xe2\x82", p), "a?b??");
    ck_assert_str_eq(dlctl_text_safe("\xc0\xaf", p), "??");
}
END_TEST

START_TEST(test_cut)
{
    ck_assert_int_eq(dlctl_text_width("Grüße €"), 7);
    ck_assert_str_eq(dlctl_text_cut("abcdef", 6, p), "abcdef");
    ck_assert_str_eq(dlctl_text_cut("abcdef", 5, p), "abcd…");
    ck_assert_str_eq(dlctl_text_cut("üüüüü", 3, p), "üü…");
    ck_assert_str_eq(dlctl_text_cut("abcdef", 1, p), "…");
    ck_assert_str_eq(dlctl_text_cut("abcdef", 0, p), "");
    ck_assert_str_eq(dlctl_text_cut("", 0, p), "");
}
END_TEST

START_TEST(test_durations)
{
    static const struct {
        apr_int64_t ms;
        const char *text;
    } rows[] = {
        {-1, "-"}, {0, "0ms"}, {99, "99ms"}, {100, "0.1s"}, {1949, "1.9s"},
        {1950, "2.0s"}, {9949, "9.9s"}, {9950, "9s"}, {59999, "59s"},
        {60000, "1m 0s"}, {200000, "3m 20s"}, {3599999, "59m 59s"},
        {7500000, "2h 5m"}, {86400000, "1d 0h"},
        {APR_INT64_C(8640000000000), "100000d 0h"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        ck_assert_str_eq(dlctl_text_duration(rows[i].ms, p), rows[i].text);
    ck_assert_str_eq(dlctl_text_ago(0, 5000, p), "-");
    ck_assert_str_eq(dlctl_text_ago(1000, 5000, p), "4.0s ago");
    ck_assert_str_eq(dlctl_text_ago(6000, 5000, p), "0ms ago");
    ck_assert_str_eq(dlctl_text_time(APR_INT64_C(1769862896789), p),
                     "2026-01-31 12:34:56");
    ck_assert_str_eq(dlctl_text_time(0, p), "-");
}
END_TEST

START_TEST(test_sizes)
{
    ck_assert_str_eq(dlctl_text_size(-1, p), "-");
    ck_assert_str_eq(dlctl_text_size(0, p), "0 B");
    ck_assert_str_eq(dlctl_text_size(1023, p), "1023 B");
    ck_assert_str_eq(dlctl_text_size(1024, p), "1.0 KiB");
    ck_assert_str_eq(dlctl_text_size(1024 * 1024 - 1, p), "1.0 MiB");
    ck_assert_str_eq(dlctl_text_size(12897485, p), "12.3 MiB");
    ck_assert_str_eq(dlctl_text_size(APR_INT64_C(5368709120), p), "5.0 GiB");
    ck_assert_str_eq(dlctl_text_count(1, "job", p), "1 job");
    ck_assert_str_eq(dlctl_text_count(0, "job", p), "0 jobs");
}
END_TEST

static const dlctl_column_t columns[] = {
    {"ID", 1, 0}, {"NAME", 0, 4}, {"WHY", 0, 6},
};

static dlctl_table_t *sample(void)
{
    static const char *const one[] = {"7", "Grüße", "it is so"};
    static const char *const two[] = {"70000", "", "\033[31mbecause"};
    dlctl_table_t *table = dlctl_table_make(columns, 3, p);

    dlctl_table_row(table, one);
    dlctl_table_row(table, two);
    return table;
}

START_TEST(test_table)
{
    dlctl_table_t *table = sample();

    ck_assert_int_eq(dlctl_table_rows(table), 2);
    ck_assert_str_eq(dlctl_table_text(table, 0),
                     "   ID  NAME   WHY\n"
                     "    7  Grüße  it is so\n"
                     "70000  -      ?[31mbecause\n");
    ck_assert_str_eq(dlctl_table_text(table, 22),
                     "   ID  NAME   WHY\n"
                     "    7  Grüße  it is so\n"
                     "70000  -      ?[31mbe…\n");
    /* it goes no lower than the columns allow */
    ck_assert_str_eq(dlctl_table_text(table, 5),
                     "   ID  NAME  WHY\n"
                     "    7  Grü…  it is…\n"
                     "70000  -     ?[31m…\n");
}
END_TEST

START_TEST(test_table_empty)
{
    ck_assert_str_eq(dlctl_table_text(dlctl_table_make(columns, 3, p), 80),
                     "ID  NAME  WHY\n");
}
END_TEST

START_TEST(test_bar)
{
    ck_assert_str_eq(dlctl_bar("70000", 0, "queued", 43, p),
                     "70000 [>                     ]   0% queued");
    ck_assert_str_eq(dlctl_bar("70000", 50, "queued", 43, p),
                     "70000 [===========>          ]  50% queued");
    ck_assert_str_eq(dlctl_bar("70000", 100, "queued", 43, p),
                     "70000 [======================] 100% queued");
    ck_assert_str_eq(dlctl_bar("x", 250, "", 80, p),
                     "x [========================================] 100% ");
    ck_assert_str_eq(dlctl_bar("x", -5, "", 22, p), "x [>          ]   0% ");
    /* never wider than the terminal, whatever it is given */
    for (int width = 2; width < 120; width++) {
        const char *s = dlctl_bar("a label that is long", 33,
                                  "and\na note \033[1m that is longer still, "
                                  "with ümläüts", width, p);

        ck_assert_int_lt(dlctl_text_width(s), width);
        ck_assert_ptr_null(strpbrk(s, "\n\033"));
    }
}
END_TEST

START_TEST(test_json)
{
    dl_buf_t b;

    dl_buf_init(&b, 16, p);
    dl_buf_putc(&b, '{');
    dlctl_json_str(&b, "absent", NULL);
    dlctl_json_str(&b, "absent", "");
    dlctl_json_time(&b, "absent", 0);
    dlctl_json_str(&b, "s", "{");
    dlctl_json_int(&b, "n", -5);
    dlctl_json_bool(&b, "t", 3);
    dlctl_json_name(&b, "list");
    dl_buf_putc(&b, '[');
    for (int i = 0; i < 2; i++) {
        dlctl_json_next(&b);
        dl_buf_putc(&b, '{');
        dlctl_json_bool(&b, "f", 0);
        dl_buf_putc(&b, '}');
    }
    dl_buf_putc(&b, ']');
    dlctl_json_time(&b, "at", APR_INT64_C(1769862896789));
    dl_buf_putc(&b, '}');
    ck_assert_str_eq(dl_buf_str(&b),
                     "{\"s\":\"{\",\"n\":-5,\"t\":true,\"list\":["
                     "{\"f\":false},{\"f\":false}],"
                     "\"at\":\"2026-01-31T12:34:56.789Z\"}");
}
END_TEST

START_TEST(test_names)
{
    static const struct {
        const char *filename, *key, *name;
    } rows[] = {
        {"report.csv", "files/70000", "report.csv"},
        {"../../etc/passwd", "files/70000", "passwd"},
        {"/", "files/70000", "70000"},
        {"..", "files/70000", "70000"},
        {".bashrc", "files/70000", "bashrc"},
        {"-rf", "files/70000", "rf"},
        {"a\nb\033c", "files/70000", "a?b?c"},
        {NULL, "files/70000.17-a1b2c3.zip", "70000.zip"},
        {"", "files/70000.17-a1b2c3", "70000"},
        {NULL, "files.d/70000", "70000"},
        {NULL, "files/.zip", "70000"},
        {NULL, NULL, "70000"},
    };
    char longer[300];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        ck_assert_str_eq(dlctl_output_name(rows[i].filename, rows[i].key,
                                           70000, p), rows[i].name);
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    ck_assert_str_eq(dlctl_output_name(longer, NULL, 70000, p), "70000");
}
END_TEST

START_TEST(test_paths)
{
    dlctl_output_t dir = {.path = "out", .dir = 1};
    dlctl_output_t file = {.path = "out"};

    dir.taken = apr_array_make(p, 2, sizeof(const char *));
    ck_assert_str_eq(dlctl_output_path(&dir, "a.csv", NULL, 1, p),
                     "out/a.csv");
    ck_assert_str_eq(dlctl_output_path(&dir, "a.csv", NULL, 2, p),
                     "out/2-a.csv");
    dir.path = "out/";
    ck_assert_str_eq(dlctl_output_path(&dir, "b", NULL, 3, p), "out/b");
    ck_assert_str_eq(dlctl_output_path(&file, "b", NULL, 3, p), "out");
}
END_TEST

START_TEST(test_worker)
{
    static const dl_ops_worker_t raw = {
        "w1", 100000, "{\"host\":\"h\",\"pid\":12,\"concurrency\":\"x\","
        "\"running\":3,\"draining\":true,\"new\":{\"a\":[1]},"
        "\"version\":7,\"completed\":1.5}"
    };
    static const char *const broken[] = {"", "x", "[1]", "{\"host\":", "{}"};
    dlctl_worker_t w;

    dlctl_worker_read(&raw, 110000, p, &w);
    ck_assert_str_eq(w.name, "w1");
    ck_assert_str_eq(w.host, "h");
    ck_assert_int_eq(w.pid, 12);
    ck_assert_int_eq(w.concurrency, 0);
    ck_assert_int_eq(w.running, 3);
    ck_assert_int_eq(w.completed, 0);
    ck_assert_str_eq(w.version, "");
    ck_assert_str_eq(dlctl_worker_state(&w), "draining");
    dlctl_worker_read(&raw, 200000, p, &w);
    ck_assert_str_eq(dlctl_worker_state(&w), "ended");
    for (int i = 0; i < 5; i++) {
        dl_ops_worker_t bad = {"w", 100000, broken[i]};

        dlctl_worker_read(&bad, 100000, p, &w);
        ck_assert_str_eq(w.host, "");
        ck_assert_str_eq(dlctl_worker_state(&w), "alive");
        dlctl_worker_read(&bad, 300000, p, &w);
        ck_assert_str_eq(dlctl_worker_state(&w), "lost");
    }
}
END_TEST

START_TEST(test_job_lines)
{
    dl_job_t job = {.id = "id", .user = "\033[5mann", .state = DL_JOB_QUEUED,
                    .progress = 45, .total = 1, .file_id = 70000,
                    .attempt = 2, .created_ms = 1000, .next_attempt_ms = 9000,
                    .retries_remaining = 1, .size = -1,
                    .error = "it\nfailed", .error_code = "TIMEOUT"};
    dl_buf_t b;

    dl_buf_init(&b, 256, p);
    dlctl_show_job(&b, &job, 5000, NULL);
    ck_assert_str_eq(dl_buf_str(&b),
                     "Job           id\n"
                     "Status        queued, 45 %, attempt 2\n"
                     "User          ?[5mann\n"
                     "File          70000\n"
                     "Created       1970-01-01 00:00:01 UTC, 4.0s ago\n"
                     "Next attempt  1970-01-01 00:00:09 UTC, in 4.0s\n"
                     "Error         TIMEOUT: it?failed\n"
                     "Retries left  1\n");
    job.state = DL_JOB_COMPLETED;
    job.partial = 1;
    ck_assert_str_eq(dlctl_show_state(&job, p),
                     "completed, but not all files");
}
END_TEST

START_TEST(test_counters)
{
    ck_assert_str_eq(dlctl_overview_counter("created", p), "jobs created");
    ck_assert_str_eq(dlctl_overview_counter("refused_8", p),
                     "refused: queue full");
    ck_assert_str_eq(dlctl_overview_counter("refused_99", p), "refused_99");
    ck_assert_str_eq(dlctl_overview_counter("new", p), "new");
    ck_assert_int_eq(DL_ADMIT_QUEUE_FULL, 8);
}
END_TEST

Suite *test_dlctl_text_suite(void);

Suite *test_dlctl_text_suite(void)
{
    Suite *s = suite_create("dlctl_text");
    TCase *tc = tcase_create("dlctl_text");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_safe);
    tcase_add_test(tc, test_cut);
    tcase_add_test(tc, test_durations);
    tcase_add_test(tc, test_sizes);
    tcase_add_test(tc, test_table);
    tcase_add_test(tc, test_table_empty);
    tcase_add_test(tc, test_bar);
    tcase_add_test(tc, test_json);
    tcase_add_test(tc, test_names);
    tcase_add_test(tc, test_paths);
    tcase_add_test(tc, test_worker);
    tcase_add_test(tc, test_job_lines);
    tcase_add_test(tc, test_counters);
    suite_add_tcase(s, tc);
    return s;
}
