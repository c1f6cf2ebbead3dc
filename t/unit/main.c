/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All unit tests in one program: check_all [SUITE]...
 *
 * Each test runs in a process of its own (CK_FORK=no for a debugger). The
 * private redis-server is started before the first and ended after the last.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>

#include "redis_fixture.h"

#define SUITE(name) Suite *test_##name##_suite(void);
#include "suites.h"
#undef SUITE

typedef struct suite_t {
    const char *name;
    Suite *(*make)(void);
} suite_t;

#define SUITE(name) {#name, test_##name##_suite},
static const suite_t suites[] = {
#include "suites.h"
};
#undef SUITE

#define NSUITES (sizeof(suites) / sizeof(suites[0]))

static int wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return 1;
    return argc < 2;
}

/** @return how many suites were chosen, or -1 when a name is unknown */
static int choose(SRunner *runner, int argc, char **argv)
{
    int n = 0;

    for (size_t i = 0; i < NSUITES; i++) {
        if (wanted(suites[i].name, argc, argv)) {
            srunner_add_suite(runner, suites[i].make());
            n++;
        }
    }
    return argc > 1 && n != argc - 1 ? -1 : n;
}

int main(int argc, char **argv)
{
    SRunner *runner;
    int failed, ran;

    /* two busy cores, perhaps under a sanitizer or valgrind */
    setenv("CK_DEFAULT_TIMEOUT", "120", 0);
    if (apr_initialize() != APR_SUCCESS)
        return 2;
    atexit(apr_terminate);

    runner = srunner_create(NULL);
    if (choose(runner, argc, argv) <= 0) {
        fputs("check_all: no such suite\n", stderr);
        return 2;
    }
    if (redis_fixture_start() != 0)
        return 2;
    srunner_run_all(runner, CK_ENV);
    redis_fixture_stop();

    failed = srunner_ntests_failed(runner);
    ran = srunner_ntests_run(runner);
    srunner_free(runner);
    printf("# %d passed, %d failed\n", ran - failed, failed);
    return failed != 0 || ran == 0;
}
