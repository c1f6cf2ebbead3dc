/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Webhooks: signatures against published examples, body, schedule.
 */
#include <check.h>
#include <string.h>

#include <apr_strings.h>
#include <json-c/json.h>

#include "dl_config.h"
#include "dl_webhook.h"

/* of the documentation of Standard Webhooks, and of its library's tests */
#define SECRET_A "whsec_plJ3nmyCDGBKInavdOK15jsl"
#define SECRET_B "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static apr_pool_t *pool;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static apr_array_header_t *secrets_of(const char *a, const char *b)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(char *));

    APR_ARRAY_PUSH(list, const char *) = a;
    if (b) {
        APR_ARRAY_PUSH(list, const char *) = b;
    }
    return list;
}

START_TEST(signatures_are_the_published_ones)
{
    static const struct {
        const char *secret, *id;
        apr_int64_t timestamp_s;
        const char *body, *signature;
    } cases[] = {
        { SECRET_A, "msg_loFOjxBNrRLzqYUf", 1731705121,
          "{\"event_type\":\"ping\",\"data\":{\"success\":true}}",
          "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=" },
        { SECRET_B, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
          "{\"test\": 2432232314}",
          "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" },
    };
    const char *signature;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_int_eq(dl_webhook_sign(
            secrets_of(cases[i].secret, NULL), cases[i].id,
            cases[i].timestamp_s, cases[i].body, strlen(cases[i].body), pool,
            &signature), APR_SUCCESS);
        ck_assert_str_eq(signature, cases[i].signature);
        ck_assert_uint_eq(strlen(signature), DL_WEBHOOK_SIGNATURE_LEN);
    }
}
END_TEST

START_TEST(two_secrets_sign_while_one_is_changed)
{
    const char *both, *a, *b;

    dl_webhook_sign(secrets_of(SECRET_A, NULL), "m", 1, "x", 1, pool, &a);
    dl_webhook_sign(secrets_of(SECRET_B, NULL), "m", 1, "x", 1, pool, &b);
    ck_assert_int_eq(dl_webhook_sign(secrets_of(SECRET_A, SECRET_B), "m", 1,
                                     "x", 1, pool, &both), APR_SUCCESS);
    ck_assert_str_eq(both, apr_pstrcat(pool, a, " ", b, NULL));
    ck_assert_str_ne(a, b);
}
END_TEST

START_TEST(everything_that_is_signed_counts)
{
    apr_array_header_t *secrets = secrets_of(SECRET_A, NULL);
    const char *plain, *other;

    dl_webhook_sign(secrets, "m", 1, "ab", 2, pool, &plain);
    dl_webhook_sign(secrets, "n", 1, "ab", 2, pool, &other);
    ck_assert_str_ne(plain, other);
    dl_webhook_sign(secrets, "m", 2, "ab", 2, pool, &other);
    ck_assert_str_ne(plain, other);
    dl_webhook_sign(secrets, "m", 1, "ac", 2, pool, &other);
    ck_assert_str_ne(plain, other);
    dl_webhook_sign(secrets, "m", 1, "ab", 1, pool, &other);
    ck_assert_str_ne(plain, other);
}
END_TEST

