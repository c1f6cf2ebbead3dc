/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sentences on stderr; see dlctl_error.h.
 */
#include "dlctl_error.h"

#include <stdarg.h>
#include <stdio.h>

#include <apr_strings.h>

#include "dlctl.h"
#include "dlctl_tty.h"

static const struct {
    dlctl_exit_e status;
    const char *code;
} codes[] = {
    {DLCTL_USAGE, "DL0901"},
    {DLCTL_CONFIG, "DL0902"},
    {DLCTL_REDIS, "DL0903"},
    {DLCTL_NO_PERMISSION, "DL0904"},
    {DLCTL_NOT_FOUND, "DL0905"},
    {DLCTL_LATER, "DL0906"},
    {DLCTL_DATA, "DL0907"},
    {DLCTL_CANT_CREATE, "DL0908"},
    {DLCTL_TRANSFER, "DL0909"},
    {DLCTL_FAILED, "DL0910"},
};

#define NCODES ((int)(sizeof(codes) / sizeof(codes[0])))

void dlctl_error_sink(void *baton, dl_log_level_e level, const char *code,
                      const dl_log_about_t *about, const char *message)
{
    dlctl_t *ctl = baton;

    (void)about;
    if (level > DL_LOG_WARN)
        return;
    if (level == DL_LOG_ERROR) {
        ctl->error = apr_pstrdup(ctl->pool, message);
        dlctl_tty_screen_end();
    }
    if (dlctl_tty_has_screen())
        return;
    dlctl_tty_line_end();
    fprintf(stderr, "dljobctl: %s%s (%s)\n",
            level == DL_LOG_WARN ? "warning: " : "", message, code);
}

dlctl_exit_e dlctl_error(dlctl_exit_e status, const char *fmt, ...)
{
    const char *code = codes[NCODES - 1].code;
    char text[2001];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    for (int i = 0; i < NCODES; i++)
        if (codes[i].status == status)
            code = codes[i].code;
    dl_log(DL_LOG_ERROR, code, NULL, "%s", text);
    return status;
}
