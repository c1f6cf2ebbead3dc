/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of answers, each job in one place, the later replaces the earlier;
 * see dljob_recent.h.
 */
#include "dljob_recent.h"

#include <pthread.h>

#include <apr_strings.h>

#include "dljob_base.h"
#include "dljob_streams.h"

enum {
    SLOTS = 64,
    BODY_MAX = 2048,            /* bytes; a longer answer is not kept */
    BASE_MAX = 256,
    KEPT_MS = 1000
};

typedef struct slot_t {
    pthread_mutex_t mutex;
    apr_int64_t until_ms;       /* monotonic; 0: empty */
    char job_id[DL_UUID_LEN + 1];
    char user[DLJOB_USER_MAX + 1];
    char base[BASE_MAX];
    char etag[DL_ETAG_MAX];
    apr_size_t len;
    char body[BODY_MAX];
} slot_t;

struct dljob_recent_t {
    slot_t slots[SLOTS];
};

dljob_recent_t *dljob_recent_create(apr_pool_t *p)
{
    dljob_recent_t *recent = apr_pcalloc(p, sizeof(*recent));
    int i;

    for (i = 0; i < SLOTS; i++) {
        pthread_mutex_init(&recent->slots[i].mutex, NULL);
    }
    return recent;
}

/* Ids are random: any of their digits spread them. */
static slot_t *slot_of(dljob_call_t *call)
{
    const char *id = call->route.job_id;

    return &call->engine->recent->slots[(id[0] * 31 + id[1] * 7 + id[2])
                                        % SLOTS];
}

static int can_use(const dljob_call_t *call)
{
    const dljob_engine_t *engine = call->engine;

    return engine->recent && engine->streams && engine->streams->hub
           && dljob_hub_links_up(engine->streams->hub);
}

int dljob_recent_find(dljob_call_t *call, dljob_recent_answer_t *answer)
{
    slot_t *slot;
    int found;

    if (!can_use(call)) {
        return 0;
    }
    slot = slot_of(call);
    pthread_mutex_lock(&slot->mutex);
    found = slot->until_ms
            && !strcmp(slot->job_id, call->route.job_id)
            && !strcmp(slot->user, call->user)
            && dljob_hub_clock_ms() < slot->until_ms
            && !strcmp(slot->base, dljob_base_url(call));
    if (found) {
        answer->etag = apr_pstrdup(call->pool, slot->etag);
        answer->body = apr_pmemdup(call->pool, slot->body, slot->len);
        answer->len = slot->len;
    }
    pthread_mutex_unlock(&slot->mutex);
    return found;
}

void dljob_recent_keep(dljob_call_t *call, const dl_job_t *job,
                       const dljob_recent_answer_t *answer)
{
    const char *base = dljob_base_url(call);
    slot_t *slot;

    if (!can_use(call) || !dl_job_state_terminal(job->state)
        || answer->len > BODY_MAX || strlen(base) >= BASE_MAX) {
        return;
    }
    slot = slot_of(call);
    pthread_mutex_lock(&slot->mutex);
    apr_cpystrn(slot->job_id, job->id, sizeof(slot->job_id));
    apr_cpystrn(slot->user, call->user, sizeof(slot->user));
    apr_cpystrn(slot->base, base, sizeof(slot->base));
    apr_cpystrn(slot->etag, answer->etag, sizeof(slot->etag));
    memcpy(slot->body, answer->body, answer->len);
    slot->len = answer->len;
    slot->until_ms = dljob_hub_clock_ms() + KEPT_MS;
    pthread_mutex_unlock(&slot->mutex);
}
