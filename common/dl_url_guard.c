/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a webhook may go.
 */
#include "dl_url_guard.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#define PORT_STANDARD 0
#define PORT_ANY -1

typedef enum {
    MATCH_HOST,
    MATCH_DOMAIN,               /* host is ".example.org" */
    MATCH_NET
} match_e;

typedef struct entry_t {
    match_e match;
    int https;
    int port;                   /* or PORT_STANDARD, PORT_ANY */
    const char *host;
    dl_ip_t net;
    int bits;
} entry_t;

struct dl_url_guard_t {
    const apr_array_header_t *entries; /* of entry_t */
};

/* Names that mean this host or its network, whatever a resolver says. */
static const char *const LOCAL_DOMAINS[] = {
    "localhost", "localdomain", "local", "internal", "lan", "home.arpa",
    "onion", "invalid",
    NULL
};

static const char NO_NET[] =
    "is not a network; write ADDRESS/BITS, such as 10.1.0.0/16";
static const char NO_HOST[] =
    "is neither a host nor a network; write HOST[:PORT], *.DOMAIN or "
    "ADDRESS/BITS";
static const char NO_PORT[] = "has a port that is neither 1 to 65535 nor *";
static const char A_PATH[] = "has a path; leave the rest out";

static const char *parse_port(const char *s, entry_t *entry)
{
    int port = 0, i;

    if (strcmp(s, "*") == 0) {
        entry->port = PORT_ANY;
        return NULL;
    }
    for (i = 0; apr_isdigit(s[i]) && i < 6; i++) {
        port = port * 10 + (s[i] - '0');
    }
    if (s[i] != '\0' || port < 1 || port > 65535) {
        return NO_PORT;
    }
    entry->port = port;
    return NULL;
}

static const char *parse_bits(const char *s, entry_t *entry)
{
    int max = entry->net.v6 ? 128 : 32, bits = 0, i;

    for (i = 0; apr_isdigit(s[i]) && i < 3; i++) {
        bits = bits * 10 + (s[i] - '0');
    }
    if (i == 0 || s[i] != '\0' || bits > max) {
        return NO_NET;
    }
    entry->bits = bits;
    return NULL;
}

/* Reads an address; brackets around IPv6 may be left out. */
static dl_ip_e parse_address(const char *s, entry_t *entry)
{
    apr_size_t len = strlen(s);

    if (*s == '[' && len > 2 && s[len - 1] == ']') {
        return dl_ip_parse6(s + 1, len - 2, &entry->net);
    }
    return strchr(s, ':') ? dl_ip_parse6(s, len, &entry->net)
                          : dl_ip_parse4(s, len, &entry->net);
}

static const char *parse_host(char *s, entry_t *entry)
{
    entry->match = MATCH_HOST;
    if (strncmp(s, "*.", 2) == 0) {
        entry->match = MATCH_DOMAIN;
        s++;
    }
    if (strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-_") != strlen(s)
        || *s == '\0' || strcmp(s, ".") == 0 || strstr(s, "..")
        || (*s == '.' && entry->match == MATCH_HOST)) {
        return NO_HOST;
    }
    entry->host = s;
    return NULL;
}

/* host, *.domain, address or address/bits; the port is gone already. */
static const char *parse_target(char *s, entry_t *entry)
{
    char *slash = strchr(s, '/');
    dl_ip_e kind;

    if (slash) {
        *slash = '\0';
    }
    kind = parse_address(s, entry);
    if (kind == DL_IP_PLAIN) {
        entry->match = MATCH_NET;
        entry->bits = entry->net.v6 ? 128 : 32;
        return slash ? parse_bits(slash + 1, entry) : NULL;
    }
    if (slash) {
        return apr_isdigit(slash[1]) ? NO_NET : A_PATH;
    }
    return kind == DL_IP_NONE ? parse_host(s, entry) : NO_HOST;
}

static const char *parse_entry(const char *text, apr_pool_t *p,
                               entry_t *entry)
{
    char *s = apr_pstrdup(p, text), *colon, *at;
    const char *reason = NULL;

    memset(entry, 0, sizeof(*entry));
    for (at = s; *at; at++) {
        *at = (char)apr_tolower(*at);
    }
    entry->https = 1;
    if (strncmp(s, "http://", 7) == 0) {
        entry->https = 0;
        s += 7;
    }
    else if (strncmp(s, "https://", 8) == 0) {
        s += 8;
    }
    colon = strrchr(s, ':');
    if (colon && !strchr(colon, ']')
        && (*s == '[' || strchr(s, ':') == colon)) {
        *colon = '\0';
        reason = parse_port(colon + 1, entry);
    }
    return reason ? reason : parse_target(s, entry);
}

