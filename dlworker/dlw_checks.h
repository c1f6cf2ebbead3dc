/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the worker looks at before and after it begins: things that a
 * configuration file cannot tell.
 */
#ifndef DLW_CHECKS_H
#define DLW_CHECKS_H

#include "dlw_worker.h"

/**
 * Source and spool, without which nothing could be done.
 * @return NULL, or a message with reason and remedy in @a p
 */
const char *dlw_check_local(const dl_config_t *conf, apr_pool_t *p);

/** Whether the store can be reached: a warning if not, it may come back. */
void dlw_check_store(dlw_worker_t *worker);

/** Whether Redis may lose jobs: maxmemory-policy, appendonly. Warnings; an
 *  ACL that hides the settings is none. */
void dlw_check_redis(dlw_worker_t *worker);

#endif /* DLW_CHECKS_H */
