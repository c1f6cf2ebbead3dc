/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids: random bytes, UUIDs, request ids.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dl_request_id.h"
#include "dl_uuid.h"

START_TEST(what_is_made_is_valid_and_new)
{
    static char made[2000][DL_UUID_LEN + 1];
    dl_random_t random;
    int i;

    dl_random_init(&random);
    for (i = 0; i < 2000; i++) {
        dl_uuid_make(&random, made[i]);
        ck_assert_uint_eq(strlen(made[i]), DL_UUID_LEN);
        ck_assert(dl_uuid_valid(made[i], DL_UUID_LEN));
    }
    qsort(made, 2000, sizeof(made[0]),
          (int (*)(const void *, const void *))strcmp);
    for (i = 1; i < 2000; i++) {
        ck_assert_str_ne(made[i - 1], made[i]);
    }
}
END_TEST

START_TEST(only_our_form_is_valid)
{
    static const char *const bad[] = {
        "", "x", "3f2b8c1e-5d7a-4e0f-9b6c-2a1d4e8f7c9",
        "3f2b8c1e-5d7a-4e0f-9b6c-2a1d4e8f7c900",
        "3F2B8C1E-5D7A-4E0F-9B6C-2A1D4E8F7C90",
        "3f2b8c1e-5d7a-4e0f-9b6c-2a1d4e8f7c9G",
        "3f2b8c1e-5d7a-1e0f-9b6c-2a1d4e8f7c90",      /* version 1 */
        "3f2b8c1e-5d7a-4e0f-cb6c-2a1d4e8f7c90",      /* other variant */
        "3f2b8c1e-5d7a-4e0f-7b6c-2a1d4e8f7c90",
        "3f2b8c1e05d7a-4e0f-9b6c-2a1d4e8f7c90",
        "3f2b8c1e-5d7a-4e0f-9b6c-2a1d4e8f7c9\n",
        "{f2b8c1e-5d7a-4e0f-9b6c-2a1d4e8f7c9}",
        "00000000-0000-0000-0000-000000000000",
        "3f2b8c1e-5d7a-4e0f-9b6c-2a1d4e8f/c90",
    };
    static const char good[] = "3f2b8c1e-5d7a-4e0f-9b6c-2a1d4e8f7c90";
    size_t i;

    ck_assert(dl_uuid_valid(good, strlen(good)));
    ck_assert(!dl_uuid_valid(good, 35));
    ck_assert(!dl_uuid_valid(good, 37));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!dl_uuid_valid(bad[i], strlen(bad[i])), "%s", bad[i]);
    }
}
END_TEST

START_TEST(bytes_are_given_once)
{
    unsigned char a[DL_RANDOM_BATCH], b[DL_RANDOM_BATCH], zero[16] = { 0 };
    dl_random_t random;

    dl_random_init(&random);
    dl_random_take(&random, a, DL_RANDOM_BATCH);
    dl_random_take(&random, b, DL_RANDOM_BATCH);
    ck_assert_int_ne(memcmp(a, b, sizeof(a)), 0);
    /* what was handed out is not kept */
    dl_random_take(&random, a, 16);
    ck_assert_int_eq(random.left, DL_RANDOM_BATCH - 16);
    ck_assert_int_eq(memcmp(random.bytes + random.left, zero, 16), 0);
    ck_assert_int_ne(memcmp(a, zero, 16), 0);
}
END_TEST

START_TEST(numbers_stay_below_the_bound)
{
    int seen[7] = { 0 }, i;
    dl_random_t random;

    dl_random_init(&random);
    for (i = 0; i < 7000; i++) {
        apr_uint32_t n = dl_random_below(&random, 7);

        ck_assert_uint_lt(n, 7);
        seen[n]++;
    }
    for (i = 0; i < 7; i++) {
        ck_assert_int_gt(seen[i], 700);
    }
    ck_assert_uint_eq(dl_random_below(&random, 0), 0);
    ck_assert_uint_eq(dl_random_below(&random, 1), 0);
}
END_TEST

START_TEST(request_ids_are_harmless)
{
    static const char *const good[] = { "a", "A-b_c.9", "0", "..", "-" };
    static const char *const bad[] = {
        "", " ", "a b", "a\n", "a\r\nX: y", "a/b", "a:b", "\"a\"",
        "caf\xc3\xa9", "a,b", "{dljob}", "*", "\x7f"
    };
    char longest[DL_REQUEST_ID_MAX + 2];
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_msg(dl_request_id_valid(good[i]), "%s", good[i]);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!dl_request_id_valid(bad[i]), "%s", bad[i]);
    }
    ck_assert(!dl_request_id_valid(NULL));
    memset(longest, 'a', sizeof(longest));
    longest[DL_REQUEST_ID_MAX + 1] = '\0';
    ck_assert(!dl_request_id_valid(longest));
    longest[DL_REQUEST_ID_MAX] = '\0';
    ck_assert(dl_request_id_valid(longest));
}
END_TEST

Suite *test_uuid_suite(void);

Suite *test_uuid_suite(void)
{
    Suite *s = suite_create("uuid");
    TCase *tc = tcase_create("uuid");

    tcase_add_test(tc, what_is_made_is_valid_and_new);
    tcase_add_test(tc, only_our_form_is_valid);
    tcase_add_test(tc, bytes_are_given_once);
    tcase_add_test(tc, numbers_stay_below_the_bound);
    tcase_add_test(tc, request_ids_are_harmless);
    suite_add_tcase(s, tc);
    return s;
}
