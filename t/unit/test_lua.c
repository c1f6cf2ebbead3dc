/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiled-in Lua scripts: complete, and accepted by Redis as Lua.
 */
#include <check.h>
#include <string.h>

#include "dl_lua.h"
#include "redis_fixture.h"

START_TEST(test_rows_are_whole)
{
    for (const dl_lua_t *s = dl_lua_all; s->name; s++) {
        ck_assert_uint_eq(strlen(s->text), s->len);
        ck_assert_uint_gt(s->len, 0);
        ck_assert_msg(!strstr(s->text, "--@include"),
                      "%s: an include is left", s->name);
    }
}
END_TEST

START_TEST(test_names_are_unique)
{
    for (const dl_lua_t *s = dl_lua_all; s->name; s++)
        for (const dl_lua_t *t = s + 1; t->name; t++)
            ck_assert_str_ne(s->name, t->name);
}
END_TEST

START_TEST(test_redis_compiles_them)
{
    redisContext *c = redis_fixture_connect();

    for (const dl_lua_t *s = dl_lua_all; s->name; s++) {
        redisReply *r = redisCommand(c, "SCRIPT LOAD %b", s->text, s->len);

        ck_assert_ptr_nonnull(r);
        ck_assert_msg(r->type == REDIS_REPLY_STRING, "%s: %s", s->name,
                      r->str);
        freeReplyObject(r);
    }
    redisFree(c);
}
END_TEST

Suite *test_lua_suite(void);

Suite *test_lua_suite(void)
{
    Suite *s = suite_create("lua");
    TCase *tc = tcase_create("generated");

    tcase_add_test(tc, test_rows_are_whole);
    tcase_add_test(tc, test_names_are_unique);
    tcase_add_test(tc, test_redis_compiles_them);
    suite_add_tcase(s, tc);
    return s;
}
