/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The module record: wires the module's parts to httpd, decides nothing.
 */
#include <httpd.h>
#include <http_config.h>

static void dljob_hooks(apr_pool_t *p)
{
    (void)p;
}

AP_DECLARE_MODULE(dljob) = {
    STANDARD20_MODULE_STUFF,
    NULL,                       /* create per-directory config */
    NULL,                       /* merge per-directory config */
    NULL,                       /* create per-server config */
    NULL,                       /* merge per-server config */
    NULL,                       /* directives */
    dljob_hooks,
    0
};
