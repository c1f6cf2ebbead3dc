/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dljobctl: reads its command line and runs a command.
 */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include <apr_general.h>

#include "dlctl_commands.h"
#include "dlctl_json.h"

static dlctl_exit_e usage(const char *error, const dlctl_command_t *command)
{
    return dlctl_error(DLCTL_USAGE, "%s; see dljobctl %s%s--help", error,
                       command ? command->name : "", command ? " " : "");
}

static dlctl_exit_e run(dlctl_t *ctl)
{
    const dlctl_args_t *args = ctl->args;

    if (args->error)
        return usage(args->error, args->command);
    if (dlctl_args_get(args, "version")) {
        puts("dljobctl " DL_VERSION);
        return DLCTL_OK;
    }
    if (dlctl_args_get(args, "help")) {
        if (args->command)
            dlctl_help_command(args->command);
        else
            dlctl_help_overview(args->group);
        return DLCTL_OK;
    }
    if (!args->command)
        return usage(args->group ? "it needs a second word"
                                 : "no command is given", NULL);
    return args->command->run(ctl);
}

/* With --json there is a document whatever happens. */
static void tell(dlctl_t *ctl, dlctl_exit_e status)
{
    dl_buf_t b;

    if (!ctl->json || ctl->printed || !ctl->error)
        return;
    dl_buf_init(&b, 256, ctl->pool);
    dl_buf_putc(&b, '{');
    dlctl_json_str(&b, "error", ctl->error);
    dlctl_json_int(&b, "exitStatus", status);
    dl_buf_putc(&b, '}');
    dlctl_json_print(ctl, &b);
}

/* Parsing ends at the first mistake; --json may stand behind it. */
static int wants_json(const dlctl_args_t *args, int argc, char **argv)
{
    for (int i = 1; args->error && i < argc && strcmp(argv[i], "--"); i++)
        if (strcmp(argv[i], "--json") == 0)
            return 1;
    return dlctl_args_get(args, "json") != NULL;
}

int main(int argc, char **argv)
{
    dlctl_t ctl = {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL};
    dlctl_exit_e status;

    setlocale(LC_CTYPE, "C.UTF-8");
    if (apr_initialize() != APR_SUCCESS)
        return 1;
    apr_pool_create(&ctl.pool, NULL);
    apr_pool_tag(ctl.pool, "dljobctl");
    dl_log_sink_set(dlctl_error_sink, &ctl);
    ctl.args = dlctl_args_parse(argc, (const char *const *)argv,
                                dlctl_commands, dlctl_global, ctl.pool);
    ctl.json = wants_json(ctl.args, argc, argv);
    status = run(&ctl);
    tell(&ctl, status);
    if (fflush(stdout) != 0 || ferror(stdout))
        status = dlctl_error(DLCTL_CANT_CREATE, "the output cannot be "
                             "written");
    apr_pool_destroy(ctl.pool);
    apr_terminate();
    return status;
}
