/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts the worker together, and takes a new configuration in.
 */
#include "dlw_keys.h"
#include "dlw_worker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <apr_strings.h>

#include "dl_log.h"
#include "dl_time.h"
#include "dlw_checks.h"
#include "dlw_children.h"
#include "dlw_curl.h"
#include "dlw_notify.h"

#define OPEN_FILES 16384

const char *dlw_worker_key(const dlw_worker_t *worker, const char *suffix,
                           apr_pool_t *p)
{
    return apr_pstrcat(p, worker->settings->conf->key_prefix, suffix, NULL);
}

void dlw_worker_slot(dlw_worker_t *worker, dlw_task_t *task)
{
    dlw_slots_give(worker, task);
    dlw_claim_slot(worker);
    dlw_life_slot(worker);
}

/* --- Redis up and down ------------------------------------------------- */

static void on_redis(void *baton, int up)
{
    dlw_worker_t *worker = baton;

    if (!up)
        return;
    if (!worker->redis_seen) {
        worker->redis_seen = 1;
        dlw_check_redis(worker);
        dlw_notify("STATUS=Working");
    }
    dlw_beat_all(worker);       /* before anybody claims what is ours */
    dlw_claim_redis_up(worker, dlw_redis_outage_ms(worker->redis));
    worker->hooks.asked = 0;
    dlw_hooks_look(worker);
}

/* --- configuration ----------------------------------------------------- */

/** Reads the configuration into a pool of its own. @return NULL or why not */
static const char *load(const dlw_worker_t *worker, apr_pool_t *p,
                        dlw_settings_t **out)
{
    dl_settings_t *read;
    apr_pool_t *pool;
    const char *error;

    apr_pool_create(&pool, worker->pool);
    apr_pool_tag(pool, "dlw_settings");
    error = dlw_options_load(worker->options, pool, &read);
    if (!error)
        error = dlw_check_local(read->conf, pool);
    if (!error
        && dlw_settings_create(read->conf, pool, out) != APR_SUCCESS)
        error = "the scripts for Redis could not be made";
    if (error) {
        error = apr_pstrdup(p, error);
        apr_pool_destroy(pool);
    }
    return error;
}

static int differ(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") != 0;
}

/** The directive that needs a restart, or NULL. */
static const char *needs_restart(const dl_config_t *a, const dl_config_t *b)
{
    if (differ(a->redis->display, b->redis->display))
        return "DLJobRedis";
    if (differ(a->key_prefix, b->key_prefix))
        return "DLJobKeyPrefix";
    if (a->store.kind != b->store.kind || differ(a->store.dir, b->store.dir)
        || differ(a->store.bucket, b->store.bucket)
        || differ(a->store.endpoint, b->store.endpoint))
        return "DLJobStore";
    if (differ(a->spool, b->spool))
        return "DLJobSpool";
    if (a->source.kind != b->source.kind)
        return "DLJobSource (another kind)";
    return NULL;
}

void dlw_worker_reload(dlw_worker_t *worker)
{
    dlw_settings_t *old = worker->settings, *settings;
    const char *error, *directive;

    dlw_notify_reloading();
    error = load(worker, worker->scratch, &settings);
    if (!error) {
        directive = needs_restart(old->conf, settings->conf);
        if (directive) {
            error = apr_pstrcat(worker->scratch, directive,
                                " has changed, which needs a restart", NULL);
            dlw_settings_unref(settings);
        }
    }
    if (error) {
        dl_log(DL_LOG_ERROR, "DL0507", NULL,
               "the configuration stays as it was: %s", error);
        dlw_log_reopen(worker->log, old->conf->worker_log);
    }
    else {
        worker->settings = settings;
        worker->env.conf = settings->conf;
        dlw_keys_reload(worker->env.keys, old->conf);
        if (dlw_log_reopen(worker->log, settings->conf->worker_log)
            != APR_SUCCESS)
            dl_log(DL_LOG_ERROR, "DL0508", NULL, "DLJobWorkerLog %s cannot "
                   "be opened", settings->conf->worker_log);
        dl_log_level_set(settings->conf->worker_log_level);
        /* those of Redis' links live as long as the worker */
        if (old != worker->first)
            dlw_settings_unref(old);
        dl_log(DL_LOG_INFO, "DL0506", NULL, "configuration read again");
        dlw_claim_look(worker);
    }
    apr_pool_clear(worker->scratch);
    dlw_notify("READY=1");
}

/** Three pipes a child, a socket a transfer, and a thousand of them. */
static void raise_open_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0
        && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max < OPEN_FILES ? limit.rlim_max
                                                     : OPEN_FILES;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* --- start ------------------------------------------------------------- */

static apr_status_t say(const char *what, const char *why)
{
    dl_log(DL_LOG_ERROR, "DL0500", NULL, "cannot start: %s%s%s", what,
           why ? ": " : "", why ? why : "");
    return APR_EGENERAL;
}

