/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a job from its hash, and its body. Also: the scripts' prefix.
 */
#include "dl_job.h"

#include <stdlib.h>

#include <json-c/json.h>

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

#define ID "0b9d2a34-5c31-4d9e-8b4e-0d5a3c1f2e77"

/* The job as it stands in the hash "j", with its files in "f". */
static dl_job_t *job_of(const char *set_j, const char *set_f)
{
    redisReply *j, *f;
    dl_job_t *job = NULL;

    bed_redis(&bed, "DEL j f");
    if (set_j)
        bed_redis(&bed, set_j);
    if (set_f)
        bed_redis(&bed, set_f);
    j = redisCommand(bed.c, "HGETALL j");
    f = redisCommand(bed.c, "HGETALL f");
    if (dl_job_read(ID, j, f, bed.p, &job) != APR_SUCCESS)
        job = NULL;
    freeReplyObject(j);
    freeReplyObject(f);
    return job;
}

static const char *body_of(const dl_job_t *job, const char *base,
                           const char *message)
{
    dl_job_links_t links = {base, message};
    apr_size_t len;
    const char *body = dl_job_body(job, &links, bed.p, &len);
    struct json_object *parsed = json_tokener_parse(body);

    ck_assert_uint_eq(strlen(body), len);
    ck_assert_msg(parsed != NULL, "not JSON: %s", body);
    json_object_put(parsed);
    return body;
}

START_TEST(test_states)
{
    dl_job_state_e state;

    for (int i = DL_JOB_QUEUED; i <= DL_JOB_CANCELLED; i++) {
        ck_assert_int_eq(dl_job_state_parse(dl_job_state_name(i), &state), 0);
        ck_assert_int_eq(state, i);
        ck_assert_int_eq(dl_job_state_terminal(i), i >= DL_JOB_COMPLETED);
    }
    ck_assert_int_eq(dl_job_state_parse("done", &state), -1);
    ck_assert_int_eq(dl_job_state_parse("", &state), -1);
}
END_TEST

START_TEST(test_no_job)
{
    ck_assert_ptr_null(job_of(NULL, NULL));
    ck_assert_ptr_null(job_of("HSET j version 1", NULL));
    ck_assert_ptr_null(job_of("HSET j status done", NULL));
    ck_assert_ptr_nonnull(job_of("HSET j status queued", NULL));
}
END_TEST

START_TEST(test_hostile_fields)
{
    dl_job_t *job = job_of("HSET j status processing fileId 12x progress 4000"
                           " version 99999999999999999999999999 size -5 total"
                           " -3 attempt -1 holders -9 createdAt 1e9 retryable"
                           " 77 x y", NULL);

    ck_assert_int_eq(job->file_id, 0);
    ck_assert_int_eq(job->progress, 99);
    ck_assert_int_eq(job->version, 0);
    ck_assert_int_eq(job->total, 1);
    ck_assert_int_eq(job->attempt, 0);
    ck_assert_int_eq(job->holders, 1);
    ck_assert_int_eq(job->created_ms, 0);
    ck_assert_int_eq(job->retryable, 1);
    body_of(job, "/v1", NULL);
    job = job_of("HSET j status processing files 3 progressSum -50",
                 "HSET f 1 p500 2 c 3 czz\\n\\n x y 4 \xff 5 f");
    ck_assert_int_eq(job->progress, 0);
    ck_assert_int_eq(job->files->nelts, 5);
    body_of(job, "/v1", NULL);
}
END_TEST

START_TEST(test_body_queued)
{
    dl_job_t *job = job_of("HSET j status queued version 1 createdAt "
                           "1767225600000 fileId 70000 estimate 89500", NULL);

    ck_assert_str_eq(body_of(job, "/v1/download", NULL),
        "{\"jobId\":\"" ID "\",\"status\":\"queued\",\"progress\":0,"
        "\"totalFileIds\":1,\"fileId\":70000,"
        "\"createdAt\":\"2026-01-01T00:00:00.000Z\","
        "\"estimatedCompletion\":\"2026-01-01T00:01:29.500Z\","
        "\"estimatedTime\":90,"
        "\"statusUrl\":\"/v1/download/status/" ID "\","
        "\"streamUrl\":\"/v1/download/" ID "/stream\","
        "\"resultUrl\":\"/v1/download/" ID "\"}");
}
END_TEST

