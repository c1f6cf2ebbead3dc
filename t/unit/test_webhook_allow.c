/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a webhook may go: the addresses a host resolves to, and what an
 * operator opens with DLJobWebhookAllow.
 */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <string.h>

#include <apr_strings.h>

#include "dl_url_guard.h"

static apr_pool_t *pool;
static const dl_url_guard_t *closed;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    ck_assert_ptr_null(dl_url_guard_create(NULL, pool, &closed));
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static const char *check_with(const dl_url_guard_t *guard, const char *text)
{
    dl_url_t url;

    return dl_url_guard_check(guard, text, strlen(text), pool, &url);
}

static void address(const char *text, dl_ip_t *ip)
{
    struct sockaddr_storage ss;

    memset(&ss, 0, sizeof(ss));
    if (strchr(text, ':')) {
        ss.ss_family = AF_INET6;
        ck_assert_int_eq(inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)
                                                     &ss)->sin6_addr), 1);
    }
    else {
        ss.ss_family = AF_INET;
        ck_assert_int_eq(inet_pton(AF_INET, text, &((struct sockaddr_in *)
                                                    &ss)->sin_addr), 1);
    }
    ck_assert(dl_ip_from_sockaddr((struct sockaddr *)&ss, ip));
}

START_TEST(resolved_addresses_are_judged)
{
    static const char *const good[] = {
        "8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "11.0.0.0",
        "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
        "169.253.0.1", "169.255.0.1", "192.167.0.1", "192.169.0.1",
        "198.17.255.255", "198.20.0.0", "223.255.255.255", "192.0.1.1",
        "2606:4700::1111", "2a00:1450::1", "64:ff9b::8.8.8.8", "3ffe::1",
        "2001:200::1", "2001:4860:4860::8888"
    };
    static const char *const bad[] = {
        "127.0.0.1", "10.255.255.255", "172.16.0.0", "172.31.255.255",
        "192.168.0.0", "100.64.0.0", "100.127.255.255", "169.254.169.254",
        "0.0.0.0", "0.255.255.255", "224.0.0.0", "239.255.255.255",
        "240.0.0.0", "255.255.255.255", "198.18.0.0", "198.19.255.255",
        "192.0.0.1", "192.88.99.1", "203.0.113.5", "198.51.100.5",
        "::1", "::", "::ffff:8.8.8.8", "fc00::", "fdff:ffff::1", "fe80::1",
        "febf::1", "fec0::1", "ff00::1", "64:ff9b::127.0.0.1", "100::1",
        "64:ff9b:1:2::8.8.8.8", "2001:db8::1", "2001::1", "2001:10::1",
        "2001:1ff::1", "2002::1", "3fff::1", "5f00::1", "1::1", "e000::1",
        "fd00:ec2::254"
    };
    dl_url_t url;
    dl_ip_t ip;
    size_t i;

    ck_assert_ptr_null(dl_url_guard_check(closed, "https://h.example.com/",
                                          22, pool, &url));
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        address(good[i], &ip);
        ck_assert_msg(!dl_url_guard_address(closed, &url, &ip, pool), "%s",
                      good[i]);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        address(bad[i], &ip);
        ck_assert_msg(dl_url_guard_address(closed, &url, &ip, pool) != NULL,
                      "%s", bad[i]);
    }
}
END_TEST

START_TEST(odd_notations_agree_with_the_libc)
{
    static const char *const hosts[] = {
        "127.0.0.1", "127.1", "0x7f.1", "0177.1", "2130706433", "0", "1.2.3",
        "255.255.65535", "255.16777215", "4294967295", "0xffffffff",
        "037777777777", "0x1.0x2.0x3.0x4", "1.2.3.256", "1.2.65536",
        "1.16777216", "256.1", "08", "0x1g", "1.2.3.4.5"
    };
    size_t i;

    for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct in_addr in;
        dl_ip_t ip;
        dl_ip_e kind = dl_ip_parse4(hosts[i], strlen(hosts[i]), &ip);
        int known = inet_aton(hosts[i], &in);

        ck_assert_msg((kind == DL_IP_PLAIN || kind == DL_IP_ODD) == known,
                      "%s", hosts[i]);
        if (known) {
            ck_assert_msg(memcmp(&in, ip.b, 4) == 0, "%s", hosts[i]);
        }
    }
}
END_TEST

static const dl_url_guard_t *guard_of(const char *entries)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(char *));
    const dl_url_guard_t *guard = NULL;
    char *state, *copy = apr_pstrdup(pool, entries), *one;

    while ((one = apr_strtok(copy, " ", &state)) != NULL) {
        copy = NULL;
        APR_ARRAY_PUSH(list, const char *) = one;
    }
    ck_assert_pstr_eq(dl_url_guard_create(list, pool, &guard), NULL);
    return guard;
}

