/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What dljobctl doctor concludes from INFO.
 */
#include <check.h>
#include <string.h>

#include <apr_strings.h>

#include "dlctl_doctor.h"

#define FINE "# Server\r\nredis_version:7.0.15\r\n\r\n# Memory\r\n" \
    "used_memory:1048576\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n" \
    "rdb_last_bgsave_status:ok\r\naof_enabled:1\r\n" \
    "aof_last_write_status:ok\r\nrole:master\r\n"

static apr_pool_t *p;

static void setup(void)
{
    apr_pool_create(&p, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(p);
}

/* The findings that are not fine, "level check: message", a line each. */
static const char *look(const char *info)
{
    static const char *const levels[] = {NULL, "warning", "error", "skipped"};
    dlctl_doctor_t doctor = {.pool = p};
    const char *all = "";

    doctor.findings = apr_array_make(p, 4, sizeof(dlctl_finding_t));
    dlctl_doctor_info(&doctor, info);
    for (int i = 0; i < doctor.findings->nelts; i++) {
        const dlctl_finding_t *f = &APR_ARRAY_IDX(doctor.findings, i,
                                                  dlctl_finding_t);

        if (f->level != DLCTL_FINE) {
            ck_assert(*f->remedy);
            all = apr_pstrcat(p, all, levels[f->level], " ", f->check, ": ",
                              f->message, "\n", NULL);
        }
    }
    return all;
}

/* FINE with a line changed. */
static const char *with(const char *from, const char *to)
{
    const char *at = strstr(FINE, from);

    ck_assert_ptr_nonnull(at);
    return apr_pstrcat(p, apr_pstrmemdup(p, FINE, (apr_size_t)(at - FINE)),
                       to, at + strlen(from), NULL);
}

START_TEST(test_fine)
{
    ck_assert_str_eq(look(FINE), "");
    ck_assert_str_eq(look(""), "");
    ck_assert_str_eq(look(with("version:7.0.15", "version:8.2.1")), "");
}
END_TEST

START_TEST(test_broken)
{
    static const struct {
        const char *from, *to, *found;
    } rows[] = {
        {"version:7.0.15", "version:6.2.7",
         "error version: Redis 6.2.7 is too old: the scripts need 7.0\n"},
        {"role:master", "role:slave",
         "error version: this Redis is a replica: it takes no jobs\n"},
        {"noeviction", "allkeys-lru",
         "error memory: Redis may throw jobs away: maxmemory-policy is "
         "allkeys-lru\n"},
        {"maxmemory:0", "maxmemory:1048576",
         "error memory: Redis is full: 1.0 MiB of 1.0 MiB; no job is "
         "admitted\n"},
        {"maxmemory:0", "maxmemory:1100000",
         "warning memory: Redis is nearly full: 1.0 MiB of 1.0 MiB\n"},
        {"aof_enabled:1", "aof_enabled:0",
         "warning persistence: Redis loses jobs when it crashes: appendonly "
         "is no\n"},
        {"aof_last_write_status:ok", "aof_last_write_status:err",
         "error persistence: Redis cannot write its append-only file\n"},
        {"bgsave_status:ok", "bgsave_status:err",
         "error persistence: Redis cannot write its snapshot, and may refuse "
         "writes\n"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        ck_assert_str_eq(look(with(rows[i].from, rows[i].to)),
                         rows[i].found);
}
END_TEST

START_TEST(test_lines)
{
    ck_assert_str_eq(dlctl_doctor_info_line(FINE, "role", p), "master");
    ck_assert_str_eq(dlctl_doctor_info_line(FINE, "maxmemory", p), "0");
    ck_assert_ptr_null(dlctl_doctor_info_line(FINE, "max", p));
    ck_assert_str_eq(dlctl_doctor_info_line("a:1\nb:", "b", p), "");
}
END_TEST

Suite *test_dlctl_doctor_suite(void);

Suite *test_dlctl_doctor_suite(void)
{
    Suite *s = suite_create("dlctl_doctor");
    TCase *tc = tcase_create("dlctl_doctor");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_fine);
    tcase_add_test(tc, test_broken);
    tcase_add_test(tc, test_lines);
    suite_add_tcase(s, tc);
    return s;
}
