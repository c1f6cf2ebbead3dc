/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results whose objects are gone from the store.
 */
#include "dl_jobs_impl.h"

#include "dl_reply.h"

apr_status_t dl_jobs_forget(dl_jobs_t *jobs, const char *job_id,
                            const dl_object_ref_t *gone, int n,
                            apr_pool_t *p)
{
    dl_redis_cmd_t *cmd = dl_cmd_script(jobs->scripts, DL_SCRIPT_FORGET,
                                        1 + 2 * n, p);
    redisReply *reply;
    apr_status_t rv;

    dl_cmd_adds(cmd, job_id);
    for (int i = 0; i < n; i++) {
        if (gone[i].file_id)
            dl_cmd_addi(cmd, gone[i].file_id, p);
        else
            dl_cmd_adds(cmd, "");
        dl_cmd_adds(cmd, gone[i].key);
    }
    rv = dl_jobs_run(jobs, DL_SCRIPT_FORGET, cmd, p, &reply);
    if (rv == APR_SUCCESS)
        dl_reply_free(reply);
    return rv;
}
