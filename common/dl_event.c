/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of a stream; see dl_event.h.
 */
#include "dl_event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dl_buf.h"
#include "dl_job.h"

struct dl_event_t {
    unsigned refs;
    int terminal;
    apr_int64_t version;
    char job_id[64];
    apr_size_t unnamed;         /* where the text without a name starts */
    apr_size_t len;
    char text[];
};

dl_event_t *dl_event_create(const dl_event_info_t *info, const char *body,
                            apr_size_t len)
{
    char head[128];
    int named, n;
    apr_size_t i;
    char *at;
    dl_event_t *event;

    named = snprintf(head, sizeof(head), "event: %.40s\n", info->name);
    n = named;
    if (info->with_id && info->version >= 0) {
        n += snprintf(head + n, sizeof(head) - (size_t)n,
                      "id: %" APR_INT64_T_FMT "\n", info->version);
    }
    event = malloc(sizeof(*event) + (size_t)n + len + 9);
    if (!event) {
        return NULL;
    }
    event->refs = 1;
    event->terminal = info->terminal;
    event->version = info->version;
    snprintf(event->job_id, sizeof(event->job_id), "%s",
             info->job_id ? info->job_id : "");
    event->unnamed = (apr_size_t)named;
    at = event->text;
    memcpy(at, head, (size_t)n);
    at += n;
    memcpy(at, "data: ", 6);
    at += 6;
    for (i = 0; i < len; i++) {
        *at++ = body[i] == '\r' || body[i] == '\n' ? ' ' : body[i];
    }
    *at++ = '\n';
    *at++ = '\n';
    *at = '\0';
    event->len = (apr_size_t)(at - event->text);
    return event;
}

dl_event_t *dl_event_ref(dl_event_t *event)
{
    __atomic_add_fetch(&event->refs, 1, __ATOMIC_RELAXED);
    return event;
}

void dl_event_unref(dl_event_t *event)
{
    if (event && !__atomic_sub_fetch(&event->refs, 1, __ATOMIC_ACQ_REL)) {
        free(event);
    }
}

const char *dl_event_text(const dl_event_t *event, int named,
                          apr_size_t *len)
{
    apr_size_t from = named ? 0 : event->unnamed;

    *len = event->len - from;
    return event->text + from;
}

apr_int64_t dl_event_version(const dl_event_t *event)
{
    return event->version;
}

int dl_event_terminal(const dl_event_t *event)
{
    return event->terminal;
}

int dl_event_same_job(const dl_event_t *a, const dl_event_t *b)
{
    return !strcmp(a->job_id, b->job_id);
}

/* Where the value of "key": starts in the payload, or NULL. */
static const char *member(const char *payload, apr_size_t len,
                          const char *key)
{
    const char *at = memmem(payload, len, key, strlen(key));

    return at ? at + strlen(key) : NULL;
}

/* Copies a string value up to its closing quote if it fits and is plain. */
static void string_value(const char *from, const char *end, char *to,
                         apr_size_t size)
{
    apr_size_t n = 0;

    while (from + n < end && from[n] != '"' && from[n] != '\\') {
        if (n + 1 == size) {
            return;
        }
        n++;
    }
    if (from + n < end && from[n] == '"') {
        memcpy(to, from, n);
        to[n] = '\0';
    }
}

int dl_message_read(const char *payload, apr_size_t len, dl_message_t *msg)
{
    const char *end = payload + len;
    const char *at, *from;

    memset(msg, 0, sizeof(*msg));
    msg->version = -1;
    if (len < 2 || payload[0] != '{' || payload[len - 1] != '}') {
        return -1;
    }
    if ((at = member(payload, len, "\"version\":"))) {
        apr_int64_t v = 0;
        int digits = 0;

        while (at < end && *at >= '0' && *at <= '9' && digits < 18) {
            v = v * 10 + (*at++ - '0');
            digits++;
        }
        msg->version = digits ? v : -1;
        from = at - digits - (sizeof(",\"version\":") - 1);
        if (digits && from > payload && *from == ',') {
            msg->cut = from;
            msg->cut_len = (apr_size_t)(at - from);
        }
    }
    if ((at = member(payload, len, "\"jobId\":\""))) {
        string_value(at, end, msg->job_id, sizeof(msg->job_id));
    }
    if ((at = member(payload, len, "\"status\":\""))) {
        string_value(at, end, msg->status, sizeof(msg->status));
    }
    msg->terminal = !strcmp(msg->status, "completed")
                    || !strcmp(msg->status, "failed")
                    || !strcmp(msg->status, "cancelled");
    msg->forward = msg->status[0] && !member(payload, len, "\"reread\":");
    return 0;
}

const char *dl_message_body(const dl_message_t *msg, const char *payload,
                            const char *job_id, const char *base,
                            apr_pool_t *p, apr_size_t *len)
{
    const char *at = payload;
    const char *last = payload + *len - 1;      /* its brace */
    dl_buf_t b;

    dl_buf_init(&b, *len + 3 * (strlen(base) + 80), p);
    if (msg->cut) {
        dl_buf_add(&b, payload, (apr_size_t)(msg->cut - payload));
        at = msg->cut + msg->cut_len;
    }
    dl_buf_add(&b, at, (apr_size_t)(last - at));
    dl_job_put_links(&b, job_id, base);
    dl_buf_putc(&b, '}');
    *len = b.len;
    return b.data;
}
