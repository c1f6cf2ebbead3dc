/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links in job bodies that stay good (contract: "Links stay good").
 */
#ifndef DL_LINKS_H
#define DL_LINKS_H

#include "dl_config.h"
#include "dl_job.h"

/**
 * Gives a completed job a link with at least half of its time left, and its
 * files theirs: kept if it is, else signed anew from the stored key. Pure;
 * any thread.
 * @param now_s  Unix seconds
 * @return 1 when the job's own link was signed anew: worth storing
 *         (dl_jobs_link), so that it stays the same
 */
int dl_links_refresh(const dl_config_t *conf, dl_job_t *job,
                     apr_int64_t now_s, apr_pool_t *p);

#endif /* DL_LINKS_H */
