/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /metrics: the text format, and the figures as the engine gives them.
 */
#include "dl_metrics.h"

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

/* --- the format -------------------------------------------------------- */

START_TEST(test_numbers)
{
    static const struct {
        apr_int64_t n;
        int decimals;
        const char *text;
    } numbers[] = {
        { 0, 0, "x 0\n" }, { 0, 3, "x 0\n" }, { 7, 0, "x 7\n" },
        { 120, 0, "x 120\n" }, { -120, 0, "x -120\n" },
        { 1, 3, "x 0.001\n" }, { 12300, 3, "x 12.3\n" },
        { 12000, 3, "x 12\n" }, { -50, 3, "x -0.05\n" },
        { 1000001, 6, "x 1.000001\n" }, { 999999, 6, "x 0.999999\n" },
        { APR_INT64_MAX - 1, 6, "x 9223372036854.775806\n" },
        { APR_INT64_MIN, 0, "x -9223372036854775808\n" },
        { DL_METRICS_INF, 0, "x +Inf\n" }, { DL_METRICS_INF, 3, "x +Inf\n" }
    };
    dl_metrics_t m;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        dl_metrics_init(&m, bed.p);
        m.name = "x";
        dl_metrics_value(&m, "", NULL, numbers[i].n, numbers[i].decimals);
        ck_assert_str_eq(dl_buf_str(&m.text), numbers[i].text);
    }
}
END_TEST

START_TEST(test_text)
{
    const char *labels[] = { "a", "q\"b\\n\nend", "b", "\xc3\xa9\xff", NULL };
    dl_metrics_t m;

    dl_metrics_init(&m, bed.p);
    dl_metrics_begin(&m, "x_seconds", DL_METRICS_HISTOGRAM,
                     "A \"quote\", a \\, a\nline.");
    dl_metrics_value(&m, "_bucket", labels, 1, 0);
    dl_metrics_value(&m, "_count", labels + 4, 1, 0);
    dl_metrics_one(&m, "y_total", DL_METRICS_COUNTER, "", 2, 0);
    dl_metrics_one(&m, "z", DL_METRICS_GAUGE, "z", 3, 0);
    dl_metrics_begin(&m, "w", DL_METRICS_SUMMARY, "w");
    ck_assert_str_eq(
        dl_buf_str(&m.text),
        "# HELP x_seconds A \"quote\", a \\\\, a\\nline.\n"
        "# TYPE x_seconds histogram\n"
        "x_seconds_bucket{a=\"q\\\"b\\\\n\\nend\",b=\"\xc3\xa9\xef\xbf\xbd\"}"
        " 1\n"
        "x_seconds_count 1\n"
        "# HELP y_total \n# TYPE y_total counter\ny_total 2\n"
        "# HELP z z\n# TYPE z gauge\nz 3\n"
        "# HELP w w\n# TYPE w summary\n");
}
END_TEST

/* --- the figures ------------------------------------------------------- */

static dl_ops_stats_t figures(void)
{
    dl_ops_stats_t stats;

    ck_assert_int_eq(dl_ops_stats(bed.jobs, bed.p, &stats), APR_SUCCESS);
    return stats;
}

/* What the engine's figures look like; a line of it must be there. */
static void shows(const char *line)
{
    dl_ops_stats_t stats = figures();
    const char *text, *at;
    dl_metrics_t m;

    dl_metrics_init(&m, bed.p);
    dl_metrics_engine(&m, &stats);
    text = dl_buf_str(&m.text);
    at = strstr(text, line);
    ck_assert_msg(at && at > text && at[-1] == '\n'
                  && at[strlen(line)] == '\n', "no line %s in\n%s", line,
                  text);
}

static void admit(apr_int64_t file_id, dl_priority_e priority)
{
    dl_admit_t a = bed_request(&bed, "", file_id);

    a.priority = priority;
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_NEW);
}

