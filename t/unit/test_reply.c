/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reply parser, and the functions for hiredis' reader: both must say what
 * hiredis itself says, in whatever pieces the bytes come.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dl_reply.h"

typedef struct bytes_t {
    const char *text;
    size_t len;
} bytes_t;

#define B(s) { s, sizeof(s) - 1 }

static const bytes_t good[] = {
    B("+OK\r\n"),
    B("+\r\n"),
    B("-ERR no such thing\r\n"),
    B(":0\r\n"),
    B(":-1\r\n"),
    B(":9223372036854775807\r\n"),
    B(":-9223372036854775808\r\n"),
    B("$0\r\n\r\n"),
    B("$5\r\nhello\r\n"),
    B("$4\r\n\r\n\0x\r\n"),
    B("$-1\r\n"),
    B("*-1\r\n"),
    B("*0\r\n"),
    B("*2\r\n*0\r\n*0\r\n"),
    B("*3\r\n:1\r\n$-1\r\n+two\r\n"),
    B("*2\r\n*2\r\n:1\r\n*1\r\n$1\r\na\r\n-ERR in here\r\n"),
    B("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:7\r\n"),
    B("*4\r\n$6\r\nstatus\r\n$6\r\nqueued\r\n$8\r\nprogress\r\n$2\r\n45\r\n"),
};

static void same(const redisReply *a, const redisReply *b)
{
    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_nonnull(b);
    ck_assert_int_eq(a->type, b->type);
    if (a->type == REDIS_REPLY_INTEGER) {
        ck_assert_int_eq(a->integer, b->integer);
    }
    if (a->str || b->str) {
        ck_assert_uint_eq(a->len, b->len);
        ck_assert_mem_eq(a->str, b->str, a->len + 1);
    }
    ck_assert_uint_eq(dl_reply_count(a), dl_reply_count(b));
    for (size_t i = 0; i < dl_reply_count(a); i++) {
        same(a->element[i], b->element[i]);
    }
}

/* What hiredis makes of it by itself. */
static redisReply *reference(const bytes_t *in)
{
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;

    redisReaderFeed(reader, in->text, in->len);
    ck_assert_int_eq(redisReaderGetReply(reader, &reply), REDIS_OK);
    redisReaderFree(reader);
    ck_assert_ptr_nonnull(reply);
    return reply;
}

/* Scans in pieces of step bytes, in a buffer that moves: the heap shows any
 * read beyond what has come. */
static redisReply *ours(const bytes_t *in, size_t step)
{
    dl_reply_scan_t scan = { 0 };
    redisReply *reply = NULL;
    size_t have = 0;

    for (;;) {
        char *copy;
        dl_reply_scan_e found;

        have = have + step < in->len ? have + step : in->len;
        copy = malloc(have);
        memcpy(copy, in->text, have);
        found = dl_reply_scan(&scan, copy, have);
        if (found == DL_REPLY_WHOLE) {
            ck_assert_uint_eq(have, in->len);
            ck_assert_uint_eq(scan.pos, in->len);
            reply = dl_reply_build(&scan, copy);
        }
        else {
            ck_assert_int_eq(found, DL_REPLY_MORE);
            ck_assert_uint_lt(have, in->len);
        }
        free(copy);
        if (reply) {
            return reply;
        }
    }
}

static redisReply *by_reader(const bytes_t *in, size_t step)
{
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;

    dl_reply_use(reader);
    for (size_t i = 0; i < in->len; i += step) {
        ck_assert_ptr_null(reply);
        redisReaderFeed(reader, in->text + i,
                        in->len - i < step ? in->len - i : step);
        ck_assert_int_eq(redisReaderGetReply(reader, &reply), REDIS_OK);
    }
    redisReaderFree(reader);
    ck_assert_ptr_nonnull(reply);
    return reply;
}

static void check_all_ways(const bytes_t *in, size_t step)
{
    redisReply *want = reference(in);
    redisReply *a = ours(in, step), *b = by_reader(in, step);

    same(a, want);
    same(b, want);
    freeReplyObject(want);
    dl_reply_free(a);
    dl_reply_free(b);
}

START_TEST(test_good)
{
    for (size_t step = 1; step <= good[_i].len; step++) {
        check_all_ways(&good[_i], step);
    }
}
END_TEST

/* A random reply of at most depth levels, at most room bytes. */
static size_t make(char *out, int depth)
{
    size_t len = 0;
    int kind = rand() % (depth > 0 ? 7 : 5), n;

    switch (kind) {
    case 0:
        return (size_t)sprintf(out, ":%lld\r\n",
                               (long long)rand() * rand() - rand());
    case 1:
        return (size_t)sprintf(out, rand() % 2 ? "$-1\r\n" : "*-1\r\n");
    case 2:
        return (size_t)sprintf(out, "+st %d\r\n", rand());
    case 3:
        return (size_t)sprintf(out, "-ERR %d\r\n", rand());
    case 4:
        n = rand() % 4 ? rand() % 40 : rand() % 9000;
        len = (size_t)sprintf(out, "$%d\r\n", n);
        for (int i = 0; i < n; i++) {
            out[len++] = (char)rand();
        }
        memcpy(out + len, "\r\n", 2);
        return len + 2;
    default:
        n = rand() % 12;
        len = (size_t)sprintf(out, "*%d\r\n", n);
        while (n-- > 0) {
            len += make(out + len, depth - 1);
        }
        return len;
    }
}

START_TEST(test_random)
{
    char *text = malloc(32 * 1024 * 1024);

    srand((unsigned)_i + 1);
    for (int i = 0; i < 40; i++) {
        bytes_t in = { text, make(text, 3) };

        check_all_ways(&in, in.len);
        if (in.len > 4) {
            check_all_ways(&in, in.len / 3);
        }
    }
    free(text);
}
END_TEST

