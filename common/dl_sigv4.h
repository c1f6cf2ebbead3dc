/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS Signature Version 4 as S3 wants it, for headers and for presigned URLs.
 *
 * Pure: strings in, strings out. What differs from the general algorithm:
 * the path is encoded once and never normalised ("a//b" and "a/../b" are
 * keys), a presigned URL signs UNSIGNED-PAYLOAD, and a host is signed without
 * its scheme's default port.
 *
 * Source: Amazon S3 API Reference, "Authenticating Requests (AWS Signature
 * Version 4)".
 */
#ifndef DL_SIGV4_H
#define DL_SIGV4_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "dl_hmac.h"

#define DL_SIGV4_UNSIGNED "UNSIGNED-PAYLOAD"
/** SHA-256 of no bytes: the payload hash of a request without a body. */
#define DL_SIGV4_EMPTY \
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
/** Query parameters and headers a request may have of its own. */
#define DL_SIGV4_MAX_PAIRS 16

/** A query parameter or a header: neither name nor value is encoded. */
typedef struct dl_sigv4_pair_t {
    const char *name;
    const char *value;
} dl_sigv4_pair_t;

/** Who signs. */
typedef struct dl_sigv4_who_t {
    const char *access_key;
    const char *secret_key;
    const char *session_token;  /**< or NULL */
    const char *region;
} dl_sigv4_who_t;

/**
 * A signing key and the day, region and secret it is for: derived anew only
 * when one of them differs. Zeroed before first use; for one thread.
 */
typedef struct dl_sigv4_key_t {
    unsigned char key[DL_SHA256_LEN];
    unsigned char of[DL_SHA256_LEN];    /**< digest of what it is for */
    int set;
} dl_sigv4_key_t;

/** What is signed. */
typedef struct dl_sigv4_req_t {
    const char *method;
    const char *endpoint;       /**< scheme://host[:port][/base] */
    int virtual_host;           /**< bucket in the host, else in the path */
    const char *bucket;
    const char *key;            /**< any bytes; NULL: the bucket itself */
    const dl_sigv4_pair_t *query;
    int nquery;
    const dl_sigv4_pair_t *headers; /**< signed too; not Host, not x-amz-date,
                                     not x-amz-content-sha256 */
    int nheaders;
    const char *payload_hash;   /**< hex SHA-256 of the body, or NULL:
                                     UNSIGNED-PAYLOAD; unused when presigning */
    apr_int64_t now_s;          /**< Unix seconds */
} dl_sigv4_req_t;

/** What came out. */
typedef struct dl_sigv4_signed_t {
    const char *url;            /**< to request (presigned: the link) */
    const char *host;           /**< value of Host: that was signed */
    const char *date;           /**< value of x-amz-date: */
    const char *payload_hash;   /**< value of x-amz-content-sha256: */
    const char *authorization;  /**< value of Authorization:, NULL when
                                     presigned */
    const char *canonical;      /**< canonical request: for tests and for a
                                     log when a store refuses a signature */
    const char *to_sign;        /**< string to sign */
} dl_sigv4_signed_t;

/**
 * Signs a request by its headers. The caller sends host, date, payload_hash
 * and authorization of @a out, x-amz-security-token when there is a session
 * token, and the headers of @a req.
 *
 * @param cache  keeps the signing key between calls, or NULL; with one, calls
 *               must be on one thread at a time
 * @return APR_EINVAL (endpoint without scheme or host, too many pairs),
 *         APR_EGENERAL (no SHA-256 to be had)
 */
apr_status_t dl_sigv4_headers(const dl_sigv4_req_t *req,
                              const dl_sigv4_who_t *who,
                              dl_sigv4_key_t *cache, apr_pool_t *p,
                              dl_sigv4_signed_t *out);

/**
 * Makes a presigned URL, good for @a expires_s seconds (1 to 604,800) from
 * req->now_s. The headers of @a req are not used. Otherwise as above.
 */
apr_status_t dl_sigv4_presign(const dl_sigv4_req_t *req,
                              const dl_sigv4_who_t *who,
                              apr_int64_t expires_s, dl_sigv4_key_t *cache,
                              apr_pool_t *p, dl_sigv4_signed_t *out);

#endif /* DL_SIGV4_H */
