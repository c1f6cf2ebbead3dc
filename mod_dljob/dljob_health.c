/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SetHandler dljob-health: whether work gets done here. Answers within two
 * seconds whatever is down: Redis and store have deadlines of their own.
 */
#include <httpd.h>
#include <http_protocol.h>

#include "dl_buf.h"
#include "dljob_probe.h"
#include "dljob_respond.h"

static void check(dl_buf_t *b, const char *name, int ok, int *healthy)
{
    dl_buf_putc(b, b->data[b->len - 1] == '{' ? '"' : ',');
    if (b->data[b->len - 1] == ',') {
        dl_buf_putc(b, '"');
    }
    dl_buf_puts(b, name);
    dl_buf_puts(b, ok ? "\":\"ok\"" : "\":\"error\"");
    *healthy = *healthy && ok;
}

int dljob_health(dljob_call_t *call)
{
    dl_health_t seen = { 0 };
    int redis, healthy = 1;
    dl_buf_t checks, b;

    redis = call->engine
        && dl_jobs_health(call->engine->jobs, call->pool, &seen)
           == APR_SUCCESS;
    dl_buf_init(&checks, 128, call->pool);
    dl_buf_putc(&checks, '{');
    check(&checks, "storage", dljob_probe_store(call), &healthy);
    check(&checks, "redis", redis, &healthy);
    check(&checks, "queue", redis && (!seen.queue_max
                                      || seen.queued < seen.queue_max),
          &healthy);
    check(&checks, "workers", redis && seen.workers > 0, &healthy);
    dl_buf_putc(&checks, '}');

    dl_buf_init(&b, 192, call->pool);
    dl_buf_puts(&b, healthy ? "{\"status\":\"healthy\",\"checks\":"
                            : "{\"status\":\"unhealthy\",\"checks\":");
    dl_buf_add(&b, checks.data, checks.len);
    dl_buf_putc(&b, '}');
    return dljob_send_json(call, healthy ? HTTP_OK
                                         : HTTP_SERVICE_UNAVAILABLE,
                           b.data, b.len);
}
