/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the module share: one request of ours, and how each
 * route answers it.
 *
 * A request flows request_rec -> dljob_call_t -> dl_* (plain structs) ->
 * dljob_respond. Everything lives in the request's pool and on its thread.
 */
#ifndef DLJOB_H
#define DLJOB_H

#include <httpd.h>
#include <http_config.h>
#include <http_core.h>

#include "dl_accept.h"
#include "dl_error.h"
#include "dl_jobs.h"
#include "dl_random.h"
#include "dl_redis_pool.h"
#include "dl_route.h"
#include "dl_url_guard.h"
#include "dljob_config.h"

extern module AP_MODULE_DECLARE_DATA dljob_module;

/** Which SetHandler of ours a location has. */
typedef enum {
    DLJOB_API,                  /**< dljob */
    DLJOB_HEALTH,               /**< dljob-health */
    DLJOB_METRICS               /**< dljob-metrics */
} dljob_kind_e;

typedef struct dljob_feed_t dljob_feed_t;

/** What a child process has for a server; NULL where it has no Redis. */
struct dljob_engine_t {
    dl_redis_pool_t *redis;
    dl_jobs_t *jobs;
    const dl_url_guard_t *guard; /**< of DLJobWebhookAllow */
    apr_uint32_t waiting;       /**< threads held by /start; atomic */
    apr_uint32_t probed;        /**< of dljob_probe_store(); atomic */
    dljob_streams_t *streams;   /**< NULL: none can be held */
    dljob_feed_t *feed;         /**< of streams; NULL with it */
    struct dljob_recent_t *recent; /**< answers remembered, or NULL */
    struct dljob_keys_t *keys;  /**< renews S3 keys that end; else NULL */
    struct dljob_asking_t *asking; /**< of the S3 store; else NULL */
    struct dljob_seen_t *seen;  /**< objects of the S3 store; else NULL */
};

/** One request. Made when its location is known, before authentication. */
typedef struct dljob_call_t dljob_call_t;
struct dljob_call_t {
    request_rec *r;
    apr_pool_t *pool;           /**< the request's */
    dljob_kind_e kind;
    dljob_engine_t *engine;     /**< not NULL where a route needs it */
    const dl_config_t *conf;
    const dl_location_t *location;

    const char *path;           /**< decoded, after the base: "" or "/..." */
    apr_size_t base_len;        /**< of the base within r->uri */
    const char *base;           /**< dljob_base_url(): NULL until asked for */
    const char *request_id;
    const char *user;           /**< "": anonymous; set by dljob_user() */
    const char *body;           /**< of a POST, set by dljob_body() */
    apr_size_t body_len;
    const char *retry_after;    /**< value of the header, or NULL */
    int waited;                 /**< dljob_wait() has had its turn … */
    int (*again)(struct dljob_call_t *call); /**< … and this answers then */
    dl_accept_t accept;
    dl_route_t route;
    dl_random_t *random;        /**< of the connection */
};

/**
 * Answers one route. Everything before it has been checked: method, Accept,
 * content type and size of a body, the user.
 * @return OK when an answer was sent, else an HTTP status for httpd to answer
 */
typedef int dljob_route_fn(dljob_call_t *call);

dljob_route_fn dljob_initiate;
dljob_route_fn dljob_status;
dljob_route_fn dljob_result;
dljob_route_fn dljob_cancel;
dljob_route_fn dljob_list;
dljob_route_fn dljob_check;
dljob_route_fn dljob_start;
dljob_route_fn dljob_object;
dljob_route_fn dljob_openapi_get;
dljob_route_fn dljob_stream;
dljob_route_fn dljob_user_stream;
dljob_route_fn dljob_health;
dljob_route_fn dljob_metrics;

#endif /* DLJOB_H */
