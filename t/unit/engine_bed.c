/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_bed.h"

#include <stdarg.h>

#include "dl_cmd.h"
#include "dl_uuid.h"

void bed_apply(bed_t *bed)
{
    ck_assert_int_eq(dl_jobs_create(bed->conf, bed->redis, bed->p,
                                    &bed->jobs), APR_SUCCESS);
    ck_assert_int_eq(dl_scripts_create(bed->conf, bed->p, &bed->scripts),
                     APR_SUCCESS);
}

void bed_open(bed_t *bed)
{
    dl_redis_pool_conf_t links = {2, 5000, 30000};

    redis_fixture_flush();
    apr_pool_create(&bed->p, NULL);
    bed->conf = dl_config_create(bed->p);
    bed->conf->redis = redis_fixture_addr();
    bed->conf->key_prefix = "{t}:";
    bed->conf->rate = 0;
    bed->conf->rate_limit = 0;
    bed->conf->max_active = 0;
    bed->conf->max_queue = 0;
    bed->conf->backoff_ms = 1000;
    bed->conf->lease_ms = 30000;
    ck_assert_int_eq(dl_redis_pool_create(bed->conf->redis, &links, bed->p,
                                          &bed->redis), APR_SUCCESS);
    bed->c = redis_fixture_connect();
    bed_apply(bed);
}

void bed_close(bed_t *bed)
{
    redisFree(bed->c);
    apr_pool_destroy(bed->p);
}

static const char *text_of(bed_t *bed, const redisReply *r)
{
    const char *all = "";

    switch (r->type) {
    case REDIS_REPLY_INTEGER:
        return apr_psprintf(bed->p, "%" APR_INT64_T_FMT,
                            (apr_int64_t)r->integer);
    case REDIS_REPLY_NIL:
        return "(nil)";
    case REDIS_REPLY_ARRAY:
        for (size_t i = 0; i < r->elements; i++)
            all = apr_pstrcat(bed->p, all, i ? " " : "",
                              text_of(bed, r->element[i]), NULL);
        return all;
    default:
        return apr_pstrmemdup(bed->p, r->str, r->len);
    }
}

const char *bed_redis(bed_t *bed, const char *fmt, ...)
{
    redisReply *r;
    const char *text;
    va_list ap;

    va_start(ap, fmt);
    r = redisvCommand(bed->c, fmt, ap);
    va_end(ap);
    ck_assert_ptr_nonnull(r);
    text = text_of(bed, r);
    freeReplyObject(r);
    return text;
}

const char *bed_field(bed_t *bed, const char *job, const char *field)
{
    return bed_redis(bed, "HGET {t}:job:status:%s %s", job, field);
}

const char *bed_task(bed_t *bed, apr_int64_t file_id, const char *field)
{
    return bed_redis(bed, "HGET {t}:task:%lld %s", (long long)file_id, field);
}

const char *bed_id(bed_t *bed)
{
    char *id = apr_pcalloc(bed->p, DL_UUID_LEN + 1);
    dl_random_t random;

    dl_random_init(&random);
    dl_uuid_make(&random, id);
    return id;
}

dl_admit_t bed_request(bed_t *bed, const char *user, apr_int64_t file_id)
{
    apr_int64_t *ids = apr_pmemdup(bed->p, &file_id, sizeof(file_id));
    dl_admit_t a = {0};

    a.job_id = bed_id(bed);
    a.user = user;
    a.file_ids = ids;
    a.nfiles = 1;
    a.total = 1;
    a.priority = DL_PRIORITY_NORMAL;
    a.request_id = "req-1";
    return a;
}

dl_admitted_t bed_send(bed_t *bed, const dl_admit_t *a)
{
    dl_admitted_t out;

    ck_assert_int_eq(dl_jobs_admit(bed->jobs, a, bed->p, &out), APR_SUCCESS);
    return out;
}

const char *bed_new(bed_t *bed, const char *user, apr_int64_t file_id)
{
    dl_admit_t a = bed_request(bed, user, file_id);
    dl_admitted_t out = bed_send(bed, &a);

    ck_assert_int_eq(out.outcome, DL_ADMIT_NEW);
    ck_assert_str_eq(out.job->id, a.job_id);
    return a.job_id;
}

