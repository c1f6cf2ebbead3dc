/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building one Redis command: argv and lengths in a pool.
 */
#ifndef DL_CMD_H
#define DL_CMD_H

#include <string.h>

#include "dl_redis_pool.h"
#include "dl_script.h"

/** @param max  arguments at most, the command's name included */
dl_redis_cmd_t *dl_cmd_make(int max, apr_pool_t *p);

/**
 * EVALSHA of a script with its one key, the prefix.
 * @param max  arguments of the script at most
 */
dl_redis_cmd_t *dl_cmd_script(const dl_scripts_t *scripts,
                              dl_script_e script, int max, apr_pool_t *p);

/** SCRIPT LOAD of it. */
dl_redis_cmd_t *dl_cmd_load(const dl_scripts_t *scripts, dl_script_e script,
                            apr_pool_t *p);

/** Adds @a n bytes, not copied. */
static inline void dl_cmd_add(dl_redis_cmd_t *cmd, const char *s, size_t n)
{
    cmd->argv[cmd->argc] = s;
    ((size_t *)cmd->lens)[cmd->argc++] = n;
}

/** Adds a C string, not copied; NULL is added as "". */
static inline void dl_cmd_adds(dl_redis_cmd_t *cmd, const char *s)
{
    dl_cmd_add(cmd, s ? s : "", s ? strlen(s) : 0);
}

/** Adds a number. */
void dl_cmd_addi(dl_redis_cmd_t *cmd, apr_int64_t value, apr_pool_t *p);

#endif /* DL_CMD_H */
