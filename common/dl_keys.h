/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys that requests to S3 and links are signed with: those that
 * DLJobCredentials holds, or those a metadata service gave last, which end
 * and are replaced while others sign.
 *
 * Each process asks the service by itself: keys are never written to Redis
 * or to a disk.
 */
#ifndef DL_KEYS_H
#define DL_KEYS_H

#include "dl_config.h"
#include "dl_sigv4.h"

/** What a metadata service gives. */
typedef struct dl_key_set_t {
    const char *access_key;
    const char *secret_key;
    const char *session_token;  /**< or NULL */
    apr_int64_t expires_s;      /**< Unix seconds; 0: never */
} dl_key_set_t;

/** An empty place for keys that come and go. @param p  owns it */
dl_keys_t *dl_keys_create(apr_pool_t *p);

/**
 * Replaces the keys; they are copied. Any thread.
 * @param now_s  Unix seconds, by the clock that dl_keys_take() goes by
 * @return APR_EINVAL: one is longer than any service's, nothing is changed
 */
apr_status_t dl_keys_put(dl_keys_t *keys, const dl_key_set_t *set,
                         apr_int64_t now_s);

/** Copies what another place holds: after the configuration was read again. */
void dl_keys_copy(dl_keys_t *to, dl_keys_t *from);

/**
 * Who signs now. Any thread.
 *
 * @param p          holds the strings of @a who
 * @param expires_s  set to when the keys end, 0: never
 * @return 0 when there are none, or they have ended
 */
int dl_keys_take(const dl_config_t *conf, apr_int64_t now_s, apr_pool_t *p,
                 dl_sigv4_who_t *who, apr_int64_t *expires_s);

/** When to ask the service again, Unix seconds; 0: nothing is held. Any
 *  thread, without a lock. */
apr_int64_t dl_keys_renew_s(const dl_keys_t *keys);

/** When what is held ends, Unix seconds; 0: never, or nothing is held. */
apr_int64_t dl_keys_expires_s(const dl_keys_t *keys);

#endif /* DL_KEYS_H */
