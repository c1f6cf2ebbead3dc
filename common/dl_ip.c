/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IP addresses. Of IPv6 only 2000::/3 is global unicast, so a short list of
 * exceptions inside it is complete; of IPv4 the registry is listed.
 */
#include "dl_ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

typedef struct range_t {
    unsigned char b[16];
    int bits;
    const char *what;
} range_t;

/* the narrower range comes first where one lies in the other */
static const range_t V4[] = {
    { { 169, 254, 169, 254 }, 32, "a cloud provider's metadata address" },
    { { 169, 254, 170, 2 }, 32, "a cloud provider's metadata address" },
    { { 100, 100, 100, 200 }, 32, "a cloud provider's metadata address" },
    { { 168, 63, 129, 16 }, 32, "a cloud provider's metadata address" },
    { { 192, 0, 0, 192 }, 32, "a cloud provider's metadata address" },
    { { 255, 255, 255, 255 }, 32, "a broadcast address" },
    { { 0 }, 8, "an address of this host" },
    { { 10 }, 8, "a private address" },
    { { 100, 64 }, 10, "a carrier-grade NAT address" },
    { { 127 }, 8, "a loopback address" },
    { { 169, 254 }, 16, "a link-local address" },
    { { 172, 16 }, 12, "a private address" },
    { { 192, 0, 0 }, 24, "a reserved address" },
    { { 192, 0, 2 }, 24, "an address for documentation" },
    { { 192, 88, 99 }, 24, "a reserved address" },
    { { 192, 168 }, 16, "a private address" },
    { { 198, 18 }, 15, "an address for benchmarks" },
    { { 198, 51, 100 }, 24, "an address for documentation" },
    { { 203, 0, 113 }, 24, "an address for documentation" },
    { { 224 }, 4, "a multicast address" },
    { { 240 }, 4, "a reserved address" },
};

static const range_t V6[] = {
    { { 0xfd, 0x00, 0x0e, 0xc2, [15] = 0 }, 32,
      "a cloud provider's metadata address" },
    { { 0xfd, 0x20, 0x00, 0xce, [15] = 0 }, 32,
      "a cloud provider's metadata address" },
    { { [15] = 0 }, 128, "the unspecified address" },
    { { [15] = 1 }, 128, "a loopback address" },
    { { [10] = 0xff, [11] = 0xff }, 96, "an IPv4-mapped address" },
    { { [15] = 0 }, 96, "an IPv4-compatible address" },
    { { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, "a local NAT64 address" },
    { { 0xfc }, 7, "a private address" },
    { { 0xfe, 0x80 }, 10, "a link-local address" },
    { { 0xfe, 0xc0 }, 10, "a site-local address" },
    { { 0xff }, 8, "a multicast address" },
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32, "an address for documentation" },
    { { 0x20, 0x01, 0x00, 0x00 }, 32, "a Teredo address" },
    { { 0x20, 0x01 }, 23, "a reserved address" },
    { { 0x20, 0x02 }, 16, "a 6to4 address" },
    { { 0x3f, 0xff }, 20, "an address for documentation" },
};

static const unsigned char NAT64[12] = { 0x00, 0x64, 0xff, 0x9b };

/* One part of an IPv4 address; the end, or NULL when it is no number. */
static const char *parse_part(const char *s, const char *end, int *odd,
                              apr_uint64_t *value)
{
    int base = 10;

    if (end - s >= 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
        base = 16;
        s += 2;                             /* "0x" alone is 0 */
    }
    else if (end - s >= 2 && s[0] == '0' && s[1] != '.') {
        base = 8;
    }
    else if (s == end || *s == '.') {
        return NULL;
    }
    *odd |= base != 10;
    for (*value = 0; s < end && *s != '.'; s++) {
        int digit = *s >= '0' && *s <= '9' ? *s - '0'
                  : *s >= 'a' && *s <= 'f' ? *s - 'a' + 10
                  : *s >= 'A' && *s <= 'F' ? *s - 'A' + 10 : 99;

        if (digit >= base) {
            return NULL;
        }
        if (*value <= 0xffffffffu) {
            *value = *value * (apr_uint64_t)base + (apr_uint64_t)digit;
        }
    }
    return s;
}