const char *dl_url_guard_create(const apr_array_header_t *entries,
                                apr_pool_t *p, const dl_url_guard_t **guard)
{
    int n = entries ? entries->nelts : 0, i;
    apr_array_header_t *parsed = apr_array_make(p, n ? n : 1,
                                                sizeof(entry_t));
    dl_url_guard_t *made = apr_palloc(p, sizeof(*made));

    for (i = 0; i < n; i++) {
        const char *text = APR_ARRAY_IDX(entries, i, const char *);
        const char *reason = parse_entry(text, p, apr_array_push(parsed));

        if (reason) {
            return apr_psprintf(p, "\"%s\" %s", text, reason);
        }
    }
    made->entries = parsed;
    *guard = made;
    return NULL;
}

static int port_open(const entry_t *entry, const dl_url_t *url)
{
    if (entry->https != url->https) {
        return 0;
    }
    return entry->port == PORT_ANY || entry->port == url->port
        || (entry->port == PORT_STANDARD
            && (url->https ? url->port == 443 || url->port == 8443
                           : url->port == 80));
}

/* Whether host ends in domain, which begins with a dot. */
static int under_domain(const char *host, const char *domain)
{
    apr_size_t n = strlen(host), m = strlen(domain);

    return n > m && strcmp(host + n - m, domain) == 0;
}

/*
 * Whether an entry opens this URL; ip is its address, or NULL while it is
 * not known: then a network might open it later (*later).
 */
static int opened(const dl_url_guard_t *guard, const dl_url_t *url,
                  const dl_ip_t *ip, int *later)
{
    int i;

    *later = 0;
    for (i = 0; i < guard->entries->nelts; i++) {
        const entry_t *entry = &APR_ARRAY_IDX(guard->entries, i, entry_t);

        if (!port_open(entry, url)) {
            continue;
        }
        if (entry->match == MATCH_NET) {
            if (!ip) {
                *later = 1;
            }
            else if (dl_ip_in(ip, &entry->net, entry->bits)) {
                return 1;
            }
        }
        else if (url->ip_kind == DL_IP_NONE
                 && (entry->match == MATCH_HOST
                     ? strcmp(url->host, entry->host) == 0
                     : under_domain(url->host, entry->host))) {
            return 1;
        }
    }
    return 0;
}

/* Scheme and port as they are without an entry. */
static const char *check_port(const dl_url_t *url, apr_pool_t *p)
{
    if (!url->https) {
        return "http is not allowed here: the URL must begin with https://";
    }
    if (url->port != 443 && url->port != 8443) {
        return apr_psprintf(p, "port %d is not allowed: it must be 443 or "
                            "8443", url->port);
    }
    return NULL;
}

static const char *check_name(const char *host, apr_pool_t *p)
{
    int i;

    for (i = 0; LOCAL_DOMAINS[i]; i++) {
        if (strcmp(host, LOCAL_DOMAINS[i]) == 0
            || under_domain(host, apr_pstrcat(p, ".", LOCAL_DOMAINS[i],
                                              NULL))) {
            return apr_psprintf(p, "%s is a name of a local network", host);
        }
    }
    return strchr(host, '.') ? NULL
         : apr_psprintf(p, "%s is not a full host name", host);
}

static const char *check_ip(const dl_ip_t *ip, apr_pool_t *p)
{
    const char *what = dl_ip_refusal(ip);
    char text[DL_IP_TEXT];

    if (!what) {
        return NULL;
    }
    dl_ip_text(ip, text);
    return apr_psprintf(p, "%s is %s", text, what);
}

const char *dl_url_guard_check(const dl_url_guard_t *guard, const char *s,
                               apr_size_t len, apr_pool_t *p, dl_url_t *url)
{
    const char *reason = dl_url_parse(s, len, p, url);
    const dl_ip_t *ip = url->ip_kind != DL_IP_NONE ? &url->ip : NULL;
    int later;

    if (reason || opened(guard, url, ip, &later)) {
        return reason;
    }
    if (!later && (reason = check_port(url, p)) != NULL) {
        return reason;
    }
    if (!ip) {
        return later ? NULL : check_name(url->host, p);
    }
    reason = check_ip(ip, p);
    return reason || url->ip_kind != DL_IP_ODD ? reason
         : "an IPv4 address must be written as four decimal numbers";
}

const char *dl_url_guard_address(const dl_url_guard_t *guard,
                                 const dl_url_t *url, const dl_ip_t *ip,
                                 apr_pool_t *p)
{
    const char *reason;
    int later;

    if (opened(guard, url, ip, &later)) {
        return NULL;
    }
    reason = check_ip(ip, p);
    return reason ? reason : check_port(url, p);
}
