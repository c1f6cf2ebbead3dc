/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading what the worker's scripts answered. Each function checks the form
 * it reads: APR_EGENERAL stands for an error reply or anything else.
 */
#include "dl_task.h"

#include <apr_strings.h>

#include "dl_reply.h"

#define CLAIM_HEAD 3
#define CLAIM_ROW 9

static const char *text_at(const redisReply *reply, apr_size_t i,
                           apr_pool_t *p)
{
    apr_size_t len;
    const char *s = dl_reply_str_at(reply, i, &len);

    return s && len ? apr_pstrmemdup(p, s, len) : "";
}

static apr_int64_t int_at(const redisReply *reply, apr_size_t i)
{
    apr_int64_t value = 0;

    dl_reply_int_at(reply, i, &value);
    return value;
}

apr_status_t dl_task_claim_parse(const redisReply *reply, apr_pool_t *p,
                                 dl_claim_t *claim)
{
    apr_size_t n = dl_reply_count(reply);

    if (n < CLAIM_HEAD || (n - CLAIM_HEAD) % CLAIM_ROW != 0)
        return APR_EGENERAL;
    claim->next_ms = int_at(reply, 0);
    claim->paused = int_at(reply, 1) != 0;
    claim->more = int_at(reply, 2) != 0;
    claim->tasks = apr_array_make(p, (int)((n - CLAIM_HEAD) / CLAIM_ROW) + 1,
                                  sizeof(dl_task_t));
    for (apr_size_t i = CLAIM_HEAD; i < n; i += CLAIM_ROW) {
        dl_task_t *t = &APR_ARRAY_PUSH(claim->tasks, dl_task_t);

        t->file_id = int_at(reply, i);
        t->fence = int_at(reply, i + 1);
        t->attempt = (int)int_at(reply, i + 2);
        t->lost = (int)int_at(reply, i + 3);
        t->settled = (int)int_at(reply, i + 4);
        t->job_id = text_at(reply, i + 5, p);
        t->request_id = text_at(reply, i + 6, p);
        t->traceparent = text_at(reply, i + 7, p);
        t->tracestate = text_at(reply, i + 8, p);
    }
    return APR_SUCCESS;
}

static apr_status_t ints(const redisReply *reply, apr_pool_t *p,
                         apr_array_header_t **list)
{
    apr_size_t n = dl_reply_count(reply);

    if (!reply || reply->type != REDIS_REPLY_ARRAY)
        return APR_EGENERAL;
    *list = apr_array_make(p, (int)n + 1, sizeof(int));
    for (apr_size_t i = 0; i < n; i++)
        APR_ARRAY_PUSH(*list, int) = (int)int_at(reply, i);
    return APR_SUCCESS;
}

apr_status_t dl_task_beat_parse(const redisReply *reply, apr_pool_t *p,
                                apr_array_header_t **alive)
{
    return ints(reply, p, alive);
}

apr_status_t dl_task_complete_parse(const redisReply *reply, apr_pool_t *p,
                                    apr_array_header_t **outcomes)
{
    return ints(reply, p, outcomes);
}

apr_status_t dl_task_fail_parse(const redisReply *reply,
                                dl_settle_e *outcome, apr_int64_t *next_ms)
{
    if (dl_reply_count(reply) != 2)
        return APR_EGENERAL;
    *outcome = (dl_settle_e)int_at(reply, 0);
    *next_ms = int_at(reply, 1);
    return APR_SUCCESS;
}

int dl_task_release_parse(const redisReply *reply)
{
    apr_int64_t value;

    return dl_reply_int(reply, &value) ? value != 0 : -1;
}

apr_status_t dl_task_audit_parse(const redisReply *reply, apr_pool_t *p,
                                 apr_array_header_t **repairs,
                                 const char **cursor)
{
    apr_size_t n = dl_reply_count(reply);

    if (n < 1)
        return APR_EGENERAL;
    *cursor = text_at(reply, 0, p);
    *repairs = apr_array_make(p, (int)n, sizeof(const char *));
    for (apr_size_t i = 1; i < n; i++)
        APR_ARRAY_PUSH(*repairs, const char *) = text_at(reply, i, p);
    return APR_SUCCESS;
}
