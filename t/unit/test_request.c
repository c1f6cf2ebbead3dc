/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies of /initiate, /check and /start: what they come to, and the exact
 * words of each refusal.
 */
#include <check.h>
#include <string.h>

#include <apr_strings.h>

#include "dl_media_type.h"
#include "dl_request.h"

static apr_pool_t *pool;
static dl_config_t conf;
static const dl_url_guard_t *guard;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    memset(&conf, 0, sizeof(conf));
    conf.file_id_min = 10000;
    conf.file_id_max = 100000000;
    conf.max_files = 1000;
    ck_assert_ptr_null(dl_url_guard_create(NULL, pool, &guard));
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static dl_request_t read_text(const char *body, apr_size_t len)
{
    dl_request_in_t in = { apr_pmemdup(pool, body, len), len, NULL, NULL,
                           "" };
    dl_request_t request;

    ck_assert_int_eq(dl_request_initiate(&conf, guard, &in, pool, &request),
                     request.message == NULL);
    return request;
}

static dl_request_t read_body(const char *body)
{
    return read_text(body, strlen(body));
}

/* The ids as text: "70000 70001". */
static const char *ids_of(const dl_request_t *request)
{
    const char *text = "";
    int i;

    for (i = 0; i < request->nfiles; i++) {
        text = apr_psprintf(pool, "%s%s%" APR_INT64_T_FMT, text,
                            i ? " " : "", request->file_ids[i]);
    }
    return text;
}

START_TEST(good_bodies_are_understood)
{
    static const struct {
        const char *body;
        const char *ids;
        int total;
    } cases[] = {
        { "{\"file_ids\":[70000]}", "70000", 1 },
        { "{\"file_id\":70000}", "70000", 1 },
        { "{\"file_ids\":[7e4,70000.0,70001,7.0e4]}", "70000 70001", 4 },
        { "{\"file_ids\":[3e4,20000,10000,100000000]}",
          "10000 20000 30000 100000000", 4 },
        { "{\"file_ids\":[70002,70001,70002,70000,70001]}",
          "70000 70001 70002", 5 },
        { " {\n\t\"file_ids\" : [ 70000 , 70001 ] }\r\n", "70000 70001", 2 },
        { "{\"unknown\":{\"a\":[1,\"x\",null]},\"file_id\":70000,\"z\":\"\"}",
          "70000", 1 },
        { "{\"fil\\u0065_id\":70000}", "70000", 1 },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dl_request_t r = read_body(cases[i].body);

        ck_assert_msg(r.message == NULL, "%s: %s", cases[i].body, r.message);
        ck_assert_str_eq(ids_of(&r), cases[i].ids);
        ck_assert_int_eq(r.total, cases[i].total);
        ck_assert_ptr_null(r.idempotency_key);
        ck_assert_ptr_null(r.callback_url);
        ck_assert_int_eq(r.priority, DL_PRIORITY_NORMAL);
        ck_assert_int_eq(r.bundle, DL_BUNDLE_NONE);
    }
}
END_TEST

START_TEST(the_other_members_are_read)
{
    dl_request_t r = read_body(
        "{\"priority\":\"low\",\"bundle\":\"tar\",\"idempotency_key\":\"k 1~\","
        "\"callbackUrl\":\"https:\\/\\/hooks.example.com/a?b=c\","
        "\"file_id\":70000}");

    ck_assert_ptr_null(r.message);
    ck_assert_int_eq(r.priority, DL_PRIORITY_LOW);
    ck_assert_int_eq(r.bundle, DL_BUNDLE_TAR);
    ck_assert_str_eq(r.idempotency_key, "k 1~");
    ck_assert_str_eq(r.callback_url, "https://hooks.example.com/a?b=c");
}
END_TEST

#define F "{\"file_id\":70000,"

