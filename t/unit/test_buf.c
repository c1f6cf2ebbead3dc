/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The output buffer, its JSON strings, and the UTF-8 rules below them.
 */
#include <check.h>
#include <string.h>

#include "dl_buf.h"
#include "dl_utf8.h"

static apr_pool_t *pool;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

START_TEST(strings_are_escaped)
{
    static const struct {
        const char *in;
        apr_size_t len;
        const char *out;
    } cases[] = {
        { "", 0, "\"\"" },
        { "plain", 5, "\"plain\"" },
        { "a\"b\\c", 5, "\"a\\\"b\\\\c\"" },
        { "\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"" },
        { "\x01\x1f\x7f", 3, "\"\\u0001\\u001f\\u007f\"" },
        { "a\0b", 3, "\"a\\u0000b\"" },
        { "/</script>", 10, "\"/</script>\"" },
        { "caf\xc3\xa9", 5, "\"caf\xc3\xa9\"" },
        { "\xf0\x9f\x98\x80", 4, "\"\xf0\x9f\x98\x80\"" },
        /* each malformed byte becomes U+FFFD */
        { "a\xff" "b", 3, "\"a\xef\xbf\xbd" "b\"" },
        { "\xc3", 1, "\"\xef\xbf\xbd\"" },
        { "\xc0\xaf", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "\xe2\x82\"", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\\\"\"" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dl_buf_t b;

        dl_buf_init(&b, 1, pool);
        dl_buf_json(&b, cases[i].in, cases[i].len);
        ck_assert_str_eq(dl_buf_str(&b), cases[i].out);
        ck_assert_uint_eq(b.len, strlen(cases[i].out));
    }
}
END_TEST

START_TEST(a_missing_string_is_null)
{
    dl_buf_t b;

    dl_buf_init(&b, 16, pool);
    dl_buf_jsons(&b, NULL);
    dl_buf_putc(&b, ',');
    dl_buf_jsons(&b, "x");
    ck_assert_str_eq(dl_buf_str(&b), "null,\"x\"");
}
END_TEST

START_TEST(integers_are_decimal)
{
    static const struct {
        apr_int64_t in;
        const char *out;
    } cases[] = {
        { 0, "0" },
        { 7, "7" },
        { -1, "-1" },
        { 100000000, "100000000" },
        { APR_INT64_MAX, "9223372036854775807" },
        { APR_INT64_MIN, "-9223372036854775808" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dl_buf_t b;

        dl_buf_init(&b, 1, pool);
        dl_buf_int(&b, cases[i].in);
        ck_assert_str_eq(dl_buf_str(&b), cases[i].out);
    }
}
END_TEST

START_TEST(it_grows_without_losing_a_byte)
{
    dl_buf_t b;
    int i;

    dl_buf_init(&b, 3, pool);
    for (i = 0; i < 100000; i++) {
        dl_buf_putc(&b, (char)('a' + i % 26));
    }
    ck_assert_uint_eq(b.len, 100000);
    dl_buf_str(&b);
    for (i = 0; i < 100000; i++) {
        ck_assert_int_eq(b.data[i], 'a' + i % 26);
    }
    ck_assert_int_eq(b.data[100000], '\0');
}
END_TEST

START_TEST(times_are_strings)
{
    dl_buf_t b;

    dl_buf_init(&b, 1, pool);
    dl_buf_json_time(&b, APR_INT64_C(1769862896789));
    ck_assert_str_eq(dl_buf_str(&b), "\"2026-01-31T12:34:56.789Z\"");
}
END_TEST

/* Decodes as RFC 3629 defines it, the long way, to compare with. */
static int reference_len(const unsigned char *s, apr_size_t n)
{
    static const unsigned long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    int len = s[0] < 0x80 ? 1 : (s[0] & 0xe0) == 0xc0 ? 2
            : (s[0] & 0xf0) == 0xe0 ? 3 : (s[0] & 0xf8) == 0xf0 ? 4 : 0;
    unsigned long c = len == 1 ? s[0] : s[0] & (0x7fu >> len);
    int i;

    if (len == 0 || (apr_size_t)len > n) {
        return 0;
    }
    for (i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
        c = c << 6 | (s[i] & 0x3f);
    }
    return c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)
        ? 0 : len;
}

START_TEST(utf8_agrees_with_the_definition)
{
    unsigned char s[4];
    int a, b, c;
    apr_size_t n;

    /* every first and second byte, the edges of the others, every cut */
    for (a = 0; a < 256; a++) {
        for (b = 0; b < 256; b++) {
            for (c = 0; c < 16; c++) {
                static const unsigned char edge[] = { 0x7f, 0x80, 0xbf,
                                                      0xc0 };

                s[0] = (unsigned char)a;
                s[1] = (unsigned char)b;
                s[2] = edge[c & 3];
                s[3] = edge[c >> 2];
                for (n = 1; n <= 4; n++) {
                    /* four million: Check writes each assertion down */
                    if (dl_utf8_len(s, n) != reference_len(s, n))
                        ck_abort_msg("%02x %02x %02x %02x, cut to %d", s[0],
                                     s[1], s[2], s[3], (int)n);
                }
            }
        }
    }
    ck_assert_int_eq(dl_utf8_len(s, 0), 0);
    ck_assert_int_eq(dl_utf8_valid("", 0), 1);
    ck_assert_int_eq(dl_utf8_valid("a\xc3\xa9", 3), 1);
    ck_assert_int_eq(dl_utf8_valid("a\xc3\xa9", 2), 0);
}
END_TEST

Suite *test_buf_suite(void);

Suite *test_buf_suite(void)
{
    Suite *s = suite_create("buf");
    TCase *tc = tcase_create("buf");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, strings_are_escaped);
    tcase_add_test(tc, a_missing_string_is_null);
    tcase_add_test(tc, integers_are_decimal);
    tcase_add_test(tc, it_grows_without_losing_a_byte);
    tcase_add_test(tc, times_are_strings);
    tcase_add_test(tc, utf8_agrees_with_the_definition);
    suite_add_tcase(s, tc);
    return s;
}
