/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of directives: its own soundness, each setter, merging.
 */
#include <check.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "dl_directive.h"
#include "dl_log.h"

static apr_pool_t *pool;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

START_TEST(test_rows)
{
    for (const dl_directive_t *d = dl_directives; d->name != NULL; d++) {
        ck_assert_msg(strncmp(d->name, "DLJob", 5) == 0, "%s", d->name);
        ck_assert_ptr_eq(dl_directive_find(d->name), d);
        ck_assert_msg(*d->syntax != '\0', "%s", d->name);
        ck_assert_msg(d->help[strlen(d->help) - 1] == '.', "%s", d->name);
        ck_assert_int_ge(d->min_args, 1);
        ck_assert(d->max_args < 0 || d->max_args >= d->min_args);
        ck_assert_uint_gt(d->size, 0);
        ck_assert_uint_le(d->offset + d->size,
                          d->scope == DL_SCOPE_LOCATION
                              ? sizeof(dl_location_t)
                              : sizeof(dl_config_t));
    }
}
END_TEST

/* No byte belongs to two directives, and what belongs to none is padding. */
static void spans_of(int location, apr_size_t size)
{
    unsigned char *owner = apr_pcalloc(pool, size);
    apr_size_t gap = 0;

    for (const dl_directive_t *d = dl_directives; d->name != NULL; d++) {
        if ((d->scope == DL_SCOPE_LOCATION) != location) {
            continue;
        }
        for (apr_size_t i = d->offset; i < d->offset + d->size; i++) {
            ck_assert_msg(owner[i] == 0, "%s overlaps", d->name);
            owner[i] = 1;
        }
    }
    for (apr_size_t i = 0; i < size; i++) {
        gap = owner[i] ? 0 : gap + 1;
        ck_assert_msg(gap < sizeof(void *), "no directive sets byte %d of %s",
                      (int)i, location ? "dl_location_t" : "dl_config_t");
    }
}

START_TEST(test_spans)
{
    spans_of(0, sizeof(dl_config_t));
    spans_of(1, sizeof(dl_location_t));
}
END_TEST

START_TEST(test_near)
{
    ck_assert_str_eq(dl_directive_near("DLJobLeese"), "DLJobLease");
    ck_assert_str_eq(dl_directive_near("dljobredi"), "DLJobRedis");
    ck_assert_str_eq(dl_directive_near("DLJobsRate"), "DLJobRate");
    ck_assert_ptr_null(dl_directive_near("Timeout"));
    ck_assert_ptr_null(dl_directive_near(
        "DLJobAVeryLongNameOfADirectiveThatNobodyEverHeardOf"));
}
END_TEST

/** Applies "NAME ARGS" to fresh settings. @return NULL or the error */
static const char *apply(const char *line, dl_config_t **conf,
                         dl_location_t **location)
{
    const char *name = apr_pstrmemdup(pool, line, strcspn(line, " "));
    const dl_directive_t *d = dl_directive_find(name);
    dl_set_mask_t set = 0;
    const char *error;

    ck_assert_msg(d != NULL, "%s", name);
    *conf = dl_config_create(pool);
    *location = dl_location_create(pool);
    error = dl_directive_apply(d, line + strlen(name),
                               d->scope == DL_SCOPE_LOCATION
                                   ? (void *)*location : (void *)*conf,
                               &set, pool);
    ck_assert(error == NULL ? set == dl_directive_bit(d) : set == 0);
    return error;
}

static dl_config_t *good(const char *line)
{
    dl_config_t *conf;
    dl_location_t *location;
    const char *error = apply(line, &conf, &location);

    ck_assert_msg(error == NULL, "%s: %s", line, error);
    return conf;
}

static dl_location_t *good_location(const char *line)
{
    dl_config_t *conf;
    dl_location_t *location;
    const char *error = apply(line, &conf, &location);

    ck_assert_msg(error == NULL, "%s: %s", line, error);
    return location;
}

