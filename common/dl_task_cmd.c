/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's commands.
 *
 * What a source says (names, types, errors) comes from outside: control
 * characters are taken out here, since results are stored as lines.
 */
#include "dl_task.h"

#include <apr_strings.h>

#include "dl_cmd.h"

#define TEXT_MAX 500
#define NAME_MAX_BYTES 255
#define DETAIL_MAX 2048

/* At most @a max bytes of @a s, each control character a space. */
static void add_line(dl_redis_cmd_t *cmd, const char *s, size_t max,
                     apr_pool_t *p)
{
    size_t len = s ? strnlen(s, max) : 0;
    char *copy = NULL;

    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)s[i] < ' ' || s[i] == 0x7f) {
            if (!copy)
                copy = apr_pmemdup(p, s, len);
            copy[i] = ' ';
        }
    }
    dl_cmd_add(cmd, copy ? copy : len ? s : "", len);
}

dl_redis_cmd_t *dl_task_claim_cmd(const dl_scripts_t *scripts,
                                  const char *worker, int n, apr_int64_t own,
                                  int suspects, apr_pool_t *p)
{
    dl_redis_cmd_t *cmd = dl_cmd_script(scripts, DL_SCRIPT_CLAIM, 4, p);

    dl_cmd_adds(cmd, worker);
    dl_cmd_addi(cmd, n, p);
    dl_cmd_addi(cmd, own, p);
    dl_cmd_addi(cmd, suspects, p);
    return cmd;
}

dl_redis_cmd_t *dl_task_beat_cmd(const dl_scripts_t *scripts,
                                 const char *worker, const dl_beat_t *beats,
                                 int n, const char *load, apr_pool_t *p)
{
    dl_redis_cmd_t *cmd = dl_cmd_script(scripts, DL_SCRIPT_BEAT, 2 + 4 * n,
                                        p);

    dl_cmd_adds(cmd, worker);
    dl_cmd_adds(cmd, load);
    for (int i = 0; i < n; i++) {
        dl_cmd_addi(cmd, beats[i].file_id, p);
        dl_cmd_addi(cmd, beats[i].fence, p);
        dl_cmd_addi(cmd, beats[i].progress, p);
        add_line(cmd, beats[i].message, TEXT_MAX, p);
    }
    return cmd;
}

dl_redis_cmd_t *dl_task_complete_cmd(const dl_scripts_t *scripts,
                                     const char *worker,
                                     const dl_completion_t *done, int n,
                                     apr_pool_t *p)
{
    dl_redis_cmd_t *cmd = dl_cmd_script(scripts, DL_SCRIPT_COMPLETE,
                                        1 + 11 * n, p);

    dl_cmd_adds(cmd, worker);
    for (int i = 0; i < n; i++) {
        const dl_result_t *r = &done[i].result;

        dl_cmd_addi(cmd, done[i].file_id, p);
        dl_cmd_addi(cmd, done[i].fence, p);
        dl_cmd_adds(cmd, r->key);
        dl_cmd_addi(cmd, r->size, p);
        add_line(cmd, r->filename, NAME_MAX_BYTES, p);
        add_line(cmd, r->content_type, NAME_MAX_BYTES, p);
        add_line(cmd, r->sha256, 64, p);
        add_line(cmd, r->etag, NAME_MAX_BYTES, p);
        dl_cmd_adds(cmd, r->url);
        dl_cmd_addi(cmd, r->url_expires_s, p);
        dl_cmd_addi(cmd, r->duration_ms < 0 ? 0 : r->duration_ms, p);
    }
    return cmd;
}

dl_redis_cmd_t *dl_task_fail_cmd(const dl_scripts_t *scripts,
                                 const char *worker, apr_int64_t file_id,
                                 apr_int64_t fence,
                                 const dl_failure_t *failure, apr_pool_t *p)
{
    dl_redis_cmd_t *cmd = dl_cmd_script(scripts, DL_SCRIPT_FAIL, 9, p);

    dl_cmd_adds(cmd, worker);
    dl_cmd_addi(cmd, file_id, p);
    dl_cmd_addi(cmd, fence, p);
    add_line(cmd, failure->error_code, 64, p);
    add_line(cmd, failure->error, TEXT_MAX, p);
    dl_cmd_add(cmd, failure->detail ? failure->detail : "",
               failure->detail ? strnlen(failure->detail, DETAIL_MAX) : 0);
    dl_cmd_addi(cmd, failure->permanent != 0, p);
    dl_cmd_addi(cmd, failure->retry_after_ms, p);
    dl_cmd_addi(cmd, failure->jitter_ppm, p);
    return cmd;
}

dl_redis_cmd_t *dl_task_release_cmd(const dl_scripts_t *scripts,
                                    const char *worker, apr_int64_t file_id,
                                    apr_int64_t fence, apr_pool_t *p)
{
    dl_redis_cmd_t *cmd = dl_cmd_script(scripts, DL_SCRIPT_RELEASE, 3, p);

    dl_cmd_adds(cmd, worker);
    dl_cmd_addi(cmd, file_id, p);
    dl_cmd_addi(cmd, fence, p);
    return cmd;
}

dl_redis_cmd_t *dl_task_audit_cmd(const dl_scripts_t *scripts,
                                  const char *cursor, apr_pool_t *p)
{
    dl_redis_cmd_t *cmd = dl_cmd_script(scripts, DL_SCRIPT_AUDIT, 1, p);

    dl_cmd_adds(cmd, cursor);
    return cmd;
}
