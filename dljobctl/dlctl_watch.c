/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for jobs; see dlctl_watch.h.
 *
 * By reading their hashes: a job that takes a second is seen to end within a
 * tenth of one, and nothing can be missed.
 */
#include "dlctl_watch.h"

#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "dl_estimate.h"
#include "dl_redis.h"
#include "dl_time.h"
#include "dlctl_bar.h"
#include "dlctl_show.h"
#include "dlctl_text.h"
#include "dlctl_tty.h"

#define STEP_FIRST_MS 40
#define STEP_LAST_MS 500
#define AWAY_MS 60000           /* that Redis may be away */

/* One more reading. @return APR_SUCCESS also when it has ended before */
static apr_status_t look(dlctl_t *ctl, dlctl_watched_t *w)
{
    apr_status_t rv;
    apr_pool_t *p;
    dl_job_t *job;

    if (w->job && dl_job_state_terminal(w->job->state))
        return APR_SUCCESS;
    apr_pool_create(&p, ctl->pool);
    rv = dl_jobs_get(ctl->jobs, w->id, p, &job);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(p);
        return rv;
    }
    if (w->pool)
        apr_pool_destroy(w->pool);
    w->pool = p;
    w->job = job;
    return APR_SUCCESS;
}

static int ended(const dlctl_watched_t *jobs, int n)
{
    int count = 0;

    for (int i = 0; i < n; i++)
        count += jobs[i].job && dl_job_state_terminal(jobs[i].job->state);
    return count;
}

static const char *label(const dl_job_t *job, apr_pool_t *p)
{
    return job->file_id
        ? apr_psprintf(p, "%" APR_INT64_T_FMT, job->file_id)
        : dlctl_text_count(job->total, "file", p);
}

/* The state, and what its estimate or the source says. */
static const char *note(const dl_job_t *job, apr_pool_t *p)
{
    apr_int64_t left_ms = dl_estimate_left_ms(job, dl_time_now_ms());
    const char *s = dl_job_state_name(job->state);

    if (job->attempt > 1)
        s = apr_psprintf(p, "%s, attempt %d", s, job->attempt);
    if (left_ms > 0)
        s = apr_psprintf(p, "%s, about %s left", s,
                         dlctl_text_duration(left_ms, p));
    if (job->message)
        s = apr_psprintf(p, "%s: %s", s, job->message);
    return s;
}

static void draw(const dlctl_watched_t *jobs, int n, apr_pool_t *p)
{
    int width = dlctl_tty_size(STDERR_FILENO, NULL), sum = 0;

    for (int i = 0; i < n; i++)
        sum += !jobs[i].job ? 0 : dl_job_state_terminal(jobs[i].job->state)
                                      ? 100 : jobs[i].job->progress;
    dlctl_tty_line(n == 1 && jobs->job
        ? dlctl_bar(label(jobs->job, p), jobs->job->progress,
                    note(jobs->job, p), width, p)
        : dlctl_bar(dlctl_text_count(n, "job", p), sum / n,
                    apr_psprintf(p, "%d ended", ended(jobs, n)), width, p));
}

/* A round over all jobs. */
static apr_status_t look_at_all(dlctl_t *ctl, dlctl_watched_t *jobs, int n,
                                const char **missing)
{
    for (int i = 0; i < n; i++) {
        apr_status_t rv = look(ctl, &jobs[i]);

        if (APR_STATUS_IS_NOTFOUND(rv))
            *missing = jobs[i].id;
        if (rv != APR_SUCCESS)
            return rv;
    }
    return APR_SUCCESS;
}

static dlctl_exit_e failed(dlctl_t *ctl, apr_status_t rv, const char *missing)
{
    if (APR_STATUS_IS_NOTFOUND(rv))
        return dlctl_error(DLCTL_NOT_FOUND, "there is no job %s", missing);
    return dlctl_no_answer(ctl, rv);
}

dlctl_exit_e dlctl_watch(dlctl_t *ctl, dlctl_watched_t *jobs, int n,
                         apr_int64_t timeout_ms)
{
    apr_int64_t start_us = dl_clock_us(), answered_us = start_us;
    int bar = !ctl->json && isatty(STDERR_FILENO);
    int step_ms = STEP_FIRST_MS;
    apr_pool_t *p;

    apr_pool_create(&p, ctl->pool);
    for (;;) {
        const char *missing = "";
        apr_status_t rv = look_at_all(ctl, jobs, n, &missing);
        apr_int64_t now_us = dl_clock_us();
        apr_int64_t left_ms = timeout_ms - (now_us - start_us) / 1000;

        if (rv == APR_SUCCESS)
            answered_us = now_us;
        else if (APR_STATUS_IS_NOTFOUND(rv) || APR_STATUS_IS_EACCES(rv)
                 || now_us - answered_us > AWAY_MS * 1000)
            return failed(ctl, rv, missing);
        if (bar)
            draw(jobs, n, p);
        apr_pool_clear(p);
        if (ended(jobs, n) == n)
            break;
        if (timeout_ms >= 0 && left_ms <= 0)
            return dlctl_error(DLCTL_LATER, "timed out: %s not ended yet",
                               n == 1 ? jobs->id : apr_psprintf(
                                   ctl->pool, "%d of %d jobs have",
                                   n - ended(jobs, n), n));
        dlctl_tty_wait(timeout_ms >= 0 && left_ms < step_ms ? (int)left_ms
                                                            : step_ms);
        step_ms = step_ms * 5 / 4 < STEP_LAST_MS ? step_ms * 5 / 4
                                                 : STEP_LAST_MS;
    }
    dlctl_tty_line_end();
    apr_pool_destroy(p);
    return DLCTL_OK;
}

dlctl_exit_e dlctl_watch_verdict(const dl_job_t *job)
{
    return job->state == DL_JOB_COMPLETED && !job->partial ? DLCTL_OK
                                                           : DLCTL_FAILED;
}
