/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Help, from the table of commands.
 */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "dl_parse.h"
#include "dlctl_commands.h"

#define INDENT 24               /* where the text of an option begins */

static void print_options(const dlctl_option_t *option)
{
    for (; option->name; option++) {
        int n = option->letter ? printf("  -%c, --%s", option->letter,
                                        option->name)
                               : printf("      --%s", option->name);

        if (option->value)
            n += printf(" %s", option->value);
        if (n > INDENT - 2)
            n = printf("\n") - 1;
        printf("%*s%s\n", INDENT - n, "", option->help);
    }
}

static int in_group(const char *name, const char *group)
{
    size_t len = group ? strlen(group) : 0;

    return !group || (strncmp(name, group, len) == 0 && name[len] == ' ');
}

void dlctl_help_overview(const char *group)
{
    printf("usage: dljobctl [OPTION]... %s%sCOMMAND [OPERAND]...\n\n"
           "Looks at and works on the jobs of mod_dljob.\n\n",
           group ? group : "", group ? " " : "");
    for (const dlctl_command_t *c = dlctl_commands; c->name; c++)
        if (in_group(c->name, group))
            printf("  %-17s%s\n", c->name, c->summary);
    printf("\nOptions of every command:\n");
    print_options(dlctl_global);
    printf("\n\"dljobctl COMMAND --help\" tells more; all is in "
           "dljobctl(1).\n");
}

void dlctl_help_command(const dlctl_command_t *command)
{
    printf("usage: dljobctl %s [OPTION]...%s%s\n\n%c%s.\n", command->name,
           *command->operands ? " " : "", command->operands,
           command->summary[0] - 'a' + 'A', command->summary + 1);
    if (command->help)
        printf("%s\n", command->help);
    if (command->options->name) {
        printf("\n");
        print_options(command->options);
    }
    printf("\nOptions of every command:\n");
    print_options(dlctl_global);
}

dlctl_exit_e dlctl_help(dlctl_t *ctl)
{
    const apr_array_header_t *words = ctl->args->operands;
    const char *name;

    if (words->nelts == 0) {
        dlctl_help_overview(NULL);
        return DLCTL_OK;
    }
    name = apr_array_pstrcat(ctl->pool, words, ' ');
    for (const dlctl_command_t *c = dlctl_commands; c->name; c++) {
        if (strcmp(c->name, name) == 0) {
            dlctl_help_command(c);
            return DLCTL_OK;
        }
        if (in_group(c->name, name)) {
            dlctl_help_overview(name);
            return DLCTL_OK;
        }
    }
    return dlctl_error(DLCTL_USAGE, "%s is not a command; see dljobctl "
                       "--help", dl_parse_quote(name, ctl->pool));
}