START_TEST(entries_open_one_thing_each)
{
    static const struct {
        const char *entries, *url;
        int ok;
    } cases[] = {
        { "hooks.lan", "https://hooks.lan/", 1 },
        { "hooks.lan", "https://hooks.lan:8443/", 1 },
        { "hooks.lan", "https://hooks.lan:9000/", 0 },
        { "hooks.lan", "http://hooks.lan/", 0 },
        { "hooks.lan", "https://a.hooks.lan/", 0 },
        { "hooks.lan", "https://xhooks.lan/", 0 },
        { "Hooks.LAN:9000", "https://hooks.lan:9000/", 1 },
        { "hooks.lan:9000", "https://hooks.lan/", 0 },
        { "hooks.lan:*", "https://hooks.lan:1/", 1 },
        { "http://hooks.lan", "http://hooks.lan/", 1 },
        { "http://hooks.lan", "http://hooks.lan:8080/", 0 },
        { "http://hooks.lan", "https://hooks.lan/", 0 },
        { "http://hooks.lan:8080", "http://hooks.lan:8080/x", 1 },
        { "https://hooks.lan", "https://hooks.lan/", 1 },
        { "*.lan", "https://a.b.lan/", 1 },
        { "*.lan", "https://lan/", 0 },
        { "*.lan", "https://alan/", 0 },
        { "localhost:*", "https://localhost:1234/", 1 },
        { "127.0.0.1", "https://127.0.0.1/", 1 },
        { "127.0.0.1", "https://127.0.0.2/", 0 },
        { "127.0.0.0/8", "https://127.9.9.9:8443/", 1 },
        { "127.0.0.0/8", "https://127.1/", 1 },
        { "127.0.0.0/8", "https://128.0.0.1:9/", 0 },
        { "127.0.0.0/8", "https://localhost/", 1 },  /* told by its address */
        { "http://127.0.0.1:*", "http://127.0.0.1:41234/hook", 1 },
        { "http://127.0.0.1:*", "https://127.0.0.1/", 0 },
        { "10.0.0.0/8", "https://169.254.169.254/", 0 },
        { "[fd00::]/8", "https://[fd12::1]/", 1 },
        { "[fd00::]/8", "https://[fc12::1]/", 0 },
        { "fd00::/8", "https://[fd12::1]/", 1 },
        { "::1", "https://[::1]/", 1 },
        { "::1", "https://[::1]:9000/", 0 },
        { "http://[fd00::]/8:80", "http://[fd12::1]/", 1 },
        { "[::1]:9000", "https://[::1]:9000/", 1 },
        { "[::1]", "https://[::1]/", 1 },
        { "0.0.0.0/0", "https://10.0.0.1/", 1 },
        { "0.0.0.0/0", "https://[::1]/", 0 },
        { "hooks.lan 10.0.0.0/8", "https://10.1.1.1/", 1 },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *reason = check_with(guard_of(cases[i].entries),
                                        cases[i].url);

        ck_assert_msg((reason == NULL) == cases[i].ok, "%s %s: %s",
                      cases[i].entries, cases[i].url,
                      reason ? reason : "accepted");
    }
}
END_TEST

START_TEST(entries_are_asked_again_with_the_address)
{
    static const struct {
        const char *entries, *url, *address;
        int ok;
    } cases[] = {
        { "hooks.example.com", "https://hooks.example.com/", "10.0.0.1", 1 },
        { "hooks.example.com", "https://hooks.example.com/", "127.0.0.1", 1 },
        { "other.example.com", "https://hooks.example.com/", "10.0.0.1", 0 },
        { "10.0.0.0/8", "https://hooks.example.com/", "10.0.0.1", 1 },
        { "10.0.0.0/8", "https://hooks.example.com/", "11.0.0.1", 1 },
        { "10.0.0.0/8", "https://hooks.example.com/", "127.0.0.1", 0 },
        { "http://10.0.0.0/8:8080", "http://hooks.example.com:8080/",
          "10.0.0.1", 1 },
        /* the port was let pass only for that network */
        { "http://10.0.0.0/8:8080", "http://hooks.example.com:8080/",
          "8.8.8.8", 0 },
        { "https://10.0.0.0/8:9000", "https://hooks.example.com:9000/",
          "8.8.8.8", 0 },
        { "127.0.0.0/8", "https://localhost/", "127.0.0.1", 1 },
        { "127.0.0.0/8", "https://localhost/", "::1", 0 },
        { "[fd00::]/8", "https://hooks.example.com/", "fd01::5", 1 },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const dl_url_guard_t *guard = guard_of(cases[i].entries);
        dl_url_t url;
        dl_ip_t ip;

        ck_assert_pstr_eq(dl_url_guard_check(guard, cases[i].url,
                                             strlen(cases[i].url), pool,
                                             &url), NULL);
        address(cases[i].address, &ip);
        ck_assert_msg((dl_url_guard_address(guard, &url, &ip, pool) == NULL)
                      == cases[i].ok, "%s %s %s", cases[i].entries,
                      cases[i].url, cases[i].address);
    }
}
END_TEST

START_TEST(bad_entries_are_named)
{
    static const char *const bad[] = {
        "", "*", "a b", "a/b", "http://", "ftp://a", "a:", "a:0", "a:65536",
        "a:x", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "[fd00::]/129",
        "[fd00::", "fd00::/129", "fd00::x/8", "[x]", "1.2.3",
        "0x7f.1", "a..b", ".a",
        "*.", "a.b/8", "u@a", "a?b", "caf\xc3\xa9"
    };
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        apr_array_header_t *list = apr_array_make(pool, 1, sizeof(char *));
        const dl_url_guard_t *guard = NULL;
        const char *message;

        APR_ARRAY_PUSH(list, const char *) = bad[i];
        message = dl_url_guard_create(list, pool, &guard);
        ck_assert_msg(message != NULL, "%s", bad[i]);
        ck_assert_ptr_nonnull(strstr(message, bad[i]));
        ck_assert_ptr_null(guard);
    }
}
END_TEST

Suite *test_webhook_allow_suite(void);

Suite *test_webhook_allow_suite(void)
{
    Suite *s = suite_create("webhook_allow");
    TCase *tc = tcase_create("webhook_allow");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, resolved_addresses_are_judged);
    tcase_add_test(tc, odd_notations_agree_with_the_libc);
    tcase_add_test(tc, entries_open_one_thing_each);
    tcase_add_test(tc, entries_are_asked_again_with_the_address);
    tcase_add_test(tc, bad_entries_are_named);
    suite_add_tcase(s, tc);
    return s;
}
