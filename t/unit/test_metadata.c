/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys from the environment and from metadata services: what is asked, what
 * is taken, what is refused without repeating a secret; and keys that end.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "dl_metadata.h"
#include "dl_store.h"
#include "tempdir.h"

#define NOW 1709251199

static apr_pool_t *p;
static dl_config_t conf;

static void setup(void)
{
    static const char *const names[] = {
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", NULL
    };

    apr_pool_create(&p, NULL);
    for (int i = 0; names[i]; i++) {
        unsetenv(names[i]);
    }
    memset(&conf, 0, sizeof(conf));
    conf.url_expiry_s = 3600;
    conf.store.kind = DL_STORE_S3;
    conf.store.bucket = "media";
    conf.store.region = "us-east-1";
    conf.store.endpoint = "http://127.0.0.1:9000";
}

static void teardown(void)
{
    apr_pool_destroy(p);
}

static void refused(const char *reference, const char *part)
{
    const char *error = dl_metadata_credentials(reference, p,
                                                &conf.credentials);

    ck_assert_ptr_nonnull(error);
    ck_assert_msg(strstr(error, part) != NULL, "\"%s\" lacks \"%s\"", error,
                  part);
    ck_assert_msg(strstr(error, "hunter2") == NULL, "told: %s", error);
}

static void accepted(const char *reference)
{
    const char *error = dl_metadata_credentials(reference, p,
                                                &conf.credentials);

    ck_assert_msg(error == NULL, "%s", error);
}

static const char *answer(dl_metadata_t *m, long status, const char *body)
{
    return dl_metadata_answer(m, status, body, strlen(body));
}

START_TEST(test_environment)
{
    refused("env:", "AWS_ACCESS_KEY_ID is not set");
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    refused("env:", "AWS_SECRET_ACCESS_KEY is not set");
    setenv("AWS_SECRET_ACCESS_KEY", "hunter2 ", 1);
    refused("env:", "a space or control character");
    setenv("AWS_SECRET_ACCESS_KEY", "hunter2", 1);
    accepted("env:");
    ck_assert_str_eq(conf.credentials.access_key, "AKID");
    ck_assert_str_eq(conf.credentials.secret_key, "hunter2");
    ck_assert_ptr_null(conf.credentials.session_token);
    ck_assert_ptr_null(conf.credentials.keys);
    setenv("AWS_SESSION_TOKEN", "T", 1);
    accepted("env:");
    ck_assert_str_eq(conf.credentials.session_token, "T");
}
END_TEST

START_TEST(test_instance)
{
    dl_metadata_t m;

    refused("imds:a-role", "nothing may stand behind");
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ftp://x", 1);
    refused("imds:", "AWS_EC2_METADATA_SERVICE_ENDPOINT");
    unsetenv("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    accepted("imds:");
    ck_assert_ptr_nonnull(conf.credentials.keys);
    ck_assert_ptr_null(dl_metadata_begin(&m, conf.credentials.metadata, p));
    ck_assert_str_eq(m.method, "PUT");
    ck_assert_str_eq(m.url, "http://169.254.169.254/latest/api/token");
    ck_assert_str_eq(m.header,
                     "X-aws-ec2-metadata-token-ttl-seconds: 21600");
    ck_assert_ptr_null(answer(&m, 200, "tok-en=="));
    ck_assert_str_eq(m.method, "GET");
    ck_assert_str_eq(m.header, "X-aws-ec2-metadata-token: tok-en==");
    ck_assert_ptr_null(answer(&m, 200, "a-role\nanother"));
    ck_assert_str_eq(m.url, "http://169.254.169.254/latest/meta-data/iam/"
                     "security-credentials/a-role");
    ck_assert_ptr_null(answer(&m, 200, "{\"Code\":\"Success\",\"Type\":1,"
        "\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\",\"Token\":\"T\","
        "\"Expiration\":\"2024-02-29T23:59:59Z\"}"));
    ck_assert_ptr_null(m.method);
    ck_assert_str_eq(m.set.access_key, "A");
    ck_assert_str_eq(m.set.secret_key, "S");
    ck_assert_str_eq(m.set.session_token, "T");
    ck_assert_int_eq(m.set.expires_s, NOW);
}
END_TEST

START_TEST(test_container)
{
    const char *dir = tempdir_make(p);
    const char *path = tempdir_file(p, dir, "token", "hunter2\n", -1, 0644);
    dl_metadata_t m;

    refused("container:", "neither is set");
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://10.1.2.3/x", 1);
    refused("container:", "in clear text");
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI",
           "http://169.254.170.23.example.com/x", 1);
    refused("container:", "in clear text");
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI",
           "http://127.0.0.1.example.com/x", 1);
    refused("container:", "in clear text");
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://[::1]:80/x", 1);
    accepted("container:");
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI",
           "http://169.254.170.23/v1/credentials", 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path, 1);
    accepted("container:");
    ck_assert_ptr_null(dl_metadata_begin(&m, conf.credentials.metadata, p));
    ck_assert_str_eq(m.url, "http://169.254.170.23/v1/credentials");
    ck_assert_str_eq(m.header, "Authorization: hunter2");
    ck_assert_ptr_null(answer(&m, 200, "{\"AccessKeyId\":\"A\","
                                       "\"SecretAccessKey\":\"S\"}"));
    ck_assert_int_eq(m.set.expires_s, 0);
    unlink(path);
    ck_assert_ptr_nonnull(dl_metadata_begin(&m, conf.credentials.metadata,
                                            p));
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/1", 1);
    unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    accepted("container:");
    ck_assert_ptr_null(dl_metadata_begin(&m, conf.credentials.metadata, p));
    ck_assert_str_eq(m.url, "http://169.254.170.2/v2/credentials/1");
    ck_assert_ptr_null(m.header);
}
END_TEST

