/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration with its scripts.
 */
#include "dlw_settings.h"

#include <apr_errno.h>

apr_status_t dlw_settings_create(const dl_config_t *conf, apr_pool_t *pool,
                                 dlw_settings_t **out)
{
    dlw_settings_t *settings = apr_pcalloc(pool, sizeof(*settings));
    apr_status_t rv = dl_scripts_create(conf, pool, &settings->scripts);

    if (rv != APR_SUCCESS)
        return rv;
    if (dl_url_guard_create(conf->webhook_allow, pool, &settings->guard))
        return APR_EINVAL;      /* the directive's setter has looked */
    settings->refs = 1;
    settings->pool = pool;
    settings->conf = conf;
    *out = settings;
    return APR_SUCCESS;
}
