/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's commands and replies for webhooks.
 */
#include "dl_hook.h"

#include <string.h>

#include <apr_strings.h>

#include "dl_cmd.h"
#include "dl_reply.h"

#define CLAIM_HEAD 2
#define CLAIM_ROW 6
#define ERROR_MAX 200
#define ID_MAX 100

dl_redis_cmd_t *dl_hook_claim_cmd(const dl_scripts_t *scripts,
                                  const char *worker, int n, int tries,
                                  apr_pool_t *p)
{
    dl_redis_cmd_t *cmd = dl_cmd_script(scripts, DL_SCRIPT_HOOK_CLAIM, 3, p);

    dl_cmd_adds(cmd, worker);
    dl_cmd_addi(cmd, n, p);
    dl_cmd_addi(cmd, tries, p);
    return cmd;
}

/* One row of a claim's reply. @return 0 when it cannot be sent */
static int read_hook(const redisReply *reply, apr_size_t at, apr_pool_t *p,
                     dl_hook_t *hook)
{
    apr_size_t len, fence_len, url_len;
    const char *id = dl_reply_str_at(reply, at, &len), *colon;
    const char *fence = dl_reply_str_at(reply, at + 1, &fence_len);
    const char *url = dl_reply_str_at(reply, at + 3, &url_len);
    apr_int64_t tried = 0;

    colon = id ? memchr(id, ':', len) : NULL;
    if (!colon || len > ID_MAX || !fence || fence_len > ID_MAX || !url
        || !dl_reply_int_at(reply, at + 2, &tried)
        || dl_job_read(apr_pstrmemdup(p, id, colon - id),
                       dl_reply_at(reply, at + 4), dl_reply_at(reply, at + 5),
                       p, &hook->job) != APR_SUCCESS)
        return 0;
    hook->id = apr_pstrmemdup(p, id, len);
    hook->fence = apr_pstrmemdup(p, fence, fence_len);
    hook->tried = (int)tried;
    hook->job->callback_url = apr_pstrmemdup(p, url, url_len);
    return dl_job_state_terminal(hook->job->state);
}

apr_status_t dl_hook_claim_parse(const redisReply *reply, apr_pool_t *p,
                                 dl_hook_claim_t *claim)
{
    apr_size_t n = dl_reply_count(reply);
    apr_int64_t more = 0;

    if (n < CLAIM_HEAD || (n - CLAIM_HEAD) % CLAIM_ROW != 0
        || !dl_reply_int_at(reply, 0, &claim->next_ms)
        || !dl_reply_int_at(reply, 1, &more))
        return APR_EGENERAL;
    claim->more = more != 0;
    claim->hooks = apr_array_make(p, (int)((n - CLAIM_HEAD) / CLAIM_ROW) + 1,
                                  sizeof(dl_hook_t));
    for (apr_size_t i = CLAIM_HEAD; i < n; i += CLAIM_ROW) {
        dl_hook_t hook;

        if (read_hook(reply, i, p, &hook))
            APR_ARRAY_PUSH(claim->hooks, dl_hook_t) = hook;
    }
    return APR_SUCCESS;
}

dl_redis_cmd_t *dl_hook_settle_cmd(const dl_scripts_t *scripts,
                                   const char *id, const char *fence,
                                   const dl_hook_result_t *result,
                                   apr_pool_t *p)
{
    dl_redis_cmd_t *cmd = dl_cmd_script(scripts, DL_SCRIPT_HOOK_SETTLE, 7, p);
    const char *error = result->error ? result->error : "";

    dl_cmd_adds(cmd, id);
    dl_cmd_adds(cmd, fence);
    dl_cmd_addi(cmd, result->outcome, p);
    dl_cmd_addi(cmd, result->wait_ms, p);
    dl_cmd_addi(cmd, result->status, p);
    dl_cmd_add(cmd, error, strnlen(error, ERROR_MAX));
    dl_cmd_addi(cmd, result->status != 0, p);
    return cmd;
}

int dl_hook_settle_parse(const redisReply *reply)
{
    apr_int64_t value;

    return dl_reply_int(reply, &value) ? value != 0 : -1;
}
