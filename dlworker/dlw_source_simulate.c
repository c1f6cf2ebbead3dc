/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source `simulate`: waits between MIN and MAX in ten steps, then makes a
 * small file. With 0 0 it neither waits nor asks the system for anything:
 * what is left is the cost of the worker itself.
 */
#include "dlw_source.h"

#include <apr_strings.h>

#include "dl_random.h"

#define STEPS 10

typedef struct simulate_run_t {
    dlw_attempt_t *a;
    dl_timer_t timer;
    apr_int64_t total_ms;
    int step;
} simulate_run_t;

static void finish(dlw_attempt_t *a)
{
    char text[80];
    int len = apr_snprintf(text, sizeof(text),
                           "This is file %" APR_INT64_T_FMT ".\n",
                           a->file_id);
    dl_failure_t failure;

    a->filename = apr_psprintf(a->pool, "file-%" APR_INT64_T_FMT ".txt",
                               a->file_id);
    a->content_type = "text/plain";
    if (dlw_spool_write(a->spool, text, (apr_size_t)len) == APR_SUCCESS
        && dlw_spool_end(a->spool) == APR_SUCCESS) {
        a->on->done(a, NULL);
        return;
    }
    failure = dlw_failure("SOURCE_ERROR", "The file could not be kept", NULL,
                          0);
    a->on->done(a, &failure);
}

static void on_step(dl_timer_t *timer)
{
    simulate_run_t *run = timer->baton;
    apr_int64_t passed_ms = run->total_ms * run->step / STEPS;

    run->step++;
    if (run->step > STEPS) {
        finish(run->a);
        return;
    }
    dl_timer_set(run->a->env->loop, timer,
                  run->total_ms * run->step / STEPS - passed_ms);
    if (run->step > 1)
        run->a->on->progress(run->a, (run->step - 1) * 100 / STEPS);
}

static void *simulate_start(dlw_attempt_t *a)
{
    apr_int64_t min_ms = a->conf->source.min_ms;
    apr_int64_t span_ms = a->conf->source.max_ms - min_ms;
    simulate_run_t *run;

    if (min_ms <= 0 && span_ms <= 0) {
        finish(a);
        return NULL;
    }
    run = apr_pcalloc(a->pool, sizeof(*run));
    run->a = a;
    run->total_ms = min_ms;
    if (span_ms > 0) {
        dl_random_t random;

        dl_random_init(&random);
        run->total_ms += dl_random_below(
            &random, span_ms < APR_INT32_MAX ? (apr_uint32_t)span_ms + 1
                                             : APR_INT32_MAX);
    }
    run->timer = (dl_timer_t){.fn = on_step, .baton = run};
    on_step(&run->timer);
    return run;
}

static void simulate_abort(dlw_attempt_t *a, void *data)
{
    simulate_run_t *run = data;

    dl_timer_cancel(a->env->loop, &run->timer);
}

static const char *simulate_check(const dl_config_t *conf, apr_pool_t *p)
{
    (void)conf;
    (void)p;
    return NULL;
}

const dlw_source_ops_t dlw_source_simulate = {
    .name = "simulate",
    .check = simulate_check,
    .start = simulate_start,
    .abort = simulate_abort,
};
