/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Percent-encoding as signatures and links need it: one form only, so that
 * what is signed is what is sent.
 */
#ifndef DL_URI_H
#define DL_URI_H

#include <apr_pools.h>

/**
 * Percent-encodes all but the unreserved characters of RFC 3986 section 2.3.
 * @param keep_slash  leave "/" as it is (paths)
 */
const char *dl_uri_encode(const char *s, int keep_slash, apr_pool_t *p);

/** The other way; @return NULL for a malformed escape or an encoded NUL. */
const char *dl_uri_decode(const char *s, apr_size_t len, apr_pool_t *p);

#endif /* DL_URI_H */
