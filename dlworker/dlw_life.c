/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the first signal to the end: drain, hand back, leave.
 */
#include "dlw_worker.h"

#include <signal.h>
#include <unistd.h>

#include <apr_strings.h>

#include "dl_buf.h"
#include "dl_log.h"
#include "dl_redis.h"
#include "dlw_notify.h"

/* what is still under way when nothing runs any more gets so long */
#define LEAVE_MS 5000
#define LEAVE_STEP_MS 20

/** Calls, dying children and removals that the end should wait for. */
static int under_way(const dlw_worker_t *worker)
{
    const dlw_env_t *env = &worker->env;
    const dlw_source_ops_t *source =
        dlw_source_of(worker->settings->conf->source.kind);

    return dlw_redis_pending(worker->redis)
           + (source->pending ? source->pending(env) : 0)
           + (env->store_ops->pending ? env->store_ops->pending(env->store)
                                      : 0);
}

static void on_leave(dl_timer_t *timer)
{
    dlw_worker_t *worker = timer->baton;
    dl_loop_t *loop = worker->env.loop;
    int n = under_way(worker);

    if (n > 0
        && dl_loop_now_ms(loop) - worker->life.leave_ms < LEAVE_MS) {
        dl_timer_set(loop, timer, LEAVE_STEP_MS);
        return;
    }
    if (n > 0)
        dl_log(DL_LOG_WARN, "DL0504", NULL,
               "ends with %d calls or removals unfinished", n);
    dl_loop_stop(loop);
}

/** Off the list of workers at once, rather than when its heartbeat is old.
 *  Whatever is on its way to Redis is before it. */
static void say_goodbye(dlw_worker_t *worker)
{
    const char *argv[] = {"ZREM", NULL, worker->name};
    apr_pool_t *p;

    dl_timer_cancel(worker->env.loop, &worker->beat.lease);
    if (!dlw_redis_up(worker->redis))
        return;
    apr_pool_create(&p, worker->pool);
    argv[1] = dlw_worker_key(worker, "workers", p);
    dlw_redis_command(worker->redis, 3, argv, NULL, NULL);
    argv[0] = "DEL";
    argv[1] = dlw_worker_key(worker, apr_pstrcat(p, "worker:", worker->name,
                                                 NULL), p);
    dlw_redis_command(worker->redis, 2, argv, NULL, NULL);
    apr_pool_destroy(p);
}

static void leave(dlw_worker_t *worker)
{
    if (worker->life.stage == DLW_LIFE_LEAVE)
        return;
    worker->life.stage = DLW_LIFE_LEAVE;
    worker->life.leave_ms = dl_loop_now_ms(worker->env.loop);
    dl_timer_cancel(worker->env.loop, &worker->life.drain);
    dlw_claim_stop(worker);
    dlw_hooks_stop(worker);
    if (worker->slots.nrunning == 0)
        say_goodbye(worker);
    dl_timer_set(worker->env.loop, &worker->life.leave, 0);
}

static void hand_back(dlw_worker_t *worker)
{
    dlw_slots_t *slots = &worker->slots;

    /* from the end: what is given back changes places with the last */
    for (int i = slots->nrunning - 1; i >= 0; i--)
        if (slots->running[i]->state != DLW_TASK_SETTLE)
            dlw_settle_release(worker, slots->running[i]);
    dlw_hooks_hand_back(worker);
    if (slots->nrunning == 0)
        leave(worker);
    else                        /* outcomes are on their way; or Redis is */
        dl_timer_set(worker->env.loop, &worker->life.drain, LEAVE_MS);
}

static void on_drained(dl_timer_t *timer)
{
    dlw_worker_t *worker = timer->baton;

    if (worker->life.handed_back) {     /* away, and its leases will end */
        leave(worker);
        return;
    }
    worker->life.handed_back = 1;
    hand_back(worker);
}

void dlw_life_drain(dlw_worker_t *worker, const char *why)
{
    dlw_life_part_t *life = &worker->life;

    if (life->stage != DLW_LIFE_RUN) {
        if (life->stage == DLW_LIFE_DRAIN && !life->handed_back) {
            life->handed_back = 1;
            hand_back(worker);
        }
        return;
    }
    dl_log(DL_LOG_INFO, "DL0503", NULL, "%s: %d running", why,
           worker->slots.nrunning);
    dlw_notify("STOPPING=1");
    life->stage = DLW_LIFE_DRAIN;
    dlw_claim_stop(worker);
    dlw_hooks_stop(worker);
    dlw_beat_now(worker);       /* says that it drains */
    if (worker->slots.nrunning == 0 && worker->hooks.nsending == 0)
        leave(worker);
    else
        dl_timer_set(worker->env.loop, &life->drain,
                     worker->settings->conf->drain_ms);
}