static void bad(const char *line, const char *part)
{
    dl_config_t *conf;
    dl_location_t *location;
    const char *error = apply(line, &conf, &location);

    ck_assert_msg(error != NULL, "accepted: %s", line);
    ck_assert_msg(strncmp(error, line, strcspn(line, " ")) == 0,
                  "\"%s\" does not begin with the directive", error);
    ck_assert_msg(strstr(error, part) != NULL, "\"%s\" lacks \"%s\"", error,
                  part);
}

START_TEST(test_redis)
{
    setenv("DL_TEST_PW", "hunter2", 1);
    ck_assert_str_eq(good("DLJobRedis unix:/r.sock password=env:DL_TEST_PW")
                         ->redis->password, "hunter2");
    ck_assert_int_eq(good("DLJobRedis redis://h:6380")->redis->port, 6380);
    bad("DLJobRedis redis://:x@h password=env:DL_TEST_PW", "twice");
    bad("DLJobRedis unix:/r.sock secret=x", "only password=");
    bad("DLJobRedis unix:/r.sock password=x", "file:/PATH");
    bad("DLJobRedis http://h", "redis://");
    bad("DLJobRedis", "0 arguments are too few; write: DLJobRedis URL");
}
END_TEST

START_TEST(test_names)
{
    ck_assert_str_eq(good("DLJobKeyPrefix \"\"")->key_prefix, "");
    ck_assert_str_eq(good("DLJobKeyPrefix a:")->key_prefix, "a:");
    bad("DLJobKeyPrefix a*", "a character other");
    bad("DLJobKeyPrefix \"a b\"", "a character other");
    ck_assert_str_eq(good("DLJobKeyFormat x/%{file_id}.zip")->key_format,
                     "x/%{file_id}.zip");
    bad("DLJobKeyFormat x", "missing");
    bad("DLJobKeyFormat ../%{file_id}", "\"..\"");
    bad("DLJobKeyFormat /%{file_id}", "empty");
    bad("DLJobKeyFormat a//%{file_id}", "empty");
    bad("DLJobKeyFormat ./%{file_id}", "\".\"");
    bad("DLJobKeyFormat \"a b%{file_id}\"", "blank");
    bad("DLJobKeyFormat %{file_id}%{x}", "does not exist");
    bad("DLJobPublicURL www.example.com", "absolute URL");
    ck_assert_str_eq(good("DLJobPublicURL https://h/v1/")->public_url,
                     "https://h/v1");
}
END_TEST

START_TEST(test_numbers)
{
    ck_assert_int_eq(good("DLJobAttempts 7")->attempts, 7);
    bad("DLJobAttempts 0", "minimum of 1");
    bad("DLJobAttempts 21", "maximum of 20");
    bad("DLJobAttempts 1 2", "too many");
    ck_assert_int_eq(good("DLJobMaxActive off")->max_active, 0);
    ck_assert_int_eq(good("DLJobMaxActive 0")->max_active, 0);
    bad("DLJobMaxActive x", "or off");
    ck_assert_int_eq(good("DLJobURLExpiry 2h")->url_expiry_s, 7200);
    bad("DLJobURLExpiry 10500ms", "whole number of seconds");
    bad("DLJobURLExpiry 8d", "maximum of 7d");
    bad("DLJobLease 2s", "minimum of 3s");
    bad("DLJobConcurrency 1001", "maximum of 1000");
    ck_assert_int_eq(good("DLJobMaxObject 1G")->max_object, 1 << 30);
    ck_assert_int_eq(good("DLJobRateLimit 5/10s")->rate_window_s, 10);
    ck_assert_int_eq(good("DLJobRateLimit off")->rate_limit, 0);
    bad("DLJobRateLimit 5/1500ms", "whole number of seconds");
    bad("DLJobRateLimit 5/2h", "maximum of 1h");
    ck_assert_int_eq(good("DLJobRate 3/s")->rate, 3);
    ck_assert_int_eq(good("DLJobRate off")->rate, 0);
    bad("DLJobRate 3/2s", "10/s");
    bad("DLJobFileIds 5", "LOW-HIGH");
    bad("DLJobSpool spool", "absolute path");
    bad("DLJobTimeout ${DL_TEST_UNSET}", "${DL_TEST_UNSET} is not set");
}
END_TEST

