/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library's messages go to httpd's error log, "DL0203: text", at the
 * level that LogLevel has for this module.
 */
#include "dljob_log.h"

#include <http_config.h>
#include <http_log.h>

#include "dl_log.h"

APLOG_USE_MODULE(dljob);

static int level_of(dl_log_level_e level)
{
    switch (level) {
    case DL_LOG_ERROR:
        return APLOG_ERR;
    case DL_LOG_WARN:
        return APLOG_WARNING;
    case DL_LOG_INFO:
        return APLOG_INFO;
    default:
        return APLOG_DEBUG;
    }
}

static void sink(void *baton, dl_log_level_e level, const char *code,
                 const dl_log_about_t *about, const char *message)
{
    server_rec *s = baton;

    if (about && about->job_id) {
        ap_log_error(APLOG_MARK, level_of(level), 0, s, "%s: %s (job %s)",
                     code, message, about->job_id);
        return;
    }
    ap_log_error(APLOG_MARK, level_of(level), 0, s, "%s: %s", code, message);
}

void dljob_log_open(server_rec *s)
{
    dl_log_level_set(APLOG_IS_LEVEL(s, APLOG_DEBUG) ? DL_LOG_DEBUG
                                                    : DL_LOG_INFO);
    dl_log_sink_set(sink, s);
}