dl_admit_t bed_request_many(bed_t *bed, const char *user, apr_int64_t first,
                            int n)
{
    dl_admit_t a = bed_request(bed, user, first);
    apr_int64_t *ids = apr_palloc(bed->p, n * sizeof(*ids));

    for (int i = 0; i < n; i++)
        ids[i] = first + i;
    a.file_ids = ids;
    a.nfiles = a.total = n;
    return a;
}

const char *bed_new_many(bed_t *bed, const char *user, apr_int64_t first,
                         int n)
{
    dl_admit_t a = bed_request_many(bed, user, first, n);

    ck_assert_int_eq(bed_send(bed, &a).outcome, DL_ADMIT_NEW);
    return a.job_id;
}

dl_job_t *bed_get(bed_t *bed, const char *job)
{
    dl_job_t *out;

    ck_assert_int_eq(dl_jobs_get(bed->jobs, job, bed->p, &out), APR_SUCCESS);
    return out;
}

redisReply *bed_run(bed_t *bed, dl_script_e script, dl_redis_cmd_t *cmd)
{
    redisReply *r = redisCommandArgv(bed->c, cmd->argc, cmd->argv, cmd->lens);

    ck_assert_ptr_nonnull(r);
    if (dl_script_missing(r)) {
        dl_redis_cmd_t *load = dl_cmd_load(bed->scripts, script, bed->p);

        freeReplyObject(r);
        r = redisCommandArgv(bed->c, load->argc, load->argv, load->lens);
        ck_assert_ptr_nonnull(r);
        ck_assert_msg(r->type != REDIS_REPLY_ERROR, "%s: %s",
                      dl_script_name(script), r->str);
        freeReplyObject(r);
        r = redisCommandArgv(bed->c, cmd->argc, cmd->argv, cmd->lens);
        ck_assert_ptr_nonnull(r);
    }
    ck_assert_msg(r->type != REDIS_REPLY_ERROR, "%s: %s",
                  dl_script_name(script), r->str);
    return r;
}

dl_claim_t bed_claim_as(bed_t *bed, const char *worker, int n,
                        apr_int64_t own, int suspects)
{
    redisReply *r = bed_run(bed, DL_SCRIPT_CLAIM,
                            dl_task_claim_cmd(bed->scripts, worker, n, own,
                                              suspects, bed->p));
    dl_claim_t claim;

    ck_assert_int_eq(dl_task_claim_parse(r, bed->p, &claim), APR_SUCCESS);
    freeReplyObject(r);
    return claim;
}

dl_claim_t bed_claim(bed_t *bed, const char *worker, int n)
{
    return bed_claim_as(bed, worker, n, -1, 0);
}

dl_task_t bed_take(bed_t *bed, const char *worker)
{
    dl_claim_t claim = bed_claim(bed, worker, 1);

    ck_assert_int_eq(claim.tasks->nelts, 1);
    return APR_ARRAY_IDX(claim.tasks, 0, dl_task_t);
}

int bed_beat(bed_t *bed, const dl_task_t *t, int progress)
{
    dl_beat_t beat = {t->file_id, t->fence, progress, NULL};
    redisReply *r = bed_run(bed, DL_SCRIPT_BEAT,
                            dl_task_beat_cmd(bed->scripts, "w", &beat, 1,
                                             NULL, bed->p));
    apr_array_header_t *alive;

    ck_assert_int_eq(dl_task_beat_parse(r, bed->p, &alive), APR_SUCCESS);
    freeReplyObject(r);
    ck_assert_int_eq(alive->nelts, 1);
    return APR_ARRAY_IDX(alive, 0, int);
}

dl_completion_t bed_made(bed_t *bed, const dl_task_t *t)
{
    dl_completion_t done = {0};

    done.file_id = t->file_id;
    done.fence = t->fence;
    done.result.key = apr_psprintf(bed->p, "k/%" APR_INT64_T_FMT,
                                   t->file_id);
    done.result.size = 100;
    done.result.filename = "report.csv";
    done.result.content_type = "text/csv";
    done.result.url = apr_psprintf(bed->p, "/objects/k/%" APR_INT64_T_FMT
                                   "?expires=1", t->file_id);
    done.result.url_expires_s = 2000000000;
    done.result.duration_ms = 1500;
    return done;
}

