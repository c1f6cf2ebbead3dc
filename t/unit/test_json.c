/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict JSON reader.
 */
#include <check.h>
#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include "dl_json.h"

static apr_pool_t *pool;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

/* A text with a NUL in it needs its length. */
#define TEXT(s) s, sizeof(s) - 1

START_TEST(sound_documents_pass)
{
    static const char *const good[] = {
        "{}", "[]", "\"\"", "0", "-0", "true", "false", "null",
        " \t\r\n{ } \n", "[ ]", "[1,2 , 3]", "{\"a\":1,\"b\":[{}]}",
        "{\"a\":{\"a\":{\"a\":1}}}", "[[[[[[[[]]]]]]]]",
        "\"caf\xc3\xa9 \xf0\x9f\x98\x80\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"", "\"\\ud83d\\ude00\"",
        "\"\\u0000\"", "1e5", "1E+5", "1e-5", "0.5", "-0.0e0", "123456789",
        "{\"\":1}", "{\"a\":1,\"A\":2}", "\"\x7f\""
    };
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const char *error = dl_json_check(good[i], strlen(good[i]), pool);

        ck_assert_msg(error == NULL, "%s: %s", good[i], error);
    }
}
END_TEST

START_TEST(unsound_ones_are_refused_where_they_break)
{
    static const struct {
        const char *text;
        apr_size_t len;
        const char *error;
    } cases[] = {
        { TEXT(""), "byte 0: the text is empty" },
        { TEXT("  "), "byte 2: the text ends too early" },
        { TEXT("\xef\xbb\xbf{}"), "byte 0: a byte order mark is not allowed" },
        { TEXT("{"), "byte 1: a member name in quotation marks is expected" },
        { TEXT("["), "byte 1: the text ends too early" },
        { TEXT("[1"), "byte 2: the text ends too early" },
        { TEXT("{\"a\""), "byte 4: \":\" is expected" },
        { TEXT("{\"a\":"), "byte 5: the text ends too early" },
        { TEXT("{\"a\":1"), "byte 6: \",\" or \"}\" is expected" },
        { TEXT("{\"a\":1,"),
          "byte 7: a member name in quotation marks is expected" },
        { TEXT("{\"a\":1,}"),
          "byte 7: a member name in quotation marks is expected" },
        { TEXT("{,}"), "byte 1: a member name in quotation marks is expected" },
        { TEXT("{a:1}"),
          "byte 1: a member name in quotation marks is expected" },
        { TEXT("{'a':1}"),
          "byte 1: a member name in quotation marks is expected" },
        { TEXT("{1:1}"),
          "byte 1: a member name in quotation marks is expected" },
        { TEXT("{\"a\" 1}"), "byte 5: \":\" is expected" },
        { TEXT("{\"a\":1 \"b\":2}"), "byte 7: \",\" or \"}\" is expected" },
        { TEXT("{\"a\":1]"), "byte 6: \",\" or \"}\" is expected" },
        { TEXT("[1}"), "byte 2: \",\" or \"]\" is expected" },
        { TEXT("[1,]"), "byte 3: a value is expected" },
        { TEXT("[,1]"), "byte 1: a value is expected" },
        { TEXT("[1,,2]"), "byte 3: a value is expected" },
        { TEXT("[1 2]"), "byte 3: \",\" or \"]\" is expected" },
        { TEXT("{} {}"), "byte 3: there is more after the value" },
        { TEXT("{}x"), "byte 2: there is more after the value" },
        { TEXT("{}\0"), "byte 2: there is more after the value" },
        { TEXT("1 2"), "byte 2: there is more after the value" },
        { TEXT("]"), "byte 0: a value is expected" },
        { TEXT("tru"), "byte 0: a value is expected" },
        { TEXT("True"), "byte 0: a value is expected" },
        { TEXT("nul"), "byte 0: a value is expected" },
        { TEXT("NaN"), "byte 0: a value is expected" },
        { TEXT("Infinity"), "byte 0: a value is expected" },
        { TEXT("undefined"), "byte 0: a value is expected" },
        { TEXT("/* c */ 1"), "byte 0: a value is expected" },
        { TEXT("'a'"), "byte 0: a value is expected" },
        { TEXT("\0"), "byte 0: a value is expected" },
        { TEXT("\v1"), "byte 0: a value is expected" },
        { TEXT("\xc2\xa0" "1"), "byte 0: a value is expected" },
        { TEXT("+1"), "byte 0: a value is expected" },
        { TEXT(".5"), "byte 0: a value is expected" },
        { TEXT("-"), "byte 1: a digit is needed after the minus sign" },
        { TEXT("-a"), "byte 1: a digit is needed after the minus sign" },
        { TEXT("-Infinity"),
          "byte 1: a digit is needed after the minus sign" },
        { TEXT("01"), "byte 0: a number may not begin with 0" },
        { TEXT("-01"), "byte 1: a number may not begin with 0" },
        { TEXT("1."), "byte 2: a digit is needed after the decimal point" },
        { TEXT("1.e1"), "byte 2: a digit is needed after the decimal point" },
        { TEXT("1e"), "byte 2: a digit is needed in the exponent of a number" },
        { TEXT("1e+"),
          "byte 3: a digit is needed in the exponent of a number" },
        { TEXT("1.0e-"),
          "byte 5: a digit is needed in the exponent of a number" },
        { TEXT("0x10"), "byte 1: there is more after the value" },
        { TEXT("1_000"), "byte 1: there is more after the value" },
        { TEXT("\""), "byte 1: the string has no end" },
        { TEXT("\"a"), "byte 2: the string has no end" },
        { TEXT("\"\\"), "byte 1: there is no such escape" },
        { TEXT("\"\\\""), "byte 3: the string has no end" },
        { TEXT("\"\\x41\""), "byte 1: there is no such escape" },
        { TEXT("\"\\'\""), "byte 1: there is no such escape" },
        { TEXT("\"\\u12\""), "byte 3: four hex digits are needed after \\u" },
        { TEXT("\"\\u12g4\""), "byte 3: four hex digits are needed after \\u" },
        { TEXT("\"\\ud800\""),
          "byte 1: half a surrogate pair is no character" },
        { TEXT("\"\\udc00\\ud800\""),
          "byte 1: half a surrogate pair is no character" },
        { TEXT("\"\\ud800\\u0041\""),
          "byte 1: half a surrogate pair is no character" },
        { TEXT("\"\\ud800\\n\""),
          "byte 1: half a surrogate pair is no character" },
        { TEXT("\"a\nb\""), "byte 2: a control character must be escaped" },
        { TEXT("\"a\0b\""), "byte 2: a control character must be escaped" },
        { TEXT("\"\x1f\""), "byte 1: a control character must be escaped" },
        { TEXT("\"\xff\""), "byte 1: this is not valid UTF-8" },
        { TEXT("\"\xc0\xaf\""), "byte 1: this is not valid UTF-8" },
        { TEXT("\"\xed\xa0\x80\""), "byte 1: this is not valid UTF-8" },
        { TEXT("\"\xf4\x90\x80\x80\""), "byte 1: this is not valid UTF-8" },
        { TEXT("\"\xc3"), "byte 1: this is not valid UTF-8" },
        { TEXT("{\"a\":1,\"a\":2}"), "byte 7: this member is there twice" },
        { TEXT("{\"a\":1,\"\\u0061\":2}"),
          "byte 7: this member is there twice" },
        { TEXT("[{\"x\":{\"\":1,\"\":1}}]"),
          "byte 12: this member is there twice" },
        { TEXT("[[[[[[[[[]]]]]]]]]"), "byte 8: the nesting is deeper than 8" },
        { TEXT("{\"a\":[{\"a\":[{\"a\":[{\"a\":[{}]}]}]}]}"),
          "byte 24: the nesting is deeper than 8" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *error = dl_json_check(cases[i].text, cases[i].len, pool);

        ck_assert_msg(error != NULL, "%s", cases[i].text);
        ck_assert_str_eq(error, cases[i].error);
    }
}
END_TEST

START_TEST(every_cut_of_a_document_is_refused)
{
    static const char text[] =
        "{\"file_ids\":[70000,7e4],\"a\\u0062\":\"\\ud83d\\ude00\xc3\xa9\","
        "\"n\":{\"t\":true,\"f\":false,\"z\":null,\"x\":-1.5e-3}}";
    apr_size_t n;

    ck_assert_ptr_null(dl_json_check(text, sizeof(text) - 1, pool));
    for (n = 0; n < sizeof(text) - 1; n++) {
        /* a copy of the very size: a sanitizer sees what reads past it */
        char *cut = apr_pmemdup(pool, text, n + 1);

        ck_assert_ptr_nonnull(dl_json_check(cut, n, pool));
    }
}
END_TEST

START_TEST(numbers_are_exact)
{
    static const struct {
        const char *text;
        dl_json_number_e kind;
        apr_int64_t value;
    } cases[] = {
        { "0", DL_JSON_INTEGER, 0 }, { "-0", DL_JSON_INTEGER, 0 },
        { "70000", DL_JSON_INTEGER, 70000 },
        { "7e4", DL_JSON_INTEGER, 70000 },
        { "7E+4", DL_JSON_INTEGER, 70000 },
        { "70000.0", DL_JSON_INTEGER, 70000 },
        { "0.00007e9", DL_JSON_INTEGER, 70000 },
        { "700000000e-4", DL_JSON_INTEGER, 70000 },
        { "70000.000000000000000000000000000000", DL_JSON_INTEGER, 70000 },
        { "-7e4", DL_JSON_INTEGER, -70000 },
        { "999999999999999999", DL_JSON_INTEGER,
          APR_INT64_C(999999999999999999) },
        { "1000000000000000000", DL_JSON_HUGE, 0 },
        { "1e17", DL_JSON_INTEGER, APR_INT64_C(100000000000000000) },
        { "1e18", DL_JSON_HUGE, 0 }, { "1e308", DL_JSON_HUGE, 0 },
        { "1e99999999999999999999", DL_JSON_HUGE, 0 },
        { "9223372036854775808", DL_JSON_HUGE, 0 },
        { "18446744073709621616", DL_JSON_HUGE, 0 },  /* 2^64 + 70000 */
        { "123456789012345678901234567890e-25", DL_JSON_FRACTION, 0 },
        { "1234500000000000000000000000000e-26", DL_JSON_INTEGER, 12345 },
        { "1.5", DL_JSON_FRACTION, 0 }, { "1e-1", DL_JSON_FRACTION, 0 },
        { "70000.00000000000000000001", DL_JSON_FRACTION, 0 },
        { "1e-99999999999999999999", DL_JSON_FRACTION, 0 },
        { "0e99999999999999999999", DL_JSON_INTEGER, 0 },
        { "0.0e-99999999999999999999", DL_JSON_INTEGER, 0 },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dl_json_number_t n;
        dl_json_t r;

        dl_json_init(&r, cases[i].text, strlen(cases[i].text), pool);
        ck_assert(dl_json_number(&r, &n));
        ck_assert(dl_json_end(&r));
        ck_assert_msg(n.kind == cases[i].kind, "%s: %d", cases[i].text,
                      n.kind);
        ck_assert_int_eq(n.value, cases[i].value);
    }
}
END_TEST

START_TEST(strings_are_decoded)
{
    static const struct {
        const char *text;
        const char *value;
        apr_size_t len;
    } cases[] = {
        { "\"\"", TEXT("") },
        { "\"abc\"", TEXT("abc") },
        { "\"a\\u0062c\"", TEXT("abc") },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", TEXT("\"\\/\b\f\n\r\t") },
        { "\"\\u00e9\\u20AC\\ud83d\\ude00\"",
          TEXT("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80") },
        { "\"\\u0000x\"", TEXT("\0x") },
        { "\"\\ud83d\\ude00tail\"", TEXT("\xf0\x9f\x98\x80tail") },
        { "\"\\u007f\\u0080\\u07ff\\u0800\\uffff\\udbff\\udfff\"",
          TEXT("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"
               "\xf4\x8f\xbf\xbf") },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dl_json_str_t s;
        dl_json_t r;

        dl_json_init(&r, cases[i].text, strlen(cases[i].text), pool);
        ck_assert(dl_json_string(&r, &s));
        ck_assert_uint_eq(s.len, cases[i].len);
        ck_assert_int_eq(memcmp(s.s, cases[i].value, s.len), 0);
    }
}
END_TEST

