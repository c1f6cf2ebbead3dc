/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SetHandler dljob-metrics: what Redis knows of the namespace, and what the
 * children of this httpd have counted together. Either is the same whichever
 * child answers.
 *
 * Answers within two seconds whatever is down: what is not known by then is
 * left out, and dljob_redis_up or dljob_store_up says why.
 */
#include "dljob_metrics.h"

#include <http_main.h>
#include <http_protocol.h>

#include "dl_metrics.h"
#include "dljob_counts.h"
#include "dljob_probe.h"
#include "dljob_respond.h"
#include "dljob_streams.h"

/* After so long with Redis there is no time left to ask the store. */
#define REDIS_MOST_MS 900

int dljob_metrics_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp,
                         server_rec *main)
{
    dljob_places_t *places = dljob_counts_create(p);
    server_rec *s;

    (void)plog;
    (void)ptemp;
    for (s = main; s; s = s->next) {
        dljob_config_server(s)->places = places;
    }
    return OK;
}

static void about(dl_metrics_t *m)
{
    static const char *const labels[] = { "version", DL_VERSION, NULL };

    dl_metrics_begin(m, "dljob_build_info", DL_METRICS_GAUGE,
                     "1; the version of mod_dljob is the label.");
    dl_metrics_value(m, "", labels, 1, 0);
}

static void redis(dl_metrics_t *m, const dl_redis_pool_stats_t *stats)
{
    dl_metrics_begin(m, "dljob_redis_call_seconds", DL_METRICS_SUMMARY,
                     "Calls to Redis by this httpd, waiting included.");
    dl_metrics_value(m, "_sum", NULL, (apr_int64_t)stats->busy_us, 6);
    dl_metrics_value(m, "_count", NULL, (apr_int64_t)stats->calls, 0);
    dl_metrics_one(m, "dljob_redis_call_failures_total", DL_METRICS_COUNTER,
                   "Calls to Redis that got no answer.",
                   (apr_int64_t)stats->failures, 0);
}

/* What all living children can hold, or less where DLJobMaxStreams says so. */
static int streams_limit(const dljob_streams_t *streams)
{
    const dl_cap_t *cap = &streams->cap;
    int most = dl_seats_processes(streams->seats)
               * (cap->child + cap->blocking);

    return cap->server && cap->server < most ? cap->server : most;
}

static void streams(dl_metrics_t *m, const dljob_counts_t *sum)
{
    static const struct {
        const char *name;
        dljob_count_e what;
        const char *help;
    } counters[] = {
        { "dljob_streams_opened_total", DLJOB_COUNT_OPENED,
          "Streams and waiting requests that were held." },
        { "dljob_streams_refused_total", DLJOB_COUNT_REFUSED,
          "Streams answered by 503 STREAMS_EXHAUSTED." },
        { "dljob_stream_events_total", DLJOB_COUNT_EVENTS,
          "Events written to streams." },
        { "dljob_stream_events_superseded_total", DLJOB_COUNT_DROPPED,
          "Events that a newer one replaced before a slow client took "
          "them." }
    };
    const dljob_streams_t *held = dljob_config_server(ap_server_conf)->streams;
    int any = held && held->seats;

    dl_metrics_one(m, "dljob_streams", DL_METRICS_GAUGE,
                   "Streams and waiting requests held now.",
                   any ? dl_seats_total(held->seats) : 0, 0);
    dl_metrics_one(m, "dljob_streams_limit", DL_METRICS_GAUGE,
                   "How many can be held by the children there are.",
                   any ? streams_limit(held) : 0, 0);
    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        dl_metrics_one(m, counters[i].name, DL_METRICS_COUNTER,
                       counters[i].help,
                       (apr_int64_t)sum->streams[counters[i].what], 0);
    }
}

int dljob_metrics(dljob_call_t *call)
{
    apr_time_t start = apr_time_now();
    const dl_config_t *conf = call->conf;
    dl_ops_stats_t stats;
    dljob_counts_t sum;
    dl_metrics_t m;
    int up = call->engine && dl_ops_stats(call->engine->jobs, call->pool,
                                          &stats) == APR_SUCCESS;

    dl_metrics_init(&m, call->pool);
    about(&m);
    dl_metrics_one(&m, "dljob_redis_up", DL_METRICS_GAUGE,
                   "Whether Redis has answered now.", up, 0);
    if (apr_time_as_msec(apr_time_now() - start) < REDIS_MOST_MS) {
        dl_metrics_one(&m, "dljob_store_up", DL_METRICS_GAUGE,
                       "Whether the store can be used, as httpd sees it.",
                       dljob_probe_store(call), 0);
    }
    dl_metrics_one(&m, "dljob_queue_limit", DL_METRICS_GAUGE,
                   "DLJobMaxQueue: how many tasks may be in flight.",
                   conf->max_queue > 0 ? conf->max_queue : DL_METRICS_INF,
                   0);
    if (up) {
        dl_metrics_engine(&m, &stats);
    }
    dljob_counts_sum(dljob_config_server(call->r->server)->places, &sum);
    redis(&m, &sum.redis);
    streams(&m, &sum);
    return dljob_send(call, HTTP_OK, DL_METRICS_TYPE, m.text.data,
                      m.text.len);
}
