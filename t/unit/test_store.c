/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and links of both stores.
 */
#include <check.h>
#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include "dl_link.h"
#include "dl_links.h"
#include "dl_store.h"

#define NOW 1709251199

static apr_pool_t *pool;
static dl_config_t conf;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    memset(&conf, 0, sizeof(conf));
    conf.key_format = "files/%{file_id}";
    conf.url_expiry_s = 3600;
    conf.credentials.access_key = "AKIDEXAMPLE";
    conf.credentials.secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    conf.credentials.link_key = "a-secret-of-this-site";
    conf.store.bucket = "media";
    conf.store.region = "us-east-1";
    conf.store.endpoint = "http://127.0.0.1:9000";
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

START_TEST(keys_follow_the_format)
{
    static const char *const cases[][2] = {
        { "files/%{file_id}", "files/70000" },
        { "%{file_id}", "70000" },
        { "a/%{file_id}/%{file_id}.zip", "a/70000/70000.zip" },
        { "100%/%{file_id}", "100%/70000" },
        { "%{file_id", "%{file_id" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        conf.key_format = cases[i][0];
        ck_assert_str_eq(dl_store_key(&conf, 70000, pool), cases[i][1]);
    }
}
END_TEST

START_TEST(unsafe_keys_are_refused)
{
    static const char *const good[] = {
        "files/70000", "a", "a b+c", "caf\xc3\xa9", "...", "a/..b", ".x"
    };
    static const char *const bad[] = {
        "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/../b",
        "a/./b", "a\\b", "a\nb", "a\x7f", "files/.dljob-1-2", ".dljob-",
    };
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_msg(dl_store_key_safe(good[i]), "%s", good[i]);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!dl_store_key_safe(bad[i]), "%s", bad[i]);
    }
    ck_assert(dl_store_key_safe(apr_psprintf(pool, "%0255d", 0)));
    ck_assert(!dl_store_key_safe(apr_psprintf(pool, "%0256d", 0)));
    ck_assert(!dl_store_key_safe(apr_psprintf(pool, "%0200d/%0200d/%0200d/"
                                              "%0200d/%0200d/%0200d", 0, 0,
                                              0, 0, 0, 0)));
}
END_TEST

START_TEST(file_links_verify)
{
    const char *url, *secret = conf.credentials.link_key;
    apr_int64_t expires_s = 0;
    dl_link_t link;

    conf.store.kind = DL_STORE_FILE;
    ck_assert_int_eq(dl_store_link(&conf, "", "files/7 0", "a.csv",
                                   "text/csv", NOW, pool, &url, &expires_s),
                     APR_SUCCESS);
    ck_assert_int_eq(expires_s, NOW + 3600);
    ck_assert_int_eq(strncmp(url, "/objects/files/7%200?", 21), 0);
    ck_assert_int_eq(dl_link_verify(&secret, 1, "files/7 0",
                                    strchr(url, '?') + 1, NOW, pool, &link),
                     DL_LINK_GOOD);
    ck_assert_str_eq(link.filename, "a.csv");
    ck_assert_str_eq(link.content_type, "text/csv");
    ck_assert_int_eq(dl_store_link(&conf, NULL, "k", NULL, NULL, NOW, pool,
                                   &url, &expires_s), APR_EINVAL);
    conf.credentials.link_key = NULL;
    ck_assert_int_eq(dl_store_link(&conf, "", "k", NULL, NULL, NOW, pool,
                                   &url, &expires_s), APR_EINVAL);
}
END_TEST

START_TEST(s3_links_point_to_the_public_endpoint)
{
    const char *url;
    apr_int64_t expires_s = 0;

    conf.store.kind = DL_STORE_S3;
    ck_assert_int_eq(dl_store_link(&conf, NULL, "files/70000", NULL, NULL,
                                   NOW, pool, &url, &expires_s),
                     APR_SUCCESS);
    ck_assert_int_eq(expires_s, NOW + 3600);
    ck_assert_int_eq(strncmp(url, "http://127.0.0.1:9000/media/files/70000?"
                             "X-Amz-Algorithm=", 56), 0);
    conf.store.public_endpoint = "https://dl.example.org";
    conf.store.virtual_host = 1;
    ck_assert_int_eq(dl_store_link(&conf, NULL, "files/70000",
                                   "caf\xc3\xa9.txt", NULL, NOW, pool, &url,
                                   &expires_s), APR_SUCCESS);
    ck_assert_msg(strncmp(url, "https://media.dl.example.org/files/70000?"
                          "response-content-disposition=attachment%3B%20"
                          "filename%3D%22caf_.txt%22%3B%20filename%2A%3D"
                          "UTF-8%27%27caf%25C3%25A9.txt&X-Amz-", 157) == 0,
                  "%s", url);
    conf.credentials.secret_key = NULL;
    ck_assert_int_eq(dl_store_link(&conf, NULL, "k", NULL, NULL, NOW, pool,
                                   &url, &expires_s), APR_EINVAL);
}
END_TEST

START_TEST(a_link_is_fresh_for_half_its_time)
{
    ck_assert(dl_store_link_fresh(&conf, NOW + 1800, NOW));
    ck_assert(!dl_store_link_fresh(&conf, NOW + 1799, NOW));
    ck_assert(!dl_store_link_fresh(&conf, 0, NOW));
}
END_TEST

/* An archive and the files in it: one ETag stands for all their links, so
 * they change together, and none ever has less than half of its time. */
START_TEST(links_of_an_archive_change_together)
{
    apr_array_header_t *files = apr_array_make(pool, 1,
                                               sizeof(dl_job_file_t));
    dl_job_file_t *file = &APR_ARRAY_PUSH(files, dl_job_file_t);
    dl_job_t job = { 0 };
    apr_int64_t last_s = 0;
    const char *archive = "", *part = "";

    memset(file, 0, sizeof(*file));
    conf.store.kind = DL_STORE_FILE;
    file->state = job.state = DL_JOB_COMPLETED;
    file->key = "files/70000.1-a1b2c3";
    job.files = files;
    job.bundle = DL_BUNDLE_ZIP;
    job.key = "files/10000000000000001.2-a1b2c3.zip";
    job.url = "as the worker signed it";
    for (apr_int64_t now_s = NOW; now_s < NOW + 7200; now_s += 60) {
        int same;

        ck_assert_int_eq(dl_links_refresh(&conf, &job, now_s, pool), 0);
        ck_assert_int_ge(job.url_expires_s, now_s + 1800);
        same = job.url_expires_s == last_s;
        ck_assert_int_eq(strcmp(job.url, archive) == 0, same);
        ck_assert_int_eq(strcmp(file->url, part) == 0, same);
        last_s = job.url_expires_s;
        archive = job.url;
        part = file->url;
    }
}
END_TEST

Suite *test_store_suite(void);

Suite *test_store_suite(void)
{
    Suite *s = suite_create("store");
    TCase *t = tcase_create("store");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, keys_follow_the_format);
    tcase_add_test(t, unsafe_keys_are_refused);
    tcase_add_test(t, file_links_verify);
    tcase_add_test(t, s3_links_point_to_the_public_endpoint);
    tcase_add_test(t, a_link_is_fresh_for_half_its_time);
    tcase_add_test(t, links_of_an_archive_change_together);
    suite_add_tcase(s, t);
    return s;
}