START_TEST(test_store)
{
    dl_store_conf_t store = good("DLJobStore file:/a/b/ max=10G")->store;

    ck_assert_int_eq(store.kind, DL_STORE_FILE);
    ck_assert_str_eq(store.dir, "/a/b");
    ck_assert_int_eq(store.max_bytes, APR_INT64_C(10) << 30);
    store = good("DLJobStore s3://dlb endpoint=http://h:9000 region=x-1 "
                 "style=virtual public=https://p class=COLD sse=AES256 "
                 "ca=/ca.pem")->store;
    ck_assert_str_eq(store.endpoint, "http://h:9000");
    ck_assert_int_eq(store.virtual_host, 1);
    store = good("DLJobStore s3://dlb region=eu-central-1")->store;
    ck_assert_str_eq(store.endpoint, "https://s3.eu-central-1.amazonaws.com");
    bad("DLJobStore /a", "file:/DIRECTORY");
    bad("DLJobStore file:a", "absolute path");
    bad("DLJobStore file:/a/../b", "absolute path");
    bad("DLJobStore file:/a max=5", "minimum of 1M");
    bad("DLJobStore file:/a min=5", "max=SIZE");
    bad("DLJobStore s3://x", "3 to 63");
    bad("DLJobStore s3://a/b", "bucket's name");
    bad("DLJobStore s3://abc endpoint=http://h/p", "leave the rest out");
    bad("DLJobStore s3://abc endpoint=h:9000", "absolute URL");
    bad("DLJobStore s3://abc style=both", "style=path");
    bad("DLJobStore s3://abc sse=rot13", "sse=AES256");
    bad("DLJobStore s3://abc ca=ca.pem", "absolute path");
    bad("DLJobStore s3://abc region=a/b", "letters, digits");
    bad("DLJobStore s3://abc foo=1", "endpoint=");
}
END_TEST

START_TEST(test_source)
{
    dl_source_conf_t source = good("DLJobSource exec /bin/x \"a b\" "
                                   "%{file_id}")->source;

    ck_assert_str_eq(source.argv[0], "/bin/x");
    ck_assert_str_eq(source.argv[1], "a b");
    ck_assert_str_eq(source.argv[2], "%{file_id}");
    ck_assert_ptr_null(source.argv[3]);
    source = good("DLJobSource simulate 10s 120s")->source;
    ck_assert_int_eq(source.min_ms, 10000);
    ck_assert_int_eq(source.max_ms, 120000);
    ck_assert_int_eq(good("DLJobSource store")->source.kind, DL_SOURCE_STORE);
    ck_assert_str_eq(good("DLJobSource http http://h/%{file_id}")->source.url,
                     "http://h/%{file_id}");
    bad("DLJobSource exec", "needs a program");
    bad("DLJobSource exec x", "absolute path");
    bad("DLJobSource exec /x %{job}", "does not exist");
    bad("DLJobSource exec \"/x", "does not end");
    bad("DLJobSource simulate 10s", "two durations");
    bad("DLJobSource simulate 10s 5s", "shorter time first");
    source = good("DLJobSource http https://h/%{file_id} headers=/t "
                  "connect=2s idle=5s redirects=0 ca=/ca.pem")->source;
    ck_assert_str_eq(source.headers, "/t");
    ck_assert_str_eq(source.ca_file, "/ca.pem");
    ck_assert_int_eq(source.connect_ms, 2000);
    ck_assert_int_eq(source.idle_ms, 5000);
    ck_assert_int_eq(source.redirects, 0);
    bad("DLJobSource http", "needs a URL");
    bad("DLJobSource http http://h/%{file_id} headers=t", "absolute path");
    bad("DLJobSource http http://h/%{file_id} redirects=21", "maximum of 20");
    bad("DLJobSource http http://h/%{file_id} idle=10ms", "minimum of 1s");
    bad("DLJobSource http http://h/%{file_id} x=1", "connect=");
    bad("DLJobSource http http://h/", "missing");
    bad("DLJobSource store x", "no arguments");
    bad("DLJobSource ftp x", "exec, http, store or simulate");
}
END_TEST