START_TEST(test_tasks_by_priority)
{
    dl_task_t t;

    for (int i = 0; i < 3; i++)
        admit(70000 + i, DL_PRIORITY_NORMAL);
    for (int i = 3; i < 5; i++)
        admit(70000 + i, DL_PRIORITY_HIGH);
    admit(70005, DL_PRIORITY_LOW);
    t = bed_take(&bed, "w");    /* a high one is first */
    shows("dljob_tasks{state=\"waiting\",priority=\"high\"} 1");
    shows("dljob_tasks{state=\"waiting\",priority=\"normal\"} 3");
    shows("dljob_tasks{state=\"waiting\",priority=\"low\"} 1");
    shows("dljob_tasks{state=\"active\",priority=\"high\"} 1");
    shows("dljob_tasks{state=\"active\",priority=\"normal\"} 0");
    bed_fail(&bed, &t, "SOURCE_ERROR", 0, NULL);
    shows("dljob_tasks{state=\"delayed\",priority=\"high\"} 1");
    t = bed_take(&bed, "w");
    bed_expire_lease(&bed, t.file_id);
    bed_claim(&bed, "w", 0);
    shows("dljob_tasks{state=\"suspect\",priority=\"high\"} 1");
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "FILE_NOT_FOUND", 1, NULL);
    shows("dljob_tasks{state=\"dead\"} 1");
}
END_TEST

START_TEST(test_priorities_of_a_long_queue)
{
    enum { N = 1000, LOW = 250 };
    dl_ops_stats_t stats;

    bed_new_many(&bed, "", 70000, N);
    for (int i = 0; i < LOW; i++)
        bed_redis(&bed, "HSET {t}:task:%d priority 2", 70000 + 4 * i);
    stats = figures();
    ck_assert_int_eq(stats.waiting, N);
    ck_assert_int_eq(stats.tasks[DL_OPS_WAIT][DL_PRIORITY_HIGH], 0);
    /* 300 of 1000: six standard deviations are 127 */
    ck_assert_int_gt(stats.tasks[DL_OPS_WAIT][DL_PRIORITY_LOW], LOW - 130);
    ck_assert_int_lt(stats.tasks[DL_OPS_WAIT][DL_PRIORITY_LOW], LOW + 130);
}
END_TEST

START_TEST(test_oldest_task)
{
    enum { AGE_S = 1000, SLACK_S = 30 };
    apr_int64_t age_s;

    ck_assert_int_eq(figures().oldest_ms, 0);
    admit(70000, DL_PRIORITY_HIGH);
    admit(70001, DL_PRIORITY_LOW);
    ck_assert_int_lt(figures().oldest_ms, SLACK_S * 1000);
    /* the low one has waited longer, yet comes last */
    bed_redis(&bed, "ZINCRBY {t}:queue:wait %d 70001", -AGE_S * 1000000);
    age_s = figures().oldest_ms / 1000;
    ck_assert_int_ge(age_s, AGE_S);
    ck_assert_int_lt(age_s, AGE_S + SLACK_S);
    /* one that is being settled stands at the head, and waits for nobody */
    bed_redis(&bed, "HSET {t}:task:70002 state settling");
    bed_redis(&bed, "ZADD {t}:queue:wait 0 70002");
    ck_assert_int_lt(figures().oldest_ms / 1000, AGE_S + SLACK_S);
}
END_TEST

