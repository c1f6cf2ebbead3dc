/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed links of the file store: made by the worker and by httpd, checked by
 * httpd before it serves an object.
 *
 *   BASE/objects/KEY?expires=1709251199&filename=a.csv&type=text%2Fcsv
 *       &signature=43-characters-of-base64url
 *
 * The signature is HMAC-SHA256 over key, expiry, filename and type, each with
 * its length before it, so that no two links share what is signed. filename
 * and type are absent when there is none.
 */
#ifndef DL_LINK_H
#define DL_LINK_H

#include <apr_pools.h>

/** Longest query string that is looked at. */
#define DL_LINK_MAX_QUERY 4096

/** What a link says. */
typedef struct dl_link_t {
    const char *key;            /**< decoded */
    apr_int64_t expires_s;      /**< Unix seconds */
    const char *filename;       /**< or NULL */
    const char *content_type;   /**< or NULL */
} dl_link_t;

typedef enum {
    DL_LINK_GOOD,
    DL_LINK_BAD,                /**< malformed, or its signature is wrong */
    DL_LINK_EXPIRED             /**< signed by us, but over */
} dl_link_e;

/**
 * Makes a link.
 * @param secret  link_key of the credentials
 * @param base    before "/objects/", no slash at its end; may be ""
 * @return APR_EGENERAL when there is no HMAC to be had
 */
apr_status_t dl_link_make(const char *secret, const char *base,
                          const dl_link_t *link, apr_pool_t *p,
                          const char **url);

/**
 * Checks what came after "/objects/". Constant time in the signature.
 *
 * Members of the query that are not ours are passed over (mail programs add
 * some); one of ours twice makes the link bad.
 *
 * @param secrets  keys that are accepted, newest first; NULLs are skipped
 * @param key      decoded path
 * @param query    as sent, encoded; NULL: none
 * @param link     filled in when good
 */
dl_link_e dl_link_verify(const char *const *secrets, int nsecrets,
                         const char *key, const char *query,
                         apr_int64_t now_s, apr_pool_t *p, dl_link_t *link);

#endif /* DL_LINK_H */
