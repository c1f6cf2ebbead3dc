/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Redis may say to a stream: whatever the message is, the event made of
 * it is one event, and what is read from it fits.
 */
#include <string.h>

#include "dl_event.h"
#include "fuzz.h"

static int count(const char *text, size_t len, char c)
{
    int n = 0;

    for (size_t i = 0; i < len; i++) {
        n += text[i] == c;
    }
    return n;
}

static void check_event(const dl_message_t *msg, const char *body, size_t len)
{
    dl_event_info_t info = { 0 };
    dl_event_t *event;
    apr_size_t n, all;
    const char *text;

    info.job_id = msg->job_id;
    info.version = msg->version;
    info.name = msg->terminal ? msg->status : "progress";
    info.terminal = msg->terminal;
    info.with_id = 1;
    event = dl_event_create(&info, body, len);
    FUZZ_MUST(event, "memory");
    text = dl_event_text(event, 0, &n);
    FUZZ_MUST(n >= 8 + len && !memcmp(text + n - 2, "\n\n", 2), "the end");
    FUZZ_MUST(count(text, n, '\n') == (msg->version >= 0 ? 3 : 2)
              && count(text, n, '\r') == 0, "one event");
    text = dl_event_text(event, 1, &all);
    FUZZ_MUST(all > n && !memcmp(text, "event: ", 7), "its name");
    FUZZ_MUST(dl_event_same_job(event, event), "the job");
    dl_event_unref(event);
}

static void check_body(const dl_message_t *msg, const char *payload,
                       size_t size)
{
    apr_pool_t *p;
    apr_size_t len = size;
    const char *body;

    apr_pool_create(&p, NULL);
    body = dl_message_body(msg, payload, msg->job_id, "/dl", p, &len);
    FUZZ_MUST(len == size - msg->cut_len + 3 * strlen(msg->job_id)
                         + strlen(",\"statusUrl\":\"/dl/status/\""
                                  ",\"streamUrl\":\"/dl//stream\""
                                  ",\"resultUrl\":\"/dl/\""), "its length");
    FUZZ_MUST(body[0] == '{' && body[len - 1] == '}', "its braces");
    apr_pool_destroy(p);
}

void fuzz_message(const uint8_t *data, size_t size)
{
    /* exactly so large: what reads beyond is seen by the sanitizers */
    char *payload = malloc(size ? size : 1);
    dl_message_t msg;

    FUZZ_MUST(payload, "memory");
    memcpy(payload, data, size);
    if (dl_message_read(payload, size, &msg) == 0) {
        FUZZ_MUST(msg.version >= -1, "the version");
        FUZZ_MUST(memchr(msg.job_id, '\0', sizeof(msg.job_id))
                  && memchr(msg.status, '\0', sizeof(msg.status)), "strings");
        FUZZ_MUST(!strpbrk(msg.job_id, "\"\\")
                  && !strpbrk(msg.status, "\"\\"), "plain strings");
        FUZZ_MUST(!msg.forward || msg.status[0], "a snapshot has a status");
        check_event(&msg, payload, size);
        if (msg.forward) {
            check_body(&msg, payload, size);
        }
    }
    free(payload);
}
