/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: the parser of dljob.conf with all its setters.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <apr_pools.h>

#include "dl_conffile.h"

/* Setters run what exec: names and open what file: names: a fuzzer may do
 * neither. */
static int reaches_outside(const char *text)
{
    return strstr(text, "exec:") != NULL || strstr(text, "${") != NULL
           || (strcasestr(text, "dljobcredentials") != NULL
               && strstr(text, "/dev") != NULL);
}

void fuzz_conffile(const uint8_t *data, size_t len)
{
    apr_pool_t *pool = NULL;
    dl_settings_t *settings;
    char *text;
    const char *error;

    if (apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        abort();
    }
    text = apr_pcalloc(pool, len + 1);
    if (len > 0) {
        memcpy(text, data, len);
    }
    if (strlen(text) != len || !reaches_outside(text)) {
        settings = dl_settings_create(pool);
        error = dl_conffile_text("fuzz", text, len, settings, pool);
        if (error != NULL && strncmp(error, "fuzz:", 5) != 0) {
            abort(); /* a message without its place */
        }
        if (error == NULL) {
            dl_settings_check(settings, "fuzz", 1, pool);
        }
    }
    apr_pool_destroy(pool);
}
