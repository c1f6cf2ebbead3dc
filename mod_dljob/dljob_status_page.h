/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A section of ours on mod_status' page (also ?auto).
 */
#ifndef DLJOB_STATUS_PAGE_H
#define DLJOB_STATUS_PAGE_H

#include <apr_pools.h>

/** Hooks into mod_status' optional hook; nothing without mod_status. */
void dljob_status_page_hooks(apr_pool_t *p);

#endif /* DLJOB_STATUS_PAGE_H */
