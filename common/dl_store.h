/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links to prepared objects, whichever store holds them. Pure.
 *
 * Which key an object has. The `store` source finds its objects under
 * DLJobKeyFormat as it is ("files/70000"). Every other source makes them,
 * and each attempt stores under a key of its own, derived from that one
 * (dlw_store.h: "files/70000.17-a1b2c3"), which the result and the job then
 * record. So
 * - a worker that was stopped past its lease and comes back can neither
 *   overwrite nor remove what another has stored meanwhile: no store offers
 *   a write that is refused by fence, and a check before the write leaves a
 *   gap;
 * - a cancelled or stale attempt removes its own key and nothing else;
 * - what was stored is never copied or renamed, which in S3 costs as much as
 *   storing it, and a link handed out shows the same bytes for ever.
 * The price: preparing a file again leaves the earlier object to the store's
 * own clearing (max= of the file store, a lifecycle rule in S3).
 * Whoever wants to know whether a file is available (/check) asks for the key
 * of its result while that stands, then for dl_store_key().
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
 * Whether a key may be a path below the directory of the file store: no
 * empty, "." or ".." part, no part that begins with ".dljob-" (attempts in
 * the making), no control character or backslash, parts of at most 255 and
 * a whole of at most 1,024 bytes.
 */
int dl_store_key_safe(const char *key);

/**
 * Signs a link to @a key.
 *
 * s3: an AWS Signature Version 4 presigned GET with
 * response-content-disposition (RFC 6266, RFC 8187) when there is a
 * filename. file: BASE/objects/KEY?expires=…&filename=…&type=…&
 * signature=…, HMAC-SHA256 over all of them (dl_link.h).
 *
 * @param base      of the API for the file store: DLJobPublicURL, else what
 *                  the request says, "" to leave it to whoever shows the
 *                  link; unused for s3
 * @param now_s     Unix seconds
 * @param expires_s set to when it ends: now_s + DLJobURLExpiry, or with the
 *                  keys of a metadata service that end earlier
 * @return APR_EINVAL when the store or its credentials are missing, or the
 *         file store has no base (NULL); APR_EGENERAL when signing failed
 */
apr_status_t dl_store_link(const dl_config_t *conf, const char *base,
                           const char *key, const char *filename,
                           const char *content_type, apr_int64_t now_s,
                           apr_pool_t *p, const char **url,
                           apr_int64_t *expires_s);

/** Whether a link that ends at @a expires_s has half of its time left, or
 *  could not be had longer now. */
int dl_store_link_fresh(const dl_config_t *conf, apr_int64_t expires_s,
                        apr_int64_t now_s);

#endif /* DL_STORE_H */
