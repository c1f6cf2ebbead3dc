/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who gets a link, and when one is opened again. See dl_redis_pool.h.
 *
 * A thread that finds an idle link takes it. Otherwise it queues; whoever
 * gives a link back hands it to the first of the queue together with all who
 * wait behind (a batch): that thread must be woken in any case, so the
 * hand-over costs nothing, and nobody works for others after his own call is
 * done. A batch ends by the deadline of its first, which is the earliest.
 *
 * Redis away: the one who finds out sets a time for the next try; until then
 * and while one thread is trying, calls fail at once. A refused connection
 * costs microseconds, so it is tried again after at most 100 ms; one that
 * hangs costs a caller his patience, and a wrong password fills the server's
 * log, so these wait up to 2 s.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/futex.h>

#include <apr_strings.h>

#include "dl_log.h"
#include "dl_redis_batch.h"

#define BACKOFF_FIRST_MS    50
#define BACKOFF_QUICK_MS    80      /* with jitter within 100 ms */
#define BACKOFF_MAX_MS      1600    /* with jitter within 2 s */
#define LOG_EVERY_US        60000000

static apr_status_t pool_cleanup(void *data)
{
    dl_redis_pool_t *pool = data;
    int i;

    for (i = 0; i < pool->conf.links; i++) {
        dl_redis_link_destroy(&pool->lines[i].link);
    }
    pthread_mutex_destroy(&pool->mutex);
    return APR_SUCCESS;
}

apr_status_t dl_redis_pool_create(const dl_redis_addr_t *addr,
                                  const dl_redis_pool_conf_t *conf,
                                  apr_pool_t *p, dl_redis_pool_t **result)
{
    dl_redis_pool_t *pool;
    int i;

    if (conf->links < 1 || conf->links > 64 || conf->reply_timeout_ms < 1
        || conf->connect_timeout_ms < 1) {
        return APR_EINVAL;
    }
    pool = apr_pcalloc(p, sizeof(*pool));
    pool->addr = addr;
    pool->conf = *conf;
    pool->stats = &pool->own;
    pool->lines = apr_pcalloc(p, conf->links * sizeof(*pool->lines));
    if (pthread_mutex_init(&pool->mutex, NULL) != 0) {
        return APR_ENOMEM;
    }
    for (i = conf->links - 1; i >= 0; i--) {
        dl_redis_link_init(&pool->lines[i].link,
                           (apr_int64_t)conf->reply_timeout_ms * 1000);
        pool->lines[i].next = pool->idle;
        pool->idle = &pool->lines[i];
    }
    pool->jitter = (unsigned)(dl_clock_us() ^ (apr_int64_t)getpid() << 12);
    apr_pool_cleanup_register(p, pool, pool_cleanup, apr_pool_cleanup_null);
    *result = pool;
    return APR_SUCCESS;
}

/* ---- opening again; see dl_redis_batch.h */

apr_status_t dl_redis_pool_may_open(dl_redis_pool_t *pool)
{
    apr_status_t rv = APR_SUCCESS;

    pthread_mutex_lock(&pool->mutex);
    if (pool->failures > 0
        && (pool->trying > 0 || dl_clock_us() < pool->retry_us)) {
        rv = APR_ECONNREFUSED;
    }
    else {
        pool->trying++;
    }
    pthread_mutex_unlock(&pool->mutex);
    return rv;
}

/* Sets the time of the next try; the mutex is held. */
static void back_off(dl_redis_pool_t *pool, apr_int64_t max_ms)
{
    int shift = pool->failures < 8 ? pool->failures : 8;
    apr_int64_t ms = (apr_int64_t)BACKOFF_FIRST_MS << shift;

    pool->failures++;
    pool->jitter = pool->jitter * 1103515245u + 12345u;
    ms = ms < max_ms ? ms : max_ms;
    /* from 80 to 120 hundredths */
    ms = ms * (80 + (pool->jitter >> 16) % 41) / 100;
    pool->retry_us = dl_clock_us() + ms * 1000;
}

