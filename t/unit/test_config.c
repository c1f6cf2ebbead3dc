/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole of a configuration: defaults, what only the whole can tell, and
 * dlworker's command line.
 */
#include <check.h>
#include <string.h>

#include <apr_strings.h>

#include "dl_conffile.h"
#include "dl_log.h"
#include "dlw_options.h"
#include "tempdir.h"

static apr_pool_t *pool;
static const char *dir;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    dir = tempdir_make(pool);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

/* The figures of the contract, by hand: the table must not drift from them. */
START_TEST(test_defaults)
{
    const dl_config_t *c = dl_config_create(pool);

    ck_assert_ptr_null(c->redis);
    ck_assert_str_eq(c->key_prefix, "{dljob}:");
    ck_assert_int_eq(c->store.kind, DL_STORE_NONE);
    ck_assert_str_eq(c->key_format, "files/%{file_id}");
    ck_assert_int_eq(c->url_expiry_s, 3600);
    ck_assert_int_eq(c->file_id_min, 10000);
    ck_assert_int_eq(c->file_id_max, 100000000);
    ck_assert_int_eq(c->max_files, 1000);
    ck_assert_int_eq(c->attempts, 3);
    ck_assert_int_eq(c->backoff_ms, 5000);
    ck_assert_int_eq(c->timeout_ms, 300000);
    ck_assert_int_eq(c->max_lost, 3);
    ck_assert_int_eq(c->result_ttl_s, 3600);
    ck_assert_int_eq(c->job_ttl_s, 86400);
    ck_assert_int_eq(c->rate_limit, 100);
    ck_assert_int_eq(c->rate_window_s, 60);
    ck_assert_int_eq(c->max_active, 5);
    ck_assert_int_eq(c->max_queue, 10000);
    ck_assert_ptr_null(c->priority_users);
    ck_assert_ptr_null(c->webhook_secrets);
    ck_assert_ptr_null(c->webhook_allow);
    ck_assert_int_eq(c->source.kind, DL_SOURCE_NONE);
    ck_assert_int_eq(c->concurrency, 5);
    ck_assert_int_eq(c->rate, 10);
    ck_assert_int_eq(c->max_object, APR_INT64_C(5) << 30);
    ck_assert_int_eq(c->lease_ms, 30000);
    ck_assert_int_eq(c->drain_ms, 30000);
    ck_assert_ptr_null(c->worker_log);
    ck_assert_int_eq(c->worker_log_level, DL_LOG_INFO);
}
END_TEST

START_TEST(test_location_defaults)
{
    const dl_location_t *l = dl_location_create(pool);

    ck_assert_str_eq(l->user, "%{REMOTE_USER}");
    ck_assert_int_eq(l->stream, 1);
    ck_assert_int_eq(l->max_streams, -1);
    ck_assert_int_eq(l->max_streams_user, 100);
    ck_assert_int_eq(l->max_streams_address, 0);
    ck_assert_int_eq(l->heartbeat_ms, 15000);
    ck_assert_int_eq(l->stream_timeout_ms, 600000);
    ck_assert_int_eq(l->start_wait_ms, 25000);
    ck_assert_ptr_null(l->cors.origins);
    ck_assert_ptr_null(l->sunset);
}
END_TEST

/** A configuration that holds, in a folder of its own, and @a more lines. */
static const char *conf_file(const char *more)
{
    tempdir_file(pool, dir, "keys", "link_key = 0123456789abcdef0\n"
                 "access_key = a\nsecret_key = b\n", -1, 0600);
    tempdir_file(pool, dir, "s3keys", "access_key = a\nsecret_key = b\n", -1,
                 0600);
    tempdir_file(pool, dir, "linkkey", "link_key = 0123456789abcdef0\n", -1,
                 0600);
    return tempdir_file(
        pool, dir, "dljob.conf",
        apr_psprintf(pool, "DLJobRedis unix:/r.sock\n"
                     "DLJobStore file:%s\nDLJobCredentials %s/keys\n"
                     "DLJobSpool %s\nDLJobSource store\n%s\n",
                     dir, dir, dir, more), -1, 0644);
}

static const char *load(const char *path)
{
    const char *argv[] = { "dlworker", "-t", "-f", path };
    dlw_options_t *options = dlw_options_parse(4, argv, pool);
    dl_settings_t *settings = NULL;

    ck_assert_int_eq(options->action, DLW_TEST);
    return dlw_options_load(options, pool, &settings);
}

static void bad(const char *more, int line, const char *part)
{
    const char *path = conf_file(more);
    const char *error = load(path);
    const char *place = apr_psprintf(pool, "%s:%d: ", path, line);

    ck_assert_msg(error != NULL, "accepted: %s", more);
    ck_assert_msg(strncmp(error, place, strlen(place)) == 0, "\"%s\" does "
                  "not begin with \"%s\"", error, place);
    ck_assert_msg(strstr(error, part) != NULL, "\"%s\" lacks \"%s\"", error,
                  part);
}