START_TEST(members_are_bounded)
{
    char *text = apr_pstrdup(pool, "{"), *more;
    const char *error;
    int i;

    for (i = 0; i < DL_JSON_MEMBERS; i++) {
        text = apr_psprintf(pool, "%s%s\"m%d\":%d", text, i ? "," : "", i, i);
    }
    more = apr_pstrcat(pool, text, ",\"x\":1}", NULL);
    text = apr_pstrcat(pool, text, "}", NULL);
    ck_assert_ptr_null(dl_json_check(text, strlen(text), pool));
    error = dl_json_check(more, strlen(more), pool);
    ck_assert_ptr_nonnull(error);
    ck_assert_ptr_nonnull(strstr(error, "more than 256 members"));
}
END_TEST

START_TEST(the_first_error_sticks)
{
    static const char text[] = "[1,x,2]";
    dl_json_number_t n;
    dl_json_t r;
    int index = -1;

    dl_json_init(&r, text, sizeof(text) - 1, pool);
    ck_assert(dl_json_array(&r));
    ck_assert(dl_json_element(&r, &index));
    ck_assert(dl_json_number(&r, &n));
    ck_assert(!dl_json_element(&r, &index));
    ck_assert(!dl_json_element(&r, &index));
    ck_assert(!dl_json_number(&r, &n));
    ck_assert(!dl_json_skip(&r));
    ck_assert(!dl_json_end(&r));
    ck_assert_str_eq(r.error, "a value is expected");
    ck_assert_uint_eq(r.error_at, 3);
}
END_TEST