START_TEST(without_a_secret_there_is_no_signature)
{
    static const char *const bad[] = {
        "", "whsec_", "WHSEC_plJ3nmyCDGBKInavdOK15jsl",
        "plJ3nmyCDGBKInavdOK15jsl"
    };
    const char *signature = "x";
    char secret[200];
    size_t i;

    ck_assert_int_eq(dl_webhook_sign(NULL, "m", 1, "x", 1, pool, &signature),
                     APR_SUCCESS);
    ck_assert_ptr_null(signature);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_int_eq(dl_webhook_sign(secrets_of(bad[i], NULL), "m", 1,
                                         "x", 1, pool, &signature),
                         APR_EINVAL);
        ck_assert_ptr_null(signature);
    }
    /* a key longer than the buffer it is decoded into */
    memset(secret, 'A', sizeof(secret));
    memcpy(secret, "whsec_", 6);
    secret[199] = '\0';
    ck_assert_int_eq(dl_webhook_sign(secrets_of(secret, NULL), "m", 1, "x",
                                     1, pool, &signature), APR_EINVAL);
    secret[6 + 88] = '\0';              /* 66 bytes: two too many */
    ck_assert_int_eq(dl_webhook_sign(secrets_of(secret, NULL), "m", 1, "x",
                                     1, pool, &signature), APR_EINVAL);
    memcpy(secret + 6 + 86, "==", 2);   /* 64 bytes */
    ck_assert_int_eq(dl_webhook_sign(secrets_of(secret, NULL), "m", 1, "x",
                                     1, pool, &signature), APR_SUCCESS);
}
END_TEST

static const char *member(json_object *body, const char *name)
{
    json_object *value;

    return json_object_object_get_ex(body, name, &value)
        ? json_object_get_string(value) : NULL;
}

START_TEST(the_body_is_the_job_with_its_event)
{
    static const struct {
        dl_job_state_e state;
        const char *type;
    } cases[] = {
        { DL_JOB_COMPLETED, "download.completed" },
        { DL_JOB_FAILED, "download.failed" },
        { DL_JOB_CANCELLED, "download.cancelled" },
    };
    dl_job_links_t links = { "https://files.example.com/v1/download", NULL };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dl_job_t job;
        json_object *body;
        const char *text;
        apr_size_t len;

        memset(&job, 0, sizeof(job));
        job.id = "3f2b8c1e-5d7a-4e0f-9b6c-2a1d4e8f7c90";
        job.user = "";
        job.state = cases[i].state;
        job.total = 1;
        job.file_id = 70000;
        job.size = job.retries_remaining = job.retryable = -1;
        job.progress = 100;
        job.created_ms = APR_INT64_C(1769862890000);
        job.completed_ms = APR_INT64_C(1769862896789);
        text = dl_webhook_body(&job, &links, pool, &len);
        ck_assert_uint_eq(strlen(text), len);
        body = json_tokener_parse(text);
        ck_assert_ptr_nonnull(body);
        ck_assert_str_eq(member(body, "type"), cases[i].type);
        ck_assert_str_eq(member(body, "timestamp"),
                         "2026-01-31T12:34:56.789Z");
        ck_assert_str_eq(member(body, "jobId"), job.id);
        ck_assert_str_eq(member(body, "status"),
                         dl_job_state_name(job.state));
        ck_assert_str_eq(member(body, "fileId"), "70000");
        json_object_put(body);
    }
    ck_assert_ptr_null(dl_webhook_type(DL_JOB_QUEUED));
    ck_assert_ptr_null(dl_webhook_type(DL_JOB_PROCESSING));
    ck_assert_str_eq(dl_webhook_id("3f2b", pool), "msg_3f2b");
}
END_TEST

START_TEST(answers_are_told_apart)
{
    static const struct {
        int status;
        dl_webhook_e outcome;
    } cases[] = {
        { 200, DL_WEBHOOK_DELIVERED }, { 202, DL_WEBHOOK_DELIVERED },
        { 204, DL_WEBHOOK_DELIVERED }, { 299, DL_WEBHOOK_DELIVERED },
        { 410, DL_WEBHOOK_GONE },
        { 0, DL_WEBHOOK_AGAIN }, { 100, DL_WEBHOOK_AGAIN },
        { 301, DL_WEBHOOK_AGAIN }, { 304, DL_WEBHOOK_AGAIN },
        { 400, DL_WEBHOOK_AGAIN }, { 404, DL_WEBHOOK_AGAIN },
        { 429, DL_WEBHOOK_AGAIN }, { 500, DL_WEBHOOK_AGAIN },
        { 503, DL_WEBHOOK_AGAIN }, { -1, DL_WEBHOOK_AGAIN },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_int_eq(dl_webhook_outcome(cases[i].status),
                         cases[i].outcome);
    }
}
END_TEST