START_TEST(test_whole)
{
    ck_assert_ptr_null(load(conf_file("")));
    bad("DLJobSource exec /nonexistent/x", 6, "cannot run /nonexistent/x");
    bad("DLJobSource exec /etc/passwd", 6, "chmod +x");
    bad("DLJobSource simulate 1s 2s\nDLJobSpool /nonexistent", 7,
        "cannot use /nonexistent");
    bad("DLJobStore file:/nonexistent", 6, "create it, writable");
    bad(apr_psprintf(pool, "DLJobCredentials %s/s3keys", dir), 2,
        "needs a link_key");
    bad(apr_psprintf(pool, "DLJobStore s3://abc\nDLJobCredentials %s/linkkey",
                     dir), 6, "needs keys");
    bad(apr_psprintf(pool, "DLJobStore file:%s max=1G", dir), 6,
        "below DLJobMaxObject 5G");
    bad("DLJobHeartbeat 30s\nDLJobStreamTimeout 20s", 6, "is not shorter");
}
END_TEST

START_TEST(test_missing)
{
    dl_config_t *conf = dl_config_create(pool);
    dl_redis_addr_t addr = { .host = "h" };

    ck_assert_ptr_nonnull(strstr(dl_config_check(conf, 0, pool),
                                 "DLJobRedis is missing"));
    conf->redis = &addr;
    ck_assert_ptr_nonnull(strstr(dl_config_check(conf, 0, pool),
                                 "DLJobStore is missing"));
    conf->store.kind = DL_STORE_S3;
    conf->credentials.access_key = "a";
    conf->credentials.secret_key = "b";
    ck_assert_ptr_null(dl_config_check(conf, 0, pool));
    ck_assert_ptr_nonnull(strstr(dl_config_check(conf, 1, pool),
                                 "DLJobSource is missing"));
}
END_TEST

static dlw_options_t *parse(const char *line)
{
    char **argv = NULL;
    int argc = 0;

    ck_assert_int_eq(apr_tokenize_to_argv(line, &argv, pool), APR_SUCCESS);
    while (argv[argc] != NULL) {
        argc++;
    }
    return dlw_options_parse(argc, (const char *const *)argv, pool);
}

START_TEST(test_options)
{
    dlw_options_t *o = parse("dlworker");

    ck_assert_int_eq(o->action, DLW_RUN);
    ck_assert_str_eq(o->file, "/etc/dljob/dljob.conf");
    ck_assert_int_eq(o->named, 0);
    ck_assert_uint_gt(strlen(o->name), 0);
    o = parse("dlworker -f/a -n w1 --once -D 'DLJobRate off' -D x");
    ck_assert_int_eq(o->action, DLW_RUN);
    ck_assert_str_eq(o->file, "/a");
    ck_assert_str_eq(o->name, "w1");
    ck_assert_int_eq(o->named, 1);
    ck_assert_int_eq(o->once, 1);
    ck_assert_int_eq(o->directives->nelts, 2);
    ck_assert_int_eq(parse("dlworker -t")->action, DLW_TEST);
    ck_assert_int_eq(parse("dlworker --help")->action, DLW_HELP);
    ck_assert_int_eq(parse("dlworker -V")->action, DLW_VERSION);
}
END_TEST

START_TEST(test_wrong_options)
{
    static const struct {
        const char *line;
        const char *part;
    } BAD[] = { { "dlworker -f", "-f needs an argument" },
                { "dlworker -x", "\"-x\" is not an option" },
                { "dlworker file", "is not an option" },
                { "dlworker --twice", "is not an option" },
                { "dlworker -", "is not an option" },
                { "dlworker -n ''", "-n \"\"" },
                { "dlworker -n 'a b'", "letters, digits" } };

    for (size_t i = 0; i < sizeof(BAD) / sizeof(*BAD); i++) {
        dlw_options_t *o = parse(BAD[i].line);

        ck_assert_int_eq(o->action, DLW_USAGE);
        ck_assert_msg(strstr(o->error, BAD[i].part) != NULL, "%s: %s",
                      BAD[i].line, o->error);
        ck_assert_int_eq(dlw_options_act(o, pool), 64);
    }
}
END_TEST

START_TEST(test_directives_come_last)
{
    const char *path = conf_file("DLJobAttempts 4");
    dl_settings_t *settings = NULL;
    dlw_options_t *o = parse(apr_pstrcat(pool, "dlworker -f ", path,
                                         " -D 'DLJobAttempts 9'", NULL));
    const char *error = dlw_options_load(o, pool, &settings);

    ck_assert_msg(error == NULL, "%s", error);
    ck_assert_int_eq(settings->conf->attempts, 9);
    o = parse(apr_pstrcat(pool, "dlworker -f ", path, " -D 'DLJobRate off'",
                          " -D 'DLJobAttempts x'", NULL));
    error = dlw_options_load(o, pool, &settings);
    ck_assert_ptr_nonnull(error);
    ck_assert_ptr_eq(strstr(error, "-D 2:1: DLJobAttempts: "), error);
}
END_TEST

Suite *test_config_suite(void);

Suite *test_config_suite(void)
{
    Suite *s = suite_create("config");
    TCase *tc = tcase_create("whole");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_defaults);
    tcase_add_test(tc, test_location_defaults);
    tcase_add_test(tc, test_whole);
    tcase_add_test(tc, test_missing);
    tcase_add_test(tc, test_options);
    tcase_add_test(tc, test_wrong_options);
    tcase_add_test(tc, test_directives_come_last);
    suite_add_tcase(s, tc);
    return s;
}
