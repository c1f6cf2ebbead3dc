/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idempotency keys.
 */
#include "dl_idempotency_key.h"

#include <string.h>

#include <apr_strings.h>

static dl_json_str_t header_key(const char *value)
{
    dl_json_str_t key = { value, value ? strlen(value) : 0 };

    if (key.len >= 2 && value[0] == '"' && value[key.len - 1] == '"') {
        key.s++;
        key.len -= 2;
    }
    return key;
}

static const char *check(const char *name, const dl_json_str_t *key,
                         apr_pool_t *p)
{
    apr_size_t i;

    if (key->len == 0) {
        return apr_psprintf(p, "%s: it is empty; 1 to %d characters are "
                            "needed", name, DL_IDEMPOTENCY_KEY_MAX);
    }
    if (key->len > DL_IDEMPOTENCY_KEY_MAX) {
        return apr_psprintf(p, "%s: %" APR_SIZE_T_FMT " characters are above "
                            "%d", name, key->len, DL_IDEMPOTENCY_KEY_MAX);
    }
    for (i = 0; i < key->len; i++) {
        if (key->s[i] < 0x20 || key->s[i] > 0x7e) {
            return apr_psprintf(p, "%s: the byte at position %"
                                APR_SIZE_T_FMT " is not printable ASCII",
                                name, i);
        }
    }
    return NULL;
}

const char *dl_idempotency_key(const dl_json_str_t *member,
                               const char *header, const char *alias,
                               apr_pool_t *p, const char **key)
{
    const struct {
        const char *name;
        dl_json_str_t key;
    } from[3] = {
        { "idempotency_key", *member },
        { "Idempotency-Key", header_key(header) },
        { "X-Idempotency-Key", header_key(alias) },
    };
    const char *message;
    int first = -1, i;

    *key = NULL;
    for (i = 0; i < 3; i++) {
        if (!from[i].key.s) {
            continue;
        }
        message = check(from[i].name, &from[i].key, p);
        if (message) {
            return message;
        }
        if (first < 0) {
            first = i;
        }
        else if (from[i].key.len != from[first].key.len
                 || memcmp(from[i].key.s, from[first].key.s,
                           from[i].key.len) != 0) {
            return apr_psprintf(p, "%s and %s differ: give one key, or the "
                                "same twice", from[first].name,
                                from[i].name);
        }
    }
    if (first >= 0) {
        *key = apr_pstrmemdup(p, from[first].key.s, from[first].key.len);
    }
    return NULL;
}
