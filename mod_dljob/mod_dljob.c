/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The module record: wires the module's parts to httpd, decides nothing.
 */
#include <httpd.h>
#include <http_config.h>
#include <http_connection.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mpm_common.h>

#include "dljob_config.h"
#include "dljob_conn.h"
#include "dljob_dwell.h"
#include "dljob_errors.h"
#include "dljob_handler.h"
#include "dljob_log.h"
#include "dljob_metrics.h"
#include "dljob_park.h"
#include "dljob_probe.h"
#include "dljob_redis.h"
#include "dljob_status_page.h"
#include "dljob_streams.h"

static void child_init(apr_pool_t *pchild, server_rec *s)
{
    dljob_log_open(s);
    dljob_probe_child(pchild);
    dljob_redis_child(pchild, s);
    dljob_streams_child(pchild, s);
    dljob_dwell_child(s);
}

static void dljob_hooks(apr_pool_t *p)
{
    dljob_config_hooks(p);
    dljob_errors_register();
    ap_hook_pre_connection(dljob_conn_create, NULL, NULL, APR_HOOK_FIRST);
    dljob_dwell_hooks();
    dljob_park_hooks(p);
    dljob_status_page_hooks(p);
    ap_hook_post_config(dljob_metrics_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(dljob_streams_config, NULL, NULL, APR_HOOK_LAST);
    ap_hook_child_stopping(dljob_streams_stopping, NULL, NULL,
                           APR_HOOK_MIDDLE);
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_translate_name(dljob_translate, NULL, NULL, APR_HOOK_LAST);
    ap_hook_map_to_storage(dljob_map_to_storage, NULL, NULL,
                           APR_HOOK_MIDDLE);
    ap_hook_header_parser(dljob_preflight, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(dljob_handler, NULL, NULL, APR_HOOK_MIDDLE);
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
