/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removals nobody waits for; see dlw_s3_leftover.h.
 */
#include "dlw_s3_leftover.h"

#include <string.h>
#include <time.h>

#include <apr_strings.h>

#include "dl_log.h"
#include "dlw_s3_sweep.h"
#include "dlw_store.h"

#define TRIES 6
/* A request that was cut off may still be carried out a moment later. */
#define SECOND_REMOVAL_MS 5000
#define FIRST_SWEEP_MS 20000
#define SWEEP_MS (30 * 60 * 1000)
/* An upload this much older than any attempt can be is nobody's. */
#define SWEEP_MARGIN_MS (10 * 60 * 1000)

struct dlw_s3_leftover_t {
    const dlw_env_t *env;
    dlw_s3_t *s3;
    apr_pool_t *pool;
    int pending;
    dl_timer_t sweep;
    int sweeping;
};

/* One object, or one upload, to be removed. */
typedef struct removal_t {
    dlw_s3_leftover_t *l;
    apr_pool_t *pool;
    const char *key;
    dl_timer_t again;
} removal_t;

static apr_int64_t now_ms(const dlw_s3_leftover_t *l)
{
    return l->env->clock ? dlw_clock_ms(l->env->clock)
                             : (apr_int64_t)time(NULL) * 1000;
}

static void on_removed(void *baton, const dlw_s3_answer_t *answer)
{
    removal_t *r = baton;

    if (!dlw_s3_ok(answer)
        && (answer->code != CURLE_OK || answer->status != 404)) {
        dl_log(DL_LOG_WARN, "DL0712", NULL, "cannot remove %s: %s", r->key,
               answer->detail);
    }
    r->l->pending--;
    apr_pool_destroy(r->pool);
}

static void start_removal(removal_t *r)
{
    dlw_s3_request_t req = { 0 };

    r->l->pending++;
    req.method = "DELETE";
    req.key = r->key;
    req.tries = TRIES;
    dlw_s3_start(r->l->s3, &req, r->pool, on_removed, r);
}

static removal_t *make_removal(dlw_s3_leftover_t *l, const char *key)
{
    apr_pool_t *p;
    removal_t *r;

    apr_pool_create(&p, l->pool);
    r = apr_pcalloc(p, sizeof(*r));
    r->l = l;
    r->pool = p;
    r->key = apr_pstrdup(p, key);
    return r;
}

void dlw_s3_leftover_remove(dlw_s3_leftover_t *l, const char *key)
{
    start_removal(make_removal(l, key));
}

static void on_again(dl_timer_t *timer)
{
    start_removal(timer->baton);
}

static apr_status_t cancel_again(void *data)
{
    removal_t *r = data;

    dl_timer_cancel(r->l->env->loop, &r->again);
    return APR_SUCCESS;
}

void dlw_s3_leftover_cut_off(dlw_s3_leftover_t *l, const char *key)
{
    removal_t *r = make_removal(l, key);

    dlw_s3_leftover_remove(l, key);
    r->again.fn = on_again;
    r->again.baton = r;
    apr_pool_cleanup_register(r->pool, r, cancel_again,
                              apr_pool_cleanup_null);
    dl_timer_set(l->env->loop, &r->again, SECOND_REMOVAL_MS);
}

static void on_discarded(void *baton, int aborted, const char *problem)
{
    dlw_s3_leftover_t *l = baton;

    (void)aborted;
    l->pending--;
    if (problem) {
        dl_log(DL_LOG_WARN, "DL0713", NULL,
               "cannot abort a multipart upload: %s", problem);
    }
}

static void start_sweep(dlw_s3_leftover_t *l, const dlw_s3_stale_t *stale,
                        dlw_s3_swept_fn *done)
{
    apr_pool_t *p;

    apr_pool_create(&p, l->pool);
    dlw_s3_sweep(l->s3, stale, p, done, l);
}

static void on_upload_aborted(void *baton, const dlw_s3_answer_t *answer)
{
    removal_t *r = baton;
    dlw_s3_stale_t stale = { r->key, r->key, -1, 0 };

    /* parts that were on their way may have come after: look again, also
     * for an upload that we were not told of */
    if (!dlw_s3_ok(answer)) {
        dl_log(DL_LOG_DEBUG, "DL0714", NULL, "abort of an upload: %s",
               answer->detail);
    }
    start_sweep(r->l, &stale, on_discarded);
    apr_pool_destroy(r->pool);
}

