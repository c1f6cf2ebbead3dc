/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls over one link: kept, sent again, scripts loaded when missing.
 */
#include "dlw_redis.h"

#include <stdlib.h>
#include <string.h>

#include "dl_log.h"
#include "dl_redis.h"
#include "dl_reply.h"

#define DEADLINE_MS 5000
#define BACKOFF_MAX_MS 500
#define NOT_NOW_MS 200

typedef struct call_t {
    struct call_t *next;
    dlw_redis_t *redis;
    dlw_settings_t *settings;   /* NULL: a plain command */
    dl_script_e script;
    char *wire;                 /* as sent, for the next time */
    size_t len;
    int keep;
    dlw_redis_fn *fn;
    void *baton;
} call_t;

struct dlw_redis_t {
    dl_loop_t *loop;
    dlw_redis_conf_t conf;
    dlw_link_t *link;
    call_t *waiting, **end;     /* kept ones, to be sent when it is up */
    call_t *spare;
    dl_defer_t told_nothing;    /* calls that cannot be sent, not kept */
    call_t *refused;
    dl_timer_t later;
    int pending;
    int up;
    int not_now;                /* the log has been told */
    int closing;
    apr_int64_t down_ms;        /* when it went away */
    apr_int64_t outage_ms;
};

static void call_end(call_t *call, const redisReply *reply)
{
    dlw_redis_t *redis = call->redis;
    dlw_redis_fn *fn = call->fn;
    void *baton = call->baton;

    redisFreeCommand(call->wire);
    if (call->settings)
        dlw_settings_unref(call->settings);
    call->next = redis->spare;
    redis->spare = call;
    redis->pending--;
    if (fn && !redis->closing)
        fn(baton, reply);
}

static void call_wait(call_t *call)
{
    dlw_redis_t *redis = call->redis;

    call->next = NULL;
    *redis->end = call;
    redis->end = &call->next;
}

static void on_told_nothing(dl_defer_t *defer)
{
    dlw_redis_t *redis = defer->baton;
    call_t *call;

    while ((call = redis->refused)) {
        redis->refused = call->next;
        call_end(call, NULL);
    }
}

static void on_reply(void *baton, const redisReply *reply);

static void call_send(call_t *call)
{
    dlw_redis_t *redis = call->redis;

    if (redis->up
        && dlw_link_send(redis->link, call->wire, call->len, on_reply, call)
               == 0)
        return;
    if (call->keep) {
        call_wait(call);
        return;
    }
    call->next = redis->refused;
    redis->refused = call;
    dl_defer(redis->loop, &redis->told_nothing);
}

/** Sends all that wait; what cannot be sent waits again. */
static void send_waiting(dlw_redis_t *redis)
{
    call_t *call = redis->waiting, *next;

    redis->waiting = NULL;
    redis->end = &redis->waiting;
    for (; call; call = next) {
        next = call->next;
        call_send(call);
    }
}

static void on_later(dl_timer_t *timer)
{
    dlw_redis_t *redis = timer->baton;

    if (redis->up)
        send_waiting(redis);
}

/* --- error replies ----------------------------------------------------- */

static void on_loaded(void *baton, const redisReply *reply)
{
    const char *name = baton;

    if (reply && reply->type == REDIS_REPLY_ERROR)
        dl_log(DL_LOG_ERROR, "DL0221", NULL,
               "Redis does not take the script %s: %s", name, reply->str);
}

/** Loads the script; the call follows on the same link, so it finds it. */
static void load_script(call_t *call)
{
    apr_size_t len;
    const char *source = dl_script_source(call->settings->scripts,
                                          call->script, &len);
    const char *argv[] = {"SCRIPT", "LOAD", source};
    const size_t lens[] = {6, 4, len};
    char *wire;
    int n = redisFormatCommandArgv(&wire, 3, argv, lens);

    if (n < 0)
        abort();
    dlw_link_send(call->redis->link, wire, (size_t)n, on_loaded,
                  (void *)(size_t)dl_script_name(call->script));
    redisFreeCommand(wire);
}

static void wait_a_little(call_t *call, const redisReply *reply)
{
    dlw_redis_t *redis = call->redis;

    if (!redis->not_now)
        dl_log(DL_LOG_WARN, "DL0222", NULL,
               "Redis cannot do this now: %s; trying again", reply->str);
    redis->not_now = 1;
    if (!call->keep) {
        call_end(call, NULL);
        return;
    }
    call_wait(call);
    if (!redis->later.slot)
        dl_timer_set(redis->loop, &redis->later, NOT_NOW_MS);
}

static void on_reply(void *baton, const redisReply *reply)
{
    call_t *call = baton;
    dlw_redis_t *redis = call->redis;

    if (!reply) {
        if (call->keep && !redis->closing)
            call_wait(call);
        else
            call_end(call, NULL);
        return;
    }
    if (reply->type != REDIS_REPLY_ERROR) {
        redis->not_now = 0;
        call_end(call, reply);
        return;
    }
    switch (dl_redis_error(reply)) {
    case DL_REDIS_NOSCRIPT:
        if (call->settings) {
            load_script(call);
            call_send(call);
            return;
        }
        break;
    case DL_REDIS_NOT_NOW:
    case DL_REDIS_FULL:
        wait_a_little(call, reply);
        return;
    default:
        break;
    }
    if (call->settings)
        dl_log(DL_LOG_ERROR, "DL0223", NULL, "the script %s failed: %s",
               dl_script_name(call->script), reply->str);
    call_end(call, reply);
}

