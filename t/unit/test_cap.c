/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Caps on streams: what a server can hold, and what is raised for more.
 */
#include <check.h>
#include <string.h>

#include "dl_cap.h"

static const struct {
    dl_cap_facts_t facts;       /* can_park threads factor descriptors wanted */
    int child, server, blocking, factor;
    const char *why;            /* a part of it */
} rows[] = {
    /* stock Debian: 25 threads, factor 2, 8,192 descriptors */
    { { 1, 25, 2, 8192, -1 }, 37, 0, 7, 37, "DLJobMaxStreams raises it" },
    { { 1, 25, 2, 8192, 30 }, 37, 30, 7, 37, "half of" },
    { { 1, 25, 2, 8192, 200 }, 200, 200, 7, 200, "as DLJobMaxStreams" },
    { { 1, 25, 2, 8192, 1000 }, 1000, 1000, 7, 286, "as DLJobMaxStreams" },
    { { 1, 25, 2, 8192, 5000 }, 5000, 5000, 7, 400, "as DLJobMaxStreams" },
    { { 1, 25, 2, 8192, 10000 }, 6144, 10000, 7, 492, "descriptors" },
    { { 1, 25, 4000, 8192, -1 }, 6144, 0, 7, 0, "half of" },
    { { 1, 25, 0, 8192, -1 }, 12, 0, 7, 12, "half of" },
    { { 1, 25, 2, 40, -1 }, 30, 0, 7, 3, "half of" },
    { { 1, 25, 2, 8192, 0 }, 0, 0, 0, 0, "allows none" },
    { { 0, 25, 2, 8192, -1 }, 0, 0, 7, 0, "needs a thread" },
    { { 0, 1, 2, 8192, 100 }, 0, 100, 0, 0, "mpm_prefork" },
};

/* Whether a child with all its streams accepts with so many threads idle. */
static int accepts(const dl_cap_facts_t *facts, int child, int factor,
                   int idle)
{
    return child + facts->threads - idle
           < facts->threads + idle * (factor ? factor : facts->factor);
}

START_TEST(caps_follow_from_the_facts)
{
    dl_cap_t cap;
    int factor = -1;
    const char *why = dl_cap_compute(&rows[_i].facts, &cap, &factor);

    ck_assert_int_eq(cap.child, rows[_i].child);
    ck_assert_int_eq(cap.server, rows[_i].server);
    ck_assert_int_eq(cap.blocking, rows[_i].blocking);
    ck_assert_int_eq(factor, rows[_i].factor);
    ck_assert_msg(strstr(why, rows[_i].why) != NULL, "why: %s", why);
    if (cap.child) {
        ck_assert(accepts(&rows[_i].facts, cap.child, factor,
                          rows[_i].facts.threads / 2 + 1));
    }
}
END_TEST

Suite *test_cap_suite(void);

Suite *test_cap_suite(void)
{
    Suite *suite = suite_create("cap");
    TCase *tcase = tcase_create("cap");

    tcase_add_loop_test(tcase, caps_follow_from_the_facts, 0,
                        sizeof(rows) / sizeof(rows[0]));
    suite_add_tcase(suite, tcase);
    return suite;
}
