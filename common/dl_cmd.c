/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands for Redis.
 */
#include "dl_cmd.h"

#include <apr_strings.h>

dl_redis_cmd_t *dl_cmd_make(int max, apr_pool_t *p)
{
    dl_redis_cmd_t *cmd = apr_palloc(p, sizeof(*cmd));

    cmd->argc = 0;
    cmd->argv = apr_palloc(p, max * sizeof(*cmd->argv));
    cmd->lens = apr_palloc(p, max * sizeof(*cmd->lens));
    return cmd;
}

dl_redis_cmd_t *dl_cmd_script(const dl_scripts_t *scripts,
                              dl_script_e script, int max, apr_pool_t *p)
{
    dl_redis_cmd_t *cmd = dl_cmd_make(max + 4, p);

    dl_cmd_add(cmd, "EVALSHA", 7);
    dl_cmd_add(cmd, dl_script_sha1(scripts, script), 40);
    dl_cmd_add(cmd, "1", 1);
    dl_cmd_adds(cmd, dl_script_prefix(scripts));
    return cmd;
}

dl_redis_cmd_t *dl_cmd_load(const dl_scripts_t *scripts, dl_script_e script,
                            apr_pool_t *p)
{
    dl_redis_cmd_t *cmd = dl_cmd_make(3, p);
    apr_size_t len;
    const char *source = dl_script_source(scripts, script, &len);

    dl_cmd_add(cmd, "SCRIPT", 6);
    dl_cmd_add(cmd, "LOAD", 4);
    dl_cmd_add(cmd, source, len);
    return cmd;
}

void dl_cmd_addi(dl_redis_cmd_t *cmd, apr_int64_t value, apr_pool_t *p)
{
    char buf[24], *end = buf + sizeof(buf), *s = end;
    apr_uint64_t v = value < 0 ? 0 - (apr_uint64_t)value
                               : (apr_uint64_t)value;

    do {
        *--s = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    if (value < 0)
        *--s = '-';
    dl_cmd_add(cmd, apr_pmemdup(p, s, end - s), end - s);
}
