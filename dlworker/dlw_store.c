/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which store there is, and the keys of attempts.
 */
#include "dlw_store.h"

#include <string.h>
#include <sys/auxv.h>

#include <apr_strings.h>

#include "dl_store.h"

const dlw_store_ops_t *dlw_store_of(dl_store_e kind)
{
    switch (kind) {
    case DL_STORE_FILE:
        return &dlw_store_file;
    case DL_STORE_S3:
        return &dlw_store_s3;
    case DL_STORE_NONE:
        break;
    }
    return NULL;
}

/* Three of the random bytes that the kernel gives every program: the same
 * for the whole life of this process, and nothing to keep. */
static unsigned int process_nonce(void)
{
    const unsigned char *random = (const void *)getauxval(AT_RANDOM);

    return random ? (unsigned int)(random[0] << 16 | random[1] << 8
                                   | random[2]) : 0;
}

const char *dlw_store_attempt_key_as(const dl_config_t *conf,
                                     apr_int64_t file_id, apr_int64_t fence,
                                     int again, const char *extension,
                                     apr_pool_t *p)
{
    const char *key = dl_store_key(conf, file_id, p);
    const char *name = strrchr(key, '/');
    const char *dot;

    name = name ? name + 1 : key;
    dot = strrchr(name, '.');
    if (!dot || dot == name) {
        dot = name + strlen(name);
    }
    return apr_psprintf(p, "%.*s.%" APR_INT64_T_FMT "-%06x%s",
                        (int)(dot - key), key, fence,
                        (process_nonce() + (unsigned int)again) & 0xffffff,
                        extension ? extension : dot);
}

const char *dlw_store_attempt_key(const dl_config_t *conf,
                                  apr_int64_t file_id, apr_int64_t fence,
                                  apr_pool_t *p)
{
    return dlw_store_attempt_key_as(conf, file_id, fence, 0, NULL, p);
}

/* "17-a1b2c3": a fence, a dash, a nonce. */
static apr_int64_t parse_part(const char *s, apr_size_t len)
{
    apr_size_t digits = strspn(s, "0123456789");

    if (digits < 1 || digits > 18 || digits >= len || s[digits] != '-'
        || len - digits - 1 != 6
        || strspn(s + digits + 1, "0123456789abcdef") < 6) {
        return -1;
    }
    return apr_atoi64(s);
}

apr_int64_t dlw_store_key_fence(const char *key)
{
    const char *name = strrchr(key, '/');
    apr_int64_t fence = -1;
    const char *dot;

    name = name ? name + 1 : key;
    for (dot = strchr(name, '.'); dot && fence < 0;
         dot = strchr(dot + 1, '.')) {
        if (dot > name) {
            fence = parse_part(dot + 1, strcspn(dot + 1, "."));
        }
    }
    return fence;
}
