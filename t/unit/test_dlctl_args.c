/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of dljobctl, and that its table is in order.
 */
#include <check.h>
#include <string.h>

#include <apr_pools.h>

#include "dlctl_commands.h"

static apr_pool_t *p;

static void setup(void)
{
    apr_pool_create(&p, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(p);
}

/* Words after the program's name, ended by NULL. */
static dlctl_args_t *parse(const char *first, ...)
{
    const char *argv[16] = {"dljobctl", first};
    int argc = first ? 2 : 1;
    va_list ap;

    va_start(ap, first);
    while (first && (argv[argc] = va_arg(ap, const char *)) != NULL)
        argc++;
    va_end(ap);
    return dlctl_args_parse(argc, argv, dlctl_commands, dlctl_global, p);
}

static const char *operand(const dlctl_args_t *args, int i)
{
    return APR_ARRAY_IDX(args->operands, i, const char *);
}

START_TEST(test_nothing)
{
    dlctl_args_t *args = parse(NULL);

    ck_assert_ptr_null(args->error);
    ck_assert_ptr_null(args->command);
    ck_assert_ptr_null(args->group);
}
END_TEST

START_TEST(test_options_anywhere)
{
    dlctl_args_t *args = parse("-f", "/a", "list", "--json", "-uann",
                               "--status=failed", "-D", "One 1", "--limit",
                               "5", "-D", "Two 2", NULL);
    apr_array_header_t *all;

    ck_assert_ptr_null(args->error);
    ck_assert_str_eq(args->command->name, "list");
    ck_assert_str_eq(dlctl_args_get(args, "file"), "/a");
    ck_assert_str_eq(dlctl_args_get(args, "json"), "");
    ck_assert_str_eq(dlctl_args_get(args, "user"), "ann");
    ck_assert_str_eq(dlctl_args_get(args, "status"), "failed");
    ck_assert_str_eq(dlctl_args_get(args, "limit"), "5");
    ck_assert_ptr_null(dlctl_args_get(args, "cursor"));
    ck_assert_str_eq(dlctl_args_get(args, "directive"), "Two 2");
    all = dlctl_args_all(args, "directive", p);
    ck_assert_int_eq(all->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(all, 0, const char *), "One 1");
}
END_TEST

START_TEST(test_operands)
{
    dlctl_args_t *args = parse("submit", "70000", "--wait", "--", "-1",
                               "--json", NULL);

    ck_assert_ptr_null(args->error);
    ck_assert_int_eq(args->operands->nelts, 3);
    ck_assert_str_eq(operand(args, 0), "70000");
    ck_assert_str_eq(operand(args, 1), "-1");
    ck_assert_str_eq(operand(args, 2), "--json");
    ck_assert_ptr_null(dlctl_args_get(args, "json"));
    args = parse("submit", "1", "-o", "-", NULL);
    ck_assert_str_eq(dlctl_args_get(args, "output"), "-");
    args = parse("submit", "1", "--user=", NULL);
    ck_assert_str_eq(dlctl_args_get(args, "user"), "");
    args = parse("submit", "1", "--user=a=b", NULL);
    ck_assert_str_eq(dlctl_args_get(args, "user"), "a=b");
}
END_TEST

START_TEST(test_two_words)
{
    dlctl_args_t *args = parse("dead", "--json", "show", "70000", NULL);

    ck_assert_ptr_null(args->error);
    ck_assert_str_eq(args->command->name, "dead show");
    ck_assert_str_eq(operand(args, 0), "70000");
    ck_assert_ptr_null(args->group);
    args = parse("dead", NULL);
    ck_assert_ptr_null(args->error);
    ck_assert_ptr_null(args->command);
    ck_assert_str_eq(args->group, "dead");
}
END_TEST

START_TEST(test_help_needs_no_operands)
{
    dlctl_args_t *args = parse("show", "--help", NULL);

    ck_assert_ptr_null(args->error);
    ck_assert_ptr_nonnull(dlctl_args_get(args, "help"));
}
END_TEST

START_TEST(test_errors)
{
    static const struct {
        const char *words[4];
        const char *error;
    } rows[] = {
        {{"nonsense"}, "\"nonsense\" is not a command"},
        {{"dead", "nonsense"}, "\"dead nonsense\" is not a command"},
        {{"stats", "--user", "x"}, "\"--user\" is not an option here"},
        {{"stats", "-x"}, "\"-x\" is not an option here"},
        {{"stats", "--x=secret"}, "\"--x\" is not an option here"},
        {{"list", "--user"}, "--user needs a value: USER"},
        {{"list", "-u"}, "-u needs a value: USER"},
        {{"stats", "--json=1"}, "--\"json\" takes no value"},
        {{"submit", "1", "-wo"}, "\"-wo\": write options of one letter "
                                 "apart"},
        {{"show"}, "show needs JOB-ID|FILE-ID"},
        {{"stats", "x"}, "stats: \"x\" is one word too many"},
        {{"show", "1", "2"}, "show: \"2\" is one word too many"},
        {{"--user", "x", "list"}, "\"--user\" is not an option here"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *const *w = rows[i].words;
        dlctl_args_t *args = parse(w[0], w[1], w[2], w[3], NULL);

        ck_assert_ptr_nonnull(args->error);
        ck_assert_str_eq(args->error, rows[i].error);
    }
}
END_TEST

static int has(const dlctl_option_t *list, const char *name, char letter)
{
    int n = 0;

    for (; list->name; list++)
        n += strcmp(list->name, name) == 0
            || (letter && list->letter == letter);
    return n;
}

/* no name or letter stands for two things in one command */
START_TEST(test_table)
{
    for (const dlctl_command_t *c = dlctl_commands; c->name; c++) {
        ck_assert_ptr_nonnull(c->run);
        ck_assert(c->summary[0] >= 'a' && c->summary[0] <= 'z');
        ck_assert(strlen(c->name) < 17);
        ck_assert(c->min == 0 || *c->operands);
        for (const dlctl_option_t *o = c->options; o->name; o++) {
            ck_assert_int_eq(has(c->options, o->name, o->letter), 1);
            ck_assert_int_eq(has(dlctl_global, o->name, o->letter), 0);
            ck_assert(strlen(o->help) <= 80 - 24);
        }
    }
}
END_TEST

Suite *test_dlctl_args_suite(void);

Suite *test_dlctl_args_suite(void)
{
    Suite *s = suite_create("dlctl_args");
    TCase *tc = tcase_create("dlctl_args");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_nothing);
    tcase_add_test(tc, test_options_anywhere);
    tcase_add_test(tc, test_operands);
    tcase_add_test(tc, test_two_words);
    tcase_add_test(tc, test_help_needs_no_operands);
    tcase_add_test(tc, test_errors);
    tcase_add_test(tc, test_table);
    suite_add_tcase(s, tc);
    return s;
}