/* Whether the last label is a number, decimal or hex. */
static int ends_in_number(const char *s, const char *end)
{
    const char *label = end, *at;

    while (label > s && label[-1] != '.') {
        label--;
    }
    if (label == end) {
        return 0;
    }
    if (end - label >= 2 && label[0] == '0'
        && (label[1] == 'x' || label[1] == 'X')) {
        for (at = label + 2; at < end; at++) {
            if (!strchr("0123456789abcdefABCDEF", *at)) {
                return 0;
            }
        }
        return 1;
    }
    for (at = label; at < end; at++) {
        if (*at < '0' || *at > '9') {
            return 0;
        }
    }
    return 1;
}

dl_ip_e dl_ip_parse4(const char *s, apr_size_t len, dl_ip_t *ip)
{
    const char *end = s + len;
    apr_uint64_t parts[4], last;
    int n = 0, odd = 0, i;

    memset(ip, 0, sizeof(*ip));
    if (!ends_in_number(s, end)) {
        return DL_IP_NONE;
    }
    for (;;) {
        if (n == 4 || !(s = parse_part(s, end, &odd, &parts[n]))) {
            return DL_IP_BAD;
        }
        n++;
        if (s == end) {
            break;
        }
        s++;
    }
    for (i = 0; i < n - 1; i++) {
        if (parts[i] > 255) {
            return DL_IP_BAD;
        }
        ip->b[i] = (unsigned char)parts[i];
    }
    last = parts[n - 1];
    if (last >> (8 * (5 - n))) {
        return DL_IP_BAD;
    }
    for (i = 3; i >= n - 1; i--, last >>= 8) {
        ip->b[i] = (unsigned char)(last & 255);
    }
    return n == 4 && !odd ? DL_IP_PLAIN : DL_IP_ODD;
}

dl_ip_e dl_ip_parse6(const char *s, apr_size_t len, dl_ip_t *ip)
{
    char text[DL_IP_TEXT];

    memset(ip, 0, sizeof(*ip));
    ip->v6 = 1;
    if (len >= sizeof(text) || memchr(s, '\0', len)) {
        return DL_IP_BAD;
    }
    memcpy(text, s, len);
    text[len] = '\0';
    return inet_pton(AF_INET6, text, ip->b) == 1 ? DL_IP_PLAIN : DL_IP_BAD;
}

int dl_ip_from_sockaddr(const struct sockaddr *sa, dl_ip_t *ip)
{
    memset(ip, 0, sizeof(*ip));
    if (sa->sa_family == AF_INET) {
        memcpy(ip->b, &((const struct sockaddr_in *)sa)->sin_addr, 4);
        return 1;
    }
    if (sa->sa_family == AF_INET6) {
        ip->v6 = 1;
        memcpy(ip->b, &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
        return 1;
    }
    return 0;
}

void dl_ip_text(const dl_ip_t *ip, char *out)
{
    if (!inet_ntop(ip->v6 ? AF_INET6 : AF_INET, ip->b, out, DL_IP_TEXT)) {
        *out = '\0';
    }
}

static int same_bits(const unsigned char *a, const unsigned char *b, int bits)
{
    int whole = bits / 8, rest = bits % 8;

    return memcmp(a, b, (size_t)whole) == 0
        && (rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0);
}

int dl_ip_in(const dl_ip_t *ip, const dl_ip_t *net, int bits)
{
    return ip->v6 == net->v6 && same_bits(ip->b, net->b, bits);
}

static const char *find_range(const range_t *ranges, size_t n,
                              const unsigned char *b)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (same_bits(b, ranges[i].b, ranges[i].bits)) {
            return ranges[i].what;
        }
    }
    return NULL;
}

const char *dl_ip_refusal(const dl_ip_t *ip)
{
    const char *what;

    if (!ip->v6) {
        return find_range(V4, sizeof(V4) / sizeof(V4[0]), ip->b);
    }
    if (memcmp(ip->b, NAT64, sizeof(NAT64)) == 0) {
        return find_range(V4, sizeof(V4) / sizeof(V4[0]),
                          ip->b + sizeof(NAT64));
    }
    what = find_range(V6, sizeof(V6) / sizeof(V6[0]), ip->b);
    return what || (ip->b[0] & 0xe0) == 0x20 ? what : "a reserved address";
}