/* Whether a failure is worth a line: the first, then once a minute. */
static int log_due(dl_redis_pool_t *pool)
{
    apr_int64_t now_us = dl_clock_us();

    if (pool->failures > 1 && now_us - pool->logged_us < LOG_EVERY_US) {
        return 0;
    }
    pool->logged_us = now_us;
    return 1;
}

void dl_redis_pool_opened(dl_redis_pool_t *pool, dl_redis_line_t *line,
                          apr_status_t rv)
{
    dl_redis_error_e kind = line->link.kind;
    int back = 0, due = 0;

    pthread_mutex_lock(&pool->mutex);
    pool->trying--;
    if (rv == APR_SUCCESS) {
        back = pool->failures > 0;
        pool->failures = 0;
        line->epoch = pool->epoch;
    }
    else {
        back_off(pool, APR_STATUS_IS_TIMEUP(rv) || kind == DL_REDIS_CONFIG
                       ? BACKOFF_MAX_MS : BACKOFF_QUICK_MS);
        due = log_due(pool);
    }
    pthread_mutex_unlock(&pool->mutex);
    if (back) {
        dl_log(DL_LOG_INFO, "DL0201", NULL, "Redis at %s answers again",
               pool->addr->display);
    }
    if (due && kind == DL_REDIS_CONFIG) {
        dl_log(DL_LOG_ERROR, "DL0202", NULL, "Redis at %s: %s",
               pool->addr->display, line->link.message);
    }
    else if (due) {
        dl_log(DL_LOG_WARN, "DL0203", NULL, "cannot reach Redis at %s: %s",
               pool->addr->display, line->link.message);
    }
}

void dl_redis_pool_lost(dl_redis_pool_t *pool, dl_redis_line_t *line,
                        apr_status_t rv)
{
    int first;

    dl_redis_link_close(&line->link);
    pthread_mutex_lock(&pool->mutex);
    /* A restart cuts all links; only the first to see it counts. */
    first = line->epoch == pool->epoch;
    if (first) {
        __atomic_store_n(&pool->epoch, pool->epoch + 1, __ATOMIC_RELAXED);
        if (APR_STATUS_IS_TIMEUP(rv)) {
            back_off(pool, BACKOFF_MAX_MS);
        }
        pool->logged_us = dl_clock_us();
    }
    pthread_mutex_unlock(&pool->mutex);
    if (first) {
        dl_log(DL_LOG_WARN, "DL0204", NULL, "lost a link to Redis at %s: %s",
               pool->addr->display, line->link.message);
    }
}

/* ---- the queue */

/*
 * Sleeps until the request leads or is done, or is still queued at its
 * deadline. 1: it has an outcome or a link, 0: the deadline passed.
 */
static int sleep_on(dl_redis_request_t *request, int bounded)
{
    struct timespec until = {
        .tv_sec = request->deadline_us / 1000000,
        .tv_nsec = request->deadline_us % 1000000 * 1000
    };
    uint32_t *word = &request->state;
    uint32_t state = DL_REQUEST_QUEUED;

    __atomic_compare_exchange_n(word, &state, DL_REQUEST_ASLEEP, 0,
                                __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    while ((state = __atomic_load_n(word, __ATOMIC_ACQUIRE))
           == DL_REQUEST_ASLEEP) {
        if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, state,
                    bounded ? &until : NULL, NULL,
                    FUTEX_BITSET_MATCH_ANY) != 0
            && errno == ETIMEDOUT) {
            return 0;
        }
    }
    return 1;
}

/* Takes a request that nobody will serve in time out of the queue. */
static int withdraw(dl_redis_pool_t *pool, dl_redis_request_t *request)
{
    dl_redis_request_t **at = &pool->head, *last = NULL;
    int queued;

    pthread_mutex_lock(&pool->mutex);
    queued = request->queued;
    while (queued && *at != request) {
        last = *at;
        at = &last->next;
    }
    if (queued) {
        *at = request->next;
        if (pool->tail == request) {
            pool->tail = last;
        }
    }
    pthread_mutex_unlock(&pool->mutex);
    return queued;
}

