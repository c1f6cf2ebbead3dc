/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Setters of what webhooks are like.
 */
#include "dl_set.h"

#include <strings.h>

#include <apr_strings.h>

#include "dl_parse.h"
#include "dl_secret.h"
#include "dl_url_guard.h"

#define WAITS_MAX 50

const char *dl_set_webhook_secret(const dl_directive_t *directive, void *into,
                                  int argc, const char *const *argv,
                                  apr_pool_t *p)
{
    apr_array_header_t *secrets = apr_array_make(p, 2, sizeof(const char *));
    const char *error = NULL;

    (void)directive;
    for (int i = 0; error == NULL && i < argc; i++) {
        error = dl_secret_webhooks(argv[i], p, secrets);
    }
    if (error == NULL) {
        ((dl_config_t *)into)->webhook_secrets = secrets;
    }
    return error;
}

const char *dl_set_webhook_allow(const dl_directive_t *directive, void *into,
                                 int argc, const char *const *argv,
                                 apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, argc, sizeof(const char *));
    const dl_url_guard_t *guard;
    const char *error;
    int off = argc == 1 && strcasecmp(argv[0], "off") == 0;

    (void)directive;
    for (int i = 0; !off && i < argc; i++) {
        *(const char **)apr_array_push(list) = apr_pstrdup(p, argv[i]);
    }
    error = dl_url_guard_create(list, p, &guard);
    if (error == NULL) {
        ((dl_config_t *)into)->webhook_allow = off ? NULL : list;
    }
    return error;
}

const char *dl_set_webhook_retry(const dl_directive_t *directive, void *into,
                                 int argc, const char *const *argv,
                                 apr_pool_t *p)
{
    apr_array_header_t *waits = apr_array_make(p, argc, sizeof(apr_int64_t));
    int off = argc == 1 && strcasecmp(argv[0], "off") == 0;
    const char *error = NULL;

    if (argc > WAITS_MAX) {
        return apr_psprintf(p, "%d waits are too many; write up to %d", argc,
                            WAITS_MAX);
    }
    for (int i = 0; !off && error == NULL && i < argc; i++) {
        error = dl_parse_duration(argv[i], directive->min, directive->max, p,
                                  apr_array_push(waits));
    }
    if (error == NULL) {
        ((dl_config_t *)into)->webhook_retry = waits;
    }
    return error;
}
