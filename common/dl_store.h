/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links to prepared objects, whichever store holds them. Pure.
 */
#ifndef DL_STORE_H
#define DL_STORE_H

#include <apr_pools.h>

#include "dl_config.h"

/**
 * The key of a file's object: DLJobKeyFormat with %{file_id} filled in.
 */
const char *dl_store_key(const dl_config_t *conf, apr_int64_t file_id,
                         apr_pool_t *p);

/**
 * Signs a link to @a key.
 *
 * s3: an AWS Signature Version 4 presigned GET with
 * response-content-disposition (RFC 6266, RFC 8187) when there is a
 * filename. file: BASE/objects/KEY?expires=…&filename=…&signature=…,
 * HMAC-SHA256 over key, expiry and filename (dl_link.h).
 *
 * @param base      of the API for the file store: DLJobPublicURL, else what
 *                  the request says; unused for s3
 * @param now_s     Unix seconds
 * @param expires_s set to when it ends, now_s + DLJobURLExpiry
 * @return APR_EINVAL when the store or its credentials are missing, or the
 *         file store has no base
 */
apr_status_t dl_store_link(const dl_config_t *conf, const char *base,
                           const char *key, const char *filename,
                           const char *content_type, apr_int64_t now_s,
                           apr_pool_t *p, const char **url,
                           apr_int64_t *expires_s);

/** Whether a link that ends at @a expires_s has half of its time left. */
int dl_store_link_fresh(const dl_config_t *conf, apr_int64_t expires_s,
                        apr_int64_t now_s);

#endif /* DL_STORE_H */
