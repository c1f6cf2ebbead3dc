/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small process that outlives the worker by a moment: when the worker is
 * gone, however it went, it kills the process groups of its children and
 * removes its working directories.
 *
 * PR_SET_PDEATHSIG reaches only a direct child; what that child started
 * would go on preparing a file that another worker has taken over.
 */
#ifndef DLW_WARDEN_H
#define DLW_WARDEN_H

#include <sys/types.h>

#include <apr_pools.h>

typedef struct dlw_warden_t dlw_warden_t;

/**
 * Forks it. To be called once, before there is anything a second process
 * should not hold.
 * @param rundir  what to remove at the end
 * @param p       lets it end when cleared, and waits for it
 */
apr_status_t dlw_warden_create(const char *rundir, apr_pool_t *p,
                               dlw_warden_t **warden);

/** Tells it of a process group that began, or that is gone. Never waits. */
void dlw_warden_add(dlw_warden_t *warden, pid_t pgid);
void dlw_warden_drop(dlw_warden_t *warden, pid_t pgid);

#endif /* DLW_WARDEN_H */
