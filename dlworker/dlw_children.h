/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's child processes: started in a group and a directory of their
 * own, watched, and ended with all that belongs to them.
 */
#ifndef DLW_CHILDREN_H
#define DLW_CHILDREN_H

#include <sys/types.h>

#include <apr_pools.h>

#include "dl_loop.h"

typedef struct dlw_children_t dlw_children_t;
typedef struct dlw_child_t dlw_child_t;

/** The leader has ended; @a status is as of waitpid(). The child is to be
 *  let go with dlw_child_release(), now or later. */
typedef void dlw_child_exit_fn(void *baton, int status);

typedef struct dlw_child_spec_t {
    const char *const *argv;    /**< argv[0] is the path */
    const char *const *env;
    const char *dir;            /**< working directory */
    int out, err, say;          /**< become 1, 2 and 3; not closed here */
    apr_int64_t max_file;       /**< RLIMIT_FSIZE in bytes */
} dlw_child_spec_t;

/**
 * @param spool  DLJobSpool: working directories are made in it
 * @param p      kills what is left and removes everything when cleared
 */
apr_status_t dlw_children_create(dl_loop_t *loop, const char *spool,
                                 apr_pool_t *p, dlw_children_t **children);

/** An empty directory for a task, malloc()ed; NULL with errno set. The child
 *  started in it removes it; without one: dlw_rundir_remove() and free(). */
char *dlw_children_dir(dlw_children_t *children, apr_int64_t file_id);

/**
 * Starts a child.
 * @param dir  of dlw_children_dir(); the child's own from now on
 * @return errno of fork(); a command that cannot be run says so on its
 *         stderr and exits with 126
 */
apr_status_t dlw_child_start(dlw_children_t *children,
                             const dlw_child_spec_t *spec, char *dir,
                             dlw_child_exit_fn *on_exit, void *baton,
                             dlw_child_t **child);

/** After on_exit: kills what is left of the group, removes the directory. */
void dlw_child_release(dlw_child_t *child);

/**
 * Before on_exit: SIGTERM to the group, SIGKILL after 1.5 s or when the
 * leader has ended; on_exit is not called any more.
 */
void dlw_child_abandon(dlw_child_t *child);

/** Abandoned ones that are not gone yet. */
int dlw_children_dying(const dlw_children_t *children);

#endif /* DLW_CHILDREN_H */
