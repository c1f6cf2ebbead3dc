/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the command line; see dlctl_args.h.
 */
#include "dlctl_args.h"

#include <string.h>

#include <apr_strings.h>

#include "dl_parse.h"

/** What parsing goes by. */
typedef struct parse_t {
    const dlctl_command_t *commands;
    const dlctl_option_t *global;
    dlctl_args_t *args;
    apr_pool_t *p;
} parse_t;

static int same(const char *name, const char *s, apr_size_t len)
{
    return strlen(name) == len && memcmp(name, s, len) == 0;
}

static const dlctl_option_t *find_in(const dlctl_option_t *list, char letter,
                                     const char *s, apr_size_t len)
{
    for (; list && list->name; list++)
        if (letter ? list->letter == letter : same(list->name, s, len))
            return list;
    return NULL;
}

static const dlctl_option_t *find(const parse_t *parse, char letter,
                                  const char *s, apr_size_t len)
{
    const dlctl_command_t *command = parse->args->command;
    const dlctl_option_t *option =
        command ? find_in(command->options, letter, s, len) : NULL;

    return option ? option : find_in(parse->global, letter, s, len);
}

static void fail(parse_t *parse, const char *before, const char *what,
                 const char *after)
{
    parse->args->error = apr_pstrcat(parse->p, before,
                                     dl_parse_quote(what, parse->p), after,
                                     NULL);
}

static void give(parse_t *parse, const dlctl_option_t *option,
                 const char *value)
{
    dlctl_given_t *given = &APR_ARRAY_PUSH(parse->args->given, dlctl_given_t);

    given->option = option;
    given->value = value;
}

/** "--name", "--name=VALUE", "--name VALUE". @return arguments used up */
static int take_long(parse_t *parse, const char *arg, const char *next)
{
    const char *name = arg + 2, *equals = strchr(name, '=');
    apr_size_t len = equals ? (apr_size_t)(equals - name) : strlen(name);
    const dlctl_option_t *option = find(parse, 0, name, len);

    if (!option)
        fail(parse, "", apr_pstrmemdup(parse->p, arg, len + 2),
             " is not an option here");
    else if (!option->value && equals)
        fail(parse, "--", option->name, " takes no value");
    else if (option->value && !equals && !next)
        parse->args->error = apr_psprintf(parse->p, "--%s needs a value: %s",
                                          option->name, option->value);
    else
        give(parse, option, equals ? equals + 1 : option->value ? next : "");
    return option && option->value && !equals ? 2 : 1;
}

/** "-x", "-xVALUE", "-x VALUE". @return arguments used up */
static int take_short(parse_t *parse, const char *arg, const char *next)
{
    const dlctl_option_t *option = find(parse, arg[1], NULL, 0);

    if (!option)
        fail(parse, "", arg, " is not an option here");
    else if (!option->value && arg[2])
        fail(parse, "", arg, ": write options of one letter apart");
    else if (option->value && !arg[2] && !next)
        parse->args->error = apr_psprintf(parse->p, "-%c needs a value: %s",
                                          arg[1], option->value);
    else
        give(parse, option, !option->value ? "" : arg[2] ? arg + 2 : next);
    return option && option->value && !arg[2] ? 2 : 1;
}

static const dlctl_command_t *find_command(const dlctl_command_t *commands,
                                           const char *name)
{
    for (; commands->name; commands++)
        if (strcmp(commands->name, name) == 0)
            return commands;
    return NULL;
}

static int is_group(const dlctl_command_t *commands, const char *word)
{
    apr_size_t len = strlen(word);

    for (; commands->name; commands++)
        if (strncmp(commands->name, word, len) == 0
            && commands->name[len] == ' ')
            return 1;
    return 0;
}

/** A word that is no option: part of the command, or an operand. */
static void take_word(parse_t *parse, const char *word)
{
    dlctl_args_t *args = parse->args;

    if (args->command) {
        APR_ARRAY_PUSH(args->operands, const char *) = word;
        return;
    }
    if (args->group)
        word = apr_pstrcat(parse->p, args->group, " ", word, NULL);
    args->command = find_command(parse->commands, word);
    if (args->command)
        args->group = NULL;
    else if (!args->group && is_group(parse->commands, word))
        args->group = word;
    else
        fail(parse, "", word, " is not a command");
}

static void check_operands(parse_t *parse)
{
    const dlctl_command_t *command = parse->args->command;
    int n = parse->args->operands->nelts;

    if (!command || dlctl_args_get(parse->args, "help"))
        return;
    if (n < command->min)
        parse->args->error = apr_psprintf(parse->p, "%s needs %s",
                                          command->name, command->operands);
    else if (command->max >= 0 && n > command->max)
        fail(parse, apr_pstrcat(parse->p, command->name, ": ", NULL),
             APR_ARRAY_IDX(parse->args->operands, command->max, const char *),
             " is one word too many");
}

dlctl_args_t *dlctl_args_parse(int argc, const char *const *argv,
                               const dlctl_command_t *commands,
                               const dlctl_option_t *global, apr_pool_t *p)
{
    dlctl_args_t *args = apr_pcalloc(p, sizeof(*args));
    parse_t parse = {commands, global, args, p};
    int words = 0, i = 1;

    args->operands = apr_array_make(p, argc, sizeof(const char *));
    args->given = apr_array_make(p, argc, sizeof(dlctl_given_t));
    while (i < argc && !args->error) {
        const char *arg = argv[i];
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;

        if (words || arg[0] != '-' || arg[1] == '\0') {
            take_word(&parse, arg);
            i++;
        }
        else if (strcmp(arg, "--") == 0) {
            words = 1;
            i++;
        }
        else if (arg[1] == '-')
            i += take_long(&parse, arg, next);
        else
            i += take_short(&parse, arg, next);
    }
    if (!args->error)
        check_operands(&parse);
    return args;
}

const char *dlctl_args_get(const dlctl_args_t *args, const char *name)
{
    for (int i = args->given->nelts - 1; i >= 0; i--) {
        const dlctl_given_t *given = &APR_ARRAY_IDX(args->given, i,
                                                    dlctl_given_t);

        if (strcmp(given->option->name, name) == 0)
            return given->value;
    }
    return NULL;
}

apr_array_header_t *dlctl_args_all(const dlctl_args_t *args,
                                   const char *name, apr_pool_t *p)
{
    apr_array_header_t *all = apr_array_make(p, 2, sizeof(const char *));

    for (int i = 0; i < args->given->nelts; i++) {
        const dlctl_given_t *given = &APR_ARRAY_IDX(args->given, i,
                                                    dlctl_given_t);

        if (strcmp(given->option->name, name) == 0)
            APR_ARRAY_PUSH(all, const char *) = given->value;
    }
    return all;
}