START_TEST(test_body_between_attempts)
{
    dl_job_t *job = job_of("HSET j status queued fileId 70000 attempt 1 "
                           "retriesRemaining 2 nextAttemptAt 1767225605000",
                           NULL);

    ck_assert_str_eq(body_of(job, NULL, "Existing job in progress"),
        "{\"jobId\":\"" ID "\",\"status\":\"queued\",\"progress\":0,"
        "\"totalFileIds\":1,\"fileId\":70000,\"retriesRemaining\":2,"
        "\"attempt\":1,\"nextAttemptAt\":\"2026-01-01T00:00:05.000Z\","
        "\"message\":\"Existing job in progress\"}");
}
END_TEST

START_TEST(test_body_completed)
{
    dl_job_t *job = job_of("HSET j status completed fileId 70000 size 0 "
                           "filename a\"b.csv contentType text/csv sha256 ab "
                           "presignedUrl /objects/k?x=1&y=2 urlExpires 5 "
                           "s3Key k estimate 5 createdAt 1767225600000 "
                           "completedAt 1767225600001 nextAttemptAt 7 "
                           "retriesRemaining 0 attempt 2", NULL);

    ck_assert_str_eq(body_of(job, "https://h/v1", NULL),
        "{\"jobId\":\"" ID "\",\"status\":\"completed\",\"progress\":100,"
        "\"totalFileIds\":1,\"fileId\":70000,"
        "\"downloadUrl\":\"https://h/v1/objects/k?x=1&y=2\",\"size\":0,"
        "\"filename\":\"a\\\"b.csv\",\"contentType\":\"text/csv\","
        "\"sha256\":\"ab\",\"retriesRemaining\":0,\"attempt\":2,"
        "\"createdAt\":\"2026-01-01T00:00:00.000Z\","
        "\"completedAt\":\"2026-01-01T00:00:00.001Z\","
        "\"statusUrl\":\"https://h/v1/status/" ID "\","
        "\"streamUrl\":\"https://h/v1/" ID "/stream\","
        "\"resultUrl\":\"https://h/v1/" ID "\"}");
    job->url = "https://s3/x";
    ck_assert_ptr_nonnull(strstr(body_of(job, "https://h/v1", NULL),
                                 "\"downloadUrl\":\"https://s3/x\""));
    job->state = DL_JOB_CANCELLED;
    ck_assert_ptr_null(strstr(body_of(job, "https://h/v1", NULL),
                              "downloadUrl"));
}
END_TEST

START_TEST(test_body_failed)
{
    dl_job_t *job = job_of("HSET j status failed fileId 70000 error Gone "
                           "errorCode FILE_NOT_FOUND retryable 0 "
                           "retriesRemaining 0 attempt 1 progress 30", NULL);

    ck_assert_str_eq(body_of(job, NULL, NULL),
        "{\"jobId\":\"" ID "\",\"status\":\"failed\",\"progress\":30,"
        "\"totalFileIds\":1,\"fileId\":70000,\"error\":\"Gone\","
        "\"errorCode\":\"FILE_NOT_FOUND\",\"retryable\":false,"
        "\"retriesRemaining\":0,\"attempt\":1}");
}
END_TEST

