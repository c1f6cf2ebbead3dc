/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes tasks from the queue.
 *
 * While there is work, one claim follows the other, each for all free slots.
 * When a claim finds nothing more, the worker waits for the wake token
 * (BLPOP) and keeps a timer for what falls due by itself. The timer never
 * waits longer than a second: so a token lost with a killed worker, or a
 * lease that runs out, delays nobody for longer.
 */
#include "dlw_worker.h"

#include <string.h>

#include <apr_strings.h>

#include "dl_log.h"

#define LOOK_AT_LEAST_MS 1000

/* Tasks a claim: what Redis hands out well within its 5 ms a script. */
#define CLAIM_MAX 64

/* After a long outage the others' leases have run out too: their beats come
 * first, so that nobody's running task is taken from it. */
#define GRACE_MS 600

/* --- the wake token ---------------------------------------------------- */

static void pass_token_on(dlw_worker_t *worker)
{
    dlw_redis_command(worker->redis, 3,
                      (const char *[]){"RPUSH", worker->claim.wake_key, "1"},
                      NULL, NULL);
}

static void on_token(void *baton, const redisReply *reply)
{
    dlw_worker_t *worker = baton;

    worker->claim.listening = 0;
    if (!reply)
        return;
    if (reply->type == REDIS_REPLY_ERROR) {
        dl_log(DL_LOG_WARN, "DL0520", NULL, "cannot wait for queue:wake: %s",
               reply->str);
        return;                 /* the timer goes on */
    }
    if (worker->claim.stopped || dlw_slots_free(worker) == 0)
        pass_token_on(worker);
    dlw_claim_look(worker);
}

static void listen_for_token(dlw_worker_t *worker)
{
    const char *argv[] = {"BLPOP", worker->claim.wake_key, "0"};
    char *wire;
    int len;

    if (worker->claim.listening || !dlw_link_up(worker->claim.wake))
        return;
    len = redisFormatCommandArgv(&wire, 3, argv, NULL);
    if (len < 0)
        return;
    if (dlw_link_send(worker->claim.wake, wire, (size_t)len, on_token, worker)
        == 0)
        worker->claim.listening = 1;
    redisFreeCommand(wire);
}

static void on_wake_state(void *baton, int up)
{
    dlw_worker_t *worker = baton;

    if (up)                     /* a token may have come meanwhile */
        dlw_claim_look(worker);
    else
        worker->claim.listening = 0;
}

/* --- claims ------------------------------------------------------------ */

static void begin_all(dlw_worker_t *worker, const dl_claim_t *claim)
{
    for (int i = 0; i < claim->tasks->nelts; i++) {
        const dl_task_t *claimed = &APR_ARRAY_IDX(claim->tasks, i, dl_task_t);
        dlw_task_t *task = dlw_slots_find(worker, claimed->file_id,
                                          claimed->fence);

        if (task)
            continue;
        if (claimed->fence > worker->claim.fence)
            worker->claim.fence = claimed->fence;
        task = dlw_slots_take(worker);
        dlw_task_begin(task, claimed, worker->settings);
        dl_log(DL_LOG_DEBUG, "DL0501", &task->a.about,
               claimed->settled ? "has jobs left to tell" : "begun");
    }
}

/** What to do after a claim that @a claim answered. */
static void after(dlw_worker_t *worker, const dl_claim_t *claim)
{
    dlw_claim_part_t *part = &worker->claim;
    apr_int64_t next_ms = LOOK_AT_LEAST_MS;

    part->paused = claim->paused;
    part->empty = !claim->more;
    if (claim->next_ms >= 0 && claim->next_ms < next_ms)
        next_ms = claim->next_ms;
    dl_timer_set(worker->env.loop, &part->timer, next_ms);
    if (claim->more && claim->tasks->nelts > 0) {
        dlw_claim_look(worker);
        return;
    }
    if (!claim->paused && !part->stopped && dlw_slots_free(worker) > 0)
        listen_for_token(worker);
    if (claim->tasks->nelts == 0 && !claim->more)
        dlw_life_idle(worker);
}

