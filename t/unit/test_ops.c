/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists and the operator's functions.
 */
#include "dl_ops.h"

#include <stdlib.h>

#include "engine_bed.h"

static bed_t bed;

static void setup(void)
{
    bed_open(&bed);
}

static void teardown(void)
{
    bed_close(&bed);
}

static const dl_job_t *nth(const dl_job_list_t *list, int i)
{
    return APR_ARRAY_IDX(list->jobs, i, dl_job_t *);
}

START_TEST(test_list_pages)
{
    enum { N = 25 };
    const char *ids[N], *cursor = NULL;
    dl_job_list_t list;
    int at = N - 1;

    ck_assert_int_eq(dl_jobs_list(bed.jobs, "ann", -1, 10, NULL, bed.p,
                                  &list), APR_SUCCESS);
    ck_assert_int_eq(list.jobs->nelts, 0);
    ck_assert_ptr_null(list.cursor);
    for (int i = 0; i < N; i++) {
        ids[i] = bed_new(&bed, "ann", 70000 + i);
        /* one second apart */
        bed_redis(&bed, "HINCRBY {t}:job:status:%s createdAt %d", ids[i],
                  1000 * i);
        bed_redis(&bed, "ZINCRBY {t}:user:jobs:ann %d %s", 1000 * i, ids[i]);
    }
    bed_new(&bed, "bob", 70000);
    for (int i = 0; i < 12; i++) {      /* some have ended */
        dl_task_t t = bed_take(&bed, "w");

        bed_complete(&bed, &t);
    }
    bed_cancel(&bed, ids[20], "ann");
    for (int page = 0; page < 3; page++) {
        ck_assert_int_eq(dl_jobs_list(bed.jobs, "ann", -1, 10, cursor, bed.p,
                                      &list), APR_SUCCESS);
        ck_assert_int_eq(list.jobs->nelts, page < 2 ? 10 : 5);
        for (int i = 0; i < list.jobs->nelts; i++, at--) {
            ck_assert_str_eq(nth(&list, i)->id, ids[at]);
            ck_assert_int_eq(nth(&list, i)->state,
                             at < 12 ? DL_JOB_COMPLETED
                             : at == 20 ? DL_JOB_CANCELLED : DL_JOB_QUEUED);
        }
        cursor = list.cursor;
        if (page < 2)
            ck_assert_ptr_nonnull(cursor);
    }
    ck_assert_ptr_null(cursor);
}
END_TEST

START_TEST(test_list_same_millisecond)
{
    const char *cursor = NULL;
    dl_job_list_t list;
    apr_int64_t at = 0;
    int n = 0;

    for (int i = 0; i < 30; i++) {
        const char *id = bed_new(&bed, "ann", 70000 + i);

        if (i == 0)
            at = bed_get(&bed, id)->created_ms;
        bed_redis(&bed, "HSET {t}:job:status:%s createdAt %lld", id,
                  (long long)at);
        bed_redis(&bed, "ZADD {t}:user:jobs:ann %lld %s",
                  (long long)at + (i % 2 ? 0 : 10000000000000), id);
    }
    do {
        ck_assert_int_eq(dl_jobs_list(bed.jobs, "ann", -1, 7, cursor, bed.p,
                                      &list), APR_SUCCESS);
        for (int i = 1; i < list.jobs->nelts; i++)
            ck_assert_int_gt(strcmp(nth(&list, i - 1)->id,
                                    nth(&list, i)->id), 0);
        n += list.jobs->nelts;
        cursor = list.cursor;
    } while (cursor);
    ck_assert_int_eq(n, 30);
}
END_TEST

START_TEST(test_list_filter_and_gone)
{
    dl_job_list_t list;
    const char *id = bed_new(&bed, "ann", 70000);

    bed_new(&bed, "ann", 70001);
    bed_cancel(&bed, id, "ann");
    dl_jobs_list(bed.jobs, "ann", DL_JOB_CANCELLED, 10, NULL, bed.p, &list);
    ck_assert_int_eq(list.jobs->nelts, 1);
    ck_assert_str_eq(nth(&list, 0)->id, id);
    dl_jobs_list(bed.jobs, "ann", DL_JOB_QUEUED, 10, NULL, bed.p, &list);
    ck_assert_int_eq(list.jobs->nelts, 1);
    dl_jobs_list(bed.jobs, "ann", DL_JOB_FAILED, 10, NULL, bed.p, &list);
    ck_assert_int_eq(list.jobs->nelts, 0);
    bed_redis(&bed, "DEL {t}:job:status:%s", id);
    dl_jobs_list(bed.jobs, "ann", -1, 10, NULL, bed.p, &list);
    ck_assert_int_eq(list.jobs->nelts, 1);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:user:jobs:ann"), "1");
}
END_TEST

