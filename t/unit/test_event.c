/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of a stream: their wire form, and what a message says of itself.
 */
#include <check.h>
#include <string.h>

#include <apr_strings.h>

#include "dl_event.h"

static dl_event_t *make(const char *job, apr_int64_t version, const char *body)
{
    dl_event_info_t info = { job, version, "progress", 0, 1 };

    return dl_event_create(&info, body, strlen(body));
}

START_TEST(unnamed_events_have_no_event_line)
{
    dl_event_t *e = make("j", 7, "{\"a\":1}");
    apr_size_t len;

    ck_assert_str_eq(dl_event_text(e, 0, &len), "id: 7\ndata: {\"a\":1}\n\n");
    ck_assert_uint_eq(len, strlen("id: 7\ndata: {\"a\":1}\n\n"));
    ck_assert_str_eq(dl_event_text(e, 1, &len),
                     "event: progress\nid: 7\ndata: {\"a\":1}\n\n");
    dl_event_unref(e);
}
END_TEST

START_TEST(a_version_not_known_has_no_id)
{
    dl_event_t *e = make("j", -1, "{}");
    apr_size_t len;

    ck_assert_str_eq(dl_event_text(e, 0, &len), "data: {}\n\n");
    dl_event_unref(e);
}
END_TEST

START_TEST(a_line_end_in_a_payload_forges_nothing)
{
    dl_event_t *e = make("j", 1, "{}\n\ndata: evil\r\r");
    apr_size_t len;

    ck_assert_str_eq(dl_event_text(e, 0, &len),
                     "id: 1\ndata: {}  data: evil  \n\n");
    dl_event_unref(e);
}
END_TEST

START_TEST(references_are_counted)
{
    dl_event_t *e = make("j", 1, "{}");
    apr_size_t len;

    ck_assert_ptr_eq(dl_event_ref(e), e);
    dl_event_unref(e);
    ck_assert_str_eq(dl_event_text(e, 0, &len), "id: 1\ndata: {}\n\n");
    dl_event_unref(e);
    dl_event_unref(NULL);
}
END_TEST

START_TEST(events_of_one_job_supersede_each_other)
{
    dl_event_t *a = make("one", 1, "{}");
    dl_event_t *b = make("one", 2, "{}");
    dl_event_t *c = make("two", 2, "{}");

    ck_assert(dl_event_same_job(a, b));
    ck_assert(!dl_event_same_job(a, c));
    dl_event_unref(a);
    dl_event_unref(b);
    dl_event_unref(c);
}
END_TEST

static const struct {
    const char *payload;
    int rc;
    apr_int64_t version;
    int forward;
    int terminal;
    const char *job_id;
} messages[] = {
    { "{\"progress\":3,\"status\":\"processing\"}", 0, -1, 1, 0, "" },
    { "{\"version\":12,\"jobId\":\"x-1\",\"status\":\"completed\"}", 0, 12, 1,
      1, "x-1" },
    { "{\"jobId\":\"x\",\"version\":9,\"reread\":true}", 0, 9, 0, 0, "x" },
    { "{\"status\":\"queued\",\"reread\":true}", 0, -1, 0, 0, "" },
    { "{\"message\":\"\\\"status\\\":\\\"failed\\\"\"}", 0, -1, 0, 0, "" },
    { "{\"status\":\"a status much too long to keep\"}", 0, -1, 0, 0, "" },
    { "{\"status\":\"unfinished}", 0, -1, 0, 0, "" },
    { "{\"version\":x,\"status\":\"failed\"}", 0, -1, 1, 1, "" },
    { "", -1, -1, 0, 0, "" },
    { "[]", -1, -1, 0, 0, "" },
    { "{", -1, -1, 0, 0, "" },
};

START_TEST(a_message_is_read_without_parsing_it)
{
    dl_message_t msg;

    ck_assert_int_eq(dl_message_read(messages[_i].payload,
                                     strlen(messages[_i].payload), &msg),
                     messages[_i].rc);
    ck_assert_int_eq(msg.version, messages[_i].version);
    ck_assert_int_eq(msg.forward, messages[_i].forward);
    ck_assert_int_eq(msg.terminal, messages[_i].terminal);
    ck_assert_str_eq(msg.job_id, messages[_i].job_id);
}
END_TEST

static const struct {
    const char *payload, *body;
} bodies[] = {
    { "{\"jobId\":\"j\",\"version\":12,\"status\":\"queued\"}",
      "{\"jobId\":\"j\",\"status\":\"queued\"" },
    { "{\"jobId\":\"j\",\"status\":\"queued\",\"version\":3}",
      "{\"jobId\":\"j\",\"status\":\"queued\"" },
    { "{\"status\":\"queued\"}", "{\"status\":\"queued\"" },
    { "{\"version\":3,\"status\":\"queued\"}",     /* none of ours */
      "{\"version\":3,\"status\":\"queued\"" },
    { "{\"status\":\"queued\",\"version\":x}",
      "{\"status\":\"queued\",\"version\":x" },
    { "{\"status\":\"queued\",\"message\":\",\\\"version\\\":3\"}",
      "{\"status\":\"queued\",\"message\":\",\\\"version\\\":3\"" },
};

START_TEST(a_message_becomes_the_body_of_its_job)
{
    const char *payload = bodies[_i].payload;
    apr_size_t len = strlen(payload);
    dl_message_t msg;
    apr_pool_t *p;
    const char *body;

    apr_pool_create(&p, NULL);
    ck_assert_int_eq(dl_message_read(payload, len, &msg), 0);
    body = dl_message_body(&msg, payload, "j", "http://h/\"dl", p, &len);
    ck_assert_str_eq(apr_pstrmemdup(p, body, len),
                     apr_pstrcat(p, bodies[_i].body,
                         ",\"statusUrl\":\"http://h/\\\"dl/status/j\""
                         ",\"streamUrl\":\"http://h/\\\"dl/j/stream\""
                         ",\"resultUrl\":\"http://h/\\\"dl/j\"}", NULL));
    apr_pool_destroy(p);
}
END_TEST

Suite *test_event_suite(void);

Suite *test_event_suite(void)
{
    Suite *suite = suite_create("event");
    TCase *tcase = tcase_create("event");

    tcase_add_test(tcase, unnamed_events_have_no_event_line);
    tcase_add_test(tcase, a_version_not_known_has_no_id);
    tcase_add_test(tcase, a_line_end_in_a_payload_forges_nothing);
    tcase_add_test(tcase, references_are_counted);
    tcase_add_test(tcase, events_of_one_job_supersede_each_other);
    tcase_add_loop_test(tcase, a_message_is_read_without_parsing_it, 0,
                        sizeof(messages) / sizeof(messages[0]));
    tcase_add_loop_test(tcase, a_message_becomes_the_body_of_its_job, 0,
                        sizeof(bodies) / sizeof(bodies[0]));
    suite_add_tcase(suite, tcase);
    return suite;
}
