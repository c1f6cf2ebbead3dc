/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /check: whether a file is in the store now, without preparing it.
 */
#include <apr_strings.h>

#include "dl_buf.h"
#include "dl_reply.h"
#include "dl_store.h"
#include "dljob_admit.h"
#include "dljob_job.h"
#include "dljob_probe.h"
#include "dljob_respond.h"
#include "dljob_there.h"

/* The second line of what complete.lua has stored: the object's key. */
static const char *key_of(dljob_call_t *call, const redisReply *reply)
{
    const char *key, *end, *over;

    if (reply->type != REDIS_REPLY_STRING) {
        return NULL;
    }
    over = reply->str + reply->len;
    key = memchr(reply->str, '\n', reply->len);
    end = key ? memchr(key + 1, '\n', over - (key + 1)) : NULL;
    return end && end > key + 1
        ? apr_pstrmemdup(call->pool, key + 1, end - (key + 1)) : NULL;
}

/* Where the result that stands has its object; NULL: there is none. */
static apr_status_t result_key(dljob_call_t *call, apr_int64_t file_id,
                               const char **key)
{
    const char *argv[2] = { "GET", NULL };
    size_t lens[2] = { 3, 0 };
    dl_redis_cmd_t cmd = { 2, argv, lens };
    redisReply *reply;
    apr_status_t rv;

    *key = NULL;
    if (!call->engine) {
        return APR_ECONNREFUSED;
    }
    argv[1] = apr_psprintf(call->pool, "%sresult:file:%" APR_INT64_T_FMT
                           ":completed", call->conf->key_prefix, file_id);
    lens[1] = strlen(argv[1]);
    rv = dl_redis_pool_call(call->engine->redis, &cmd, 1, &reply);
    if (rv == APR_SUCCESS) {
        *key = key_of(call, reply);
        dl_reply_free(reply);
    }
    return rv;
}

static int send_check(dljob_call_t *call, int status, apr_int64_t file_id,
                      const char *key, apr_int64_t size)
{
    dl_buf_t b;

    dl_buf_init(&b, 192, call->pool);
    dl_buf_puts(&b, "{\"file_id\":");
    dl_buf_int(&b, file_id);
    dl_buf_puts(&b, key ? ",\"available\":true,\"s3Key\":"
                        : ",\"available\":false,\"s3Key\":");
    dl_buf_jsons(&b, key);
    dl_buf_puts(&b, ",\"size\":");
    if (key && size >= 0) {
        dl_buf_int(&b, size);
    }
    else {
        dl_buf_puts(&b, "null");
    }
    dl_buf_putc(&b, '}');
    if (status != HTTP_OK) {
        call->retry_after = "5";
    }
    return dljob_send_json(call, status, b.data, b.len);
}

int dljob_check(dljob_call_t *call)
{
    apr_status_t redis, rv = APR_NOTFOUND;
    const char *keys[2];
    dl_request_in_t in;
    dl_request_t request;
    apr_int64_t file_id, size = -1;
    int i;

    dljob_admit_in(call, &in);
    if (!dl_request_file(call->conf, &in, call->pool, &request)) {
        return dljob_error(call, request.error, request.message);
    }
    file_id = request.file_ids[0];
    redis = result_key(call, file_id, &keys[0]);
    keys[1] = dl_store_key(call->conf, file_id, call->pool);

    for (i = 0; i < 2; i++) {
        if (!keys[i]) {
            continue;
        }
        rv = dljob_probe_object(call, keys[i], DLJOB_PROBE_MS, &size);
        if (rv == APR_SUCCESS) {
            return send_check(call, HTTP_OK, file_id, keys[i], size);
        }
        if (rv != APR_NOTFOUND) {
            return send_check(call, HTTP_SERVICE_UNAVAILABLE, file_id, NULL,
                              -1);
        }
        if (i == 0) {
            dl_object_ref_t gone = { file_id, keys[i] };

            dljob_lost(call, "", &gone, 1);
        }
    }
    /* Not under its own key; whether under another only Redis knows. */
    return redis == APR_SUCCESS
        ? send_check(call, HTTP_OK, file_id, NULL, -1)
        : dljob_unavailable(call, redis);
}