START_TEST(the_schedule_is_kept_with_jitter)
{
    static const apr_int64_t waits_s[] = {
        5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400
    };
    const apr_array_header_t *waits = dl_config_create(pool)->webhook_retry;
    dl_random_t random;
    int tried, i;

    dl_random_init(&random);
    ck_assert_int_eq(dl_webhook_tries(waits), 10);
    for (tried = 1; tried <= 9; tried++) {
        apr_int64_t wait_ms = waits_s[tried - 1] * 1000;
        apr_int64_t least = APR_INT64_MAX, most = 0;

        for (i = 0; i < 500; i++) {
            apr_int64_t ms = dl_webhook_next_ms(waits, tried, 0, &random);

            ck_assert_int_ge(ms, wait_ms - wait_ms / 10);
            ck_assert_int_le(ms, wait_ms + wait_ms / 10);
            least = ms < least ? ms : least;
            most = ms > most ? ms : most;
        }
        /* and it is used */
        ck_assert_int_lt(least, wait_ms - wait_ms / 20);
        ck_assert_int_gt(most, wait_ms + wait_ms / 20);
    }
    ck_assert_int_eq(dl_webhook_next_ms(waits, 10, 0, &random), -1);
    ck_assert_int_eq(dl_webhook_next_ms(waits, 10, 60, &random), -1);
    ck_assert_int_eq(dl_webhook_next_ms(waits, 0, 0, &random), -1);
    ck_assert_int_eq(dl_webhook_next_ms(waits, -5, 0, &random), -1);
}
END_TEST

START_TEST(the_receivers_wish_is_honoured)
{
    const apr_array_header_t *waits = dl_config_create(pool)->webhook_retry;
    dl_random_t random;

    dl_random_init(&random);
    ck_assert_int_eq(dl_webhook_next_ms(waits, 1, 60, &random), 60000);
    ck_assert_int_eq(dl_webhook_next_ms(waits, 1, 86400, &random), 86400000);
    ck_assert_int_eq(dl_webhook_next_ms(waits, 1, 999999999, &random),
                     86400000);
    ck_assert_int_eq(dl_webhook_next_ms(waits, 1, APR_INT64_MAX, &random),
                     86400000);
    ck_assert_int_le(dl_webhook_next_ms(waits, 1, -1, &random), 5500);
    ck_assert_int_le(dl_webhook_next_ms(waits, 1, APR_INT64_MIN, &random),
                     5500);
    /* but does not make the schedule shorter */
    ck_assert_int_ge(dl_webhook_next_ms(waits, 9, 1, &random), 77760000);
}
END_TEST

START_TEST(no_second_try)
{
    apr_array_header_t *none = apr_array_make(pool, 1, sizeof(apr_int64_t));
    dl_random_t random;

    dl_random_init(&random);
    ck_assert_int_eq(dl_webhook_tries(none), 1);
    ck_assert_int_eq(dl_webhook_next_ms(none, 1, 60, &random), -1);
}
END_TEST

Suite *test_webhook_suite(void);

Suite *test_webhook_suite(void)
{
    Suite *s = suite_create("webhook");
    TCase *tc = tcase_create("webhook");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, signatures_are_the_published_ones);
    tcase_add_test(tc, two_secrets_sign_while_one_is_changed);
    tcase_add_test(tc, everything_that_is_signed_counts);
    tcase_add_test(tc, without_a_secret_there_is_no_signature);
    tcase_add_test(tc, the_body_is_the_job_with_its_event);
    tcase_add_test(tc, answers_are_told_apart);
    tcase_add_test(tc, the_schedule_is_kept_with_jitter);
    tcase_add_test(tc, the_receivers_wish_is_honoured);
    tcase_add_test(tc, no_second_try);
    suite_add_tcase(s, tc);
    return s;
}