START_TEST(test_list_bad_cursors)
{
    static const char *const bad[] = {
        "", "x", "1", "1:", ":", "1:x", "-1:00000000-0000-4000-8000-0",
        "99999999999999999:00000000-0000-4000-8000-000000000000",
        "1:00000000-0000-4000-8000-000000000000x", NULL
    };
    dl_job_list_t list;

    for (int i = 0; bad[i]; i++)
        ck_assert_int_eq(dl_jobs_list(bed.jobs, "ann", -1, 10, bad[i], bed.p,
                                      &list), APR_EINVAL);
    ck_assert_int_eq(dl_jobs_list(bed.jobs, "ann", -1, 10,
                                  "1:00000000-0000-4000-8000-000000000000",
                                  bed.p, &list), APR_SUCCESS);
}
END_TEST

static apr_int64_t counter(const dl_ops_stats_t *stats, const char *name)
{
    for (int i = 0; i < stats->counters->nelts; i++) {
        const dl_ops_counter_t *c = &APR_ARRAY_IDX(stats->counters, i,
                                                   dl_ops_counter_t);

        if (strcmp(c->name, name) == 0)
            return c->value;
    }
    return 0;
}

START_TEST(test_stats_and_workers)
{
    dl_ops_stats_t stats;
    apr_array_header_t *workers;
    dl_health_t health;
    dl_task_t t;
    dl_redis_cmd_t *cmd;

    for (int i = 0; i < 5; i++)
        bed_new(&bed, "", 70000 + i);
    t = bed_take(&bed, "w");
    bed_complete(&bed, &t);
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL);
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "TIMEOUT", 0, NULL);
    t = bed_take(&bed, "w");
    bed_beat(&bed, &t, -1);
    cmd = dl_task_beat_cmd(bed.scripts, "host-1", NULL, 0, "{\"tasks\":1}",
                           bed.p);
    freeReplyObject(redisCommandArgv(bed.c, cmd->argc, cmd->argv,
                                     cmd->lens));
    ck_assert_int_eq(dl_ops_stats(bed.jobs, bed.p, &stats), APR_SUCCESS);
    ck_assert_int_eq(stats.waiting, 1);
    ck_assert_int_eq(stats.delayed, 1);
    ck_assert_int_eq(stats.active, 1);
    ck_assert_int_eq(stats.dead, 1);
    ck_assert_int_eq(stats.suspect, 0);
    ck_assert_int_eq(stats.workers, 1);
    ck_assert_int_eq(stats.paused, 0);
    ck_assert_int_lt(stats.oldest_ms, 60000);
    ck_assert_int_eq(counter(&stats, "created"), 5);
    ck_assert_int_eq(counter(&stats, "completed"), 1);
    ck_assert_int_eq(counter(&stats, "failed"), 1);
    ck_assert_int_eq(counter(&stats, "retries"), 1);
    ck_assert_int_eq(counter(&stats, "tasks"), 1);
    ck_assert_int_eq(counter(&stats, "task_ms"), 1500);
    ck_assert_int_eq(counter(&stats, "le:1600"), 1);
    ck_assert_int_eq(stats.estimate.duration_ms, 1500);

    ck_assert_int_eq(dl_ops_workers(bed.jobs, bed.p, &workers), APR_SUCCESS);
    ck_assert_int_eq(workers->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(workers, 0, dl_ops_worker_t).name,
                     "host-1");
    ck_assert_str_eq(APR_ARRAY_IDX(workers, 0, dl_ops_worker_t).load,
                     "{\"tasks\":1}");

    ck_assert_int_eq(dl_jobs_health(bed.jobs, bed.p, &health), APR_SUCCESS);
    ck_assert_int_eq(health.queued, 3);
    ck_assert_int_eq(health.workers, 1);
    ck_assert_int_eq(health.paused, 0);
    bed_redis(&bed, "ZINCRBY {t}:workers -31000 host-1");
    dl_ops_pause(bed.jobs, 1, bed.p);
    ck_assert_int_eq(dl_jobs_health(bed.jobs, bed.p, &health), APR_SUCCESS);
    ck_assert_int_eq(health.workers, 0);
    ck_assert_int_eq(health.paused, 1);
}
END_TEST