START_TEST(test_workers)
{
    static const char *const loads[] = {
        "{\"id\":\"a\",\"concurrency\":5,\"running\":2}",
        "{\"id\":\"\\\"running\\\":9\",\"concurrency\":1000,\"running\":70}",
        "{\"tasks\":1}", "no JSON"
    };
    dl_ops_stats_t stats;
    dl_task_t t;

    bed_new(&bed, "", 70000);
    t = bed_take(&bed, "w");
    bed_beat(&bed, &t, -1);     /* loads the script */
    for (int i = 0; i < 4; i++) {
        dl_redis_cmd_t *cmd = dl_task_beat_cmd(
            bed.scripts, apr_psprintf(bed.p, "w%d", i), NULL, 0, loads[i],
            bed.p);

        freeReplyObject(redisCommandArgv(bed.c, cmd->argc, cmd->argv,
                                         cmd->lens));
    }
    stats = figures();
    ck_assert_int_eq(stats.workers, 4);
    ck_assert_int_eq(stats.slots, 1005);
    ck_assert_int_eq(stats.busy, 72);
    bed_redis(&bed, "ZINCRBY {t}:workers -31000 w1");
    shows("dljob_workers 3");
    shows("dljob_worker_slots 5");
    shows("dljob_worker_slots_busy 2");
}
END_TEST

START_TEST(test_counters)
{
    dl_admit_t a = bed_request(&bed, "ann", 70000);
    dl_task_t t;

    /* all there before anything has happened */
    shows("dljob_jobs_total{outcome=\"failed\"} 0");
    shows("dljob_attempts_failed_total{code=\"STORAGE_ERROR\"} 0");
    shows("dljob_dedupe_hits_total{layer=\"task\"} 0");
    shows("dljob_webhooks_total{outcome=\"delivered\"} 0");
    shows("dljob_jobs_refused_total{reason=\"queue_full\"} 0");
    shows("dljob_task_duration_seconds_bucket{le=\"+Inf\"} 0");

    bed_send(&bed, &a);
    a.job_id = bed_id(&bed);
    bed_send(&bed, &a);
    shows("dljob_jobs_created_total 1");
    shows("dljob_dedupe_hits_total{layer=\"recent\"} 1");
    t = bed_take(&bed, "w");
    bed_complete(&bed, &t);     /* in 1500 ms */
    shows("dljob_jobs_total{outcome=\"completed\"} 1");
    shows("dljob_task_duration_seconds_bucket{le=\"0.8\"} 0");
    shows("dljob_task_duration_seconds_bucket{le=\"1.6\"} 1");
    shows("dljob_task_duration_seconds_bucket{le=\"819.2\"} 1");
    shows("dljob_task_duration_seconds_bucket{le=\"+Inf\"} 1");
    shows("dljob_task_duration_seconds_sum 1.5");
    shows("dljob_task_duration_seconds_count 1");

    bed_new(&bed, "ann", 70001);
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "STORAGE_ERROR", 0, NULL);
    shows("dljob_attempts_failed_total{code=\"STORAGE_ERROR\"} 1");
    shows("dljob_retries_total 1");
    bed_make_due(&bed, 70001);
    t = bed_take(&bed, "w");
    bed_fail(&bed, &t, "ODD", 1, NULL);
    bed_fail(&bed, &t, "ODD", 1, NULL); /* said again: counted once */
    shows("dljob_attempts_failed_total{code=\"ODD\"} 1");
    shows("dljob_dead_letters_total 1");
    shows("dljob_jobs_total{outcome=\"failed\"} 1");

    bed.conf->max_queue = 1;
    bed_apply(&bed);
    bed_new(&bed, "ann", 70002);
    a = bed_request(&bed, "ann", 70003);
    ck_assert_int_eq(bed_send(&bed, &a).outcome, DL_ADMIT_QUEUE_FULL);
    shows("dljob_jobs_refused_total{reason=\"queue_full\"} 1");
}
END_TEST

Suite *test_metrics_suite(void);

Suite *test_metrics_suite(void)
{
    Suite *s = suite_create("metrics");
    TCase *tc = tcase_create("metrics");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_numbers);
    tcase_add_test(tc, test_text);
    tcase_add_test(tc, test_tasks_by_priority);
    tcase_add_test(tc, test_priorities_of_a_long_queue);
    tcase_add_test(tc, test_oldest_task);
    tcase_add_test(tc, test_workers);
    tcase_add_test(tc, test_counters);
    suite_add_tcase(s, tc);
    return s;
}
