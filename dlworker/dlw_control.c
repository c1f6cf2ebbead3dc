/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channel `control`: {"cancel":fileId,"fence":N}, {"pause":true|false},
 * {"drain":"worker"|"*"}. A message that is lost costs only time: beats tell
 * of cancels, claims of pauses.
 */
#include "dlw_worker.h"

#include <string.h>

#include <json-c/json.h>

#include "dl_log.h"
#include "dl_reply.h"

#define MESSAGE_MAX 4096

static void on_cancel(dlw_worker_t *worker, struct json_object *message)
{
    struct json_object *file, *fence;
    dlw_task_t *task;

    if (!json_object_object_get_ex(message, "cancel", &file)
        || !json_object_object_get_ex(message, "fence", &fence))
        return;
    task = dlw_slots_find(worker, json_object_get_int64(file),
                          json_object_get_int64(fence));
    if (task && task->state != DLW_TASK_SETTLE)
        dlw_settle_drop(worker, task, "cancelled");
}

static void on_drain(dlw_worker_t *worker, struct json_object *name)
{
    const char *who = json_object_get_string(name);

    if (who && (strcmp(who, "*") == 0 || strcmp(who, worker->name) == 0)
        && worker->life.stage == DLW_LIFE_RUN)
        dlw_life_drain(worker, "asked to drain");
}

static void on_text(dlw_worker_t *worker, const char *text, apr_size_t len)
{
    struct json_tokener *tok;
    struct json_object *message, *value;

    if (len > MESSAGE_MAX || !(tok = json_tokener_new_ex(4)))
        return;
    message = json_tokener_parse_ex(tok, text, (int)len);
    json_tokener_free(tok);
    if (json_object_is_type(message, json_type_object)) {
        on_cancel(worker, message);
        if (json_object_object_get_ex(message, "pause", &value)
            && !json_object_get_boolean(value))
            dlw_claim_look(worker);
        if (json_object_object_get_ex(message, "drain", &value))
            on_drain(worker, value);
    }
    json_object_put(message);
}

/** ["message", channel, text], or the answer to SUBSCRIBE. */
static void on_message(void *baton, const redisReply *reply)
{
    const char *kind = dl_reply_str_at(reply, 0, NULL);
    const char *text;
    apr_size_t len;

    if (!kind || strcmp(kind, "message") != 0)
        return;
    text = dl_reply_str_at(reply, 2, &len);
    if (text)
        on_text(baton, text, len);
}

static void on_state(void *baton, int up)
{
    dlw_worker_t *worker = baton;
    const char *argv[2] = {"SUBSCRIBE", NULL};
    char *wire;
    int len;

    if (!up)
        return;
    argv[1] = dlw_worker_key(worker, "control", worker->scratch);
    len = redisFormatCommandArgv(&wire, 2, argv, NULL);
    apr_pool_clear(worker->scratch);
    if (len < 0)
        return;
    dlw_link_send(worker->control, wire, (size_t)len, on_message, worker);
    redisFreeCommand(wire);
    if (worker->slots.nrunning > 0)     /* what was missed meanwhile? */
        dlw_beat_now(worker);
}

void dlw_control_start(dlw_worker_t *worker)
{
    dlw_link_conf_t link = {.addr = worker->settings->conf->redis,
                            .name = "control",
                            .backoff_max_ms = 1000,
                            .on_state = on_state,
                            .baton = worker};

    worker->control = dlw_link_create(worker->env.loop, &link, worker->parts);
}