/* --- calls ------------------------------------------------------------- */

static call_t *call_new(dlw_redis_t *redis, dlw_redis_fn *fn, void *baton)
{
    call_t *call = redis->spare;

    if (call)
        redis->spare = call->next;
    else if (!(call = malloc(sizeof(*call))))
        abort();
    memset(call, 0, sizeof(*call));
    call->redis = redis;
    call->fn = fn;
    call->baton = baton;
    redis->pending++;
    return call;
}

static void format(call_t *call, int argc, const char **argv,
                   const size_t *lens)
{
    int len = redisFormatCommandArgv(&call->wire, argc, argv, lens);

    if (len < 0)                /* no memory: as everywhere in APR */
        abort();
    call->len = (size_t)len;
}

void dlw_redis_call(dlw_redis_t *redis, dlw_settings_t *settings,
                    dl_script_e script, const dl_redis_cmd_t *cmd, int keep,
                    dlw_redis_fn *fn, void *baton)
{
    call_t *call = call_new(redis, fn, baton);

    call->settings = dlw_settings_ref(settings);
    call->script = script;
    call->keep = keep;
    format(call, cmd->argc, cmd->argv, cmd->lens);
    call_send(call);
}

void dlw_redis_command(dlw_redis_t *redis, int argc, const char **argv,
                       dlw_redis_fn *fn, void *baton)
{
    call_t *call = call_new(redis, fn, baton);

    format(call, argc, argv, NULL);
    call_send(call);
}

int dlw_redis_pending(const dlw_redis_t *redis)
{
    return redis->pending;
}

/* --- up and down ------------------------------------------------------- */

/** TIME comes first on a new link: all else may need the clock. */
static void on_time(void *baton, const redisReply *reply)
{
    dlw_redis_t *redis = baton;
    apr_int64_t s, us;

    if (!reply)
        return;
    if (dl_reply_int_at(reply, 0, &s) && dl_reply_int_at(reply, 1, &us))
        dlw_clock_learn(redis->conf.clock, s * 1000 + us / 1000);
    else                        /* LOADING, or an ACL that hides TIME */
        dl_log(DL_LOG_DEBUG, "DL0224", NULL, "Redis does not tell its TIME");
    redis->outage_ms = dl_loop_now_ms(redis->loop) - redis->down_ms;
    redis->up = 1;
    redis->conf.on_state(redis->conf.baton, 1);
    send_waiting(redis);
}

static void on_link(void *baton, int up)
{
    static const char time_wire[] = "*1\r\n$4\r\nTIME\r\n";
    dlw_redis_t *redis = baton;

    if (up) {
        dlw_link_send(redis->link, time_wire, sizeof(time_wire) - 1, on_time,
                      redis);
        return;
    }
    if (redis->up) {
        redis->up = 0;
        redis->down_ms = dl_loop_now_ms(redis->loop);
        redis->conf.on_state(redis->conf.baton, 0);
    }
}

int dlw_redis_up(const dlw_redis_t *redis)
{
    return redis->up;
}

apr_int64_t dlw_redis_outage_ms(const dlw_redis_t *redis)
{
    return redis->outage_ms;
}

static apr_status_t redis_cleanup(void *data)
{
    dlw_redis_t *redis = data;
    call_t *call;

    redis->closing = 1;
    redis->up = 0;
    dlw_link_close(redis->link, 0);
    on_told_nothing(&redis->told_nothing);
    dl_defer_cancel(redis->loop, &redis->told_nothing);
    while ((call = redis->waiting)) {
        redis->waiting = call->next;
        call_end(call, NULL);
    }
    while ((call = redis->spare)) {
        redis->spare = call->next;
        free(call);
    }
    return APR_SUCCESS;
}

static void no_state(void *baton, int up)
{
    (void)baton;
    (void)up;
}

dlw_redis_t *dlw_redis_create(dl_loop_t *loop, const dlw_redis_conf_t *conf,
                              apr_pool_t *p)
{
    dlw_redis_t *redis = apr_pcalloc(p, sizeof(*redis));
    dlw_link_conf_t link = {.addr = conf->addr,
                            .name = "commands",
                            .deadline_ms = DEADLINE_MS,
                            .backoff_max_ms = BACKOFF_MAX_MS,
                            .on_state = on_link,
                            .baton = redis};

    redis->loop = loop;
    redis->conf = *conf;
    if (!redis->conf.on_state)
        redis->conf.on_state = no_state;
    redis->end = &redis->waiting;
    redis->down_ms = dl_loop_now_ms(loop);
    redis->told_nothing = (dl_defer_t){.fn = on_told_nothing,
                                       .baton = redis};
    redis->later = (dl_timer_t){.fn = on_later, .baton = redis};
    redis->link = dlw_link_create(loop, &link, p);
    apr_pool_cleanup_register(p, redis, redis_cleanup,
                              apr_pool_cleanup_null);
    return redis;
}