void dlw_life_slot(dlw_worker_t *worker)
{
    if (worker->slots.nrunning > 0)
        return;
    if (worker->life.stage == DLW_LIFE_DRAIN) {
        if (worker->hooks.nsending == 0)
            leave(worker);
    }
    else if (worker->options->once)
        dlw_claim_look(worker);
}

/** --once: how many tasks wait, in one of three queues. */
static void on_left(void *baton, const redisReply *reply)
{
    dlw_worker_t *worker = baton;
    dlw_life_part_t *life = &worker->life;

    life->asked--;
    if (!reply || reply->type != REDIS_REPLY_INTEGER || reply->integer != 0)
        life->left = 1;
    if (life->asked == 0 && !life->left && worker->slots.nrunning == 0
        && worker->hooks.nsending == 0 && life->stage == DLW_LIFE_RUN)
        dlw_life_drain(worker, "nothing left to do");
}

void dlw_life_idle(dlw_worker_t *worker)
{
    static const char *const queues[] = {"queue:wait", "queue:suspect",
                                         "queue:delayed"};
    dlw_life_part_t *life = &worker->life;

    if (!worker->options->once || worker->slots.nrunning > 0 || life->asked
        || life->stage != DLW_LIFE_RUN || !dlw_hooks_idle(worker))
        return;
    life->left = 0;
    for (size_t i = 0; i < sizeof(queues) / sizeof(queues[0]); i++) {
        const char *argv[] = {"ZCARD", NULL};
        apr_pool_t *p;

        apr_pool_create(&p, worker->pool);
        argv[1] = dlw_worker_key(worker, queues[i], p);
        life->asked++;
        dlw_redis_command(worker->redis, 2, argv, on_left, worker);
        apr_pool_destroy(p);
    }
}

const char *dlw_life_load(const dlw_worker_t *worker, apr_pool_t *p)
{
    const dl_config_t *conf = worker->settings->conf;
    char host[64] = "";
    dl_buf_t b;

    gethostname(host, sizeof(host) - 1);
    dl_buf_init(&b, 512, p);
    dl_buf_puts(&b, "{\"id\":");
    dl_buf_jsons(&b, worker->name);
    dl_buf_puts(&b, ",\"host\":");
    dl_buf_jsons(&b, host);
    dl_buf_puts(&b, apr_psprintf(p, ",\"pid\":%ld,\"version\":\"" DL_VERSION
                                 "\"", (long)getpid()));
    dl_buf_puts(&b, ",\"startedAt\":");
    dl_buf_json_time(&b, worker->started_ms);
    dl_buf_puts(&b, ",\"source\":");
    dl_buf_jsons(&b, dlw_source_of(conf->source.kind)->name);
    dl_buf_puts(&b, ",\"store\":");
    dl_buf_jsons(&b, worker->env.store_ops->name);
    dl_buf_puts(&b, apr_psprintf(
        p, ",\"concurrency\":%d,\"running\":%d,\"completed\":%"
        APR_INT64_T_FMT ",\"failed\":%" APR_INT64_T_FMT ",\"retried\":%"
        APR_INT64_T_FMT ",\"webhooks\":%d,\"draining\":%s}",
        conf->concurrency,
        worker->slots.nrunning, worker->settle.completed,
        worker->settle.failed, worker->settle.retried,
        worker->hooks.nsending,
        worker->life.stage == DLW_LIFE_RUN ? "false" : "true"));
    return dl_buf_str(&b);
}

static void on_signal(void *baton, int signo)
{
    dlw_worker_t *worker = baton;

    if (signo == SIGHUP)
        dlw_worker_reload(worker);
    else
        dlw_life_drain(worker, signo == SIGTERM ? "SIGTERM" : "SIGINT");
}

static void on_watchdog(dl_timer_t *timer)
{
    dlw_worker_t *worker = timer->baton;

    dlw_notify("WATCHDOG=1");
    dl_timer_set(worker->env.loop, timer, dlw_notify_watchdog_ms());
}

apr_status_t dlw_life_signals(dlw_worker_t *worker)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    apr_status_t rv = APR_SUCCESS;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);   /* whoever started us may have ignored it */
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        if (rv == APR_SUCCESS)
            rv = dl_loop_signal(worker->env.loop, signals[i], on_signal,
                                worker);
    return rv;
}

void dlw_life_start(dlw_worker_t *worker)
{
    dlw_life_part_t *life = &worker->life;

    life->drain = (dl_timer_t){.fn = on_drained, .baton = worker};
    life->leave = (dl_timer_t){.fn = on_leave, .baton = worker};
    life->watchdog = (dl_timer_t){.fn = on_watchdog, .baton = worker};
    if (dlw_notify_watchdog_ms() > 0)
        dl_timer_set(worker->env.loop, &life->watchdog,
                     dlw_notify_watchdog_ms());
}
