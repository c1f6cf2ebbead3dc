/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pause, resume, drain: what workers are told.
 */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "dl_redis.h"
#include "dlctl_commands.h"
#include "dlctl_json.h"
#include "dlctl_text.h"
#include "dlctl_tty.h"
#include "dlctl_worker.h"

#define STEP_MS 200

static dlctl_exit_e set_paused(dlctl_t *ctl, int paused)
{
    dlctl_exit_e status = dlctl_open(ctl);
    apr_status_t rv;
    dl_buf_t b;

    if (status != DLCTL_OK)
        return status;
    rv = dl_ops_pause(ctl->jobs, paused, ctl->pool);
    if (rv != APR_SUCCESS)
        return dlctl_no_answer(ctl, rv);
    if (ctl->json) {
        dl_buf_init(&b, 64, ctl->pool);
        dl_buf_putc(&b, '{');
        dlctl_json_bool(&b, "paused", paused);
        dl_buf_putc(&b, '}');
        dlctl_json_print(ctl, &b);
    }
    else
        puts(paused ? "Paused: workers begin nothing more; what runs goes "
                      "on. dljobctl resume ends this."
                    : "Resumed.");
    return DLCTL_OK;
}

dlctl_exit_e dlctl_pause(dlctl_t *ctl)
{
    return set_paused(ctl, 1);
}

dlctl_exit_e dlctl_resume(dlctl_t *ctl)
{
    return set_paused(ctl, 0);
}

/* ---- drain */

/** Workers that were told, by name; flags tell which have ended. */
typedef struct drain_t {
    dlctl_t *ctl;
    const char *who;            /* a name, or "*" */
    apr_array_header_t *names;  /* of const char * */
    char *gone;
    int left;
} drain_t;

static dlctl_exit_e read_workers(dlctl_t *ctl, apr_pool_t *p,
                                 apr_array_header_t **workers)
{
    dl_ops_stats_t stats;
    dlctl_exit_e status = dlctl_stats_get(ctl, p, &stats);

    return status == DLCTL_OK
               ? dlctl_workers_get(ctl, stats.now_ms, p, workers) : status;
}

/* Whom it concerns: those alive now. */
static dlctl_exit_e choose(drain_t *drain)
{
    dlctl_t *ctl = drain->ctl;
    apr_array_header_t *workers;
    dlctl_exit_e status = read_workers(ctl, ctl->pool, &workers);

    if (status != DLCTL_OK)
        return status;
    drain->names = apr_array_make(ctl->pool, 4, sizeof(const char *));
    for (int i = 0; i < workers->nelts; i++) {
        const dlctl_worker_t *w = &APR_ARRAY_IDX(workers, i, dlctl_worker_t);

        if (w->alive && (strcmp(drain->who, "*") == 0
                         || strcmp(drain->who, w->name) == 0))
            APR_ARRAY_PUSH(drain->names, const char *) = w->name;
    }
    drain->left = drain->names->nelts;
    drain->gone = apr_pcalloc(ctl->pool, (apr_size_t)drain->left + 1);
    if (drain->left == 0)
        return dlctl_error(DLCTL_NOT_FOUND, "%s", strcmp(drain->who, "*") == 0
                           ? "no worker is alive"
                           : apr_pstrcat(ctl->pool, "no worker ",
                                         dlctl_text_safe(drain->who,
                                                         ctl->pool),
                                         " is alive; see dljobctl workers",
                                         NULL));
    return DLCTL_OK;
}

/* A worker that has ended takes itself off the list; one that was killed is
 * not heard of any more. */
static dlctl_exit_e look(drain_t *drain)
{
    apr_array_header_t *workers;
    dlctl_exit_e status;
    apr_pool_t *p;

    apr_pool_create(&p, drain->ctl->pool);
    status = read_workers(drain->ctl, p, &workers);
    for (int i = 0; status == DLCTL_OK && i < drain->names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(drain->names, i, const char *);
        int there = 0;

        for (int k = 0; k < workers->nelts; k++) {
            const dlctl_worker_t *w = &APR_ARRAY_IDX(workers, k,
                                                     dlctl_worker_t);

            there |= w->alive && strcmp(w->name, name) == 0;
        }
        if (!there && !drain->gone[i]) {
            drain->gone[i] = 1;
            drain->left--;
        }
    }
    apr_pool_destroy(p);
    return status;
}

static dlctl_exit_e wait_gone(drain_t *drain, apr_int64_t timeout_ms)
{
    apr_int64_t start_us = dl_clock_us();
    dlctl_exit_e status = look(drain);

    while (status == DLCTL_OK && drain->left > 0) {
        apr_int64_t past_ms = (dl_clock_us() - start_us) / 1000;

        if (timeout_ms >= 0 && past_ms >= timeout_ms)
            return dlctl_error(DLCTL_LATER, "timed out: %s not ended yet",
                               drain->left == 1 ? "one worker has"
                                                : "some workers have");
        dlctl_tty_wait(STEP_MS);
        status = look(drain);
    }
    return status;
}

static void tell(const drain_t *drain, int waited)
{
    dlctl_t *ctl = drain->ctl;
    dl_buf_t b;

    dl_buf_init(&b, 256, ctl->pool);
    dl_buf_puts(&b, "{\"workers\":[");
    for (int i = 0; i < drain->names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(drain->names, i, const char *);

        dlctl_json_next(&b);
        dl_buf_putc(&b, '{');
        dlctl_json_str(&b, "id", name);
        dlctl_json_bool(&b, "ended", drain->gone[i]);
        dl_buf_putc(&b, '}');
        if (!ctl->json)
            printf("%s  %s\n", dlctl_text_safe(name, ctl->pool),
                   drain->gone[i] ? "has ended"
                   : waited ? "has not ended" : "was told to drain");
    }
    dl_buf_puts(&b, "]}");
    if (ctl->json)
        dlctl_json_print(ctl, &b);
}

dlctl_exit_e dlctl_drain(dlctl_t *ctl)
{
    int all = dlctl_args_get(ctl->args, "all") != NULL, heard = 0;
    int wait = dlctl_args_get(ctl->args, "wait") != NULL;
    drain_t drain = {.ctl = ctl};
    apr_int64_t timeout_ms;
    dlctl_exit_e status = dlctl_duration(ctl, "timeout", -1, &timeout_ms);
    apr_status_t rv;

    if (status != DLCTL_OK)
        return status;
    if (all == (ctl->args->operands->nelts > 0))
        return dlctl_error(DLCTL_USAGE, "drain: name a worker, or all by "
                           "--all");
    drain.who = all ? "*" : dlctl_operand(ctl, 0);
    status = dlctl_open(ctl);
    if (status == DLCTL_OK)
        status = choose(&drain);
    if (status != DLCTL_OK)
        return status;
    rv = dl_ops_drain(ctl->jobs, drain.who, ctl->pool, &heard);
    if (rv != APR_SUCCESS)
        return dlctl_no_answer(ctl, rv);
    if (wait)
        status = wait_gone(&drain, timeout_ms);
    if (status == DLCTL_OK || !ctl->json)
        tell(&drain, wait);
    return status;
}
