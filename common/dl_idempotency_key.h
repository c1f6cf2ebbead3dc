/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The idempotency key of a request: one key out of a member of the body and
 * two headers, which must agree.
 */
#ifndef DL_IDEMPOTENCY_KEY_H
#define DL_IDEMPOTENCY_KEY_H

#include <apr_pools.h>

#include "dl_json.h"

#define DL_IDEMPOTENCY_KEY_MAX 255

/**
 * Settles on the key. A header may also be the quoted string of the IETF
 * draft (draft-ietf-httpapi-idempotency-key-header); the quotation marks are
 * not part of the key then.
 *
 * @param member  idempotency_key; its s is NULL when it is absent
 * @param header  Idempotency-Key, or NULL
 * @param alias   X-Idempotency-Key, or NULL
 * @param key     set to the key in @a p, NULL when there is none
 * @return NULL, or the message of INVALID_IDEMPOTENCY_KEY: empty, above 255
 *         characters, not printable ASCII, or two that differ
 */
const char *dl_idempotency_key(const dl_json_str_t *member,
                               const char *header, const char *alias,
                               apr_pool_t *p, const char **key);

#endif /* DL_IDEMPOTENCY_KEY_H */
