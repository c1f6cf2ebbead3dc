/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where Redis is: the argument of DLJobRedis.
 *
 *     redis://[[user]:password@]host[:port][/db]
 *     unix:/path[?db=N][&user=NAME]
 *
 * Parts may be percent-encoded. rediss:// is refused with its remedy, as the
 * hiredis of Debian 12 has no TLS. A password is better kept in a file
 * (`DLJobRedis URL password=/path`: dl_secret_read() opens it, and what it says
 * goes to dl_redis_addr_password()).
 */
#ifndef DL_REDIS_URL_H
#define DL_REDIS_URL_H

#include <apr_pools.h>

#include "dl_config.h"

#define DL_REDIS_PORT 6379

/**
 * Reads a URL.
 * @param p     owns the address and its strings
 * @param addr  set on success; display is without user and password
 * @return NULL, or a message for the administrator that says what is wrong
 *         and what to write instead; it never holds user or password
 */
const char *dl_redis_url_parse(const char *url, apr_pool_t *p,
                               dl_redis_addr_t **addr);

/**
 * Sets the password from elsewhere (a file's first line, an environment
 * variable). White space at its end is cut off, as files end in a line feed.
 * @return NULL, or a message: empty, or the URL has a password already
 */
const char *dl_redis_addr_password(dl_redis_addr_t *addr,
                                   const char *password, apr_pool_t *p);

#endif /* DL_REDIS_URL_H */