START_TEST(test_lists)
{
    const apr_array_header_t *list;

    ck_assert_ptr_null(good("DLJobPriority off")->priority_users);
    list = good("DLJobPriority ann \"bob b\"")->priority_users;
    ck_assert_str_eq(APR_ARRAY_IDX(list, 1, const char *), "bob b");
    bad("DLJobPriority * ann", "alone");
    bad("DLJobPriority ann off", "alone");
    bad("DLJobPriority \"\"", "no user's name");
    list = good("DLJobWebhookAllow 10.0.0.0/8 hooks.example.com:8080 "
                "*.example.org http://[::1]:99 fd00::/8")->webhook_allow;
    ck_assert_int_eq(list->nelts, 5);
    bad("DLJobWebhookAllow 10.0.0.0/33", "10.1.0.0/16");
    bad("DLJobWebhookAllow a/8", "not a network");
    bad("DLJobWebhookAllow a/b", "leave the rest out");
    bad("DLJobWebhookAllow 10.0.0.0/", "not a network");
    bad("DLJobWebhookAllow 1.2.3.999", "neither a host");
    bad("DLJobWebhookAllow \"a b\"", "neither a host");
    bad("DLJobWebhookAllow http://h/p", "leave the rest out");
    bad("DLJobWebhookAllow h:99999", "1 to 65535");
    bad("DLJobWebhookSecret whsec_hunter2", "is not written here");
    list = good("DLJobWebhookRetry 200ms 5m 2d")->webhook_retry;
    ck_assert_int_eq(list->nelts, 3);
    ck_assert_int_eq(APR_ARRAY_IDX(list, 0, apr_int64_t), 200);
    ck_assert_int_eq(APR_ARRAY_IDX(list, 2, apr_int64_t), 172800000);
    ck_assert_int_eq(good("DLJobWebhookRetry off")->webhook_retry->nelts, 0);
    bad("DLJobWebhookRetry 5s off", "");
    bad("DLJobWebhookRetry 8d", "7d");
    bad("DLJobWebhookCA ca.pem", "absolute");
    bad("DLJobCredentials /nonexistent", "create it");
}
END_TEST

START_TEST(test_log)
{
    dl_config_t *conf = good("DLJobWorkerLog /var/log/x debug");

    ck_assert_str_eq(conf->worker_log, "/var/log/x");
    ck_assert_int_eq(conf->worker_log_level, DL_LOG_DEBUG);
    ck_assert_ptr_null(good("DLJobWorkerLog stderr")->worker_log);
    bad("DLJobWorkerLog x", "neither stderr");
    bad("DLJobWorkerLog stderr loud", "error, warn, info or debug");
}
END_TEST

