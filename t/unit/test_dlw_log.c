/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of the worker's log, and what a service manager is told.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dlw_log.h"
#include "dlw_notify.h"

static apr_pool_t *pool;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

START_TEST(test_json_has_what_is_known)
{
    dl_log_about_t about = {.job_id = "j-1", .file_id = 70000, .attempt = 2,
                            .trace_id = "t", .request_id = "r",
                            .duration_ms = 1500};
    dlw_log_event_t event = {.now_ms = 1500000000123, .level = DL_LOG_WARN,
                             .code = "DL0001", .about = &about,
                             .message = "a \"b\" \\ \xff"};
    dl_buf_t b;

    dl_buf_init(&b, 16, pool);
    dlw_log_json(&b, &event);
    ck_assert_str_eq(dl_buf_str(&b),
        "{\"timestamp\":\"2017-07-14T02:40:00.123Z\",\"level\":\"warn\","
        "\"code\":\"DL0001\",\"message\":\"a \\\"b\\\" \\\\ \xef\xbf\xbd\","
        "\"jobId\":\"j-1\",\"fileId\":70000,\"attempt\":2,\"traceId\":\"t\","
        "\"requestId\":\"r\",\"durationMs\":1500}\n");
}
END_TEST

START_TEST(test_json_leaves_out_what_is_not)
{
    dl_log_about_t about = {.duration_ms = -1};
    dlw_log_event_t event = {.now_ms = 0, .level = DL_LOG_INFO,
                             .code = "DL0001", .message = "m"};
    const char *want = "{\"timestamp\":\"1970-01-01T00:00:00.000Z\","
                       "\"level\":\"info\",\"code\":\"DL0001\","
                       "\"message\":\"m\"}\n";
    dl_buf_t b;

    dl_buf_init(&b, 16, pool);
    dlw_log_json(&b, &event);
    ck_assert_str_eq(dl_buf_str(&b), want);
    b.len = 0;
    event.about = &about;
    dlw_log_json(&b, &event);
    ck_assert_str_eq(dl_buf_str(&b), want);
}
END_TEST

START_TEST(test_text_is_for_people)
{
    dl_log_about_t about = {.job_id = "j-1", .file_id = 70000, .attempt = 1,
                            .duration_ms = 20};
    dlw_log_event_t event = {.now_ms = 0, .level = DL_LOG_ERROR,
                             .code = "DL0001", .about = &about,
                             .message = "m"};
    dl_buf_t b;

    dl_buf_init(&b, 16, pool);
    dlw_log_text(&b, &event);
    ck_assert_str_eq(dl_buf_str(&b), "1970-01-01T00:00:00.000Z error DL0001 "
                     "m [file 70000 attempt 1 job j-1 20 ms]\n");
}
END_TEST

static void read_file(const char *path, char *text, size_t size)
{
    FILE *in = fopen(path, "r");

    ck_assert_ptr_nonnull(in);
    text[fread(text, 1, size - 1, in)] = '\0';
    fclose(in);
}

START_TEST(test_lines_gather_and_the_file_is_reopened)
{
    char dir[] = "/tmp/dlw-log-XXXXXX";
    char path[64], moved[64], text[4096];
    dl_loop_t *loop;
    dlw_log_t *log;

    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/log", dir);
    snprintf(moved, sizeof(moved), "%s/log.1", dir);
    ck_assert_int_eq(dl_loop_create(pool, &loop), APR_SUCCESS);
    ck_assert_int_eq(dlw_log_open(path, loop, pool, &log), APR_SUCCESS);

    dl_log(DL_LOG_INFO, "DL0001", NULL, "first");
    read_file(path, text, sizeof(text));
    ck_assert_str_eq(text, "");                 /* not yet */
    dl_loop_turn(loop, 0);
    read_file(path, text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "first"));
    dl_log(DL_LOG_WARN, "DL0001", NULL, "second");
    read_file(path, text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "second"));  /* at once */

    ck_assert_int_eq(rename(path, moved), 0);
    dl_log(DL_LOG_INFO, "DL0001", NULL, "third");
    ck_assert_int_eq(dlw_log_reopen(log, path), APR_SUCCESS);
    read_file(moved, text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "third"));
    dl_log(DL_LOG_WARN, "DL0001", NULL, "fourth");
    read_file(path, text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "fourth"));
    ck_assert_ptr_null(strstr(text, "third"));

    ck_assert_int_ne(dlw_log_reopen(log, "/nonexistent/log"), APR_SUCCESS);
    dl_log(DL_LOG_WARN, "DL0001", NULL, "fifth");
    read_file(path, text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "fifth"));
    unlink(path);
    unlink(moved);
    rmdir(dir);
}
END_TEST

START_TEST(test_notify_sends_a_datagram)
{
    char dir[] = "/tmp/dlw-notify-XXXXXX";
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    char got[100];
    ssize_t n;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    unsetenv("NOTIFY_SOCKET");
    dlw_notify("READY=1");                      /* nobody is asked */
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/s", dir);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    setenv("NOTIFY_SOCKET", addr.sun_path, 1);
    dlw_notify("READY=1");
    n = recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT);
    ck_assert_int_eq(n, 7);
    got[n] = '\0';
    ck_assert_str_eq(got, "READY=1");
    dlw_notify_reloading();
    n = recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT);
    ck_assert_int_gt(n, 0);
    got[n] = '\0';
    ck_assert_int_eq(strncmp(got, "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
    close(fd);
    unlink(addr.sun_path);
    rmdir(dir);
}
END_TEST

START_TEST(test_watchdog_is_fed_twice_a_period)
{
    char pid[20];

    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    ck_assert_int_eq(dlw_notify_watchdog_ms(), 0);
    setenv("WATCHDOG_USEC", "30000000", 1);
    ck_assert_int_eq(dlw_notify_watchdog_ms(), 15000);
    setenv("WATCHDOG_PID", "1", 1);
    ck_assert_int_eq(dlw_notify_watchdog_ms(), 0);
    snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    ck_assert_int_eq(dlw_notify_watchdog_ms(), 15000);
    setenv("WATCHDOG_USEC", "junk", 1);
    ck_assert_int_eq(dlw_notify_watchdog_ms(), 0);
}
END_TEST

Suite *test_dlw_log_suite(void);

Suite *test_dlw_log_suite(void)
{
    Suite *s = suite_create("dlw_log");
    TCase *tc = tcase_create("lines");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_json_has_what_is_known);
    tcase_add_test(tc, test_json_leaves_out_what_is_not);
    tcase_add_test(tc, test_text_is_for_people);
    tcase_add_test(tc, test_lines_gather_and_the_file_is_reopened);
    tcase_add_test(tc, test_notify_sends_a_datagram);
    tcase_add_test(tc, test_watchdog_is_fed_twice_a_period);
    suite_add_tcase(s, tc);
    return s;
}
