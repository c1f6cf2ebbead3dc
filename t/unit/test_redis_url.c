/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DLJobRedis: every form, every mistake with its message, no secret in any.
 */
#include <check.h>
#include <string.h>

#include <apr_pools.h>

#include "dl_redis_url.h"

static apr_pool_t *pool;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static const struct good_t {
    const char *url;
    dl_redis_addr_t want;
} good[] = {
    { "redis://localhost",
      { .host = "localhost", .port = 6379,
        .display = "redis://localhost:6379/0" } },
    { "redis://localhost/",
      { .host = "localhost", .port = 6379,
        .display = "redis://localhost:6379/0" } },
    { "REDIS://10.0.0.1:7000/15",
      { .host = "10.0.0.1", .port = 7000, .db = 15,
        .display = "redis://10.0.0.1:7000/15" } },
    { "redis://:secret@h",
      { .host = "h", .port = 6379, .password = "secret",
        .display = "redis://h:6379/0" } },
    { "redis://ann@h",
      { .host = "h", .port = 6379, .user = "ann",
        .display = "redis://h:6379/0" } },
    { "redis://ann:@h",
      { .host = "h", .port = 6379, .user = "ann",
        .display = "redis://h:6379/0" } },
    { "redis://a%40b:p%2fq%25%3A@h:1/2",
      { .host = "h", .port = 1, .user = "a@b", .password = "p/q%:", .db = 2,
        .display = "redis://h:1/2" } },
    { "redis://:p@ss@h",
      { .host = "h", .port = 6379, .password = "p@ss",
        .display = "redis://h:6379/0" } },
    { "redis://[::1]:65535/3",
      { .host = "::1", .port = 65535, .db = 3,
        .display = "redis://[::1]:65535/3" } },
    { "redis://[fe80::1]",
      { .host = "fe80::1", .port = 6379,
        .display = "redis://[fe80::1]:6379/0" } },
    { "unix:/run/redis.sock",
      { .socket = "/run/redis.sock", .port = 6379,
        .display = "unix:/run/redis.sock" } },
    { "unix:///run/redis.sock?db=4",
      { .socket = "/run/redis.sock", .port = 6379, .db = 4,
        .display = "unix:/run/redis.sock?db=4" } },
    { "unix:/a%20b?user=w%26x&db=7",
      { .socket = "/a b", .port = 6379, .db = 7, .user = "w&x",
        .display = "unix:/a b?db=7" } },
};

static void same(const char *have, const char *want)
{
    if (want) {
        ck_assert_ptr_nonnull(have);
        ck_assert_str_eq(have, want);
    }
    else {
        ck_assert_ptr_null(have);
    }
}

START_TEST(test_good)
{
    const struct good_t *c = &good[_i];
    dl_redis_addr_t *addr = NULL;
    const char *err = dl_redis_url_parse(c->url, pool, &addr);

    ck_assert_msg(err == NULL, "%s: %s", c->url, err);
    same(addr->host, c->want.host);
    same(addr->socket, c->want.socket);
    same(addr->user, c->want.user);
    same(addr->password, c->want.password);
    same(addr->display, c->want.display);
    ck_assert_int_eq(addr->port, c->want.port);
    ck_assert_int_eq(addr->db, c->want.db);
    ck_assert_int_eq(addr->tls, 0);
}
END_TEST

static const struct bad_t {
    const char *url;
    const char *message;        /* a part of it */
} bad[] = {
    { NULL, "redis://" },
    { "", "not an address" },
    { "localhost:6379", "not an address" },
    { "http://h", "not an address" },
    { "rediss://:s3cret@h", "stunnel" },
    { "redis://", "no host" },
    { "redis://:s3cret@", "no host" },
    { "redis://:s3cret@:6379", "no host" },
    { "redis://h:0", "port" },
    { "redis://h:65536", "port" },
    { "redis://h:", "port" },
    { "redis://h:12x", "port" },
    { "redis://:s3cret@h:99999999999999999999", "port" },
    { "redis://h/x", "database" },
    { "redis://h/-1", "database" },
    { "redis://h/1/2", "database" },
    { "redis://[::1", "IPv6" },
    { "redis://[::1]6379", "IPv6" },
    { "redis://:s3cret%@h", "percent-encoding" },
    { "redis://:s3cret%0@h", "percent-encoding" },
    { "redis://:s3cret%zz@h", "percent-encoding" },
    { "redis://:s3cret%00@h", "percent-encoding" },
    { "redis://u%1:s3cret@h", "percent-encoding" },
    { "redis://:s3cret#x@h", "%23" },
    { "redis://h?db=1", "?" },
    { "redis://h\nforged", "host" },
    { "redis:// h", "host" },
    { "unix:", "absolute" },
    { "unix:/", "absolute" },
    { "unix:run/redis.sock", "absolute" },
    { "unix://host/redis.sock", "absolute" },
    { "unix:/r?db=", "database" },
    { "unix:/r?db=x", "db=N" },
    { "unix:/r?password=s3cret", "db=N" },
    { "unix:/r%0", "percent-encoding" },
    { "unix:/r?user=%0", "percent-encoding" },
    { "unix:/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "longer" },
};

START_TEST(test_bad)
{
    const struct bad_t *c = &bad[_i];
    dl_redis_addr_t *addr = NULL;
    const char *err = dl_redis_url_parse(c->url, pool, &addr);

    ck_assert_msg(err != NULL, "%s: accepted", c->url);
    ck_assert_ptr_null(addr);
    ck_assert_msg(strstr(err, c->message) != NULL, "%s: %s", c->url, err);
    ck_assert_msg(strstr(err, "s3cret") == NULL, "secret in: %s", err);
}
END_TEST

START_TEST(test_password)
{
    dl_redis_addr_t *addr = NULL;

    ck_assert_ptr_null(dl_redis_url_parse("redis://ann@h", pool, &addr));
    ck_assert_ptr_nonnull(dl_redis_addr_password(addr, "\r\n", pool));
    ck_assert_ptr_nonnull(dl_redis_addr_password(addr, NULL, pool));
    ck_assert_ptr_null(dl_redis_addr_password(addr, " pass word \r\n", pool));
    ck_assert_str_eq(addr->password, " pass word");
    ck_assert_ptr_nonnull(dl_redis_addr_password(addr, "again", pool));
    ck_assert_ptr_null(strstr(addr->display, "pass"));
}
END_TEST

Suite *test_redis_url_suite(void);

Suite *test_redis_url_suite(void)
{
    Suite *s = suite_create("redis_url");
    TCase *tc = tcase_create("forms");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, test_good, 0, sizeof(good) / sizeof(good[0]));
    tcase_add_loop_test(tc, test_bad, 0, sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(tc, test_password);
    suite_add_tcase(s, tc);
    return s;
}