START_TEST(test_hostile_answers)
{
    static const char *const bodies[] = {
        "", "hunter2", "[]", "{\"AccessKeyId\":\"A\"}",
        "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hun ter2\"}",
        "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":7}",
        "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hunter2\\r\\nX: y\"}",
        "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hunter2\","
        "\"Expiration\":\"soon\"}",
        "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hunter2\"} x"
    };
    dl_metadata_t m;
    const char *error;

    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/x", 1);
    accepted("container:");
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        ck_assert_ptr_null(dl_metadata_begin(&m, conf.credentials.metadata,
                                             p));
        error = answer(&m, 200, bodies[i]);
        ck_assert_msg(error != NULL, "taken: %s", bodies[i]);
        ck_assert_ptr_null(strstr(error, "hunter2"));
    }
    ck_assert_ptr_nonnull(answer(&m, 500, "{}"));

    accepted("imds:");
    ck_assert_ptr_null(dl_metadata_begin(&m, conf.credentials.metadata, p));
    ck_assert_ptr_nonnull(answer(&m, 200, "a b"));
    ck_assert_ptr_null(answer(&m, 200, "t"));
    ck_assert_ptr_nonnull(answer(&m, 200, "../../x"));
    ck_assert_ptr_nonnull(answer(&m, 200, ""));
    ck_assert_str_eq(answer(&m, 404, ""),
                     "no role is attached to this instance");
}
END_TEST

START_TEST(test_keys_end)
{
    dl_key_set_t set = { "AKID", "secret", "T", NOW + 1000 };
    dl_sigv4_who_t who;
    apr_int64_t end_s;
    const char *url;

    accepted("imds:");
    ck_assert(!dl_keys_take(&conf, NOW, p, &who, &end_s));
    ck_assert_int_eq(dl_store_link(&conf, NULL, "k", NULL, NULL, NOW, p, &url,
                                   &end_s), APR_EINVAL);
    ck_assert_int_eq(dl_keys_renew_s(conf.credentials.keys), 0);
    ck_assert_int_eq(dl_keys_put(conf.credentials.keys, &set, NOW),
                     APR_SUCCESS);
    ck_assert_int_eq(dl_keys_renew_s(conf.credentials.keys), NOW + 700);
    ck_assert(dl_keys_take(&conf, NOW + 999, p, &who, &end_s));
    ck_assert_int_eq(end_s, NOW + 1000);
    ck_assert_str_eq(who.session_token, "T");
    ck_assert(!dl_keys_take(&conf, NOW + 1000, p, &who, &end_s));

    /* a link ends with them, and is as fresh as can be had */
    ck_assert_int_eq(dl_store_link(&conf, NULL, "k", NULL, NULL, NOW, p, &url,
                                   &end_s), APR_SUCCESS);
    ck_assert_int_eq(end_s, NOW + 1000);
    ck_assert_ptr_nonnull(strstr(url, "X-Amz-Expires=1000"));
    ck_assert_ptr_nonnull(strstr(url, "X-Amz-Security-Token=T"));
    ck_assert(dl_store_link_fresh(&conf, end_s, NOW + 500));
    ck_assert(!dl_store_link_fresh(&conf, end_s, NOW + 1000));
    set.expires_s = NOW + 9000;
    dl_keys_put(conf.credentials.keys, &set, NOW);
    ck_assert(!dl_store_link_fresh(&conf, end_s, NOW + 500));

    set.access_key = apr_pstrcat(p, "0123456789012345678901234567890123456789",
        "0123456789012345678901234567890123456789012345678901234567890123456"
        "0123456789012345678901234567890123456789012345678901234567890123456"
        "0123456789012345678901234567890123456789012345678901234567890123456"
        "0123456789012345678901234567890123456789", NULL);
    ck_assert_int_eq(dl_keys_put(conf.credentials.keys, &set, NOW),
                     APR_EINVAL);
    ck_assert(dl_keys_take(&conf, NOW, p, &who, &end_s));
    ck_assert_str_eq(who.access_key, "AKID");
}
END_TEST

Suite *test_metadata_suite(void);

Suite *test_metadata_suite(void)
{
    Suite *s = suite_create("metadata");
    TCase *tc = tcase_create("metadata");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_environment);
    tcase_add_test(tc, test_instance);
    tcase_add_test(tc, test_container);
    tcase_add_test(tc, test_hostile_answers);
    tcase_add_test(tc, test_keys_end);
    suite_add_tcase(s, tc);
    return s;
}
