/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One reading of the configuration and the scripts made for it.
 *
 * SIGHUP makes a new one; attempts and calls that began under the old one
 * keep it until they end.
 */
#ifndef DLW_SETTINGS_H
#define DLW_SETTINGS_H

#include <apr_pools.h>

#include "dl_config.h"
#include "dl_script.h"
#include "dl_url_guard.h"

typedef struct dlw_settings_t {
    int refs;
    apr_pool_t *pool;           /**< owns everything here */
    const dl_config_t *conf;
    const dl_scripts_t *scripts;
    const dl_url_guard_t *guard; /**< of DLJobWebhookAllow */
} dlw_settings_t;

/**
 * Makes the scripts of a configuration.
 * @param pool  holds @a conf; destroyed with the last reference, or on
 *              failure by the caller
 */
apr_status_t dlw_settings_create(const dl_config_t *conf, apr_pool_t *pool,
                                 dlw_settings_t **settings);

static inline dlw_settings_t *dlw_settings_ref(dlw_settings_t *settings)
{
    settings->refs++;
    return settings;
}

static inline void dlw_settings_unref(dlw_settings_t *settings)
{
    if (--settings->refs == 0)
        apr_pool_destroy(settings->pool);
}

#endif /* DLW_SETTINGS_H */
