/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What mod_status shows of the streams of the child that answers, and of the
 * server as a whole.
 */
#include "dljob_status_page.h"

#include <http_protocol.h>
#include <mod_status.h>

#include "dljob.h"
#include "dljob_streams.h"

typedef struct line_t {
    const char *name;           /* of ?auto: stable, for scripts */
    const char *text;
    apr_int64_t value;
} line_t;

static int show(request_rec *r, int flags)
{
    const dljob_engine_t *engine = dljob_config_server(r->server)->engine;
    dljob_streams_t *streams = engine ? engine->streams : NULL;
    dljob_hub_stats_t stats;
    dljob_counts_t sum;
    dljob_hub_t *hub;
    size_t i;

    if (!streams || !(hub = streams->hub)) {
        return DECLINED;
    }
    dljob_hub_stats(hub, &stats);
    dljob_counts_sum(dljob_config_server(r->server)->places, &sum);
    line_t lines[] = {
        { "Streams", "streams open, all children",
          dl_seats_total(streams->seats) },
        { "StreamsHere", "streams open, this child",
          dl_seats_of(streams->mine) },
        { "StreamsCap", "cap of a child", streams->cap.child },
        { "StreamsOpened", "opened, all children",
          (apr_int64_t)sum.streams[DLJOB_COUNT_OPENED] },
        { "StreamsClosed", "closed, all children",
          (apr_int64_t)sum.streams[DLJOB_COUNT_CLOSED] },
        { "StreamsRefused", "refused (STREAMS_EXHAUSTED)",
          (apr_int64_t)sum.streams[DLJOB_COUNT_REFUSED] },
        { "EventsSent", "events sent",
          (apr_int64_t)sum.streams[DLJOB_COUNT_EVENTS] },
        { "SnapshotsDropped", "snapshots superseded before they were sent",
          (apr_int64_t)sum.streams[DLJOB_COUNT_DROPPED] },
        { "Subscriptions", "subscriptions", stats.topics },
        { "LinksUp", "Redis links up", stats.links_up },
        { "HubLagMicroseconds", "longest turn of the hub (us)",
          stats.lag_us },
    };
    if (!(flags & AP_STATUS_SHORT)) {
        ap_rputs("<hr>\n<h2>mod_dljob</h2>\n<dl>\n", r);
    }
    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (flags & AP_STATUS_SHORT) {
            ap_rprintf(r, "DLJob%s: %" APR_INT64_T_FMT "\n", lines[i].name,
                       lines[i].value);
        }
        else {
            ap_rprintf(r, "<dt>%s: %" APR_INT64_T_FMT "</dt>\n",
                       lines[i].text, lines[i].value);
        }
    }
    if (!(flags & AP_STATUS_SHORT)) {
        ap_rputs("</dl>\n", r);
    }
    return OK;
}

void dljob_status_page_hooks(apr_pool_t *p)
{
    APR_OPTIONAL_HOOK(ap, status_hook, show, NULL, NULL, APR_HOOK_MIDDLE);
    (void)p;
}
