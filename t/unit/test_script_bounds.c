/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is bounded: every key's life, memory, a server that is full or has
 * forgotten the scripts; and the audit, which repairs what was tampered with.
 */
#include <stdlib.h>

#include "dl_ops.h"
#include "engine_bed.h"

static bed_t bed;

static void setup(void)
{
    bed_open(&bed);
}

static void teardown(void)
{
    bed_redis(&bed, "CONFIG SET maxmemory 0");
    bed_close(&bed);
}

/* Keys without a lifetime that are bounded in another way: by DLJobMaxQueue,
 * by a cap of their own, or by being one. */
static int bounded(const char *key)
{
    static const char *const names[] = {
        "{t}:queue:wait", "{t}:queue:suspect", "{t}:queue:delayed",
        "{t}:queue:lease", "{t}:queue:dead", "{t}:queue:hooks",
        "{t}:queue:wake", "{t}:queue:fence", "{t}:queue:paused",
        "{t}:queue:busy", "{t}:workers", "{t}:stats:engine",
        "{t}:stats:estimate", "{t}:stats:p75", "{t}:stats:rate", NULL
    };

    for (int i = 0; names[i]; i++)
        if (strcmp(key, names[i]) == 0)
            return 1;
    return strncmp(key, "{t}:task:", 9) == 0;
}

static void check_lifetimes(void)
{
    redisReply *keys = redisCommand(bed.c, "KEYS *");

    ck_assert_uint_gt(keys->elements, 10);
    for (size_t i = 0; i < keys->elements; i++) {
        const char *key = keys->element[i]->str;

        if (!bounded(key))
            ck_assert_msg(atoi(bed_redis(&bed, "TTL %s", key)) > 0,
                          "%s has no lifetime", key);
    }
    freeReplyObject(keys);
}

START_TEST(test_every_key_has_a_life)
{
    dl_admit_t a;
    dl_task_t t;
    const char *id;

    bed.conf->rate_limit = 1000;
    bed.conf->max_active = 100;
    bed.conf->max_queue = 10000;
    bed.conf->rate = 1000;
    bed_apply(&bed);
    a = bed_request(&bed, "ann", 70000);
    a.idempotency_key = "k";
    a.callback_url = "https://example.org/";
    bed_send(&bed, &a);
    t = bed_take(&bed, "w");
    bed_complete(&bed, &t);
    bed_new(&bed, "ann", 70001);
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL);
    id = bed_new(&bed, "", 70002);
    a = bed_request(&bed, "", 70002);
    bed_send(&bed, &a);
    check_lifetimes();
    bed_cancel(&bed, id, "");
    bed_cancel(&bed, id, "");
    bed_new_many(&bed, "ann", 70010, 3);
    id = bed_new_many(&bed, "ann", 70011, 3);
    for (int i = 0; i < 4; i++) {
        t = bed_take(&bed, "w");
        bed_beat(&bed, &t, 10);
        if (i < 3)
            bed_complete(&bed, &t);
        else
            bed_fail(&bed, &t, "TIMEOUT", 0, NULL);
    }
    check_lifetimes();
    bed_cancel(&bed, id, "ann");
    id = bed_new(&bed, "zoe", 70100);
    bed_take(&bed, "w");
    bed_expire_lease(&bed, 70100);
    bed_claim(&bed, "w", 1);
    bed_audit(&bed);
    check_lifetimes();

    /* ended jobs go after a day, live ones after a week */
    ck_assert_int_gt(atoi(bed_redis(&bed, "TTL {t}:job:status:%s", id)),
                     604000);
    bed_cancel(&bed, id, "zoe");
    ck_assert_int_le(atoi(bed_redis(&bed, "TTL {t}:job:status:%s", id)),
                     86400);
}
END_TEST

