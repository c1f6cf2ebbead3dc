/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links to Redis and job engines of a child process.
 *
 * A link must not be shared between processes, so both are made after fork.
 * Threads that ask at the same time share a link's round trip
 * (dl_redis_pool.h), which is why a few links serve many threads.
 */
#include "dljob_redis.h"

#include <ap_mpm.h>
#include <http_log.h>

#include "dljob_counts.h"
#include "dljob_keys.h"
#include "dljob_probe.h"
#include "dljob_recent.h"
#include "dljob_there.h"

APLOG_USE_MODULE(dljob);

#define MAX_LINKS 2
#define CONNECT_TIMEOUT_MS 500
#define REPLY_TIMEOUT_MS 700

/* The links of an earlier server with the same address, or new ones. */
static dl_redis_pool_t *links_to(const dl_redis_addr_t *addr,
                                 server_rec *main, server_rec *s,
                                 apr_pool_t *p)
{
    dl_redis_pool_conf_t conf = { MAX_LINKS, CONNECT_TIMEOUT_MS,
                                  REPLY_TIMEOUT_MS };
    dl_redis_pool_t *pool = NULL;
    server_rec *other;
    apr_status_t rv;
    int threads = 1;

    for (other = main; other != s; other = other->next) {
        const dljob_server_conf_t *server = dljob_config_server(other);

        if (server->engine && server->conf.redis == addr) {
            return server->engine->redis;
        }
    }
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    if (threads > 0 && threads < MAX_LINKS) {
        conf.links = threads;
    }
    rv = dl_redis_pool_create(addr, &conf, p, &pool);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, s,
                     "DL0306: no links to Redis at %s can be made",
                     addr->display);
        return NULL;
    }
    dl_redis_pool_count_in(
        pool, &dljob_counts_mine(dljob_config_server(main)->places)->redis);
    return pool;
}

static dljob_engine_t *make(const dl_config_t *conf, server_rec *main,
                            server_rec *s, apr_pool_t *p)
{
    dljob_engine_t *engine = apr_pcalloc(p, sizeof(*engine));
    const char *error;
    apr_status_t rv;

    engine->redis = links_to(conf->redis, main, s, p);
    if (!engine->redis) {
        return NULL;
    }
    rv = dl_jobs_create(conf, engine->redis, p, &engine->jobs);
    error = dl_url_guard_create(conf->webhook_allow, p, &engine->guard);
    if (rv != APR_SUCCESS || error) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, s,
                     "DL0307: the job engine cannot be made%s%s",
                     error ? ": " : "", error ? error : "");
        return NULL;
    }
    engine->recent = dljob_recent_create(p);
    if (conf->credentials.keys) {
        engine->keys = dljob_keys_create(p);
    }
    if (conf->store.kind == DL_STORE_S3) {
        engine->asking = dljob_asking_create(p);
        engine->seen = dljob_seen_create(p);
    }
    return engine;
}

void dljob_redis_child(apr_pool_t *pchild, server_rec *main)
{
    server_rec *s;

    for (s = main; s; s = s->next) {
        dljob_server_conf_t *server = dljob_config_server(s);

        if (!server->unusable) {
            server->engine = make(&server->conf, main, s, pchild);
        }
    }
}
