/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests for signing; see dl_hmac.h for why HMAC is made here.
 */
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "dl_hmac.h"
#include "dl_uuid.h"

#define BLOCK 64                /* bytes SHA-256 takes at a time */

apr_status_t dl_hmac_open(dl_hmac_t *h)
{
    h->failed = 0;
    h->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    h->ctx = EVP_MD_CTX_new();
    if (!h->md || !h->ctx) {
        h->failed = 1;
        return APR_ENOMEM;
    }
    return APR_SUCCESS;
}

apr_status_t dl_hmac_close(dl_hmac_t *h)
{
    EVP_MD_CTX_free(h->ctx);
    EVP_MD_free(h->md);
    h->ctx = NULL;
    h->md = NULL;
    return h->failed ? APR_EGENERAL : APR_SUCCESS;
}

/* The digest of two pieces, one after the other. */
static void digest2(dl_hmac_t *h, const void *a, apr_size_t a_len,
                    const void *b, apr_size_t b_len, unsigned char *out)
{
    if (h->failed || !EVP_DigestInit_ex(h->ctx, h->md, NULL)
        || !EVP_DigestUpdate(h->ctx, a, a_len)
        || (b_len && !EVP_DigestUpdate(h->ctx, b, b_len))
        || !EVP_DigestFinal_ex(h->ctx, out, NULL)) {
        h->failed = 1;
        memset(out, 0, DL_SHA256_LEN);
    }
}

void dl_hmac_digest(dl_hmac_t *h, const void *data, apr_size_t len,
                    unsigned char out[DL_SHA256_LEN])
{
    digest2(h, data, len, NULL, 0, out);
}

void dl_hmac_sign(dl_hmac_t *h, const void *key, apr_size_t key_len,
                  const void *data, apr_size_t len,
                  unsigned char out[DL_SHA256_LEN])
{
    unsigned char pad[BLOCK] = { 0 };
    unsigned char inner[DL_SHA256_LEN];
    int i;

    if (key_len > BLOCK) {
        digest2(h, key, key_len, NULL, 0, pad);
    }
    else if (key_len) {
        memcpy(pad, key, key_len);
    }
    for (i = 0; i < BLOCK; i++) {
        pad[i] ^= 0x36;
    }
    digest2(h, pad, BLOCK, data, len, inner);
    for (i = 0; i < BLOCK; i++) {
        pad[i] ^= 0x36 ^ 0x5c;
    }
    digest2(h, pad, BLOCK, inner, sizeof(inner), out);
    OPENSSL_cleanse(pad, sizeof(pad));
}

apr_status_t dl_hmac_sha256(const void *key, apr_size_t key_len,
                            const void *data, apr_size_t len,
                            unsigned char out[DL_SHA256_LEN])
{
    dl_hmac_t h;

    (void)dl_hmac_open(&h);
    dl_hmac_sign(&h, key, key_len, data, len, out);
    return dl_hmac_close(&h);
}

void dl_hmac_hex(const unsigned char in[DL_SHA256_LEN],
                 char out[DL_SHA256_HEX + 1])
{
    dl_hex(in, DL_SHA256_LEN, out);
    out[DL_SHA256_HEX] = '\0';
}

void dl_base64url_sha256(const unsigned char in[DL_SHA256_LEN],
                         char out[DL_SHA256_B64 + 1])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned int bits = 0;
    int have = 0, i, n = 0;

    for (i = 0; i < DL_SHA256_LEN; i++) {
        bits = (bits << 8) | in[i];
        for (have += 8; have >= 6; have -= 6) {
            out[n++] = digits[(bits >> (have - 6)) & 63];
        }
    }
    out[n++] = digits[(bits << (6 - have)) & 63];
    out[n] = '\0';
}

int dl_equal_const_time(const char *a, const char *b)
{
    apr_size_t len = strlen(a);

    return len == strlen(b) && CRYPTO_memcmp(a, b, len) == 0;
}
