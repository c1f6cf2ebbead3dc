/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http and https URLs from outside, read strictly: what this reader and
 * libcurl could understand differently is refused rather than guessed at.
 */
#ifndef DL_URL_H
#define DL_URL_H

#include <apr_pools.h>

#include "dl_ip.h"

#define DL_URL_MAX 2048

typedef struct dl_url_t {
    int https;
    const char *host;           /**< lower case, no brackets, no final dot */
    dl_ip_e ip_kind;            /**< NONE: host is a name */
    dl_ip_t ip;                 /**< unless NONE */
    int port;                   /**< the scheme's own when none is given */
    const char *path;           /**< with the query; "/" when empty */
} dl_url_t;

/**
 * Reads a URL (RFC 3986, with an authority; no fragment, no userinfo, no
 * percent-encoding in the host).
 *
 * @param len  bytes of @a s, which needs no NUL
 * @return NULL, or a reason that does not repeat the URL: "the scheme must
 *         be https" …, in @a p or constant
 */
const char *dl_url_parse(const char *s, apr_size_t len, apr_pool_t *p,
                         dl_url_t *url);

#endif /* DL_URL_H */
