/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's own directory in DLJobSpool, where children of `exec` work.
 *
 * It is locked (flock) while its worker lives, so that whoever starts next
 * can tell what a killed worker left behind, and remove it.
 */
#ifndef DLW_RUNDIR_H
#define DLW_RUNDIR_H

#include <apr_pools.h>

typedef struct dlw_rundir_t {
    const char *path;
    int fd;                     /**< holds the lock */
} dlw_rundir_t;

/**
 * Removes what dead workers left in @a spool, then makes "worker-XXXXXX".
 * @param p  removes it with all that is in it when it is cleared
 * @return what mkdtemp() or flock() said
 */
apr_status_t dlw_rundir_create(const char *spool, apr_pool_t *p,
                               dlw_rundir_t **rundir);

/**
 * Makes an empty directory "task-FILEID-N" in it (mode 0700).
 * @return its path, malloc()ed, or NULL with errno set
 */
char *dlw_rundir_task(const dlw_rundir_t *rundir, apr_int64_t file_id);

/** Removes @a path and all below it, following no symbolic link. Bounded in
 *  depth, not in number. */
void dlw_rundir_remove(const char *path);

#endif /* DLW_RUNDIR_H */
