/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints dljob.conf(5), made from the table of directives at build time, so
 * that manual and programs cannot differ.
 */
#include <stdio.h>
#include <string.h>

#include <apr_general.h>

#include "dl_directive.h"
#include "dl_parse.h"
#include "dl_set.h"

static const char HEAD[] =
    ".\\\" SPDX-License-Identifier: Apache-2.0\n"
    ".\\\" Made by mkconfman from common/dl_directive_table.c.\n"
    ".TH DLJOB.CONF 5 \"\" \"mod_dljob " DL_VERSION "\" \"File formats\"\n"
    ".SH NAME\n"
    "dljob.conf \\- what mod_dljob and dlworker must agree on\n"
    ".SH DESCRIPTION\n"
    "One plain file of directives for both programs: httpd includes it, and\n"
    ".BR dlworker (8)\n"
    "reads it. Each program accepts and checks the directives of the other,\n"
    "so that\n"
    ".B apachectl configtest\n"
    "and\n"
    ".B dlworker \\-t\n"
    "refuse the same mistakes, with file, line, reason and remedy.\n"
    ".PP\n"
    "Its syntax is that of httpd without sections: one directive a line, its\n"
    "name in any case; a word with blanks stands in quotes, in which a\n"
    "backslash makes a quote or backslash plain; a backslash at the end of a\n"
    "line continues it; lines that begin with # are comments;\n"
    ".BI ${ NAME }\n"
    "is replaced by an environment variable, which must be set. Where a\n"
    "directive stands twice the later one wins. In httpd the directives may\n"
    "also stand in a <VirtualHost>, which takes over what it does not say\n"
    "itself from the main server, and those of a location in a <Location>.\n"
    ".SS Values\n"
    ".TP\n.I DURATION\n"
    "A whole number with ms, s, m, h or d; without a unit seconds.\n"
    ".TP\n.I SIZE\n"
    "A whole number of bytes, or with K, M, G or T, which are of 1024.\n"
    ".TP\n.I URL\n"
    "http:// or https://, without user, password and fragment.\n"
    ".TP\n.I SECRET\n"
    "Where a secret is, never the secret itself: a path (or file:/path),\n"
    "exec:/path with arguments (what the program prints), or env:NAME.\n"
    "A file that everybody can read or that its group can write is refused.\n"
    "DLJobCredentials may also be env:, imds: or container:.\n"
    "httpd reads secrets as the user who starts it, before its children\n"
    "give up their rights.\n";

static const char TAIL[] =
    ".SH EXAMPLES\n"
    ".nf\n"
    "DLJobRedis       redis://127.0.0.1:6379/0 password=/etc/dljob/redis\n"
    "DLJobStore       file:/var/lib/dljob/objects max=50G\n"
    "DLJobCredentials /etc/dljob/credentials\n"
    "DLJobSource      exec /usr/local/bin/export %{file_id}\n"
    "DLJobConcurrency 20\n"
    ".fi\n"
    ".PP\n"
    "and in httpd's own configuration\n"
    ".PP\n"
    ".nf\n"
    "Include /etc/dljob/dljob.conf\n"
    "<Location \"/v1/download\">\n"
    "    SetHandler dljob\n"
    "    Require valid\\-user\n"
    "</Location>\n"
    ".fi\n"
    ".SH FILES\n"
    ".TP\n.I /etc/dljob/dljob.conf\n"
    "the configuration\n"
    ".TP\n.I /etc/dljob/credentials\n"
    "the keys of the store, mode 0640\n"
    ".SH SEE ALSO\n"
    ".BR dlworker (8),\n"
    ".BR mod_dljob (8)\n";

static const struct {
    dl_scope_e scope;
    const char *title;
} GROUPS[] = {
    { DL_SCOPE_BOTH, "Directives of both programs" },
    { DL_SCOPE_WORKER, "Directives of the worker" },
    { DL_SCOPE_LOCATION, "Directives of a location of httpd" },
};

/** Text with what troff takes for its own made plain. */
static void put(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        switch (*c) {
        case '\\':
            fputs("\\e", stdout);
            break;
        case '-':
            fputs("\\-", stdout);
            break;
        case '\'':
            fputs("\\(aq", stdout);
            break;
        case '"':
            fputs("\\(dq", stdout);
            break;
        case '.':
            fputs(c == text ? "\\&." : ".", stdout);
            break;
        default:
            putchar(*c);
        }
    }
}

/** The bounds of what has any, by the setter that checks them. */
static void put_bounds(const dl_directive_t *d, apr_pool_t *p)
{
    const char *low = NULL;
    const char *high = NULL;

    if (d->set == dl_set_ms || d->set == dl_set_seconds) {
        low = dl_parse_show_duration(d->min, p);
        high = dl_parse_show_duration(d->max, p);
    }
    else if (d->set == dl_set_size) {
        low = dl_parse_show_size(d->min, p);
        high = dl_parse_show_size(d->max, p);
    }
    else if (d->set == dl_set_int || d->set == dl_set_int_or_off) {
        printf("From %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT ".\n",
               d->min, d->max);
        return;
    }
    if (low != NULL) {
        printf("From %s to %s.\n", low, high);
    }
}

static void put_directive(const dl_directive_t *d, apr_pool_t *p)
{
    printf(".TP\n.B %s\n", d->name);
    fputs(".RS\n", stdout);
    fputs(".I ", stdout);
    put(d->syntax);
    fputs("\n.br\n", stdout);
    put(d->help);
    putchar('\n');
    put_bounds(d, p);
    if (d->preset != NULL) {
        fputs(".br\nDefault:\n.B \"", stdout);
        put(d->preset);
        fputs("\"\n", stdout);
    }
    fputs(".RE\n", stdout);
}

int main(void)
{
    apr_pool_t *pool = NULL;

    if (apr_initialize() != APR_SUCCESS
        || apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        return 1;
    }
    fputs(HEAD, stdout);
    puts(".SH DIRECTIVES");
    for (size_t i = 0; i < sizeof(GROUPS) / sizeof(*GROUPS); i++) {
        printf(".SS %s\n", GROUPS[i].title);
        for (const dl_directive_t *d = dl_directives; d->name != NULL; d++) {
            if (d->scope == GROUPS[i].scope) {
                put_directive(d, pool);
            }
        }
    }
    fputs(TAIL, stdout);
    apr_terminate();
    return ferror(stdout) || fclose(stdout) != 0;
}