/* Takes a link or queues; the line, or NULL: queued. */
static dl_redis_line_t *enter(dl_redis_pool_t *pool,
                              dl_redis_request_t *request)
{
    dl_redis_line_t *line;

    pthread_mutex_lock(&pool->mutex);
    line = pool->idle;
    if (line) {
        pool->idle = line->next;
    }
    else {
        request->queued = 1;
        if (pool->head) {
            pool->tail->next = request;
        }
        else {
            pool->head = request;
        }
        pool->tail = request;
    }
    pthread_mutex_unlock(&pool->mutex);
    return line;
}

/* Cuts a batch off the queue's front; the mutex is held. */
static dl_redis_request_t *take_batch(dl_redis_pool_t *pool)
{
    dl_redis_request_t *first = pool->head, *last = NULL;
    dl_redis_request_t *at = first;
    int n = 0;

    while (at && (last == NULL || n + at->n <= DL_REDIS_BATCH_MAX)) {
        n += at->n;
        at->queued = 0;
        last = at;
        at = at->next;
    }
    pool->head = at;
    if (at == NULL) {
        pool->tail = NULL;
    }
    if (last) {
        last->next = NULL;
    }
    return first;
}

/* Gives a link to the next in the queue, or back. */
static void leave(dl_redis_pool_t *pool, dl_redis_line_t *line)
{
    dl_redis_request_t *first;

    pthread_mutex_lock(&pool->mutex);
    first = take_batch(pool);
    if (first) {
        first->line = line;
    }
    else {
        line->next = pool->idle;
        pool->idle = line;
    }
    pthread_mutex_unlock(&pool->mutex);
    if (first) {
        dl_redis_request_wake(first, DL_REQUEST_LEADS);
    }
}

static void count(apr_uint64_t *counter, apr_int64_t n)
{
    __atomic_fetch_add(counter, (apr_uint64_t)n, __ATOMIC_RELAXED);
}

apr_status_t dl_redis_pool_call(dl_redis_pool_t *pool,
                                const dl_redis_cmd_t *cmds, int n,
                                redisReply **replies)
{
    apr_int64_t start_us = dl_clock_us();
    dl_redis_request_t request = {
        .state = DL_REQUEST_QUEUED, .cmds = cmds, .n = n, .replies = replies,
        .deadline_us = start_us
                       + (apr_int64_t)pool->conf.reply_timeout_ms * 1000
    };
    dl_redis_line_t *line = enter(pool, &request);

    if (line == NULL) {
        if (!sleep_on(&request, 1)) {
            if (withdraw(pool, &request)) {
                request.rv = APR_TIMEUP;
                request.state = DL_REQUEST_DONE;
            }
            else {
                /* In a batch, which ends by an earlier deadline than ours. */
                sleep_on(&request, 0);
            }
        }
        line = request.line;
    }
    if (line) {
        dl_redis_batch_run(pool, line, &request);
        leave(pool, line);
        count(&pool->stats->batches, 1);
    }
    count(&pool->stats->calls, 1);
    count(&pool->stats->failures, request.rv != APR_SUCCESS);
    count(&pool->stats->busy_us, dl_clock_us() - start_us);
    return request.rv;
}

void dl_redis_pool_count_in(dl_redis_pool_t *pool,
                            dl_redis_pool_stats_t *stats)
{
    pool->stats = stats;
}

void dl_redis_pool_stats(dl_redis_pool_t *pool,
                         dl_redis_pool_stats_t *stats)
{
    const dl_redis_pool_stats_t *from = pool->stats;

    stats->calls = __atomic_load_n(&from->calls, __ATOMIC_RELAXED);
    stats->failures = __atomic_load_n(&from->failures, __ATOMIC_RELAXED);
    stats->batches = __atomic_load_n(&from->batches, __ATOMIC_RELAXED);
    stats->busy_us = __atomic_load_n(&from->busy_us, __ATOMIC_RELAXED);
}
