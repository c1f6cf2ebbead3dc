/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The figures of the whole; see dlctl_overview.h.
 */
#include "dlctl_overview.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "dlctl_text.h"

static const struct {
    const char *name;
    const char *words;
} counters[] = {
    {"created", "jobs created"},
    {"completed", "jobs completed"},
    {"failed", "jobs failed"},
    {"cancelled", "jobs cancelled"},
    {"retries", "attempts repeated"},
    {"lost", "tasks lost with their worker"},
    {"dead", "tasks failed for good"},
    {"repairs", "repairs of the audit"},
    {"dedupe_key", "deduplicated by idempotency key"},
    {"dedupe_recent", "deduplicated as sent twice"},
    {"dedupe_active", "deduplicated by a job in progress"},
    {"dedupe_result", "files at hand already"},
    {"dedupe_task", "files in preparation already"},
    {"tasks", "tasks done"},
    {"hooks_delivered", "webhooks delivered"},
    {"hooks_gone", "webhooks refused for good (410)"},
    {"hooks_again", "tries of webhooks that failed"},
    {"hooks_dead", "webhooks given up"},
    {"hooks_lost", "webhooks whose job was gone"},
    {"hooks_replayed", "webhooks sent again by an operator"},
    {"task_ms", "time of tasks done (ms)"},
};

/* of dl_admit_e, from DL_ADMIT_KEY_REUSED on */
static const char *const refusals[] = {
    "refused: idempotency key reused", "refused: rate limit",
    "refused: too many jobs of a user", "refused: queue full",
};

const char *dlctl_overview_counter(const char *name, apr_pool_t *p)
{
    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
        if (strcmp(counters[i].name, name) == 0)
            return counters[i].words;
    if (strncmp(name, "attempt:", 8) == 0)
        return apr_pstrcat(p, "attempts failed: ", name + 8, NULL);
    if (strncmp(name, "refused_", 8) == 0) {
        int i = atoi(name + 8) - DL_ADMIT_KEY_REUSED;

        if (i >= 0 && i < 4)
            return refusals[i];
    }
    return apr_pstrdup(p, name);
}

apr_int64_t dlctl_overview_value(const dl_ops_stats_t *stats,
                                 const char *name)
{
    for (int i = 0; i < stats->counters->nelts; i++) {
        const dl_ops_counter_t *c = &APR_ARRAY_IDX(stats->counters, i,
                                                   dl_ops_counter_t);

        if (strcmp(c->name, name) == 0)
            return c->value;
    }
    return 0;
}

static void line(dl_buf_t *b, const char *name, const char *value)
{
    dl_buf_puts(b, apr_psprintf(b->pool, "%-14s%s\n", name, value));
}

void dlctl_overview_text(dl_buf_t *b, const dl_ops_stats_t *s)
{
    apr_pool_t *p = b->pool;

    line(b, "State", s->paused ? "paused: nothing is begun" : "running");
    line(b, "Waiting", s->waiting
         ? apr_psprintf(p, "%d, the oldest for %s", s->waiting,
                        dlctl_text_duration(s->oldest_ms, p)) : "0");
    if (s->suspect)
        line(b, "Suspect", apr_psprintf(p, "%d (lost a worker, wait)",
                                        s->suspect));
    line(b, "Next attempt", apr_psprintf(p, "%d wait for theirs",
                                         s->delayed));
    line(b, "Running", apr_itoa(p, s->active));
    line(b, "Dead letters", apr_itoa(p, s->dead));
    line(b, "Webhooks", apr_psprintf(p, "%d to be delivered", s->hooks));
    line(b, "Workers", apr_psprintf(p, "%d alive", s->workers));
    if (s->estimate.duration_ms)
        line(b, "A task takes", apr_psprintf(
            p, "%s (p75); %.2f end a second",
            dlctl_text_duration(s->estimate.duration_ms, p),
            s->estimate.per_second));
}

void dlctl_overview_json(dl_buf_t *b, const dl_ops_stats_t *s)
{
    dlctl_json_time(b, "time", s->now_ms);
    dlctl_json_bool(b, "paused", s->paused);
    dlctl_json_name(b, "queue");
    dl_buf_putc(b, '{');
    dlctl_json_int(b, "waiting", s->waiting);
    dlctl_json_int(b, "suspect", s->suspect);
    dlctl_json_int(b, "delayed", s->delayed);
    dlctl_json_int(b, "active", s->active);
    dlctl_json_int(b, "dead", s->dead);
    dlctl_json_int(b, "webhooks", s->hooks);
    dlctl_json_int(b, "oldestMs", s->oldest_ms);
    dl_buf_putc(b, '}');
    dlctl_json_int(b, "workersAlive", s->workers);
    if (s->estimate.duration_ms) {
        dlctl_json_name(b, "estimate");
        dl_buf_putc(b, '{');
        dlctl_json_int(b, "durationMs", s->estimate.duration_ms);
        dlctl_json_name(b, "perSecond");
        dl_buf_puts(b, apr_psprintf(b->pool, "%.3f",
                                    s->estimate.per_second));
        dl_buf_putc(b, '}');
    }
    dlctl_json_name(b, "counters");
    dl_buf_putc(b, '{');
    for (int i = 0; i < s->counters->nelts; i++) {
        const dl_ops_counter_t *c = &APR_ARRAY_IDX(s->counters, i,
                                                   dl_ops_counter_t);

        dlctl_json_int(b, c->name, c->value);
    }
    dl_buf_putc(b, '}');
}
