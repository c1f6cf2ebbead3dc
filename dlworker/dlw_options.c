/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dlworker's command line; see dlw_options.h.
 */
#include "dlw_options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "dl_parse.h"

#define NAME_MAX_LEN 64
#define EXIT_CONFIG 1
#define EXIT_USAGE 64

static const char HELP[] =
    "usage: dlworker [OPTION]...\n"
    "\n"
    "Prepares the files that jobs of mod_dljob ask for.\n"
    "\n"
    "  -f FILE       read FILE instead of " DLW_OPTIONS_FILE "\n"
    "  -t            check the configuration and end\n"
    "  -n NAME       the worker's name; one of the same name that was here\n"
    "                before has its unfinished files taken over at once\n"
    "  -D DIRECTIVE  a directive to read after the file; may be repeated\n"
    "  --once        work until nothing waits, then end\n"
    "  -V            print the version and end\n"
    "  -h            print this and end\n"
    "\n"
    "SIGTERM lets running files finish, SIGHUP reads the file again. More is\n"
    "in dlworker(8), all directives are in dljob.conf(5).\n";

static dlw_options_t *usage(dlw_options_t *options, const char *error)
{
    options->action = DLW_USAGE;
    options->error = error;
    return options;
}

static const char *check_name(const char *name, apr_pool_t *p)
{
    apr_size_t len = strlen(name);

    if (len < 1 || len > NAME_MAX_LEN
        || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "abcdefghijklmnopqrstuvwxyz"
                        "0123456789._@-") != len) {
        return apr_psprintf(p, "-n %s: write 1 to %d letters, digits and . _ "
                            "@ -", dl_parse_quote(name, p), NAME_MAX_LEN);
    }
    return NULL;
}

/** Host name and process id, with odd characters replaced. */
static const char *default_name(apr_pool_t *p)
{
    char host[NAME_MAX_LEN - 16] = "";

    if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0') {
        strcpy(host, "localhost");
    }
    for (char *c = host; *c != '\0'; c++) {
        if (check_name(apr_pstrmemdup(p, c, 1), p) != NULL) {
            *c = '-';
        }
    }
    return apr_psprintf(p, "%s-%ld", host, (long)getpid());
}

/** Takes the argument of an option: what is attached, or the next one. */
static const char *argument(int argc, const char *const *argv, int *i)
{
    const char *attached = argv[*i] + 2;

    if (*attached != '\0') {
        return attached;
    }
    return *i + 1 < argc ? argv[++*i] : NULL;
}

/** An option with an argument. @return NULL or an error. */
static const char *take(dlw_options_t *options, char letter,
                        const char *value, apr_pool_t *p)
{
    if (value == NULL) {
        return apr_psprintf(p, "-%c needs an argument", letter);
    }
    switch (letter) {
    case 'f':
        options->file = value;
        return NULL;
    case 'n':
        options->name = value;
        options->named = 1;
        return check_name(value, p);
    default:
        *(const char **)apr_array_push(options->directives) = value;
        return NULL;
    }
}

dlw_options_t *dlw_options_parse(int argc, const char *const *argv,
                                 apr_pool_t *p)
{
    dlw_options_t *options = apr_pcalloc(p, sizeof(*options));

    options->file = DLW_OPTIONS_FILE;
    options->name = default_name(p);
    options->directives = apr_array_make(p, 2, sizeof(const char *));
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        const char *error = NULL;

        if (strcmp(arg, "-h") == 0 || strcmp(arg, "--help") == 0) {
            options->action = DLW_HELP;
            return options;
        }
        if (strcmp(arg, "-V") == 0 || strcmp(arg, "--version") == 0) {
            options->action = DLW_VERSION;
            return options;
        }
        if (strcmp(arg, "-t") == 0) {
            options->action = DLW_TEST;
        }
        else if (strcmp(arg, "--once") == 0) {
            options->once = 1;
        }
        else if (arg[0] == '-' && arg[1] != '\0'
                 && strchr("fnD", arg[1]) != NULL) {
            error = take(options, arg[1], argument(argc, argv, &i), p);
        }
        else {
            error = apr_psprintf(p, "%s is not an option",
                                 dl_parse_quote(arg, p));
        }
        if (error != NULL) {
            return usage(options, error);
        }
    }
    return options;
}

const char *dlw_options_load(const dlw_options_t *options, apr_pool_t *p,
                             dl_settings_t **settings)
{
    dl_settings_t *read = dl_settings_create(p);
    const char *error = dl_conffile_read(options->file, read, p);

    for (int i = 0; error == NULL && i < options->directives->nelts; i++) {
        const char *text = APR_ARRAY_IDX(options->directives, i, const char *);

        error = dl_conffile_text(apr_psprintf(p, "-D %d", i + 1), text,
                                 strlen(text), read, p);
    }
    if (error == NULL) {
        error = dl_settings_check(read, options->file, 1, p);
    }
    if (error == NULL) {
        *settings = read;
    }
    return error;
}

int dlw_options_act(const dlw_options_t *options, apr_pool_t *p)
{
    dl_settings_t *settings = NULL;
    const char *error;

    switch (options->action) {
    case DLW_HELP:
        fputs(HELP, stdout);
        return 0;
    case DLW_VERSION:
        puts("dlworker " DL_VERSION);
        return 0;
    case DLW_USAGE:
        fprintf(stderr, "dlworker: %s; see dlworker -h\n", options->error);
        return EXIT_USAGE;
    case DLW_TEST:
        error = dlw_options_load(options, p, &settings);
        fprintf(stderr, "%s\n", error != NULL ? error : "Syntax OK");
        return error != NULL ? EXIT_CONFIG : 0;
    case DLW_RUN:
        break;
    }
    return -1;
}
