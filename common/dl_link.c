/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed links of the file store; see dl_link.h.
 */
#include <string.h>

#include <apr_strings.h>

#include "dl_hmac.h"
#include "dl_link.h"
#include "dl_uri.h"

/* What a query carries, encoded as it came. */
typedef struct fields_t {
    const char *value[4];
    apr_size_t len[4];
} fields_t;

enum { F_EXPIRES, F_FILENAME, F_TYPE, F_SIGNATURE, F_COUNT };

static const char *const field_names[F_COUNT] = {
    "expires", "filename", "type", "signature"
};

static apr_status_t signature_of(const char *secret, const dl_link_t *link,
                                 apr_pool_t *p, char *out)
{
    const char *name = link->filename ? link->filename : "";
    const char *type = link->content_type ? link->content_type : "";
    unsigned char mac[DL_SHA256_LEN];
    apr_status_t rv;
    const char *s;

    /* the word in front keeps this apart from whatever else a site might
     * sign with the same secret */
    s = apr_psprintf(p, "dljob-link\n%" APR_INT64_T_FMT "\n%" APR_SIZE_T_FMT
                     ":%s\n%" APR_SIZE_T_FMT ":%s\n%" APR_SIZE_T_FMT ":%s",
                     link->expires_s, strlen(link->key), link->key,
                     strlen(name), name, strlen(type), type);
    rv = dl_hmac_sha256(secret, strlen(secret), s, strlen(s), mac);
    dl_base64url_sha256(mac, out);
    return rv;
}

apr_status_t dl_link_make(const char *secret, const char *base,
                          const dl_link_t *link, apr_pool_t *p,
                          const char **url)
{
    char signature[DL_SHA256_B64 + 1];
    const char *name = link->filename, *type = link->content_type;
    apr_status_t rv = signature_of(secret, link, p, signature);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *url = apr_pstrcat(p, base, "/objects/", dl_uri_encode(link->key, 1, p),
                       "?expires=",
                       apr_psprintf(p, "%" APR_INT64_T_FMT, link->expires_s),
                       name ? "&filename=" : "",
                       name ? dl_uri_encode(name, 0, p) : "",
                       type ? "&type=" : "",
                       type ? dl_uri_encode(type, 0, p) : "",
                       "&signature=", signature, NULL);
    return APR_SUCCESS;
}

/* Splits the query; @return 0 when one of our names comes twice. */
static int split(const char *query, fields_t *f)
{
    memset(f, 0, sizeof(*f));
    while (*query) {
        apr_size_t len = strcspn(query, "&");
        const char *eq = memchr(query, '=', len);
        apr_size_t name_len = eq ? (apr_size_t)(eq - query) : len;
        int i;

        for (i = 0; i < F_COUNT; i++) {
            if (strlen(field_names[i]) != name_len
                || strncmp(query, field_names[i], name_len) != 0) {
                continue;
            }
            if (f->value[i] || !eq) {
                return 0;
            }
            f->value[i] = eq + 1;
            f->len[i] = len - name_len - 1;
        }
        query += len + (query[len] == '&');
    }
    return 1;
}

/* Decodes an optional member; @return 0 when it is malformed. */
static int member(const fields_t *f, int which, apr_pool_t *p,
                  const char **value)
{
    *value = NULL;
    if (f->value[which]) {
        *value = dl_uri_decode(f->value[which], f->len[which], p);
        return *value && **value;
    }
    return 1;
}

/* Digits only, no more than a date needs; @return -1 for anything else. */
static apr_int64_t parse_expiry(const char *s, apr_size_t len)
{
    apr_int64_t n = 0;
    apr_size_t i;

    if (len < 1 || len > 12 || (s[0] == '0' && len > 1)) {
        return -1;
    }
    for (i = 0; i < len; i++) {
        if (s[i] < '0' || s[i] > '9') {
            return -1;
        }
        n = n * 10 + (s[i] - '0');
    }
    return n;
}

dl_link_e dl_link_verify(const char *const *secrets, int nsecrets,
                         const char *key, const char *query,
                         apr_int64_t now_s, apr_pool_t *p, dl_link_t *link)
{
    char expected[DL_SHA256_B64 + 1];
    const char *given;
    dl_link_t l;
    fields_t f;
    int i, good = 0;

    if (!query || strlen(query) > DL_LINK_MAX_QUERY || !split(query, &f)
        || !f.value[F_EXPIRES] || !f.value[F_SIGNATURE]) {
        return DL_LINK_BAD;
    }
    l.key = key;
    l.expires_s = parse_expiry(f.value[F_EXPIRES], f.len[F_EXPIRES]);
    if (l.expires_s < 0 || !member(&f, F_FILENAME, p, &l.filename)
        || !member(&f, F_TYPE, p, &l.content_type)
        || f.len[F_SIGNATURE] != DL_SHA256_B64) {
        return DL_LINK_BAD;
    }
    given = apr_pstrmemdup(p, f.value[F_SIGNATURE], DL_SHA256_B64);
    for (i = 0; i < nsecrets; i++) {
        if (secrets[i]
            && signature_of(secrets[i], &l, p, expected) == APR_SUCCESS) {
            good |= dl_equal_const_time(expected, given);
        }
    }
    if (!good) {
        return DL_LINK_BAD;
    }
    if (l.expires_s <= now_s) {
        return DL_LINK_EXPIRED;
    }
    *link = l;
    return DL_LINK_GOOD;
}