START_TEST(escaped_strings_cost_their_own_size)
{
    /* were each given room for the rest of the text, they would lie some
     * 40 KB apart */
    static const char text[] = "[\"\\u0041\",\"\\u0042\",1]";
    apr_size_t len = 40000;
    char *longer = apr_palloc(pool, len);
    dl_json_str_t first, second;
    dl_json_t r;
    int index = -1;

    memset(longer, ' ', len);
    memcpy(longer, text, sizeof(text) - 1);
    dl_json_init(&r, longer, len, pool);
    ck_assert(dl_json_array(&r));
    ck_assert(dl_json_element(&r, &index));
    ck_assert(dl_json_string(&r, &first));
    ck_assert(dl_json_element(&r, &index));
    ck_assert(dl_json_string(&r, &second));
    ck_assert_int_eq(*first.s, 'A');
    ck_assert_int_eq(*second.s, 'B');
    ck_assert_int_lt(second.s - first.s, 64);
}
END_TEST

Suite *test_json_suite(void);

Suite *test_json_suite(void)
{
    Suite *s = suite_create("json");
    TCase *tc = tcase_create("json");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, sound_documents_pass);
    tcase_add_test(tc, unsound_ones_are_refused_where_they_break);
    tcase_add_test(tc, every_cut_of_a_document_is_refused);
    tcase_add_test(tc, numbers_are_exact);
    tcase_add_test(tc, strings_are_decoded);
    tcase_add_test(tc, members_are_bounded);
    tcase_add_test(tc, the_first_error_sticks);
    tcase_add_test(tc, escaped_strings_cost_their_own_size);
    suite_add_tcase(s, tc);
    return s;
}
