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

const char *dlw_store_attempt_key(const dl_config_t *conf,
                                  apr_int64_t file_id, apr_int64_t fence,
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
                        (int)(dot - key), key, fence, process_nonce(), dot);
}