START_TEST(test_dead_letters_are_capped)
{
    dl_task_t t;

    for (int i = 0; i < 5010; i++) {
        redisAppendCommand(bed.c, "ZADD {t}:queue:dead %d %d", i + 1, i);
        redisAppendCommand(bed.c, "HSET {t}:dead:%d error x", i);
    }
    for (int i = 0; i < 2 * 5010; i++) {
        redisReply *r;

        ck_assert_int_eq(redisGetReply(bed.c, (void **)&r), REDIS_OK);
        freeReplyObject(r);
    }
    bed_new(&bed, "", 70000);
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:dead"), "5000");
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:dead:10"), "0");
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:dead:11"), "1");
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:dead:70000"), "1");
}
END_TEST

START_TEST(test_memory_per_queued_job)
{
    enum { N = 2000 };
    long before, each;

    bed.conf->max_queue = 1000000;
    bed_apply(&bed);
    bed_new(&bed, "warm", 69999);
    before = atol(strstr(bed_redis(&bed, "INFO memory"), "used_memory:") + 12);
    for (int i = 0; i < N; i++) {
        dl_admit_t a = bed_request(&bed, apr_psprintf(bed.p, "user-%05d", i),
                                   70000 + i);

        a.request_id = bed_id(&bed);
        a.traceparent = "00-0af7651916cd43dd8448eb211c80319c-"
                        "b7ad6b7169203331-01";
        bed_send(&bed, &a);
    }
    each = (atol(strstr(bed_redis(&bed, "INFO memory"), "used_memory:") + 12)
            - before) / N;
    ck_assert_msg(each <= 2048, "%ld bytes per queued job", each);
    ck_assert_msg(each <= 1400, "%ld bytes per queued job", each);
}
END_TEST

START_TEST(test_full_memory)
{
    const char *id = bed_new(&bed, "ann", 70000), *keys;
    dl_admit_t a = bed_request(&bed, "ann", 70001);
    dl_admitted_t out;
    dl_task_t t;

    bed_redis(&bed, "CONFIG SET maxmemory-policy noeviction");
    bed_redis(&bed, "CONFIG SET maxmemory 1");
    keys = bed_redis(&bed, "DBSIZE");
    ck_assert_int_eq(dl_jobs_admit(bed.jobs, &a, bed.p, &out), APR_EGENERAL);
    ck_assert_str_eq(bed_redis(&bed, "DBSIZE"), keys);
    /* what is there goes on to its end */
    t = bed_take(&bed, "w");
    ck_assert_int_eq(bed_beat(&bed, &t, 50), 1);
    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_OK);
    ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_COMPLETED);
    bed_redis(&bed, "CONFIG SET maxmemory 0");
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_NEW);
    bed_redis(&bed, "CONFIG SET maxmemory 1");
    t = bed_take(&bed, "w");
    ck_assert_int_eq(bed_fail(&bed, &t, "TIMEOUT", 0, NULL),
                     DL_SETTLE_RETRY);
    ck_assert_int_eq(bed_cancel(&bed, a.job_id, "ann"), DL_CANCEL_DONE);
}
END_TEST

START_TEST(test_script_flush)
{
    const char *id = bed_new(&bed, "ann", 70000);
    dl_task_t t;

    bed_redis(&bed, "SCRIPT FLUSH");
    bed_new(&bed, "ann", 70001);
    bed_redis(&bed, "SCRIPT FLUSH");
    t = bed_take(&bed, "w");
    bed_redis(&bed, "SCRIPT FLUSH");
    bed_complete(&bed, &t);
    bed_redis(&bed, "SCRIPT FLUSH");
    ck_assert_int_eq(bed_cancel(&bed, id, "ann"), DL_CANCEL_TERMINAL);
}
END_TEST

/* ---- audit */

START_TEST(test_audit_finds_nothing)
{
    dl_task_t t;

    bed_new(&bed, "ann", 70000);
    bed_new(&bed, "bob", 70000);
    bed_new_many(&bed, "ann", 70000, 5);
    t = bed_take(&bed, "w");
    bed_take(&bed, "w");
    bed_complete(&bed, &t);
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "TIMEOUT", 0, NULL);
    ck_assert_int_eq(bed_audit(&bed), 0);
    /* a second sweep right after another worker's is over at once */
    {
        dl_redis_cmd_t *cmd = dl_task_audit_cmd(bed.scripts, "0", bed.p);
        redisReply *r = redisCommandArgv(bed.c, cmd->argc, cmd->argv,
                                         cmd->lens);

        ck_assert_uint_eq(r->elements, 1);
        ck_assert_str_eq(r->element[0]->str, "0");
        freeReplyObject(r);
    }
}
END_TEST

