/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fuzz targets of the HTTP side over their corpora and mutations of
 * them. Each target compares our reading with another's.
 */
#include <check.h>

#include "../fuzz/fuzz.h"

#define ROUNDS 400

static void run(const char *name, fuzz_target_fn *target, int files)
{
    ck_assert_int_ge(fuzz_replay(name, target), files);
    ck_assert_int_ge(fuzz_mutations(name, target, ROUNDS), files * ROUNDS);
}

START_TEST(json)
{
    run("json", fuzz_json, 19);
}
END_TEST

START_TEST(message)
{
    run("message", fuzz_message, 9);
}
END_TEST

START_TEST(request)
{
    run("request", fuzz_request, 22);
}
END_TEST

START_TEST(url)
{
    run("url", fuzz_url, 25);
}
END_TEST

Suite *test_fuzz_corpus_suite(void);

Suite *test_fuzz_corpus_suite(void)
{
    Suite *s = suite_create("fuzz_corpus");
    TCase *tc = tcase_create("fuzz_corpus");

    tcase_add_test(tc, json);
    tcase_add_test(tc, message);
    tcase_add_test(tc, request);
    tcase_add_test(tc, url);
    suite_add_tcase(s, tc);
    return s;
}