static const bytes_t bad[] = {
    B("\r\n"),
    B("HTTP/1.1 400 Bad Request\r\n"),
    B("(1\r\n"),
    B(":\r\n"),
    B(":x\r\n"),
    B(":-\r\n"),
    B(":1 \r\n"),
    B(":9223372036854775808\r\n"),
    B(":-9223372036854775809\r\n"),
    B(":99999999999999999999999\r\n"),
    B("+OK\rx"),
    B("$\r\n"),
    B("$-2\r\n"),
    B("$x\r\n"),
    B("$3\r\nabcd\r\n"),
    B("$3\r\nabc\r."),
    B("$67108865\r\n"),
    B("$9223372036854775807\r\n"),
    B("*-2\r\n"),
    B("*1048577\r\n"),
    B("*9223372036854775807\r\n"),
    B("*2\r\n*1048576\r\n:1\r\n"),
    B("*1\r\n_\r\n"),
};

START_TEST(test_bad)
{
    dl_reply_scan_t scan = { 0 };

    ck_assert_int_eq(dl_reply_scan(&scan, bad[_i].text, bad[_i].len),
                     DL_REPLY_BAD);
}
END_TEST

/* hiredis' reader gives a broken reply up; ours must free what it has. */
START_TEST(test_reader_gives_up)
{
    const char text[] = "*3\r\n$3\r\nabc\r\n*2\r\n:1\r\n:x\r\n?";
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;

    dl_reply_use(reader);
    redisReaderFeed(reader, text, sizeof(text) - 1);
    ck_assert_int_eq(redisReaderGetReply(reader, &reply), REDIS_ERR);
    ck_assert_ptr_null(reply);
    redisReaderFree(reader);
}
END_TEST

START_TEST(test_too_deep)
{
    char text[128] = "";
    dl_reply_scan_t scan = { 0 };

    for (int i = 0; i < DL_REPLY_MAX_DEPTH + 1; i++) {
        strcat(text, "*1\r\n");
    }
    strcat(text, ":1\r\n");
    ck_assert_int_eq(dl_reply_scan(&scan, text, strlen(text)),
                     DL_REPLY_WHOLE);
    ck_assert_ptr_null(dl_reply_build(&scan, text));
}
END_TEST

START_TEST(test_endless_line)
{
    dl_reply_scan_t scan = { 0 };
    size_t len = DL_REPLY_MAX_LINE + 2;
    char *text = malloc(len);

    memset(text, 'x', len);
    text[0] = '+';
    ck_assert_int_eq(dl_reply_scan(&scan, text, 1000), DL_REPLY_MORE);
    ck_assert_int_eq(dl_reply_scan(&scan, text, len), DL_REPLY_BAD);
    free(text);
}
END_TEST

START_TEST(test_helpers)
{
    const bytes_t in = B("*7\r\n$1\r\na\r\n:5\r\n$1\r\nb\r\n$2\r\n42\r\n"
                         "$2\r\nno\r\n-ERR x\r\n+st\r\n");
    redisReply *reply = ours(&in, in.len);
    apr_int64_t n = -7;
    apr_size_t len;

    ck_assert_uint_eq(dl_reply_count(reply), 7);
    ck_assert_str_eq(dl_reply_str_at(reply, 2, &len), "b");
    ck_assert_uint_eq(len, 1);
    ck_assert_str_eq(dl_reply_str_at(reply, 6, NULL), "st");
    ck_assert_ptr_null(dl_reply_str_at(reply, 1, NULL));
    ck_assert_ptr_null(dl_reply_str_at(reply, 7, NULL));
    ck_assert(!dl_reply_int_at(reply, 4, &n));
    ck_assert(!dl_reply_int_at(reply, 70, &n));
    ck_assert_int_eq(n, -7);
    ck_assert(dl_reply_int_at(reply, 3, &n) && n == 42);
    ck_assert(dl_reply_int(dl_reply_field(reply, "a"), &n) && n == 5);
    ck_assert_str_eq(dl_reply_str(dl_reply_field(reply, "b"), NULL), "42");
    ck_assert_ptr_null(dl_reply_field(reply, "st"));
    ck_assert_ptr_null(dl_reply_field(reply, "42"));
    ck_assert_str_eq(dl_reply_error(dl_reply_at(reply, 5)), "ERR x");
    ck_assert_ptr_null(dl_reply_error(reply));
    dl_reply_free(reply);

    ck_assert_ptr_null(dl_reply_str(NULL, NULL));
    ck_assert(!dl_reply_int(NULL, &n));
    ck_assert_uint_eq(dl_reply_count(NULL), 0);
    ck_assert_ptr_null(dl_reply_at(NULL, 0));
    ck_assert_ptr_null(dl_reply_field(NULL, "a"));
    ck_assert_ptr_null(dl_reply_error(NULL));
    dl_reply_free(NULL);
}
END_TEST

Suite *test_reply_suite(void);

Suite *test_reply_suite(void)
{
    Suite *s = suite_create("reply");
    TCase *tc = tcase_create("parser");

    tcase_add_loop_test(tc, test_good, 0, sizeof(good) / sizeof(good[0]));
    tcase_add_loop_test(tc, test_random, 0, 8);
    tcase_add_loop_test(tc, test_bad, 0, sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(tc, test_reader_gives_up);
    tcase_add_test(tc, test_too_deep);
    tcase_add_test(tc, test_endless_line);
    tcase_add_test(tc, test_helpers);
    suite_add_tcase(s, tc);
    return s;
}
