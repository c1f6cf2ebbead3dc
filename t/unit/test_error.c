/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of errors, the problem body, and that openapi.json lists the
 * same errors.
 */
#include <check.h>
#include <string.h>

#include <apr_pools.h>
#include <json-c/json.h>

#include "dl_error.h"

static apr_pool_t *pool;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

START_TEST(every_error_is_whole)
{
    int i, j;

    for (i = 0; i < DL_ERROR_COUNT; i++) {
        const dl_error_t *e = dl_error_get((dl_error_e)i);

        ck_assert_ptr_nonnull(e->code);
        ck_assert_ptr_nonnull(e->error);
        ck_assert_ptr_nonnull(e->title);
        ck_assert_ptr_nonnull(e->message);
        ck_assert_int_ge(e->status, 400);
        ck_assert_int_lt(e->status, 600);
        /* who is told to come again is told when */
        ck_assert_int_eq(e->retry_after_s > 0,
                         e->status == 429 || e->status == 503
                         || strcmp(e->code, "REQUEST_IN_PROGRESS") == 0);
        ck_assert_ptr_eq(dl_error_of_code(e->code), e);
        for (j = 0; j < i; j++) {
            ck_assert_str_ne(e->code, dl_error_get((dl_error_e)j)->code);
        }
    }
    ck_assert_ptr_null(dl_error_of_code("NO_SUCH_CODE"));
    ck_assert_ptr_null(dl_error_of_code(NULL));
}
END_TEST

START_TEST(statuses_are_the_contract_s)
{
    static const struct {
        const char *code;
        int status;
    } cases[] = {
        { "INVALID_JSON", 400 }, { "INVALID_REQUEST", 400 },
        { "INVALID_FILE_ID", 400 }, { "INVALID_CALLBACK_URL", 400 },
        { "INVALID_IDEMPOTENCY_KEY", 400 }, { "UNAUTHENTICATED", 401 },
        { "FORBIDDEN", 403 }, { "JOB_NOT_FOUND", 404 }, { "NOT_FOUND", 404 },
        { "FILE_NOT_FOUND", 404 }, { "METHOD_NOT_ALLOWED", 405 },
        { "NOT_ACCEPTABLE", 406 }, { "TOO_LARGE", 413 },
        { "UNSUPPORTED_MEDIA_TYPE", 415 }, { "JOB_TERMINAL", 409 },
        { "REQUEST_IN_PROGRESS", 409 }, { "CANCELLED", 410 },
        { "IDEMPOTENCY_KEY_REUSED", 422 }, { "RATE_LIMITED", 429 },
        { "TOO_MANY_JOBS", 429 }, { "SOURCE_ERROR", 502 },
        { "STORAGE_ERROR", 502 }, { "WORKER_LOST", 502 }, { "TIMEOUT", 504 },
        { "QUEUE_FULL", 503 }, { "REDIS_UNAVAILABLE", 503 },
        { "STREAMS_EXHAUSTED", 503 }, { "PAUSED", 503 },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const dl_error_t *e = dl_error_of_code(cases[i].code);

        ck_assert_msg(e != NULL, "%s", cases[i].code);
        ck_assert_int_eq(e->status, cases[i].status);
    }
    ck_assert_str_eq(dl_error_get(DL_ERROR_TOO_MANY_JOBS)->message,
                     "Maximum concurrent downloads reached");
    ck_assert_str_eq(dl_error_get(DL_ERROR_QUEUE_FULL)->message,
                     "Queue is full. Please try again later.");
    ck_assert_str_eq(dl_error_get(DL_ERROR_QUEUE_FULL)->error,
                     "Service temporarily unavailable");
}
END_TEST

START_TEST(a_failed_job_has_its_own_status)
{
    ck_assert_int_eq(dl_error_of_job("FILE_NOT_FOUND")->status, 404);
    ck_assert_int_eq(dl_error_of_job("SOURCE_ERROR")->status, 502);
    ck_assert_int_eq(dl_error_of_job("STORAGE_ERROR")->status, 502);
    ck_assert_int_eq(dl_error_of_job("WORKER_LOST")->status, 502);
    ck_assert_int_eq(dl_error_of_job("TIMEOUT")->status, 504);
    ck_assert_str_eq(dl_error_of_job(NULL)->code, "SOURCE_ERROR");
    ck_assert_str_eq(dl_error_of_job("ELSEWHERE")->code, "SOURCE_ERROR");
    /* a job cannot make the server say that the caller is not allowed */
    ck_assert_str_eq(dl_error_of_job("UNAUTHENTICATED")->code,
                     "SOURCE_ERROR");
}
END_TEST