dl_settle_e bed_complete(bed_t *bed, const dl_task_t *t)
{
    return bed_complete_as(bed, t, NULL);
}

dl_settle_e bed_complete_as(bed_t *bed, const dl_task_t *t, const char *key)
{
    dl_completion_t done = bed_made(bed, t);
    apr_array_header_t *outcomes;
    redisReply *r;

    if (key)
        done.result.key = key;
    r = bed_run(bed, DL_SCRIPT_COMPLETE,
                dl_task_complete_cmd(bed->scripts, "w", &done, 1, bed->p));
    ck_assert_int_eq(dl_task_complete_parse(r, bed->p, &outcomes),
                     APR_SUCCESS);
    freeReplyObject(r);
    ck_assert_int_eq(outcomes->nelts, 1);
    return (dl_settle_e)APR_ARRAY_IDX(outcomes, 0, int);
}

dl_settle_e bed_fail(bed_t *bed, const dl_task_t *t, const char *code,
                     int permanent, apr_int64_t *next_ms)
{
    dl_failure_t f = {code, "It did not work", "stderr says why", permanent,
                      -1, 500000};
    redisReply *r = bed_run(bed, DL_SCRIPT_FAIL,
                            dl_task_fail_cmd(bed->scripts, "w", t->file_id,
                                             t->fence, &f, bed->p));
    dl_settle_e outcome;
    apr_int64_t ms;

    ck_assert_int_eq(dl_task_fail_parse(r, &outcome, &ms), APR_SUCCESS);
    freeReplyObject(r);
    if (next_ms)
        *next_ms = ms;
    return outcome;
}

int bed_release(bed_t *bed, const dl_task_t *t)
{
    redisReply *r = bed_run(bed, DL_SCRIPT_RELEASE,
                            dl_task_release_cmd(bed->scripts, "w", t->file_id,
                                                t->fence, bed->p));
    int released = dl_task_release_parse(r);

    freeReplyObject(r);
    return released;
}

dl_cancel_e bed_cancel(bed_t *bed, const char *job, const char *user)
{
    dl_cancelled_t out;

    ck_assert_int_eq(dl_jobs_cancel(bed->jobs, job, user, bed_id(bed),
                                    bed->p, &out), APR_SUCCESS);
    return out.outcome;
}

int bed_audit(bed_t *bed)
{
    const char *cursor = "0";
    int n = 0;

    bed_redis(bed, "DEL {t}:queue:audit");
    do {
        redisReply *r = bed_run(bed, DL_SCRIPT_AUDIT,
                                dl_task_audit_cmd(bed->scripts, cursor,
                                                  bed->p));
        apr_array_header_t *repairs;

        ck_assert_int_eq(dl_task_audit_parse(r, bed->p, &repairs, &cursor),
                         APR_SUCCESS);
        freeReplyObject(r);
        n += repairs->nelts;
    } while (strcmp(cursor, "0") != 0);
    return n;
}

void bed_expire_lease(bed_t *bed, apr_int64_t file_id)
{
    ck_assert_str_eq(bed_redis(bed, "ZADD {t}:queue:lease XX CH 1 %lld",
                               (long long)file_id), "1");
}

void bed_make_due(bed_t *bed, apr_int64_t file_id)
{
    ck_assert_str_eq(bed_redis(bed, "ZADD {t}:queue:delayed XX CH 1 %lld",
                               (long long)file_id), "1");
}

redisContext *bed_subscribe(bed_t *bed, const char *channel)
{
    redisContext *c = redis_fixture_connect();
    redisReply *r = redisCommand(c, "SUBSCRIBE %s", channel);

    (void)bed;
    ck_assert_ptr_nonnull(r);
    freeReplyObject(r);
    return c;
}

const char *bed_heard(bed_t *bed, redisContext *c)
{
    struct timeval wait = {30, 0};
    redisReply *r = NULL;
    const char *text;

    redisSetTimeout(c, wait);
    ck_assert_int_eq(redisGetReply(c, (void **)&r), REDIS_OK);
    ck_assert_int_eq(r->elements, 3);
    text = apr_pstrdup(bed->p, r->element[2]->str);
    freeReplyObject(r);
    return text;
}
