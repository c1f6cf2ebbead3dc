/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links of the file store: what is signed cannot be changed.
 */
#include <check.h>
#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include "dl_link.h"

#define NOW 1709251199

static apr_pool_t *pool;
static const char *const secrets[] = { "new-secret-of-a-site",
                                       "old-secret-of-a-site" };

static void setup(void)
{
    apr_pool_create(&pool, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static const char *query_of(const char *secret, const char *key,
                            const char *filename, const char *type)
{
    dl_link_t link = { key, NOW + 60, filename, type };
    const char *url;

    ck_assert_int_eq(dl_link_make(secret, "http://h/v1/download", &link,
                                  pool, &url), APR_SUCCESS);
    ck_assert_int_eq(strncmp(url, "http://h/v1/download/objects/", 29), 0);
    return strchr(url, '?') + 1;
}

static dl_link_e verify(const char *key, const char *query, dl_link_t *link)
{
    return dl_link_verify(secrets, 2, key, query, NOW, pool, link);
}

START_TEST(good_links_say_what_was_signed)
{
    static const struct {
        const char *key, *filename, *type;
    } cases[] = {
        { "files/70000", NULL, NULL },
        { "files/70000.1-ab", "report.csv", "text/csv" },
        { "a b+c%25&d=e/f", "caf\xc3\xa9 \"x\".zip", NULL },
        { "x", NULL, "application/zip" },
    };
    dl_link_t link;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *query = query_of(secrets[i & 1], cases[i].key,
                                     cases[i].filename, cases[i].type);

        ck_assert_int_eq(verify(cases[i].key, query, &link), DL_LINK_GOOD);
        ck_assert_str_eq(link.key, cases[i].key);
        ck_assert_int_eq(link.expires_s, NOW + 60);
        ck_assert_pstr_eq(link.filename, cases[i].filename);
        ck_assert_pstr_eq(link.content_type, cases[i].type);
    }
}
END_TEST

START_TEST(every_changed_character_is_found)
{
    const char *query = query_of(secrets[0], "files/70000", "a.csv",
                                 "text/csv");
    size_t i, n = strlen(query);
    dl_link_t link;

    for (i = 0; i < n; i++) {
        char *changed = apr_pstrdup(pool, query);

        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        ck_assert_msg(verify("files/70000", changed, &link) == DL_LINK_BAD,
                      "%s", changed);
    }
    ck_assert_int_eq(verify("files/70001", query, &link), DL_LINK_BAD);
    ck_assert_int_eq(verify("files/7000", query, &link), DL_LINK_BAD);
    ck_assert_int_eq(verify("files//70000", query, &link), DL_LINK_BAD);
}
END_TEST

START_TEST(nothing_moves_between_members)
{
    /* the same bytes, divided otherwise */
    const char *query = query_of(secrets[0], "files/70000", "ab", "c");
    const char *sig = strstr(query, "&signature=");
    dl_link_t link;

    ck_assert_int_eq(
        verify("files/70000",
               apr_psprintf(pool, "expires=%d&filename=a&type=bc%s", NOW + 60,
                            sig), &link), DL_LINK_BAD);
    ck_assert_int_eq(
        verify("files/70000",
               apr_psprintf(pool, "expires=%d&filename=abc%s", NOW + 60, sig),
               &link), DL_LINK_BAD);
}
END_TEST

START_TEST(order_and_strangers_do_not_matter)
{
    const char *query = query_of(secrets[0], "k", "a.csv", NULL);
    const char *sig = strstr(query, "signature=");
    dl_link_t link;

    query = apr_psprintf(pool, "utm_source=mail&%s&filename=a.csv&x&"
                         "expires=%d&", sig, NOW + 60);
    ck_assert_int_eq(verify("k", query, &link), DL_LINK_GOOD);
    ck_assert_str_eq(link.filename, "a.csv");
}
END_TEST

START_TEST(malformed_queries_are_bad)
{
    const char *good = query_of(secrets[0], "k", NULL, NULL);
    const char *sig = strstr(good, "&signature=");
    const char *const bad[] = {
        NULL, "", "&", "=", "expires", "expires=", sig + 1,
        apr_psprintf(pool, "expires=%d", NOW + 60),
        apr_psprintf(pool, "expires=0%d%s", NOW + 60, sig),
        apr_psprintf(pool, "expires=+%d%s", NOW + 60, sig),
        apr_psprintf(pool, "expires=-1%s", sig),
        apr_psprintf(pool, "expires=%d.0%s", NOW + 60, sig),
        apr_psprintf(pool, "expires=9999999999999999999999%s", sig),
        apr_psprintf(pool, "expires=%d%s", NOW + 60, good),
        apr_psprintf(pool, "%s&filename=", good),
        apr_psprintf(pool, "%s&filename=%%", good),
        apr_psprintf(pool, "%s&filename=%%00", good),
        apr_psprintf(pool, "%s&signature=%s", good, sig + 11),
        apr_psprintf(pool, "%s=", good),
        apr_psprintf(pool, "%s&%0*d", good, DL_LINK_MAX_QUERY, 0),
    };
    dl_link_t link;
    size_t i;

    ck_assert_int_eq(verify("k", good, &link), DL_LINK_GOOD);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(verify("k", bad[i], &link) == DL_LINK_BAD, "%s",
                      bad[i] ? bad[i] : "(none)");
    }
}
END_TEST

START_TEST(expired_and_rotated_out)
{
    const char *query = query_of(secrets[1], "k", NULL, NULL);
    dl_link_t link;

    ck_assert_int_eq(dl_link_verify(secrets, 2, "k", query, NOW + 59, pool,
                                    &link), DL_LINK_GOOD);
    ck_assert_int_eq(dl_link_verify(secrets, 2, "k", query, NOW + 60, pool,
                                    &link), DL_LINK_EXPIRED);
    ck_assert_int_eq(dl_link_verify(secrets, 1, "k", query, NOW, pool, &link),
                     DL_LINK_BAD);
    ck_assert_int_eq(dl_link_verify(NULL, 0, "k", query, NOW, pool, &link),
                     DL_LINK_BAD);
}
END_TEST

Suite *test_link_suite(void);

Suite *test_link_suite(void)
{
    Suite *s = suite_create("link");
    TCase *t = tcase_create("link");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, good_links_say_what_was_signed);
    tcase_add_test(t, every_changed_character_is_found);
    tcase_add_test(t, nothing_moves_between_members);
    tcase_add_test(t, order_and_strangers_do_not_matter);
    tcase_add_test(t, malformed_queries_are_bad);
    tcase_add_test(t, expired_and_rotated_out);
    suite_add_tcase(s, t);
    return s;
}