static const char *member(json_object *body, const char *name)
{
    json_object *value;

    ck_assert_msg(json_object_object_get_ex(body, name, &value), "%s", name);
    return json_object_get_string(value);
}

START_TEST(the_body_has_both_forms)
{
    dl_problem_t problem = {
        dl_error_get(DL_ERROR_INVALID_FILE_ID),
        "file_ids[0]: 100 is below 10000", "req-1", "/v1/download",
        "/v1/download/initiate"
    };
    apr_size_t len;
    const char *text = dl_problem_body(&problem, pool, &len);
    json_object *body = json_tokener_parse(text);

    ck_assert_uint_eq(strlen(text), len);
    ck_assert_ptr_nonnull(body);
    ck_assert_str_eq(member(body, "error"), "Bad Request");
    ck_assert_str_eq(member(body, "message"), problem.message);
    ck_assert_str_eq(member(body, "errorCode"), "INVALID_FILE_ID");
    ck_assert_str_eq(member(body, "requestId"), "req-1");
    ck_assert_str_eq(member(body, "type"),
                     "/v1/download/openapi.json#/x-errors/INVALID_FILE_ID");
    ck_assert_str_eq(member(body, "title"), "A file id is not acceptable");
    ck_assert_str_eq(member(body, "status"), "400");
    ck_assert_str_eq(member(body, "detail"), problem.message);
    ck_assert_str_eq(member(body, "instance"), "/v1/download/initiate");
    ck_assert_int_eq(json_object_object_length(body), 9);
    json_object_put(body);
}
END_TEST

START_TEST(what_is_not_known_is_left_out)
{
    dl_problem_t problem = { dl_error_get(DL_ERROR_INTERNAL), NULL, NULL,
                             NULL, NULL };
    apr_size_t len;
    json_object *body = json_tokener_parse(dl_problem_body(&problem, pool,
                                                           &len));

    ck_assert_str_eq(member(body, "type"), "about:blank");
    ck_assert_str_eq(member(body, "message"),
                     "The request could not be processed");
    ck_assert_int_eq(json_object_object_get_ex(body, "requestId", NULL), 0);
    ck_assert_int_eq(json_object_object_get_ex(body, "instance", NULL), 0);
    json_object_put(body);
}
END_TEST

START_TEST(hostile_text_stays_a_string)
{
    dl_problem_t problem = {
        dl_error_get(DL_ERROR_NOT_FOUND), "a\"b\r\nX: y\xff", "r", "/b",
        "/p\"\\\x01"
    };
    apr_size_t len;
    const char *text = dl_problem_body(&problem, pool, &len);
    json_object *body = json_tokener_parse(text);

    ck_assert_ptr_nonnull(body);
    ck_assert_ptr_null(strchr(text, '\n'));
    ck_assert_str_eq(member(body, "message"), "a\"b\r\nX: y\xef\xbf\xbd");
    ck_assert_str_eq(member(body, "instance"), "/p\"\\\x01");
    json_object_put(body);
}
END_TEST

START_TEST(openapi_lists_the_same_errors)
{
    json_object *doc = json_object_from_file(DL_TEST_SRCDIR
                                             "/mod_dljob/openapi.json");
    json_object *errors, *line;
    int i;

    ck_assert_ptr_nonnull(doc);
    ck_assert(json_object_object_get_ex(doc, "x-errors", &errors));
    ck_assert_int_eq(json_object_object_length(errors), DL_ERROR_COUNT);
    for (i = 0; i < DL_ERROR_COUNT; i++) {
        const dl_error_t *e = dl_error_get((dl_error_e)i);

        ck_assert_msg(json_object_object_get_ex(errors, e->code, &line),
                      "%s", e->code);
        ck_assert_int_eq(atoi(member(line, "status")), e->status);
        ck_assert_str_eq(member(line, "title"), e->title);
    }
    json_object_put(doc);
}
END_TEST

Suite *test_error_suite(void);

Suite *test_error_suite(void)
{
    Suite *s = suite_create("error");
    TCase *tc = tcase_create("error");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, every_error_is_whole);
    tcase_add_test(tc, statuses_are_the_contract_s);
    tcase_add_test(tc, a_failed_job_has_its_own_status);
    tcase_add_test(tc, the_body_has_both_forms);
    tcase_add_test(tc, what_is_not_known_is_left_out);
    tcase_add_test(tc, hostile_text_stays_a_string);
    tcase_add_test(tc, openapi_lists_the_same_errors);
    suite_add_tcase(s, tc);
    return s;
}