void dlw_s3_leftover_upload(void *baton, const char *key,
                            const char *upload_id)
{
    dlw_s3_leftover_t *l = baton;
    dlw_s3_stale_t stale = { key, key, -1, 0 };
    dlw_s3_request_t req = { 0 };
    dl_sigv4_pair_t *query;
    removal_t *r;

    l->pending++;
    if (!upload_id) {
        start_sweep(l, &stale, on_discarded);
        return;
    }
    r = make_removal(l, key);
    query = apr_palloc(r->pool, sizeof(*query));
    *query = (dl_sigv4_pair_t){ "uploadId",
                                apr_pstrdup(r->pool, upload_id) };
    req.method = "DELETE";
    req.key = r->key;
    req.query = query;
    req.nquery = 1;
    req.tries = TRIES;
    dlw_s3_start(l->s3, &req, r->pool, on_upload_aborted, r);
}

static void log_swept(int aborted, const char *problem)
{
    if (aborted > 0) {
        dl_log(DL_LOG_INFO, "DL0715", NULL,
               "%d multipart uploads of earlier workers aborted", aborted);
    }
    if (problem) {
        dl_log(DL_LOG_WARN, "DL0716", NULL,
               "cannot look for unfinished multipart uploads: %s", problem);
    }
}

static void on_swept(void *baton, int aborted, const char *problem)
{
    dlw_s3_leftover_t *l = baton;

    l->sweeping = 0;
    log_swept(aborted, problem);
}

static void on_earlier_swept(void *baton, int aborted, const char *problem)
{
    (void)baton;
    log_swept(aborted, problem);
}

/* dl_timer_fn: what is older than an attempt can be is nobody's */
static void sweep_now(dl_timer_t *timer)
{
    dlw_s3_leftover_t *l = timer->baton;
    const dl_config_t *conf = l->env->conf;
    const char *id = strstr(conf->key_format, "%{file_id}");
    dlw_s3_stale_t stale = { "", NULL, -1, 0 };
    char prefix[256] = "";

    dl_timer_set(l->env->loop, timer, SWEEP_MS);
    if (l->sweeping || conf->source.kind == DL_SOURCE_STORE) {
        return;
    }
    if (id && (apr_size_t)(id - conf->key_format) < sizeof(prefix)) {
        apr_cpystrn(prefix, conf->key_format, id - conf->key_format + 1);
    }
    stale.prefix = prefix;
    stale.before_ms = now_ms(l) - conf->timeout_ms - 2 * conf->lease_ms
                      - SWEEP_MARGIN_MS;
    l->sweeping = 1;
    start_sweep(l, &stale, on_swept);
}

void dlw_s3_leftover_earlier(dlw_s3_leftover_t *l, const char *key)
{
    apr_int64_t fence = dlw_store_key_fence(key);
    dlw_s3_stale_t stale = { NULL, NULL, fence, 0 };
    char mark[32], prefix[1100];
    const char *dot;

    apr_snprintf(mark, sizeof(mark), ".%" APR_INT64_T_FMT "-", fence);
    dot = fence >= 0 ? strstr(key, mark) : NULL;
    if (dot && (apr_size_t)(dot - key) + 2 < sizeof(prefix)) {
        apr_cpystrn(prefix, key, (apr_size_t)(dot - key) + 2);
        stale.prefix = prefix;
        start_sweep(l, &stale, on_earlier_swept);
    }
}

int dlw_s3_leftover_pending(const dlw_s3_leftover_t *l)
{
    return l->pending;
}

static apr_status_t stop_sweeping(void *data)
{
    dlw_s3_leftover_t *l = data;

    dl_timer_cancel(l->env->loop, &l->sweep);
    return APR_SUCCESS;
}

dlw_s3_leftover_t *dlw_s3_leftover_create(const dlw_env_t *env, dlw_s3_t *s3,
                                          apr_pool_t *p)
{
    dlw_s3_leftover_t *l = apr_pcalloc(p, sizeof(*l));

    l->env = env;
    l->s3 = s3;
    l->pool = p;
    l->sweep.fn = sweep_now;
    l->sweep.baton = l;
    apr_pool_cleanup_register(p, l, stop_sweeping, apr_pool_cleanup_null);
    dl_timer_set(env->loop, &l->sweep, FIRST_SWEEP_MS);
    return l;
}
