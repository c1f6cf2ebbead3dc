/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caps on streams of this httpd: asked of the MPM and the system.
 */
#ifndef DLJOB_CAP_H
#define DLJOB_CAP_H

#include <httpd.h>

#include "dl_cap.h"

/**
 * Computes the caps of this server, raises AsyncRequestWorkerFactor where
 * DLJobMaxStreams asks for more than the configuration holds, and logs
 * both. In post_config.
 */
void dljob_cap_init(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s,
                    int wanted, dl_cap_t *cap);

#endif /* DLJOB_CAP_H */