START_TEST(test_body_several)
{
    dl_job_t *job;

    bed_redis(&bed, "DEL f");
    bed_redis(&bed, "HSET f 20002 %s 20000 %s 20001 %s 20003 %s",
              "c7\nk/20002\nn.txt\n\nff", "p50", "f20\nTIMEOUT\nToo slow",
              "");
    job = job_of("HSET j status processing files 4 total 6 progressSum 171 "
                 "done 1 failed 1", NULL);
    ck_assert_ptr_nonnull(job);
    ck_assert_int_eq(job->files->nelts, 0);
    {
        redisReply *f;

        bed_redis(&bed, "HSET f 20002 %s 20000 %s 20001 %s 20003 %s",
                  "c7\nk/20002\nn.txt\n\nff", "p50",
                  "f20\nTIMEOUT\nToo slow", "");
        f = redisCommand(bed.c, "HGETALL f");
        dl_job_read_files(job, f, bed.p);
        freeReplyObject(f);
    }
    ck_assert_int_eq(job->files->nelts, 4);
    ck_assert_str_eq(APR_ARRAY_IDX(job->files, 2, dl_job_file_t).key,
                     "k/20002");
    APR_ARRAY_IDX(job->files, 2, dl_job_file_t).url = "/objects/k/20002";
    ck_assert_str_eq(body_of(job, NULL, NULL),
        "{\"jobId\":\"" ID "\",\"status\":\"processing\",\"progress\":42,"
        "\"totalFileIds\":6,\"files\":["
        "{\"fileId\":20000,\"status\":\"processing\",\"progress\":50},"
        "{\"fileId\":20001,\"status\":\"failed\",\"progress\":20,"
        "\"error\":\"Too slow\",\"errorCode\":\"TIMEOUT\"},"
        "{\"fileId\":20002,\"status\":\"completed\",\"progress\":100,"
        "\"downloadUrl\":\"/objects/k/20002\",\"size\":7,"
        "\"filename\":\"n.txt\",\"sha256\":\"ff\"},"
        "{\"fileId\":20003,\"status\":\"queued\",\"progress\":0}]}");
    job->state = DL_JOB_COMPLETED;
    job->partial = 1;
    ck_assert_ptr_nonnull(strstr(body_of(job, NULL, NULL),
                                 "\"partial\":true,\"files\":["));
}
END_TEST

START_TEST(test_hostile_text_in_body)
{
    dl_job_t *job = job_of("HSET j status failed fileId 1", NULL);

    job->error = "\x01\xff\"\\</script>\xe2\x80\xa8";
    job->filename = "\xc3";
    body_of(job, "/v1", "\n");
}
END_TEST

START_TEST(test_prefixes)
{
    static const char *const prefixes[] = {
        "", "{a}:", "it's \"q\"\\:", "@P@", "CFG_RATE]]", "%d%s:", "\xc3\xbc:"
    };

    for (int i = 0; i < 7; i++) {
        const char *id;
        dl_task_t t;
        int n;

        bed_redis(&bed, "FLUSHALL");
        bed.conf->key_prefix = prefixes[i];
        bed_apply(&bed);
        id = bed_new(&bed, "ann", 70000);
        n = atoi(bed_redis(&bed, "EXISTS %sjob:status:%s %stask:70000",
                           prefixes[i], id, prefixes[i]));
        ck_assert_int_eq(n, 2);
        t = bed_take(&bed, "w");
        ck_assert_int_eq(bed_complete(&bed, &t), DL_SETTLE_OK);
        ck_assert_int_eq(bed_get(&bed, id)->state, DL_JOB_COMPLETED);
    }
}
END_TEST

Suite *test_job_suite(void);

Suite *test_job_suite(void)
{
    Suite *s = suite_create("job");
    TCase *tc = tcase_create("job");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_states);
    tcase_add_test(tc, test_no_job);
    tcase_add_test(tc, test_hostile_fields);
    tcase_add_test(tc, test_body_queued);
    tcase_add_test(tc, test_body_between_attempts);
    tcase_add_test(tc, test_body_completed);
    tcase_add_test(tc, test_body_failed);
    tcase_add_test(tc, test_body_several);
    tcase_add_test(tc, test_hostile_text_in_body);
    tcase_add_test(tc, test_prefixes);
    suite_add_tcase(s, tc);
    return s;
}
