/* SPDX-License-Identifier: Apache-2.0 */
#include "hook_bed.h"

#include <stdlib.h>

const char *hook_ended(bed_t *bed, const char *url)
{
    apr_int64_t file_id = 69999 + atoll(bed_redis(bed, "INCR {t}:test:file"));
    dl_admit_t a = bed_request(bed, "", file_id);
    dl_task_t t;

    a.callback_url = url;
    ck_assert_int_eq(bed_send(bed, &a).outcome, DL_ADMIT_NEW);
    t = bed_take(bed, "w");
    ck_assert_int_eq(bed_complete(bed, &t), DL_SETTLE_OK);
    return a.job_id;
}

dl_hook_claim_t hook_claim(bed_t *bed, int n)
{
    redisReply *r = bed_run(bed, DL_SCRIPT_HOOK_CLAIM,
                            dl_hook_claim_cmd(bed->scripts, "w", n,
                                              HOOK_TRIES, bed->p));
    dl_hook_claim_t out;

    ck_assert_int_eq(dl_hook_claim_parse(r, bed->p, &out), APR_SUCCESS);
    freeReplyObject(r);
    return out;
}

dl_hook_t hook_take(bed_t *bed)
{
    dl_hook_claim_t c = hook_claim(bed, 10);

    ck_assert_int_eq(c.hooks->nelts, 1);
    return APR_ARRAY_IDX(c.hooks, 0, dl_hook_t);
}

int hook_settle(bed_t *bed, const dl_hook_t *hook, dl_hook_e outcome,
                apr_int64_t wait_ms, int status, const char *error)
{
    dl_hook_result_t result = {outcome, wait_ms, status, error};
    redisReply *r = bed_run(bed, DL_SCRIPT_HOOK_SETTLE,
                            dl_hook_settle_cmd(bed->scripts, hook->id,
                                               hook->fence, &result,
                                               bed->p));
    int taken = dl_hook_settle_parse(r);

    freeReplyObject(r);
    return taken;
}

void hook_pass_time(bed_t *bed)
{
    bed_redis(bed, "EVAL %s 0", "local k = '{t}:queue:hooks' "
              "for _, m in ipairs(redis.call('ZRANGE', k, 0, -1)) do "
              "redis.call('ZADD', k, 1, m) end "
              "for _, b in ipairs(redis.call('KEYS', '{t}:hooks:busy:*')) do "
              "for _, m in ipairs(redis.call('ZRANGE', b, 0, -1)) do "
              "redis.call('ZADD', b, 1, m) end end");
}