static void on_claimed(void *baton, const redisReply *reply)
{
    dlw_worker_t *worker = baton;
    dlw_claim_part_t *part = &worker->claim;
    dl_claim_t claim;

    part->asked = 0;
    if (!reply || reply->type == REDIS_REPLY_ERROR
        || dl_task_claim_parse(reply, worker->scratch, &claim)
               != APR_SUCCESS) {
        /* what it handed out, if it ran, is to be handed out again */
        if (part->own < 0)
            part->own = part->fence;
        part->wanted = 1;
        dl_timer_set(worker->env.loop, &part->timer, LOOK_AT_LEAST_MS);
        apr_pool_clear(worker->scratch);
        return;
    }
    part->own = -1;
    begin_all(worker, &claim);
    after(worker, &claim);
    apr_pool_clear(worker->scratch);
}

static void claim(dlw_worker_t *worker)
{
    dlw_claim_part_t *part = &worker->claim;
    int n = dlw_slots_free(worker);
    dl_redis_cmd_t *cmd;

    if (part->stopped || part->asked || n == 0
        || !dlw_redis_up(worker->redis))
        return;
    if (n > CLAIM_MAX)
        n = CLAIM_MAX;
    part->wanted = 0;
    part->asked = 1;
    cmd = dl_task_claim_cmd(worker->settings->scripts, worker->name, n,
                            part->own, dlw_slots_suspects(worker),
                            worker->scratch);
    dlw_redis_call(worker->redis, worker->settings, DL_SCRIPT_CLAIM, cmd, 0,
                   on_claimed, worker);
    apr_pool_clear(worker->scratch);
}

static void on_defer(dl_defer_t *defer)
{
    dlw_worker_t *worker = defer->baton;

    if (worker->claim.wanted)
        claim(worker);
}

static void on_timer(dl_timer_t *timer)
{
    dlw_worker_t *worker = timer->baton;

    dlw_claim_look(worker);
    dl_timer_set(worker->env.loop, timer, LOOK_AT_LEAST_MS);
}

void dlw_claim_look(dlw_worker_t *worker)
{
    worker->claim.wanted = 1;
    dl_defer(worker->env.loop, &worker->claim.defer);
}

void dlw_claim_slot(dlw_worker_t *worker)
{
    dlw_claim_part_t *part = &worker->claim;

    if (part->wanted || !part->empty)
        dlw_claim_look(worker);
    else if (!part->paused && !part->stopped && !part->asked)
        listen_for_token(worker);
}

void dlw_claim_redis_up(dlw_worker_t *worker, apr_int64_t outage_ms)
{
    worker->claim.asked = 0;
    if (outage_ms < worker->settings->conf->lease_ms / 2)
        dlw_claim_look(worker);
    else
        dl_timer_set(worker->env.loop, &worker->claim.timer, GRACE_MS);
}

void dlw_claim_stop(dlw_worker_t *worker)
{
    dlw_claim_part_t *part = &worker->claim;

    if (part->stopped)
        return;
    part->stopped = 1;
    dl_timer_cancel(worker->env.loop, &part->timer);
    if (part->listening)        /* a token may be on its way to us */
        pass_token_on(worker);
    dlw_link_close(part->wake, 0);
}

void dlw_claim_start(dlw_worker_t *worker)
{
    dlw_claim_part_t *part = &worker->claim;
    dlw_link_conf_t link = {.addr = worker->settings->conf->redis,
                            .name = "wake-up",
                            .backoff_max_ms = 1000,
                            .on_state = on_wake_state,
                            .baton = worker};

    part->timer = (dl_timer_t){.fn = on_timer, .baton = worker};
    part->defer = (dl_defer_t){.fn = on_defer, .baton = worker};
    part->own = worker->options->named ? 0 : -1;
    part->fence = 1;            /* less than any */
    part->wake_key = dlw_worker_key(worker, "queue:wake", worker->pool);
    part->wake = dlw_link_create(worker->env.loop, &link, worker->parts);
}