START_TEST(test_audit_active_without_lease)
{
    dl_task_t t, again;

    bed_new(&bed, "ann", 70000);
    t = bed_take(&bed, "w");
    bed_redis(&bed, "ZREM {t}:queue:lease 70000");
    bed_redis(&bed, "DEL {t}:queue:wake");
    ck_assert_int_eq(bed_audit(&bed), 1);
    ck_assert_str_eq(bed_redis(&bed, "LLEN {t}:queue:wake"), "1");
    again = bed_take(&bed, "w2");
    ck_assert_int_eq(again.file_id, 70000);
    ck_assert_int_eq(again.lost, 1);
    ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_STALE);
    ck_assert_int_eq(bed_audit(&bed), 0);
}
END_TEST

START_TEST(test_audit_entries_without_task)
{
    bed_redis(&bed, "ZADD {t}:queue:lease 99999999999999 1");
    bed_redis(&bed, "ZADD {t}:queue:wait 1 2");
    bed_redis(&bed, "ZADD {t}:queue:delayed 99999999999999 3");
    bed_redis(&bed, "ZADD {t}:queue:suspect 1 4");
    ck_assert_int_eq(bed_audit(&bed), 4);
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:queue:lease {t}:queue:wait "
                               "{t}:queue:delayed {t}:queue:suspect"), "0");
}
END_TEST

START_TEST(test_audit_lost_places)
{
    dl_task_t t;

    bed_new(&bed, "ann", 70000);
    bed_new(&bed, "ann", 70001);
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "TIMEOUT", 0, NULL);
    bed_redis(&bed, "DEL {t}:queue:wait {t}:queue:delayed");
    ck_assert_int_eq(bed_audit(&bed), 2);
    ck_assert_int_eq(bed_claim(&bed, "w", 5).tasks->nelts, 2);
}
END_TEST

START_TEST(test_audit_task_deleted)
{
    const char *id = bed_new(&bed, "ann", 70000);
    const char *other = bed_new(&bed, "bob", 70000);
    const char *many = bed_new_many(&bed, "ann", 70001, 2);
    dl_claim_t claim;

    bed_redis(&bed, "DEL {t}:task:70000 {t}:task:70002 {t}:queue:wait");
    ck_assert_int_ge(bed_audit(&bed), 3);
    ck_assert_int_eq(bed_audit(&bed), 0);
    claim = bed_claim(&bed, "w", 5);
    ck_assert_int_eq(claim.tasks->nelts, 3);
    for (int i = 0; i < 3; i++)
        bed_complete(&bed, &APR_ARRAY_IDX(claim.tasks, i, dl_task_t));
    ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_COMPLETED);
    ck_assert_int_eq(bed_get(&bed, other)->state, DL_JOB_COMPLETED);
    ck_assert_int_eq(bed_get(&bed, many)->state, DL_JOB_COMPLETED);
}
END_TEST

START_TEST(test_audit_result_not_told)
{
    const char *id;
    dl_task_t t;

    bed_new(&bed, "ann", 70000);
    t = bed_take(&bed, "w");
    bed_complete(&bed, &t);
    bed_redis(&bed, "RENAME {t}:result:file:70000:completed x");
    id = bed_new(&bed, "bob", 70000);
    bed_redis(&bed, "RENAME x {t}:result:file:70000:completed");
    bed_redis(&bed, "DEL {t}:task:70000");
    ck_assert_int_ge(bed_audit(&bed), 1);
    ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_COMPLETED);
    ck_assert_int_eq(bed_audit(&bed), 0);
}
END_TEST

