/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fixture itself: the server answers, and is ours alone.
 */
#include <check.h>
#include <stdlib.h>

#include "redis_fixture.h"

START_TEST(test_has_no_port)
{
    redisContext *c = redis_fixture_connect();
    redisReply *r = redisCommand(c, "CONFIG GET port");

    ck_assert_ptr_nonnull(r);
    ck_assert_uint_eq(r->elements, 2);
    ck_assert_str_eq(r->element[1]->str, "0");
    freeReplyObject(r);
    redisFree(c);
}
END_TEST

START_TEST(test_flush_empties)
{
    redisContext *c = redis_fixture_connect();
    redisReply *r;

    freeReplyObject(redisCommand(c, "SET a 1"));
    redis_fixture_flush();
    r = redisCommand(c, "DBSIZE");
    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(r->integer, 0);
    freeReplyObject(r);
    redisFree(c);
}
END_TEST

Suite *test_redis_fixture_suite(void);

Suite *test_redis_fixture_suite(void)
{
    Suite *s = suite_create("redis_fixture");
    TCase *tc = tcase_create("server");

    tcase_add_test(tc, test_has_no_port);
    tcase_add_test(tc, test_flush_empties);
    suite_add_tcase(s, tc);
    return s;
}
