/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the forms of DLJobRedis. See dl_redis_url.h.
 *
 * Messages quote no part of the URL before its "@": an administrator's typo
 * must not put a password into the error log.
 */
#include <string.h>
#include <sys/un.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "dl_redis_url.h"

#define FORMS                                                               \
    "use redis://[user:password@]host[:port][/db] or unix:/path[?db=N]"

/* One hexadecimal digit or -1. */
static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes %XX of len bytes; NULL when malformed or when a NUL comes out. */
static char *decode(const char *from, apr_size_t len, apr_pool_t *p)
{
    char *out = apr_palloc(p, len + 1);
    apr_size_t i, n = 0;

    for (i = 0; i < len; i++) {
        char c = from[i];

        if (c == '%') {
            int high = i + 2 < len ? hex_digit(from[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(from[i + 2]) : -1;

            if (low < 0 || (high | low) == 0) {
                return NULL;
            }
            c = (char)(high << 4 | low);
            i += 2;
        }
        out[n++] = c;
    }
    out[n] = '\0';
    return out;
}

/* A number of digits alone within 0 .. max, or -1. */
static int number(const char *s, apr_size_t len, int max)
{
    apr_int64_t value = 0;
    apr_size_t i;

    if (len == 0 || len > 9) {
        return -1;
    }
    for (i = 0; i < len; i++) {
        if (!apr_isdigit(s[i])) {
            return -1;
        }
        value = value * 10 + (s[i] - '0');
    }
    return value <= max ? (int)value : -1;
}

static const char *parse_db(dl_redis_addr_t *addr, const char *s,
                            apr_size_t len)
{
    addr->db = number(s, len, 1000000);
    return addr->db < 0 ? "the database is not a number such as 0; " FORMS
                        : NULL;
}

/* user:password, :password or user of len bytes. */
static const char *parse_login(dl_redis_addr_t *addr, const char *s,
                               apr_size_t len, apr_pool_t *p)
{
    const char *colon = memchr(s, ':', len);
    apr_size_t user_len = colon ? (apr_size_t)(colon - s) : len;

    if (user_len > 0) {
        addr->user = decode(s, user_len, p);
        if (addr->user == NULL) {
            return "malformed percent-encoding in the user name";
        }
    }
    if (colon && colon + 1 < s + len) {
        addr->password = decode(colon + 1, len - user_len - 1, p);
        if (addr->password == NULL) {
            return "malformed percent-encoding in the password: write % as "
                   "%25, @ as %40, / as %2F, or use password=FILE";
        }
    }
    return NULL;
}

/* host, host:port, [v6] or [v6]:port of len bytes. */
static const char *parse_host(dl_redis_addr_t *addr, const char *s,
                              apr_size_t len, apr_pool_t *p)
{
    const char *end = s + len, *colon;
    apr_size_t i;

    if (len > 0 && *s == '[') {
        const char *close = memchr(s, ']', len);

        if (close == NULL || (close + 1 < end && close[1] != ':')) {
            return "an IPv6 address is written redis://[::1]:6379";
        }
        addr->host = apr_pstrmemdup(p, s + 1, close - s - 1);
        colon = close + 1 < end ? close + 1 : NULL;
    }
    else {
        colon = memchr(s, ':', len);
        addr->host = decode(s, colon ? (apr_size_t)(colon - s) : len, p);
    }
    if (addr->host == NULL || addr->host[0] == '\0') {
        return "no host; " FORMS;
    }
    for (i = 0; addr->host[i]; i++) {
        if (!apr_isalnum(addr->host[i]) && !strchr(".-_:%", addr->host[i])) {
            return "the host has a character that no host name has; " FORMS;
        }
    }
    if (colon) {
        addr->port = number(colon + 1, end - colon - 1, 65535);
        if (addr->port < 1) {
            return "the port is not a number of 1 to 65535";
        }
    }
    return NULL;
}

static const char *parse_tcp(dl_redis_addr_t *addr, const char *s,
                             apr_pool_t *p)
{
    const char *at, *slash, *err;

    if (s[strcspn(s, "?#")] != '\0') {
        return "unexpected ? or # (write them %3F and %23); " FORMS;
    }
    /* The last @, so that an unencoded one in a password is no host name
     * that turns up in a log. */
    at = strrchr(s, '@');
    if (at) {
        err = parse_login(addr, s, at - s, p);
        if (err) {
            return err;
        }
        s = at + 1;
    }
    slash = strchr(s, '/');
    err = parse_host(addr, s, slash ? (apr_size_t)(slash - s) : strlen(s), p);
    if (err == NULL && slash && slash[1]) {
        err = parse_db(addr, slash + 1, strlen(slash + 1));
    }
    if (err == NULL) {
        int v6 = strchr(addr->host, ':') != NULL;

        addr->display = apr_psprintf(p, "redis://%s%s%s:%d/%d",
                                     v6 ? "[" : "", addr->host,
                                     v6 ? "]" : "", addr->port, addr->db);
    }
    return err;
}

/* db=N and user=NAME after the "?" of a unix address. */
static const char *parse_query(dl_redis_addr_t *addr, const char *s,
                               apr_pool_t *p)
{
    while (*s) {
        apr_size_t len = strcspn(s, "&");
        const char *err = NULL;

        if (len >= 3 && strncmp(s, "db=", 3) == 0) {
            err = parse_db(addr, s + 3, len - 3);
        }
        else if (len >= 5 && strncmp(s, "user=", 5) == 0) {
            addr->user = decode(s + 5, len - 5, p);
            err = addr->user ? NULL : "malformed percent-encoding in user=";
        }
        else {
            err = "only db=N and user=NAME may follow the ?; " FORMS;
        }
        if (err) {
            return err;
        }
        s += len;
        s += *s == '&';
    }
    return NULL;
}

static const char *parse_unix(dl_redis_addr_t *addr, const char *s,
                              apr_pool_t *p)
{
    apr_size_t len = strcspn(s, "?");
    const char *err = NULL;

    if (strncmp(s, "///", 3) == 0) {
        s += 2;
        len -= 2;
    }
    if (*s != '/' || s[1] == '/' || len < 2) {
        return "the path of the socket must be absolute; " FORMS;
    }
    addr->socket = decode(s, len, p);
    if (addr->socket == NULL) {
        return "malformed percent-encoding in the path";
    }
    if (strlen(addr->socket) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
        return apr_psprintf(p, "the path of the socket is longer than the "
                            "%d bytes a socket address holds",
                            (int)sizeof(((struct sockaddr_un *)0)->sun_path)
                            - 1);
    }
    if (s[len] == '?') {
        err = parse_query(addr, s + len + 1, p);
    }
    if (err == NULL) {
        addr->display = apr_psprintf(p, addr->db ? "unix:%s?db=%d" : "unix:%s",
                                     addr->socket, addr->db);
    }
    return err;
}

const char *dl_redis_url_parse(const char *url, apr_pool_t *p,
                               dl_redis_addr_t **result)
{
    dl_redis_addr_t *addr = apr_pcalloc(p, sizeof(*addr));
    const char *err;

    addr->port = DL_REDIS_PORT;
    if (url == NULL) {
        return FORMS;
    }
    if (strncasecmp(url, "redis://", 8) == 0) {
        err = parse_tcp(addr, url + 8, p);
    }
    else if (strncasecmp(url, "unix:", 5) == 0) {
        err = parse_unix(addr, url + 5, p);
    }
    else if (strncasecmp(url, "rediss://", 9) == 0) {
        err = "rediss:// (TLS): hiredis 0.14 has no TLS; use unix:/path to a "
              "Redis on this host, or redis:// to a stunnel on loopback";
    }
    else {
        err = "not an address of Redis; " FORMS;
    }
    if (err == NULL) {
        *result = addr;
    }
    return err;
}

const char *dl_redis_addr_password(dl_redis_addr_t *addr,
                                   const char *password, apr_pool_t *p)
{
    apr_size_t len = password ? strlen(password) : 0;

    while (len > 0 && apr_isspace(password[len - 1])) {
        len--;
    }
    if (len == 0) {
        return "the Redis password is empty";
    }
    if (addr->password) {
        return "the Redis password is given twice: in the URL and by "
               "password=";
    }
    addr->password = apr_pstrmemdup(p, password, len);
    return NULL;
}