START_TEST(test_location)
{
    dl_location_t *l = good_location("DLJobMaxStreams 500 user=9 address=off");

    ck_assert_int_eq(l->max_streams, 500);
    ck_assert_int_eq(l->max_streams_user, 9);
    ck_assert_int_eq(l->max_streams_address, 0);
    ck_assert_int_eq(good_location("DLJobMaxStreams user=1")->max_streams, -1);
    ck_assert_int_eq(good_location("DLJobMaxStreams 5")->max_streams_user,
                     100);
    bad("DLJobMaxStreams many", "auto or a number");
    bad("DLJobMaxStreams 9999999", "maximum of 1000000");
    ck_assert_int_eq(good_location("DLJobStream off")->stream, 0);
    bad("DLJobStream no", "neither on nor off");
    ck_assert_int_eq(good_location("DLJobStartWait 300ms")->start_wait_ms,
                     300);
    bad("DLJobUser \"\"", "empty");
    ck_assert_str_eq(good_location("DLJobSunset 2027-06-30")->sunset,
                     "Wed, 30 Jun 2027 00:00:00 GMT");
    ck_assert_str_eq(good_location("DLJobSunset \"Wed, 30 Jun 2027 12:00:00 "
                                   "GMT\"")->sunset,
                     "Wed, 30 Jun 2027 12:00:00 GMT");
    ck_assert_ptr_null(good_location("DLJobSunset off")->sunset);
    bad("DLJobSunset 2027-13-01", "YYYY-MM-DD");
    bad("DLJobSunset soon", "YYYY-MM-DD");
    l = good_location("DLJobCORSOrigin https://A.example credentials");
    ck_assert_int_eq(l->cors.credentials, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(l->cors.origins, 0, const char *),
                     "https://a.example");
    ck_assert_ptr_null(good_location("DLJobCORSOrigin off")->cors.origins);
    bad("DLJobCORSOrigin * credentials", "credentials");
    bad("DLJobCORSOrigin credentials", "needs origins");
    bad("DLJobCORSOrigin https://a/b", "origin");
}
END_TEST

START_TEST(test_merge)
{
    dl_config_t *base = good("DLJobAttempts 7");
    dl_config_t *over = good("DLJobRateLimit 5/10s");
    dl_set_mask_t set = dl_directive_bit(dl_directive_find("DLJobRateLimit"));

    over->attempts = 99; /* not said to be set, so not copied */
    dl_config_merge(base, over, set);
    ck_assert_int_eq(base->attempts, 7);
    ck_assert_int_eq(base->rate_limit, 5);
    ck_assert_int_eq(base->rate_window_s, 10);
}
END_TEST

/* Every directive's members travel: merged over defaults, they are all there,
 * byte by byte, and no other is. */
START_TEST(test_merge_every_member)
{
    for (const dl_directive_t *d = dl_directives; d->name != NULL; d++) {
        int location = d->scope == DL_SCOPE_LOCATION;
        apr_size_t size = location ? sizeof(dl_location_t)
                                   : sizeof(dl_config_t);
        unsigned char *into = apr_pcalloc(pool, size);
        unsigned char *over = apr_palloc(pool, size);

        memset(over, 0xff, size);
        if (location) {
            dl_location_merge((void *)into, (void *)over, dl_directive_bit(d));
        }
        else {
            dl_config_merge((void *)into, (void *)over, dl_directive_bit(d));
        }
        for (apr_size_t i = 0; i < size; i++) {
            ck_assert_int_eq(into[i] == 0xff,
                             i >= d->offset && i < d->offset + d->size);
        }
    }
}
END_TEST

Suite *test_directive_suite(void);

Suite *test_directive_suite(void)
{
    Suite *s = suite_create("directive");
    TCase *tc = tcase_create("table");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_rows);
    tcase_add_test(tc, test_spans);
    tcase_add_test(tc, test_near);
    tcase_add_test(tc, test_redis);
    tcase_add_test(tc, test_names);
    tcase_add_test(tc, test_numbers);
    tcase_add_test(tc, test_store);
    tcase_add_test(tc, test_source);
    tcase_add_test(tc, test_lists);
    tcase_add_test(tc, test_log);
    tcase_add_test(tc, test_location);
    tcase_add_test(tc, test_merge);
    tcase_add_test(tc, test_merge_every_member);
    suite_add_tcase(s, tc);
    return s;
}
