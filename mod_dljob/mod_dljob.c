/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The module record: wires the module's parts to httpd, decides nothing.
 */
#include <httpd.h>
#include <http_config.h>

#include "dljob_config.h"

static void dljob_hooks(apr_pool_t *p)
{
    dljob_config_hooks(p);
}

AP_DECLARE_MODULE(dljob) = {
    STANDARD20_MODULE_STUFF,
    dljob_config_create_dir,
    dljob_config_merge_dir,
    dljob_config_create_server,
    dljob_config_merge_server,
    dljob_config_commands,
    dljob_hooks,
    0
};
