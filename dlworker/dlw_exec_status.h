/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the end of a child means: exit codes are sysexits. Pure.
 */
#ifndef DLW_EXEC_STATUS_H
#define DLW_EXEC_STATUS_H

#include <apr_pools.h>

#include "dl_task.h"

/**
 * Reads a wait status.
 * @param status  as waitpid() gives it
 * @param tail    what the child last said on stderr, or NULL
 * @param failure set unless it went well
 * @return 1 when it exited with 0, else 0
 */
int dlw_exec_status(int status, const char *tail, apr_pool_t *p,
                    dl_failure_t *failure);

#endif /* DLW_EXEC_STATUS_H */
