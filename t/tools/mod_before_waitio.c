/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An httpd module for tests: with it, the MPM says of itself what httpd
 * before 2.4.63 says, that it does not know AP_MPMQ_CAN_WAITIO.
 */
#include <httpd.h>
#include <http_config.h>
#include <ap_mpm.h>
#include <mpm_common.h>

static int query(int code, int *result, apr_status_t *rv)
{
    (void)result;
    if (code != AP_MPMQ_CAN_WAITIO) {
        return DECLINED;
    }
    *rv = APR_ENOTIMPL;
    return OK;
}

static void hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_mpm_query(query, NULL, NULL, APR_HOOK_FIRST);
}

AP_DECLARE_MODULE(before_waitio) = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, hooks, 0
};
