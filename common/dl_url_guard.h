/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a webhook may go (SSRF): the same rules at admission, by the URL, and
 * at delivery, by each address its host resolves to.
 *
 * Without an entry of DLJobWebhookAllow: https, ports 443 and 8443, full host
 * names or global addresses. An entry opens one thing:
 *
 *     [http://|https://] host | *.domain | address[/bits] [:port | :*]
 *
 * a scheme (https when none is written), a host, a domain's hosts, or a
 * network (IPv6 in brackets where a port follows), and a port (443 and 8443
 * when none is written, for http 80). What a name of an entry resolves to
 * may be any address; a network opens its addresses to any name.
 *
 * Pure; read-only after creation, any thread.
 */
#ifndef DL_URL_GUARD_H
#define DL_URL_GUARD_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "dl_url.h"

typedef struct dl_url_guard_t dl_url_guard_t;

/**
 * Reads the entries of DLJobWebhookAllow.
 * @param entries  of const char *, or NULL
 * @return NULL, or a message that names the entry and what is wrong with it
 */
const char *dl_url_guard_create(const apr_array_header_t *entries,
                                apr_pool_t *p, const dl_url_guard_t **guard);

/**
 * Checks a URL as far as it can be told without resolving its host.
 * @param url  filled in when it is acceptable
 * @return NULL, or the reason: "127.0.0.1 is a loopback address" …
 */
const char *dl_url_guard_check(const dl_url_guard_t *guard, const char *s,
                               apr_size_t len, apr_pool_t *p, dl_url_t *url);

/**
 * Checks one address that the host of a checked URL resolved to. Connect to
 * this very address, never to the name again.
 * @return NULL, or the reason
 */
const char *dl_url_guard_address(const dl_url_guard_t *guard,
                                 const dl_url_t *url, const dl_ip_t *ip,
                                 apr_pool_t *p);

#endif /* DL_URL_GUARD_H */
