/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request says its body is.
 */
#ifndef DL_MEDIA_TYPE_H
#define DL_MEDIA_TYPE_H

#include <apr_pools.h>

/**
 * Checks the headers that describe a body: Content-Type must be
 * application/json (a charset other than utf-8 is refused, other parameters
 * are ignored), Content-Encoding absent or identity.
 * @return NULL, or the message of UNSUPPORTED_MEDIA_TYPE
 */
const char *dl_media_type_check(const char *content_type,
                                const char *content_encoding, apr_pool_t *p);

#endif /* DL_MEDIA_TYPE_H */