START_TEST(test_tasks)
{
    apr_array_header_t *tasks;
    const char *id = bed_new(&bed, "", 70000);
    dl_ops_task_t *task;
    dl_task_t t;

    bed_new(&bed, "", 70001);
    t = bed_take(&bed, "w");
    bed_beat(&bed, &t, 42);
    ck_assert_int_eq(dl_ops_tasks(bed.jobs, DL_OPS_ACTIVE, 0, 10, bed.p,
                                  &tasks), APR_SUCCESS);
    ck_assert_int_eq(tasks->nelts, 1);
    task = (dl_ops_task_t *)tasks->elts;
    ck_assert_int_eq(task->file_id, 70000);
    ck_assert_str_eq(task->state, "active");
    ck_assert_str_eq(task->job_id, id);
    ck_assert_str_eq(task->worker, "w");
    ck_assert_int_eq(task->progress, 42);
    ck_assert_int_eq(task->priority, DL_PRIORITY_NORMAL);
    ck_assert_int_eq(dl_ops_tasks(bed.jobs, DL_OPS_WAIT, 0, 10, bed.p,
                                  &tasks), APR_SUCCESS);
    ck_assert_int_eq(tasks->nelts, 1);
    ck_assert_int_eq(dl_ops_tasks(bed.jobs, DL_OPS_WAIT, 1, 10, bed.p,
                                  &tasks), APR_SUCCESS);
    ck_assert_int_eq(tasks->nelts, 0);
}
END_TEST

START_TEST(test_all_jobs)
{
    const char *cursor = "0";
    int n = 0;

    for (int i = 0; i < 40; i++)
        bed_new(&bed, "", 70000 + i);
    bed_cancel(&bed, bed_new(&bed, "ann", 71000), "ann");
    do {
        apr_array_header_t *list;

        ck_assert_int_eq(dl_ops_jobs(bed.jobs, DL_JOB_QUEUED, bed.p, &cursor,
                                     &list), APR_SUCCESS);
        n += list->nelts;
    } while (strcmp(cursor, "0") != 0);
    ck_assert_int_eq(n, 40);
}
END_TEST

START_TEST(test_dead_letters)
{
    const char *id = bed_new(&bed, "ann", 70000), *made = NULL;
    const char *fresh = bed_id(&bed);
    apr_array_header_t *dead;
    dl_ops_dead_t *d;
    dl_task_t t = bed_take(&bed, "w");
    int removed;

    bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL);
    ck_assert_int_eq(dl_ops_dead(bed.jobs, 0, 10, bed.p, &dead),
                     APR_SUCCESS);
    ck_assert_int_eq(dead->nelts, 1);
    d = (dl_ops_dead_t *)dead->elts;
    ck_assert_int_eq(d->file_id, 70000);
    ck_assert_str_eq(d->error_code, "FILE_NOT_FOUND");
    ck_assert_str_eq(d->error, "It did not work");
    ck_assert_str_eq(d->detail, "stderr says why");
    ck_assert_int_eq(d->attempts, 1);
    ck_assert_str_eq(d->job_id, id);
    ck_assert_str_eq(d->user, "ann");
    ck_assert_str_eq(d->request_id, "req-1");

    ck_assert_int_eq(dl_ops_dead_retry(bed.jobs, 70001, fresh, NULL, bed.p,
                                       &made), APR_NOTFOUND);
    for (int i = 0; i < 2; i++) {       /* the second time says the same */
        ck_assert_int_eq(dl_ops_dead_retry(bed.jobs, 70000, fresh, "r2",
                                           bed.p, &made), APR_SUCCESS);
        ck_assert_str_eq(made, fresh);
    }
    ck_assert_int_eq(dl_ops_dead_retry(bed.jobs, 70000, bed_id(&bed), NULL,
                                       bed.p, &made), APR_NOTFOUND);
    dl_ops_dead(bed.jobs, 0, 10, bed.p, &dead);
    ck_assert_int_eq(dead->nelts, 0);
    ck_assert_str_eq(bed_get(&bed, fresh)->user, "ann");
    ck_assert_str_eq(bed_get(&bed, fresh)->request_id, "r2");
    t = bed_take(&bed, "w");
    ck_assert_int_eq(t.attempt, 1);
    bed_complete(&bed, &t);
    ck_assert_int_eq(bed_get(&bed, fresh)->state, DL_JOB_COMPLETED);
    ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_FAILED);
    {
        dl_job_list_t list;

        dl_jobs_list(bed.jobs, "ann", -1, 10, NULL, bed.p, &list);
        ck_assert_int_eq(list.jobs->nelts, 2);
    }

    for (int i = 0; i < 3; i++) {
        bed_new(&bed, "", 71000 + i);
        t = bed_take(&bed, "w");
        bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL);
    }
    ck_assert_int_eq(dl_ops_dead_purge(bed.jobs, 71001, 0, bed.p, &removed),
                     APR_SUCCESS);
    ck_assert_int_eq(removed, 1);
    ck_assert_int_eq(dl_ops_dead_purge(bed.jobs, 0, 1000, bed.p, &removed),
                     APR_SUCCESS);
    ck_assert_int_eq(removed, 0);
    ck_assert_int_eq(dl_ops_dead_purge(bed.jobs, 0,
                                       APR_INT64_C(99999999999999), bed.p,
                                       &removed), APR_SUCCESS);
    ck_assert_int_eq(removed, 2);
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:queue:dead {t}:dead:71000 "
                               "{t}:dead:71001 {t}:dead:71002"), "0");
}
END_TEST

