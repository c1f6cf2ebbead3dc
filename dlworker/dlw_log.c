/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of the log.
 */
#include "dlw_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <apr_errno.h>
#include <apr_strings.h>

#include "dl_time.h"

#define BUFFER 32768
#define FLUSH_AT 24576          /* a line is at most 2,000 bytes escaped: */
                                /* 6 times that in the worst of cases */

struct dlw_log_t {
    dl_loop_t *loop;
    dl_buf_t buf;
    dl_defer_t flush;
    int fd;
    int text;                   /* a terminal reads it */
};

static const char *const level_names[] = {
    [DL_LOG_ERROR] = "error",
    [DL_LOG_WARN] = "warn",
    [DL_LOG_INFO] = "info",
    [DL_LOG_DEBUG] = "debug",
};

static void member(dl_buf_t *b, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    dl_buf_puts(b, ",\"");
    dl_buf_puts(b, name);
    dl_buf_puts(b, "\":");
    dl_buf_jsons(b, value);
}

static void number(dl_buf_t *b, const char *name, apr_int64_t value)
{
    dl_buf_puts(b, ",\"");
    dl_buf_puts(b, name);
    dl_buf_puts(b, "\":");
    dl_buf_int(b, value);
}

void dlw_log_json(dl_buf_t *b, const dlw_log_event_t *event)
{
    const dl_log_about_t *about = event->about;

    dl_buf_puts(b, "{\"timestamp\":");
    dl_buf_json_time(b, event->now_ms);
    member(b, "level", level_names[event->level]);
    member(b, "code", event->code);
    member(b, "message", event->message);
    if (about) {
        member(b, "jobId", about->job_id);
        if (about->file_id)
            number(b, "fileId", about->file_id);
        if (about->attempt)
            number(b, "attempt", about->attempt);
        member(b, "traceId", about->trace_id);
        member(b, "requestId", about->request_id);
        if (about->duration_ms > 0)
            number(b, "durationMs", about->duration_ms);
    }
    dl_buf_puts(b, "}\n");
}

void dlw_log_text(dl_buf_t *b, const dlw_log_event_t *event)
{
    const dl_log_about_t *about = event->about;
    char time[DL_TIME_ISO_LEN + 1];

    dl_time_iso(event->now_ms, time);
    dl_buf_puts(b, time);
    dl_buf_puts(b, " ");
    dl_buf_puts(b, level_names[event->level]);
    dl_buf_puts(b, " ");
    dl_buf_puts(b, event->code);
    dl_buf_puts(b, " ");
    dl_buf_puts(b, event->message);
    if (about && about->file_id) {
        dl_buf_puts(b, " [file ");
        dl_buf_int(b, about->file_id);
        if (about->attempt) {
            dl_buf_puts(b, " attempt ");
            dl_buf_int(b, about->attempt);
        }
        if (about->job_id && *about->job_id) {
            dl_buf_puts(b, " job ");
            dl_buf_puts(b, about->job_id);
        }
        if (about->duration_ms > 0) {
            dl_buf_puts(b, " ");
            dl_buf_int(b, about->duration_ms);
            dl_buf_puts(b, " ms");
        }
        dl_buf_puts(b, "]");
    }
    dl_buf_puts(b, "\n");
}

void dlw_log_flush(dlw_log_t *log)
{
    const char *data = log->buf.data;
    apr_size_t len = log->buf.len;

    while (len > 0) {
        ssize_t n = write(log->fd, data, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)              /* a full disk must not stop the worker */
            break;
        data += n;
        len -= (apr_size_t)n;
    }
    log->buf.len = 0;
}

static void on_flush(dl_defer_t *defer)
{
    dlw_log_flush(defer->baton);
}

static void sink(void *baton, dl_log_level_e level, const char *code,
                 const dl_log_about_t *about, const char *message)
{
    dlw_log_t *log = baton;
    dlw_log_event_t event = {.now_ms = dl_time_now_ms(),
                             .level = level,
                             .code = code,
                             .about = about,
                             .message = message};

    if (log->text)
        dlw_log_text(&log->buf, &event);
    else
        dlw_log_json(&log->buf, &event);
    if (level <= DL_LOG_WARN || log->buf.len > FLUSH_AT)
        dlw_log_flush(log);
    else
        dl_defer(log->loop, &log->flush);
}

static int open_log(const char *path)
{
    return path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640)
                : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
}

apr_status_t dlw_log_reopen(dlw_log_t *log, const char *path)
{
    int fd = open_log(path);

    if (fd < 0)
        return errno;
    dlw_log_flush(log);
    close(log->fd);
    log->fd = fd;
    log->text = isatty(fd);
    return APR_SUCCESS;
}

static apr_status_t log_cleanup(void *data)
{
    dlw_log_t *log = data;

    dl_log_sink_set(NULL, NULL);
    dl_defer_cancel(log->loop, &log->flush);
    dlw_log_flush(log);
    close(log->fd);
    return APR_SUCCESS;
}

apr_status_t dlw_log_open(const char *path, dl_loop_t *loop, apr_pool_t *p,
                          dlw_log_t **out)
{
    dlw_log_t *log = apr_pcalloc(p, sizeof(*log));

    log->fd = open_log(path);
    if (log->fd < 0)
        return errno;
    log->text = isatty(log->fd);
    log->loop = loop;
    log->flush = (dl_defer_t){.fn = on_flush, .baton = log};
    dl_buf_init(&log->buf, BUFFER, p);
    apr_pool_cleanup_register(p, log, log_cleanup, apr_pool_cleanup_null);
    dl_log_sink_set(sink, log);
    *out = log;
    return APR_SUCCESS;
}