static apr_status_t say_rv(const char *what, apr_status_t rv)
{
    char why[120];

    return say(what, apr_strerror(rv, why, sizeof(why)));
}

static apr_status_t start_parts(dlw_worker_t *worker)
{
    const dl_config_t *conf = worker->settings->conf;
    dlw_env_t *env = &worker->env;
    dlw_redis_conf_t redis = {.addr = conf->redis,
                              .clock = &worker->clock,
                              .on_state = on_redis,
                              .baton = worker};
    apr_status_t rv;

    /* first what forks, then what makes threads */
    if (conf->source.kind == DL_SOURCE_EXEC) {
        rv = dlw_children_create(env->loop, conf->spool, worker->parts,
                                 &env->children);
        if (rv != APR_SUCCESS)
            return say_rv("no place for children in DLJobSpool", rv);
    }
    rv = dlw_curl_create(env->loop, worker->parts, &env->curl);
    if (rv != APR_SUCCESS)
        return say_rv("libcurl", rv);
    env->keys = dlw_keys_create(env, worker->parts);
    env->store_ops = dlw_store_of(conf->store.kind);
    if (!env->store_ops)
        return say("DLJobStore is not set: say where files go", NULL);
    rv = env->store_ops->create(env, worker->parts, &env->store);
    if (rv != APR_SUCCESS)
        return say_rv("DLJobStore", rv);
    dlw_settle_start(worker);
    dlw_beat_start(worker);
    dlw_life_start(worker);
    worker->redis = dlw_redis_create(env->loop, &redis, worker->parts);
    env->redis = worker->redis;
    dlw_claim_start(worker);
    dlw_control_start(worker);
    dlw_audit_start(worker);
    dlw_hooks_start(worker);
    return APR_SUCCESS;
}

/** Takes the worker apart from the top: tasks, then what serves them, then
 *  the settings. Runs before any pool below the worker's is gone. */
static apr_status_t worker_cleanup(void *data)
{
    dlw_worker_t *worker = data;
    dlw_slots_t *slots = &worker->slots;

    for (int i = 0; i < slots->nrunning; i++)
        if (slots->running[i]->state != DLW_TASK_SETTLE)
            dlw_task_abort(slots->running[i]);
    dlw_hooks_end(worker);
    apr_pool_destroy(worker->parts);
    free(slots->running);
    if (worker->settings != worker->first)
        dlw_settings_unref(worker->settings);
    dlw_settings_unref(worker->first);
    return APR_SUCCESS;
}

apr_status_t dlw_worker_create(const dlw_options_t *options, apr_pool_t *p,
                               dlw_worker_t **out)
{
    dlw_worker_t *worker = apr_pcalloc(p, sizeof(*worker));
    const dl_config_t *conf;
    const char *error;
    apr_status_t rv;

    worker->pool = p;
    apr_pool_create(&worker->scratch, p);
    apr_pool_tag(worker->scratch, "dlw_scratch");
    worker->options = options;
    worker->name = options->name;
    worker->started_ms = dl_time_now_ms();
    worker->env.pool = p;
    worker->env.clock = &worker->clock;
    rv = dl_loop_create(p, &worker->env.loop);
    if (rv != APR_SUCCESS)
        return say_rv("epoll", rv);
    error = load(worker, p, &worker->settings);
    if (error)
        return say(error, NULL);
    worker->first = worker->settings;
    conf = worker->env.conf = worker->settings->conf;
    apr_pool_create(&worker->parts, p);
    apr_pool_tag(worker->parts, "dlw_parts");
    apr_pool_pre_cleanup_register(p, worker, worker_cleanup);
    dl_log_level_set(conf->worker_log_level);
    rv = dlw_log_open(conf->worker_log, worker->env.loop, p, &worker->log);
    if (rv != APR_SUCCESS)
        return say_rv("DLJobWorkerLog", rv);
    raise_open_files();
    rv = dlw_life_signals(worker);
    if (rv != APR_SUCCESS)
        return say_rv("signals", rv);
    *out = worker;
    return start_parts(worker);
}

int dlw_worker_run(dlw_worker_t *worker)
{
    const dl_config_t *conf = worker->settings->conf;
    apr_status_t rv;

    dl_log(DL_LOG_INFO, "DL0502", NULL, "worker %s " DL_VERSION " begins: "
           "source %s, store %s, %d at once, Redis %s", worker->name,
           dlw_source_of(conf->source.kind)->name,
           worker->env.store_ops->name, conf->concurrency,
           conf->redis->display);
    /* ready without Redis too: it comes when it comes */
    dlw_notify("READY=1\nSTATUS=Waiting for Redis");
    dlw_check_store(worker);
    rv = dl_loop_run(worker->env.loop);
    dl_log(DL_LOG_INFO, "DL0509", NULL, "worker %s ends", worker->name);
    return rv == APR_SUCCESS ? 0 : 1;
}
