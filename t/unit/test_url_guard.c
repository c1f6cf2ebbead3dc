/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a webhook may go: hostile URLs.
 */
#include <check.h>
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

START_TEST(public_urls_pass)
{
    static const struct {
        const char *text, *host;
        int port;
        const char *path;
    } cases[] = {
        { "https://hooks.example.com/a/b?c=d&e=%20f", "hooks.example.com",
          443, "/a/b?c=d&e=%20f" },
        { "HTTPS://Hooks.Example.COM", "hooks.example.com", 443, "/" },
        { "https://hooks.example.com:8443/x", "hooks.example.com", 8443,
          "/x" },
        { "https://hooks.example.com:443", "hooks.example.com", 443, "/" },
        { "https://hooks.example.com.", "hooks.example.com", 443, "/" },
        { "https://hooks.example.com?x=1", "hooks.example.com", 443,
          "/?x=1" },
        { "https://8.8.8.8/", "8.8.8.8", 443, "/" },
        { "https://[2606:4700::1111]:8443/", "2606:4700::1111", 8443, "/" },
        { "https://[64:ff9b::808:808]/", "64:ff9b::808:808", 443, "/" },
        { "https://xn--bcher-kva.example.com/", "xn--bcher-kva.example.com",
          443, "/" },
        { "https://a_b.example.com/~x/(y)!$&'*+,;=:@", "a_b.example.com", 443,
          "/~x/(y)!$&'*+,;=:@" },
        { "https://127.0.0.1.example.com/", "127.0.0.1.example.com", 443,
          "/" },
        { "https://1e3.example.com/", "1e3.example.com", 443, "/" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dl_url_t url;
        const char *reason = dl_url_guard_check(
            closed, cases[i].text, strlen(cases[i].text), pool, &url);

        ck_assert_msg(reason == NULL, "%s: %s", cases[i].text, reason);
        ck_assert_str_eq(url.host, cases[i].host);
        ck_assert_int_eq(url.port, cases[i].port);
        ck_assert_str_eq(url.path, cases[i].path);
        ck_assert_int_eq(url.https, 1);
    }
}
END_TEST

#define LOOPBACK "127.0.0.1 is a loopback address"
#define METADATA "169.254.169.254 is a cloud provider's metadata address"
#define NO_IPV4 "the host is no valid IPv4 address"
#define NO_NAME "the host name has a character that host names have not " \
    "(write it in its xn-- form)"
#define NO_HTTPS "it does not begin with https://"
#define NO_USER "a user name or password is not allowed"

START_TEST(hostile_urls_are_refused)
{
    static const struct {
        const char *text;
        const char *reason;
    } cases[] = {
        /* loopback in every notation that a resolver takes */
        { "https://127.0.0.1/", LOOPBACK },
        { "https://127.0.0.1:8443/", LOOPBACK },
        { "https://127.1/", LOOPBACK },
        { "https://127.0.1/", LOOPBACK },
        { "https://2130706433/", LOOPBACK },
        { "https://0x7f000001/", LOOPBACK },
        { "https://0X7F.0x0.0x0.0x1/", LOOPBACK },
        { "https://0x7f.1/", LOOPBACK },
        { "https://017700000001/", LOOPBACK },
        { "https://0177.0.0.1/", LOOPBACK },
        { "https://0177.0.0.01/", LOOPBACK },
        { "https://00000177.0.0.1/", LOOPBACK },
        { "https://127.0.0.1./", LOOPBACK },
        { "https://127.255.255.254/",
          "127.255.255.254 is a loopback address" },
        { "https://[::1]/", "::1 is a loopback address" },
        { "https://[0:0:0:0:0:0:0:1]/", "::1 is a loopback address" },
        { "https://[::]/", ":: is the unspecified address" },
        { "https://0/", "0.0.0.0 is an address of this host" },
        { "https://0.0.0.0/", "0.0.0.0 is an address of this host" },
        { "https://0x0/", "0.0.0.0 is an address of this host" },
        { "https://0x/", "0.0.0.0 is an address of this host" },
        { "https://localhost/", "localhost is a name of a local network" },
        { "https://LOCALHOST:443/",
          "localhost is a name of a local network" },
        { "https://localhost./", "localhost is a name of a local network" },
        { "https://a.localhost/",
          "a.localhost is a name of a local network" },
        { "https://ip6-localhost/", "ip6-localhost is not a full host name" },
        { "https://intranet/", "intranet is not a full host name" },
        { "https://printer.local/",
          "printer.local is a name of a local network" },
        /* metadata services */
        { "https://169.254.169.254/latest/meta-data/", METADATA },
        { "https://2852039166/", METADATA },
        { "https://0xa9fea9fe/", METADATA },
        { "https://0251.0376.0251.0376/", METADATA },
        { "https://169.254.43518/", METADATA },
        { "https://169.16689662/", METADATA },
        { "https://[fd00:ec2::254]/", "fd00:ec2::254 is a cloud provider's "
          "metadata address" },
        { "https://100.100.100.200/", "100.100.100.200 is a cloud provider's "
          "metadata address" },
        { "https://168.63.129.16/", "168.63.129.16 is a cloud provider's "
          "metadata address" },
        { "https://metadata.google.internal/", "metadata.google.internal is "
          "a name of a local network" },
        /* IPv4 inside IPv6 */
        { "https://[::ffff:127.0.0.1]/",
          "::ffff:127.0.0.1 is an IPv4-mapped address" },
        { "https://[::ffff:7f00:1]/",
          "::ffff:127.0.0.1 is an IPv4-mapped address" },
        { "https://[::ffff:a9fe:a9fe]/",
          "::ffff:169.254.169.254 is an IPv4-mapped address" },
        { "https://[::ffff:8.8.8.8]/",
          "::ffff:8.8.8.8 is an IPv4-mapped address" },
        { "https://[::127.0.0.1]/",
          "::127.0.0.1 is an IPv4-compatible address" },
        { "https://[64:ff9b::7f00:1]/",
          "64:ff9b::7f00:1 is a loopback address" },
        { "https://[64:ff9b::169.254.169.254]/", "64:ff9b::a9fe:a9fe is a "
          "cloud provider's metadata address" },
        { "https://[64:ff9b::10.0.0.1]/",
          "64:ff9b::a00:1 is a private address" },
        { "https://[64:ff9b:1::1]/",
          "64:ff9b:1::1 is a local NAT64 address" },
        { "https://[2002:7f00:1::]/", "2002:7f00:1:: is a 6to4 address" },
        { "https://[2001:0:7f00:1::]/",
          "2001:0:7f00:1:: is a Teredo address" },
        /* other networks that are not the internet */
        { "https://10.0.0.1/", "10.0.0.1 is a private address" },
        { "https://012.1/", "10.0.0.1 is a private address" },
        { "https://172.16.0.1/", "172.16.0.1 is a private address" },
        { "https://172.31.255.255/", "172.31.255.255 is a private address" },
        { "https://192.168.1.1/", "192.168.1.1 is a private address" },
        { "https://100.64.0.1/",
          "100.64.0.1 is a carrier-grade NAT address" },
        { "https://169.254.1.1/", "169.254.1.1 is a link-local address" },
        { "https://224.0.0.1/", "224.0.0.1 is a multicast address" },
        { "https://255.255.255.255/",
          "255.255.255.255 is a broadcast address" },
        { "https://4294967295/", "255.255.255.255 is a broadcast address" },
        { "https://198.18.0.1/", "198.18.0.1 is an address for benchmarks" },
        { "https://192.0.2.1/", "192.0.2.1 is an address for documentation" },
        { "https://[fc00::1]/", "fc00::1 is a private address" },
        { "https://[fdff::1]/", "fdff::1 is a private address" },
        { "https://[fe80::1]/", "fe80::1 is a link-local address" },
        { "https://[ff02::1]/", "ff02::1 is a multicast address" },
        { "https://[2001:db8::1]/",
          "2001:db8::1 is an address for documentation" },
        { "https://[4000::1]/", "4000::1 is a reserved address" },
        { "https://[fe80::1%25eth0]/",
          "the text in brackets is no IPv6 address" },
        /* public, but not as four numbers */
        { "https://134744072/", "an IPv4 address must be written as four "
          "decimal numbers" },
        { "https://010.010.010.010/", "an IPv4 address must be written as "
          "four decimal numbers" },
        /* what is meant as an address but is none */
        { "https://256.0.0.1/", NO_IPV4 },
        { "https://1.2.3.4.5/", NO_IPV4 },
        { "https://4294967296/", NO_IPV4 },
        { "https://08.0.0.1/", NO_IPV4 },
        { "https://1..2/", NO_IPV4 },
        { "https://a.0x7f/", NO_IPV4 },
        { "https://a.1/", NO_IPV4 },
        /* who is asked: before the @ or after it */
        { "https://user@hooks.example.com/", NO_USER },
        { "https://hooks.example.com@127.0.0.1/", NO_USER },
        { "https://hooks.example.com:443@127.0.0.1/", NO_USER },
        { "https://127.0.0.1:80@hooks.example.com:443/", NO_USER },
        { "https://hooks.example.com\\@127.0.0.1/", "the character at "
          "position 25 is a space, a control character, a backslash or not "
          "ASCII" },
        { "https://hooks.example.com#@127.0.0.1/",
          "a fragment (#) is not allowed" },
        { "https://hooks.example.com/#x", "a fragment (#) is not allowed" },
        /* schemes */
        { "http://hooks.example.com/", "http is not allowed here: the URL "
          "must begin with https://" },
        { "ftp://hooks.example.com/", NO_HTTPS },
        { "file:///etc/passwd", NO_HTTPS },
        { "gopher://hooks.example.com/", NO_HTTPS },
        { "javascript:alert(1)", NO_HTTPS },
        { "//hooks.example.com/", NO_HTTPS },
        { "https:/hooks.example.com/", NO_HTTPS },
        { "https:hooks.example.com", NO_HTTPS },
        { "hooks.example.com", NO_HTTPS },
        { "redis://127.0.0.1:6379/", NO_HTTPS },
        { "", "it is empty" },
        /* ports */
        { "https://hooks.example.com:22/",
          "port 22 is not allowed: it must be 443 or 8443" },
        { "https://hooks.example.com:6379/",
          "port 6379 is not allowed: it must be 443 or 8443" },
        { "https://hooks.example.com:80/",
          "port 80 is not allowed: it must be 443 or 8443" },
        { "https://hooks.example.com:0/",
          "the port is not within 1 to 65535" },
        { "https://hooks.example.com:65979/",           /* 443 + 2^16 */
          "the port is not within 1 to 65535" },
        { "https://hooks.example.com:4294967739/",      /* 443 + 2^32 */
          "the port is not within 1 to 65535" },
        { "https://hooks.example.com:/",
          "the port is missing after the colon" },
        { "https://hooks.example.com:https/", "the port is not a number" },
        { "https://hooks.example.com:+443/", "the port is not a number" },
        { "https://[2606:4700::1111]443/",
          "there is something between host and port" },
        /* hosts */
        { "https://", "the host is missing" },
        { "https:///x", "the host is missing" },
        { "https://./", "the host is missing" },
        { "https://:443/", "the host is missing" },
        { "https://a..example.com/", "the host name has an empty label" },
        { "https://.example.com/", "the host name has an empty label" },
        { "https://%31%32%37.0.0.1/", NO_IPV4 },
        { "https://127%2e0%2e0%2e1/", NO_NAME },
        { "https://*.example.com/", NO_NAME },
        { "https://a,b.example.com/", NO_NAME },
        { "https://[::1/", "the bracket of the IPv6 address is not closed" },
        { "https://[127.0.0.1]/", "the text in brackets is no IPv6 address" },
        { "https://[]/", "the text in brackets is no IPv6 address" },
        { "https://::1/", "the host is missing" },
        /* full-width digits, ideographic full stop, line feeds */
        { "https://\xef\xbc\x91" "27.0.0.1/", "the character at position 8 is "
          "a space, a control character, a backslash or not ASCII" },
        { "https://127\xe3\x80\x82" "0.0.1/", "the character at position 11 "
          "is a space, a control character, a backslash or not ASCII" },
        { "https://hooks.example.com/\r\nHost: x", "the character at "
          "position 26 is a space, a control character, a backslash or not "
          "ASCII" },
        { " https://hooks.example.com/", "the character at position 0 is a "
          "space, a control character, a backslash or not ASCII" },
        { "https://hooks.example.com/a b", "the character at position 27 is "
          "a space, a control character, a backslash or not ASCII" },
        { "https://hooks.example.com/%zz",
          "two hex digits are needed after a percent sign" },
        { "https://hooks.example.com/%2",
          "two hex digits are needed after a percent sign" },
        { "https://hooks.example.com/<script>",
          "a character must be percent-encoded" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *reason = check_with(closed, cases[i].text);

        ck_assert_msg(reason != NULL, "%s is accepted", cases[i].text);
        ck_assert_str_eq(reason, cases[i].reason);
    }
}
END_TEST

START_TEST(lengths_are_bounded)
{
    char *text = apr_palloc(pool, 4096);

    memset(text, 'a', 4096);
    memcpy(text, "https://hooks.example.com/", 26);
    text[2048] = '\0';
    ck_assert_ptr_null(check_with(closed, text));
    text[2048] = 'a';
    text[2049] = '\0';
    ck_assert_str_eq(check_with(closed, text),
                     "2049 characters are above 2048");
    memcpy(text, "https://", 8);
    memset(text + 8, 'a', 64);
    strcpy(text + 72, ".com/");
    ck_assert_str_eq(check_with(closed, text), "a label of the host name is "
                     "longer than 63 characters");
    ck_assert_ptr_null(check_with(closed, apr_pstrcat(pool, "https://",
                                                      text + 9, NULL)));
}
END_TEST

Suite *test_url_guard_suite(void);

Suite *test_url_guard_suite(void)
{
    Suite *s = suite_create("url_guard");
    TCase *tc = tcase_create("url_guard");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, public_urls_pass);
    tcase_add_test(tc, hostile_urls_are_refused);
    tcase_add_test(tc, lengths_are_bounded);
    suite_add_tcase(s, tc);
    return s;
}
