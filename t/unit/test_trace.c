/* SPDX-License-Identifier: Apache-2.0 */
/*
 * W3C Trace Context: what is continued, what begins anew.
 */
#include <check.h>
#include <string.h>

#include <apr_strings.h>

#include "dl_trace.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"
#define PARENT "00-" TRACE "-" SPAN "-01"

static apr_pool_t *pool;
static dl_random_t random_ids;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    dl_random_init(&random_ids);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

START_TEST(a_valid_trace_goes_on)
{
    static const struct {
        const char *parent;
        int flags;
    } cases[] = {
        { PARENT, 1 },
        { "00-" TRACE "-" SPAN "-00", 0 },
        { "00-" TRACE "-" SPAN "-03", 3 },
        { "00-" TRACE "-" SPAN "-ff", 3 },         /* unknown flags: dropped */
        { "01-" TRACE "-" SPAN "-01", 1 },         /* a later version */
        { "cc-" TRACE "-" SPAN "-01-what-comes", 1 },
    };
    char out[DL_TRACEPARENT_LEN + 1], expected[DL_TRACEPARENT_LEN + 1];
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dl_trace_t t;

        dl_trace_continue(cases[i].parent, NULL, &random_ids, pool, &t);
        ck_assert_str_eq(t.trace_id, TRACE);
        ck_assert_str_eq(t.parent_id, SPAN);
        ck_assert_uint_eq(strlen(t.span_id), 16);
        ck_assert_str_ne(t.span_id, SPAN);
        ck_assert_int_eq(t.flags, cases[i].flags);
        dl_trace_format(&t, t.span_id, out);
        apr_snprintf(expected, sizeof(expected), "00-%s-%s-0%d", TRACE,
                     t.span_id, cases[i].flags);
        ck_assert_str_eq(out, expected);
    }
}
END_TEST

START_TEST(an_invalid_one_begins_anew)
{
    static const char *const bad[] = {
        NULL, "", "00", PARENT "0", PARENT "-x", PARENT " ", " " PARENT,
        PARENT "," PARENT,
        "ff-" TRACE "-" SPAN "-01",
        "0-" TRACE "-" SPAN "-01",
        "00-" TRACE "-" SPAN "-1",
        "00-" TRACE "-" SPAN,
        "00-" TRACE "-" SPAN "-0g",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01",
        "00-" TRACE "-00F067AA0BA902B7-01",
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-" TRACE "-0000000000000000-01",
        "00_" TRACE "-" SPAN "-01",
        "00-" TRACE "0" SPAN "-01",
        "00-" TRACE "-" SPAN "001",
        "cc-" TRACE "-" SPAN "-01.what",
    };
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        dl_trace_t t, again;
        char out[DL_TRACEPARENT_LEN + 1];

        dl_trace_continue(bad[i], "a=1", &random_ids, pool, &t);
        ck_assert_msg(strcmp(t.trace_id, TRACE) != 0, "%s",
                      bad[i] ? bad[i] : "(none)");
        ck_assert_uint_eq(strlen(t.trace_id), 32);
        ck_assert_str_eq(t.parent_id, "");
        ck_assert_ptr_null(t.state);
        ck_assert_int_eq(t.flags & 1, 1);
        /* and what we send is valid */
        dl_trace_format(&t, t.span_id, out);
        ck_assert(dl_trace_parse(out, &again));
        ck_assert_str_eq(again.trace_id, t.trace_id);
    }
}
END_TEST

START_TEST(valid_state_is_passed_on)
{
    static const struct {
        const char *in;
        const char *out;
    } cases[] = {
        { "rojo=00f067aa0ba902b7", "rojo=00f067aa0ba902b7" },
        { "rojo=1, congo=t61rcWkgMzE", "rojo=1, congo=t61rcWkgMzE" },
        { " , a=1 ,, b=2 ", "a=1 ,, b=2" },
        { "0t@sys=x", "0t@sys=x" },
        { "a_-*/0=x y", "a_-*/0=x y" },
        { "", NULL }, { " ", NULL }, { ",", NULL },
        { "a", NULL }, { "=1", NULL }, { "a=", NULL }, { "A=1", NULL },
        { "a=1=2", NULL }, { "a b=1", NULL }, { "*a=1", NULL },
        { "a@=1", NULL }, { "a@b@c=1", NULL }, { "@b=1", NULL },
        { "a@012345678901234=1", NULL },
        { "a=\x7f", NULL }, { "a=\xc3\xa9", NULL }, { "a=1\n", NULL },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dl_trace_t t;

        dl_trace_continue(PARENT, cases[i].in, &random_ids, pool, &t);
        if (cases[i].out) {
            ck_assert_ptr_nonnull(t.state);
            ck_assert_str_eq(t.state, cases[i].out);
        }
        else {
            ck_assert_msg(t.state == NULL, "%s", cases[i].in);
        }
    }
}
END_TEST

START_TEST(long_state_is_cut_after_a_member)
{
    const char *in = "";
    dl_trace_t t;
    int i;

    for (i = 0; i < 32; i++) {
        in = apr_psprintf(pool, "%s%sk%02d=0123456789012345678901234", in,
                          i ? "," : "", i);
    }
    dl_trace_continue(PARENT, in, &random_ids, pool, &t);
    ck_assert_ptr_nonnull(t.state);
    ck_assert_uint_le(strlen(t.state), 512);
    ck_assert_uint_gt(strlen(t.state), 470);
    ck_assert_int_eq(strncmp(t.state, in, strlen(t.state)), 0);
    ck_assert_int_eq(in[strlen(t.state)], ',');
    /* more than 32 members: no tracestate at all */
    dl_trace_continue(PARENT, apr_pstrcat(pool, in, ",z=1", NULL),
                      &random_ids, pool, &t);
    ck_assert_ptr_null(t.state);
}
END_TEST

Suite *test_trace_suite(void);

Suite *test_trace_suite(void)
{
    Suite *s = suite_create("trace");
    TCase *tc = tcase_create("trace");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_valid_trace_goes_on);
    tcase_add_test(tc, an_invalid_one_begins_anew);
    tcase_add_test(tc, valid_state_is_passed_on);
    tcase_add_test(tc, long_state_is_cut_after_a_member);
    suite_add_tcase(s, tc);
    return s;
}