START_TEST(test_retry_joins_what_runs)
{
    const char *other, *made;
    dl_task_t t;

    bed_new(&bed, "ann", 70000);
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL);
    other = bed_new(&bed, "ann", 70000);
    ck_assert_int_eq(dl_ops_dead_retry(bed.jobs, 70000, bed_id(&bed), NULL,
                                       bed.p, &made), APR_SUCCESS);
    ck_assert_str_eq(made, other);
    ck_assert_int_eq(bed_claim(&bed, "w", 5).tasks->nelts, 1);
}
END_TEST

START_TEST(test_files)
{
    static const apr_int64_t ids[] = {70000, 70001, 70002, 70003, 70004,
                                      70005};
    const char *first = bed_new(&bed, "ann", 70000);
    const char *second = bed_new(&bed, "bob", 70000);
    const dl_ops_file_t *f;
    apr_array_header_t *files;
    dl_task_t t;

    bed_new(&bed, "", 70001);
    bed_new(&bed, "", 70002);
    bed_new(&bed, "", 70003);
    bed_new(&bed, "", 70004);
    t = bed_take(&bed, "w");
    bed_beat(&bed, &t, 42);
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "SOURCE_ERROR", 1, NULL);
    t = bed_take(&bed, "w");
    bed_complete(&bed, &t);
    ck_assert_int_eq(dl_ops_files(bed.jobs, ids, 6, bed.p, &files),
                     APR_SUCCESS);
    ck_assert_int_eq(files->nelts, 6);
    f = (const dl_ops_file_t *)files->elts;

    ck_assert_int_eq(f[0].queue, DL_OPS_ACTIVE);
    ck_assert_str_eq(f[0].task->worker, "w");
    ck_assert_int_eq(f[0].task->progress, 42);
    ck_assert_int_gt(f[0].task->at_ms, 0);
    ck_assert_int_eq(f[0].njobs, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(f[0].jobs, 0, const char *), first);
    ck_assert_str_eq(APR_ARRAY_IDX(f[0].jobs, 1, const char *), second);
    ck_assert_int_eq(f[0].rank, -1);
    ck_assert_ptr_null(f[0].result);
    ck_assert_ptr_null(f[0].dead);

    ck_assert_ptr_null(f[1].task);
    ck_assert_str_eq(f[1].dead->error_code, "SOURCE_ERROR");
    ck_assert_int_eq(f[1].njobs, 0);

    ck_assert_str_eq(f[2].result->key, "k/70002");
    ck_assert_int_eq(f[2].result->size, 100);
    ck_assert_int_gt(f[2].result->ttl_s, 0);
    ck_assert_int_eq(f[2].queue, -1);

    ck_assert_int_eq(f[3].queue, DL_OPS_WAIT);
    ck_assert_int_eq(f[3].rank, 0);
    ck_assert_int_eq(f[4].rank, 1);
    ck_assert_ptr_null(f[5].task);
    ck_assert_int_eq(f[5].jobs->nelts, 0);
}
END_TEST

