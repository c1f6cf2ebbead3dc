/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 and HMAC-SHA256 (RFC 2104) for links, signatures and webhooks.
 *
 * A link needs a dozen short digests. OpenSSL 3 looks its algorithms up anew
 * in every one-shot call, which costs more than the digest; so a hasher is
 * opened once for a series of digests (0.3 us), and each then costs 0.1 us.
 * HMAC is made here from two digests, for the same reason.
 */
#ifndef DL_HMAC_H
#define DL_HMAC_H

#include <apr.h>
#include <apr_errno.h>

#define DL_SHA256_LEN 32
#define DL_SHA256_HEX 64
/** Characters of a base64url SHA-256, without padding. */
#define DL_SHA256_B64 43

/** A series of digests on one thread; lives on the caller's stack. */
typedef struct dl_hmac_t {
    struct evp_md_st *md;
    struct evp_md_ctx_st *ctx;
    int failed;                 /**< sticky: a digest did not succeed */
} dl_hmac_t;

/** Takes what digests need; dl_hmac_close() gives it back, also after an
 *  error. @return APR_ENOMEM */
apr_status_t dl_hmac_open(dl_hmac_t *h);

/** @return APR_EGENERAL when any digest of the series failed: throw its
 *  results away */
apr_status_t dl_hmac_close(dl_hmac_t *h);

/** SHA-256 of @a len bytes. */
void dl_hmac_digest(dl_hmac_t *h, const void *data, apr_size_t len,
                    unsigned char out[DL_SHA256_LEN]);

/** HMAC-SHA256; @a out may be @a key. A key may have any length. */
void dl_hmac_sign(dl_hmac_t *h, const void *key, apr_size_t key_len,
                  const void *data, apr_size_t len,
                  unsigned char out[DL_SHA256_LEN]);

/** One HMAC-SHA256 by itself. @return as open and close */
apr_status_t dl_hmac_sha256(const void *key, apr_size_t key_len,
                            const void *data, apr_size_t len,
                            unsigned char out[DL_SHA256_LEN]);

/** A SHA-256 in lower-case hex. */
void dl_hmac_hex(const unsigned char in[DL_SHA256_LEN],
                 char out[DL_SHA256_HEX + 1]);

/** base64url (RFC 4648 section 5) without padding, of a SHA-256. */
void dl_base64url_sha256(const unsigned char in[DL_SHA256_LEN],
                         char out[DL_SHA256_B64 + 1]);

/** Whether two strings are equal; the time tells their lengths only. */
int dl_equal_const_time(const char *a, const char *b);

#endif /* DL_HMAC_H */
