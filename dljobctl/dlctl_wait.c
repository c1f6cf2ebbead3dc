/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait: until jobs have ended; cancel: so that they end.
 */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "dl_links.h"
#include "dlctl_commands.h"
#include "dlctl_json.h"
#include "dlctl_show.h"
#include "dlctl_text.h"
#include "dlctl_tty.h"
#include "dlctl_watch.h"

static void print_jobs(dlctl_t *ctl, const dlctl_watched_t *jobs, int n)
{
    dl_buf_t b;

    dl_buf_init(&b, 4096, ctl->pool);
    dl_buf_puts(&b, "{\"jobs\":[");
    for (int i = 0; i < n; i++) {
        dl_job_t *job = jobs[i].job;

        if (!job)
            continue;
        dl_links_refresh(ctl->conf, job, apr_time_sec(apr_time_now()),
                         jobs[i].pool);
        dlctl_json_job(&b, job, ctl->conf->public_url);
        dl_buf_putc(&b, '}');
    }
    dl_buf_puts(&b, "]}");
    dlctl_json_print(ctl, &b);
}

static void print_line(const dl_job_t *job, apr_pool_t *p)
{
    const char *error = job->error
        ? apr_pstrcat(p, "  ", job->error_code ? job->error_code : "", ": ",
                      dlctl_text_safe(job->error, p), NULL) : "";

    printf("%s  %s%s\n", job->id, dlctl_show_state(job, p), error);
}

dlctl_exit_e dlctl_wait(dlctl_t *ctl)
{
    int n = ctl->args->operands->nelts;
    dlctl_watched_t *jobs = apr_pcalloc(ctl->pool,
                                        (apr_size_t)n * sizeof(*jobs));
    apr_int64_t timeout_ms;
    dlctl_exit_e status = dlctl_duration(ctl, "timeout", -1, &timeout_ms);

    for (int i = 0; i < n; i++)
        jobs[i].id = dlctl_operand(ctl, i);
    if (status == DLCTL_OK)
        status = dlctl_open(ctl);
    if (status != DLCTL_OK)
        return status;
    dlctl_tty_signals();
    status = dlctl_watch(ctl, jobs, n, timeout_ms);
    for (int i = 0; i < n && status == DLCTL_OK; i++)
        status = dlctl_watch_verdict(jobs[i].job);
    if (ctl->json && status <= DLCTL_FAILED)
        print_jobs(ctl, jobs, n);
    for (int i = 0; !ctl->json && i < n; i++)
        if (jobs[i].job)
            print_line(jobs[i].job, ctl->pool);
    return status;
}

/* ---- cancel */

/* What came of one. */
static dlctl_exit_e cancelled(dlctl_t *ctl, const char *id,
                              const dl_cancelled_t *c, dl_buf_t *b)
{
    static const char *const words[] = {
        [DL_CANCEL_DONE] = "cancelled",
        [DL_CANCEL_RELEASED] = "let go of; others still wait for it",
        [DL_CANCEL_TERMINAL] = "has ended before",
        [DL_CANCEL_NOT_FOUND] = "is not there",
    };
    int terminal = c->outcome == DL_CANCEL_TERMINAL;

    if (ctl->json) {
        dlctl_json_next(b);
        dl_buf_putc(b, '{');
        dlctl_json_str(b, "jobId", id);
        if (c->job)
            dlctl_json_str(b, "status", dl_job_state_name(c->job->state));
        dlctl_json_bool(b, "found", c->job != NULL);
        dlctl_json_str(b, "message", words[c->outcome]);
        dl_buf_putc(b, '}');
    }
    else
        printf("%s  %s%s%s\n", dlctl_text_safe(id, ctl->pool),
               words[c->outcome], terminal ? ": " : "",
               terminal ? dl_job_state_name(c->job->state) : "");
    return !c->job ? DLCTL_NOT_FOUND : terminal ? DLCTL_FAILED : DLCTL_OK;
}

dlctl_exit_e dlctl_cancel(dlctl_t *ctl)
{
    dlctl_exit_e status = dlctl_open(ctl), worst = DLCTL_OK;
    dl_buf_t b;

    if (status != DLCTL_OK)
        return status;
    dl_buf_init(&b, 1024, ctl->pool);
    dl_buf_puts(&b, "{\"jobs\":[");
    for (int i = 0; i < ctl->args->operands->nelts; i++) {
        const char *id = dlctl_operand(ctl, i);
        dl_cancelled_t c;
        apr_status_t rv = dl_jobs_cancel(ctl->jobs, id, NULL, NULL,
                                         ctl->pool, &c);

        if (rv != APR_SUCCESS)
            return dlctl_no_answer(ctl, rv);
        status = cancelled(ctl, id, &c, &b);
        worst = status > worst ? status : worst;
    }
    dl_buf_puts(&b, "]}");
    if (ctl->json)
        dlctl_json_print(ctl, &b);
    return worst;
}
