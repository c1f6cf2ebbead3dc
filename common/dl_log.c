/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log sink of the process. See dl_log.h.
 *
 * The sink and the level are the library's only writable globals; they are
 * set before threads start.
 */
#include <stdarg.h>
#include <stdio.h>

#include "dl_log.h"

#define MESSAGE_MAX 2000

static void to_stderr(void *baton, dl_log_level_e level, const char *code,
                      const dl_log_about_t *about, const char *message)
{
    (void)baton;
    (void)about;
    if (level <= DL_LOG_WARN) {
        fprintf(stderr, "%s: %s: %s\n", code,
                level == DL_LOG_ERROR ? "error" : "warning", message);
    }
}

static struct {
    dl_log_sink_fn *sink;
    void *baton;
    dl_log_level_e level;
} target = { to_stderr, NULL, DL_LOG_INFO };

void dl_log_sink_set(dl_log_sink_fn *sink, void *baton)
{
    target.sink = sink ? sink : to_stderr;
    target.baton = baton;
}

void dl_log_level_set(dl_log_level_e level)
{
    target.level = level;
}

void dl_log(dl_log_level_e level, const char *code,
            const dl_log_about_t *about, const char *fmt, ...)
{
    char message[MESSAGE_MAX + 1];
    va_list ap;
    char *c;

    if (level > target.level) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    for (c = message; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = '?';
        }
    }
    target.sink(target.baton, level, code, about, message);
}