START_TEST(test_files_many)
{
    enum { N = 45 };
    apr_array_header_t *files;
    apr_int64_t ids[N];

    for (int i = 0; i < N; i++)
        ids[i] = 70000 + i;
    bed_new_many(&bed, "", 70000, N);
    ck_assert_int_eq(dl_ops_files(bed.jobs, ids, N, bed.p, &files),
                     APR_SUCCESS);
    ck_assert_int_eq(files->nelts, N);
    for (int i = 0; i < N; i++) {
        const dl_ops_file_t *f = &APR_ARRAY_IDX(files, i, dl_ops_file_t);

        ck_assert_int_eq(f->file_id, 70000 + i);
        ck_assert_int_eq(f->rank, i);
    }
}
END_TEST

/* a result or a task that somebody has written by hand */
START_TEST(test_files_tampered)
{
    static const apr_int64_t id = 70000;
    const dl_ops_file_t *f;
    apr_array_header_t *files;

    bed_redis(&bed, "SET {t}:result:file:70000:completed %s", "only");
    bed_redis(&bed, "HSET {t}:task:70000 progress x");
    bed_redis(&bed, "HSET {t}:dead:70000 at x");
    ck_assert_int_eq(dl_ops_files(bed.jobs, &id, 1, bed.p, &files),
                     APR_SUCCESS);
    f = (const dl_ops_file_t *)files->elts;
    ck_assert_str_eq(f->result->key, "");
    ck_assert_int_eq(f->result->size, -1);
    ck_assert_str_eq(f->task->state, "");
    ck_assert_int_eq(f->task->progress, 0);
    ck_assert_int_eq(f->dead->at_ms, 0);
}
END_TEST

/* what a user of Redis may not do is another thing than Redis being away */
START_TEST(test_not_allowed)
{
    dl_redis_addr_t addr = *bed.conf->redis;
    dl_redis_pool_conf_t links = {1, 5000, 5000};
    dl_redis_pool_t *redis;
    dl_jobs_t *jobs;
    apr_array_header_t *dead;
    const char *made;

    bed_redis(&bed, "ACL SETUSER poor on >pw resetkeys ~{t}:* -@all +ping "
              "+evalsha +hgetall");
    addr.user = "poor";
    addr.password = "pw";
    ck_assert_int_eq(dl_redis_pool_create(&addr, &links, bed.p, &redis),
                     APR_SUCCESS);
    ck_assert_int_eq(dl_jobs_create(bed.conf, redis, bed.p, &jobs),
                     APR_SUCCESS);
    ck_assert_int_eq(dl_ops_dead(jobs, 0, 10, bed.p, &dead), APR_EACCES);
    bed_redis(&bed, "SCRIPT FLUSH");
    ck_assert_int_eq(dl_ops_dead_retry(jobs, 70000, bed_id(&bed), NULL,
                                       bed.p, &made), APR_EACCES);
    bed_redis(&bed, "ACL DELUSER poor");
}
END_TEST

START_TEST(test_drain)
{
    int heard;

    ck_assert_int_eq(dl_ops_drain(bed.jobs, "*", bed.p, &heard),
                     APR_SUCCESS);
    ck_assert_int_eq(heard, 0);
}
END_TEST

Suite *test_ops_suite(void);

Suite *test_ops_suite(void)
{
    Suite *s = suite_create("ops");
    TCase *tc = tcase_create("ops");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_list_pages);
    tcase_add_test(tc, test_list_same_millisecond);
    tcase_add_test(tc, test_list_filter_and_gone);
    tcase_add_test(tc, test_list_bad_cursors);
    tcase_add_test(tc, test_stats_and_workers);
    tcase_add_test(tc, test_tasks);
    tcase_add_test(tc, test_all_jobs);
    tcase_add_test(tc, test_dead_letters);
    tcase_add_test(tc, test_retry_joins_what_runs);
    tcase_add_test(tc, test_files);
    tcase_add_test(tc, test_files_many);
    tcase_add_test(tc, test_files_tampered);
    tcase_add_test(tc, test_not_allowed);
    tcase_add_test(tc, test_drain);
    suite_add_tcase(s, tc);
    return s;
}