START_TEST(each_refusal_has_its_code_and_words)
{
    static const struct {
        const char *body;
        const char *code;
        const char *message;
    } cases[] = {
        { "", "INVALID_JSON", "request body, byte 0: the text is empty" },
        { "{\"file_ids\":[70000]", "INVALID_JSON",
          "request body, byte 19: \",\" or \"}\" is expected" },
        { "{\"file_ids\":[70000]}}", "INVALID_JSON",
          "request body, byte 20: there is more after the value" },
        { "file_ids=70000", "INVALID_JSON",
          "request body, byte 0: a value is expected" },
        { "{\"file_id\":70000,\"file_id\":70000}", "INVALID_JSON",
          "request body, byte 17: this member is there twice" },
        { F "\"x\":{\"a\":1,\"a\":1}}", "INVALID_JSON",
          "request body, byte 28: this member is there twice" },
        /* broken JSON comes before a wrong value, wherever it breaks */
        { "{\"file_ids\":[1,x]}", "INVALID_JSON",
          "request body, byte 15: a value is expected" },
        { "{\"file_ids\":\"x\",}", "INVALID_JSON",
          "request body, byte 16: a member name in quotation marks is "
          "expected" },
        { "{\"file_id\":0070000}", "INVALID_JSON",
          "request body, byte 11: a number may not begin with 0" },
        { "[70000]", "INVALID_REQUEST",
          "request body: it is an array, not an object" },
        { "70000", "INVALID_REQUEST",
          "request body: it is a number, not an object" },
        { "null", "INVALID_REQUEST",
          "request body: it is null, not an object" },
        { "\"{}\"", "INVALID_REQUEST",
          "request body: it is a string, not an object" },
        { "{}", "INVALID_REQUEST", "file_ids: it is missing; give file_ids "
          "(a list) or file_id" },
        { "{\"FILE_IDS\":[70000]}", "INVALID_REQUEST",
          "file_ids: it is missing; give file_ids (a list) or file_id" },
        { "{\"file_ids\":[70000],\"file_id\":70000}", "INVALID_REQUEST",
          "file_ids and file_id: give one of the two, not both" },
        { "{\"file_id\":70000,\"file_ids\":[1,2,3]}", "INVALID_REQUEST",
          "file_ids and file_id: give one of the two, not both" },
        { "{\"file_ids\":[]}", "INVALID_REQUEST",
          "file_ids: the list is empty; 1 to 1000 ids are needed" },
        { "{\"file_ids\":70000}", "INVALID_REQUEST",
          "file_ids: 70000 is a number, not an array" },
        { "{\"file_ids\":{\"0\":70000}}", "INVALID_REQUEST",
          "file_ids: {\"0\":70000} is an object, not an array" },
        { "{\"file_ids\":null}", "INVALID_REQUEST",
          "file_ids: null is not an array" },
        { "{\"file_ids\":\"70000\"}", "INVALID_REQUEST",
          "file_ids: \"70000\" is a string, not an array" },
        { "{\"file_ids\":[100]}", "INVALID_FILE_ID",
          "file_ids[0]: 100 is below 10000" },
        { "{\"file_ids\":[70000,9999]}", "INVALID_FILE_ID",
          "file_ids[1]: 9999 is below 10000" },
        { "{\"file_ids\":[100000001]}", "INVALID_FILE_ID",
          "file_ids[0]: 100000001 is above 100000000" },
        { "{\"file_id\":1e30}", "INVALID_FILE_ID",
          "file_id: 1e30 is above 100000000" },
        { "{\"file_id\":-1e30}", "INVALID_FILE_ID",
          "file_id: -1e30 is below 10000" },
        { "{\"file_id\":-70000}", "INVALID_FILE_ID",
          "file_id: -70000 is below 10000" },
        { "{\"file_id\":0}", "INVALID_FILE_ID", "file_id: 0 is below 10000" },
        /* 2^64 + 70000 and 2^32 + 70000 do not wrap */
        { "{\"file_id\":18446744073709621616}", "INVALID_FILE_ID",
          "file_id: 18446744073709621616 is above 100000000" },
        { "{\"file_id\":4295037296}", "INVALID_FILE_ID",
          "file_id: 4295037296 is above 100000000" },
        { "{\"file_id\":1.5}", "INVALID_FILE_ID",
          "file_id: 1.5 is not an integer" },
        { "{\"file_id\":70000.00000000000000000001}", "INVALID_FILE_ID",
          "file_id: 70000.00000000000000000001 is not an integer" },
        { "{\"file_ids\":[\"70000\"]}", "INVALID_FILE_ID",
          "file_ids[0]: \"70000\" is a string, not an integer" },
        { "{\"file_ids\":[70000,null]}", "INVALID_FILE_ID",
          "file_ids[1]: null is not an integer" },
        { "{\"file_ids\":[true]}", "INVALID_FILE_ID",
          "file_ids[0]: true is a boolean, not an integer" },
        { "{\"file_ids\":[[70000]]}", "INVALID_FILE_ID",
          "file_ids[0]: [70000] is an array, not an integer" },
        { "{\"file_id\":\"0123456789012345678901234567890123456789x\"}",
          "INVALID_FILE_ID", "file_id: \"012345678901234567890123456789012345"
          "678... is a string, not an integer" },
        { F "\"callbackUrl\":7}", "INVALID_CALLBACK_URL",
          "callbackUrl: 7 is a number, not a string" },
        { F "\"callbackUrl\":null}", "INVALID_CALLBACK_URL",
          "callbackUrl: null is not a string" },
        { F "\"callbackUrl\":\"\"}", "INVALID_CALLBACK_URL",
          "callbackUrl: it is empty" },
        { F "\"callbackUrl\":\"http://hooks.example.com/\"}",
          "INVALID_CALLBACK_URL", "callbackUrl: http is not allowed here: "
          "the URL must begin with https://" },
        { F "\"callbackUrl\":\"https://10.0.0.1/\"}", "INVALID_CALLBACK_URL",
          "callbackUrl: 10.0.0.1 is a private address" },
        { F "\"callbackUrl\":\"https://a.example.com/\\u0000\"}",
          "INVALID_CALLBACK_URL", "callbackUrl: the character at position 22 "
          "is a space, a control character, a backslash or not ASCII" },
        { F "\"idempotency_key\":\"\"}", "INVALID_IDEMPOTENCY_KEY",
          "idempotency_key: it is empty; 1 to 255 characters are needed" },
        { F "\"idempotency_key\":17}", "INVALID_IDEMPOTENCY_KEY",
          "idempotency_key: 17 is a number, not a string" },
        { F "\"idempotency_key\":\"a\\nb\"}", "INVALID_IDEMPOTENCY_KEY",
          "idempotency_key: the byte at position 1 is not printable ASCII" },
        { F "\"idempotency_key\":\"\\u00e9\"}", "INVALID_IDEMPOTENCY_KEY",
          "idempotency_key: the byte at position 0 is not printable ASCII" },
        { F "\"priority\":\"urgent\"}", "INVALID_REQUEST",
          "priority: \"urgent\" is not high, normal or low" },
        { F "\"priority\":\"High\"}", "INVALID_REQUEST",
          "priority: \"High\" is not high, normal or low" },
        { F "\"bundle\":\"rar\"}", "INVALID_REQUEST",
          "bundle: \"rar\" is not zip or tar" },
        { F "\"bundle\":true}", "INVALID_REQUEST",
          "bundle: true is a boolean, not a string" },
        { F "\"priority\":1}", "INVALID_REQUEST",
          "priority: 1 is a number, not a string" },
        { F "\"priority\":\"high\"}", "FORBIDDEN",
          "priority: \"high\" is not allowed for this caller" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dl_request_t r = read_body(cases[i].body);

        ck_assert_msg(r.message != NULL, "%s is accepted", cases[i].body);
        ck_assert_str_eq(r.message, cases[i].message);
        ck_assert_str_eq(dl_error_get(r.error)->code, cases[i].code);
    }
}
END_TEST

/* {"file_ids":[70000,70001, … n of them]} */
static const char *many(int n)
{
    char *text = apr_palloc(pool, (apr_size_t)n * 10 + 32), *at = text;
    int i;

    at += apr_snprintf(at, 32, "{\"file_ids\":[");
    for (i = 0; i < n; i++) {
        at += apr_snprintf(at, 12, "%s%d", i ? "," : "", 70000 + n - i);
    }
    strcpy(at, "]}");
    return text;
}

START_TEST(the_number_of_files_is_bounded)
{
    dl_request_t r = read_body(many(1000));

    ck_assert_ptr_null(r.message);
    ck_assert_int_eq(r.nfiles, 1000);
    ck_assert_int_eq(r.total, 1000);
    ck_assert_int_eq(r.file_ids[0], 70001);
    ck_assert_int_eq(r.file_ids[999], 71000);
    r = read_body(many(1001));
    ck_assert_str_eq(r.message, "file_ids: 1001 ids are above 1000");
    ck_assert_int_eq(r.error, DL_ERROR_INVALID_REQUEST);
    r = read_body(many(9000));
    ck_assert_str_eq(r.message, "file_ids: 9000 ids are above 1000");
    conf.max_files = 1;
    r = read_body("{\"file_ids\":[70000,70000]}");
    ck_assert_str_eq(r.message, "file_ids: 2 ids are above 1");
}
END_TEST

START_TEST(keys_must_agree)
{
    static const struct {
        const char *member, *header, *alias;
        const char *key;
        const char *message;
    } cases[] = {
        { NULL, NULL, NULL, NULL, NULL },
        { "a", NULL, NULL, "a", NULL },
        { NULL, "a", NULL, "a", NULL },
        { NULL, NULL, "a", "a", NULL },
        { NULL, "\"a b\"", NULL, "a b", NULL },
        { "a", "a", "a", "a", NULL },
        { "a", "\"a\"", NULL, "a", NULL },
        { "a", "b", NULL, NULL, "idempotency_key and Idempotency-Key differ: "
          "give one key, or the same twice" },
        { NULL, "a", "b", NULL, "Idempotency-Key and X-Idempotency-Key "
          "differ: give one key, or the same twice" },
        { "a", NULL, "A", NULL, "idempotency_key and X-Idempotency-Key "
          "differ: give one key, or the same twice" },
        { NULL, "", NULL, NULL, "Idempotency-Key: it is empty; 1 to 255 "
          "characters are needed" },
        { NULL, "\"\"", NULL, NULL, "Idempotency-Key: it is empty; 1 to 255 "
          "characters are needed" },
        { "a", "a\x01", NULL, NULL, "Idempotency-Key: the byte at position 1 "
          "is not printable ASCII" },
        { NULL, NULL, "caf\xc3\xa9", NULL, "X-Idempotency-Key: the byte at "
          "position 3 is not printable ASCII" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *body = cases[i].member
            ? apr_psprintf(pool, F "\"idempotency_key\":\"%s\"}",
                           cases[i].member)
            : "{\"file_id\":70000}";
        dl_request_in_t in = { body, strlen(body), cases[i].header,
                               cases[i].alias, "u" };
        dl_request_t r;

        dl_request_initiate(&conf, guard, &in, pool, &r);
        ck_assert_pstr_eq(r.message, cases[i].message);
        if (cases[i].message) {
            ck_assert_int_eq(r.error, DL_ERROR_INVALID_IDEMPOTENCY_KEY);
        }
        else {
            ck_assert_pstr_eq(r.idempotency_key, cases[i].key);
        }
    }
}
END_TEST

START_TEST(long_keys_are_refused)
{
    char key[257];
    dl_request_in_t in = { "{\"file_id\":70000}", 17, key, NULL, "" };
    dl_request_t r;

    memset(key, 'k', sizeof(key));
    key[256] = '\0';
    ck_assert(!dl_request_initiate(&conf, guard, &in, pool, &r));
    ck_assert_str_eq(r.message,
                     "Idempotency-Key: 256 characters are above 255");
    key[255] = '\0';
    ck_assert(dl_request_initiate(&conf, guard, &in, pool, &r));
    ck_assert_str_eq(r.idempotency_key, key);
}
END_TEST

START_TEST(high_priority_is_for_the_named)
{
    static const char body[] = F "\"priority\":\"high\"}";
    apr_array_header_t *users = apr_array_make(pool, 2, sizeof(char *));
    dl_request_in_t in = { body, sizeof(body) - 1, NULL, NULL, "alice" };
    dl_request_t r;

    APR_ARRAY_PUSH(users, const char *) = "alice";
    APR_ARRAY_PUSH(users, const char *) = "";
    conf.priority_users = users;
    ck_assert(dl_request_initiate(&conf, guard, &in, pool, &r));
    ck_assert_int_eq(r.priority, DL_PRIORITY_HIGH);
    in.user = "bob";
    ck_assert(!dl_request_initiate(&conf, guard, &in, pool, &r));
    ck_assert_int_eq(r.error, DL_ERROR_FORBIDDEN);
    in.user = "";                       /* nobody is not named "" */
    ck_assert(!dl_request_initiate(&conf, guard, &in, pool, &r));
    APR_ARRAY_PUSH(users, const char *) = "*";
    ck_assert(dl_request_initiate(&conf, guard, &in, pool, &r));
}
END_TEST

START_TEST(check_and_start_take_one_file)
{
    static const struct {
        const char *body;
        const char *message;
    } cases[] = {
        { "{\"file_id\":70000}", NULL },
        { "{\"file_id\":7e4,\"file_ids\":\"ignored\"}", NULL },
        { "{}", "file_id: it is missing" },
        { "{\"file_ids\":[70000]}", "file_id: it is missing" },
        { "{\"file_id\":\"70000\"}",
          "file_id: \"70000\" is a string, not an integer" },
        { "{\"file_id\":100}", "file_id: 100 is below 10000" },
        { "[]", "request body: it is an array, not an object" },
        { "{", "request body, byte 1: a member name in quotation marks is "
          "expected" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dl_request_in_t in = { cases[i].body, strlen(cases[i].body), NULL,
                               NULL, "" };
        dl_request_t r;

        ck_assert_int_eq(dl_request_file(&conf, &in, pool, &r),
                         cases[i].message == NULL);
        ck_assert_pstr_eq(r.message, cases[i].message);
        if (!r.message) {
            ck_assert_int_eq(r.file_ids[0], 70000);
            ck_assert_int_eq(r.nfiles, 1);
        }
    }
}
END_TEST

START_TEST(only_json_is_taken)
{
    static const struct {
        const char *type, *encoding;
        int ok;
    } cases[] = {
        { "application/json", NULL, 1 },
        { "Application/JSON", NULL, 1 },
        { "application/json; charset=utf-8", NULL, 1 },
        { "application/json;charset=\"UTF-8\"", NULL, 1 },
        { "application/json ; x=y; charset=UTF-8", "identity", 1 },
        { "application/json;", NULL, 1 },
        { "application/json;charset=utf-16", NULL, 0 },
        { "application/json; charset=iso-8859-1", NULL, 0 },
        { "application/json; x=y;charset=latin1", NULL, 0 },
        { "application/json;charset=", NULL, 0 },
        { NULL, NULL, 0 }, { "", NULL, 0 },
        { "text/plain", NULL, 0 }, { "text/json", NULL, 0 },
        { "application/x-www-form-urlencoded", NULL, 0 },
        { "multipart/form-data; boundary=application/json", NULL, 0 },
        { "application/jsonx", NULL, 0 }, { "application/json+x", NULL, 0 },
        { "application/problem+json", NULL, 0 },
        { "application/json, text/plain", NULL, 0 },
        { " application/json", NULL, 0 }, { "*/*", NULL, 0 },
        { "application/json", "gzip", 0 },
        { "application/json", "", 0 },
        { "application/json", "identity, gzip", 0 },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *message = dl_media_type_check(cases[i].type,
                                                  cases[i].encoding, pool);

        ck_assert_msg((message == NULL) == cases[i].ok, "%s",
                      cases[i].type ? cases[i].type : "(none)");
        ck_assert(!message || strncmp(message, "Content-", 8) == 0);
    }
}
END_TEST

Suite *test_request_suite(void);

Suite *test_request_suite(void)
{
    Suite *s = suite_create("request");
    TCase *tc = tcase_create("request");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, good_bodies_are_understood);
    tcase_add_test(tc, the_other_members_are_read);
    tcase_add_test(tc, each_refusal_has_its_code_and_words);
    tcase_add_test(tc, the_number_of_files_is_bounded);
    tcase_add_test(tc, keys_must_agree);
    tcase_add_test(tc, long_keys_are_refused);
    tcase_add_test(tc, high_priority_is_for_the_named);
    tcase_add_test(tc, check_and_start_take_one_file);
    tcase_add_test(tc, only_json_is_taken);
    suite_add_tcase(s, tc);
    return s;
}