START_TEST(test_audit_nobody_waits)
{
    const char *id = bed_new(&bed, "ann", 70000);
    dl_task_t t;

    bed_redis(&bed, "DEL {t}:job:status:%s", id);
    ck_assert_int_eq(bed_audit(&bed), 2);   /* the task; the user's count */
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:wait"), "0");
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:user:jobs:ann"), "0");

    id = bed_new(&bed, "", 70001);
    t = bed_take(&bed, "w");
    bed_redis(&bed, "HSET {t}:job:status:%s status failed", id);
    ck_assert_int_eq(bed_audit(&bed), 1);
    ck_assert_int_eq(bed_beat(&bed, &t, 1), 0);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:lease"), "0");

    /* the first one gone, another there */
    id = bed_new(&bed, "", 70002);
    bed_new(&bed, "bob", 70002);
    bed_redis(&bed, "DEL {t}:job:status:%s", id);
    ck_assert_int_eq(bed_audit(&bed), 1);
    ck_assert_int_eq(bed_audit(&bed), 0);
    ck_assert_int_eq(bed_take(&bed, "w").file_id, 70002);
}
END_TEST

START_TEST(test_audit_leftovers)
{
    const char *id = bed_new(&bed, "ann", 70000);

    bed_redis(&bed, "PERSIST {t}:job:status:%s", id);
    bed_redis(&bed, "SADD {t}:task:jobs:80000 a b");
    ck_assert_int_eq(bed_audit(&bed), 2);
    ck_assert_int_gt(atoi(bed_redis(&bed, "TTL {t}:job:status:%s", id)), 0);
    ck_assert_str_eq(bed_redis(&bed, "EXISTS {t}:task:jobs:80000"), "0");
    id = bed_new_many(&bed, "bob", 71000, 2);
    bed_redis(&bed, "DEL {t}:job:files:%s", id);
    ck_assert_int_ge(bed_audit(&bed), 1);
    ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_FAILED);
}
END_TEST

START_TEST(test_audit_of_many_keys)
{
    for (int i = 0; i < 1500; i++) {
        redisAppendCommand(bed.c, "ZADD {t}:queue:lease 9999999999999 %d", i);
        redisAppendCommand(bed.c, "SET other:%d x", i);
    }
    for (int i = 0; i < 3000; i++) {
        redisReply *r;

        ck_assert_int_eq(redisGetReply(bed.c, (void **)&r), REDIS_OK);
        freeReplyObject(r);
    }
    bed_new(&bed, "ann", 70000);
    bed_redis(&bed, "ZREM {t}:queue:wait 70000");
    bed_audit(&bed);
    ck_assert_str_eq(bed_redis(&bed, "ZCARD {t}:queue:lease"), "0");
    ck_assert_int_eq(bed_take(&bed, "w").file_id, 70000);
    ck_assert_str_eq(bed_redis(&bed, "GET other:7"), "x");
}
END_TEST

Suite *test_script_bounds_suite(void);

Suite *test_script_bounds_suite(void)
{
    Suite *s = suite_create("script_bounds");
    TCase *tc = tcase_create("bounds");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_every_key_has_a_life);
    tcase_add_test(tc, test_dead_letters_are_capped);
    tcase_add_test(tc, test_memory_per_queued_job);
    tcase_add_test(tc, test_full_memory);
    tcase_add_test(tc, test_script_flush);
    suite_add_tcase(s, tc);
    tc = tcase_create("audit");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_audit_finds_nothing);
    tcase_add_test(tc, test_audit_active_without_lease);
    tcase_add_test(tc, test_audit_entries_without_task);
    tcase_add_test(tc, test_audit_lost_places);
    tcase_add_test(tc, test_audit_task_deleted);
    tcase_add_test(tc, test_audit_result_not_told);
    tcase_add_test(tc, test_audit_nobody_waits);
    tcase_add_test(tc, test_audit_leftovers);
    tcase_add_test(tc, test_audit_of_many_keys);
    suite_add_tcase(s, tc);
    return s;
}
