/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps the S3 keys of a metadata service fresh: asks when the worker begins,
 * again before they end, and at once when the store refuses them.
 *
 * All on the loop's thread; nothing waits for an answer: a request to S3 that
 * finds no keys is tried again as one that finds no store (dlw_s3.c).
 */
#ifndef DLW_KEYS_H
#define DLW_KEYS_H

#include "dlw_attempt.h"

typedef struct dlw_keys_t dlw_keys_t;

/**
 * Begins, if the configuration says imds: or container:.
 * @param env  its loop, curl and conf; read again at each look
 * @param p    ends it when cleared
 */
dlw_keys_t *dlw_keys_create(const dlw_env_t *env, apr_pool_t *p);

/** The configuration was read again. @param old  what it was */
void dlw_keys_reload(dlw_keys_t *keys, const dl_config_t *old);

/** The store refuses the keys: ask again, at most once a second. */
void dlw_keys_refused(dlw_keys_t *keys);

#endif /* DLW_KEYS_H */
