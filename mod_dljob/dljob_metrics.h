/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SetHandler dljob-metrics: figures for Prometheus.
 */
#ifndef DLJOB_METRICS_H
#define DLJOB_METRICS_H

#include <httpd.h>

/** Makes what the children count in; post_config hook, before the streams'. */
int dljob_metrics_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp,
                         server_rec *main);

#endif /* DLJOB_METRICS_H */
