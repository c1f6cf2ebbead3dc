/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking for objects; see dljob_there.h.
 */
#include "dljob_there.h"

#include <stdatomic.h>
#include <string.h>

#include <http_log.h>

#include "dljob_probe.h"

APLOG_USE_MODULE(dljob);

enum {
    SLOTS = 4096,
    SEEN_S = 10,
    TIME_BITS = 24
};

#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)

/* One word an object: most of its key's hash, and the second it was seen in.
 * Two keys of one hash cost a look, no more. */
struct dljob_seen_t {
    atomic_uint_least64_t slots[SLOTS];
    atomic_uint_least64_t away_s;   /* S3 is not asked before */
};

dljob_seen_t *dljob_seen_create(apr_pool_t *p)
{
    return apr_pcalloc(p, sizeof(dljob_seen_t));
}

/* FNV-1a */
static uint64_t hash_of(const char *key)
{
    uint64_t h = UINT64_C(14695981039346656037);

    while (*key) {
        h = (h ^ (unsigned char)*key++) * UINT64_C(1099511628211);
    }
    return h;
}

static atomic_uint_least64_t *slot_of(dljob_seen_t *seen, uint64_t hash)
{
    return &seen->slots[hash % SLOTS];
}

static int seen_lately(dljob_seen_t *seen, uint64_t hash, uint64_t now_s)
{
    uint64_t word = atomic_load(slot_of(seen, hash));

    return word && ((word ^ hash) & ~TIME_MASK) == 0
        && ((now_s - word) & TIME_MASK) < SEEN_S;
}

static void put_seen(dljob_seen_t *seen, uint64_t hash, uint64_t now_s)
{
    atomic_store(slot_of(seen, hash),
                 (hash & ~TIME_MASK) | (now_s & TIME_MASK));
}

static int gone_from_s3(dljob_call_t *call, const char *key,
                        apr_time_t end)
{
    dljob_seen_t *seen = call->engine->seen;
    apr_time_t now = apr_time_now();
    uint64_t now_s = (uint64_t)apr_time_sec(now), hash = hash_of(key);
    apr_int64_t left_ms = apr_time_as_msec(end - now), size;
    apr_status_t rv;

    if (left_ms <= 0 || now_s < atomic_load(&seen->away_s)
        || seen_lately(seen, hash, now_s)) {
        return 0;
    }
    /* told to the other threads first, so that they do not ask too */
    put_seen(seen, hash, now_s);
    rv = dljob_probe_object(call, key, left_ms, &size);
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
        atomic_store(&seen->away_s, now_s + SEEN_S);
    }
    return rv == APR_NOTFOUND;
}

static int is_gone(dljob_call_t *call, const char *key, apr_time_t end)
{
    apr_int64_t size;

    switch (call->conf->store.kind) {
    case DL_STORE_FILE:
        return dljob_probe_object(call, key, 0, &size) == APR_NOTFOUND;
    case DL_STORE_S3:
        return gone_from_s3(call, key, end);
    default:
        return 0;
    }
}

void dljob_lost(dljob_call_t *call, const char *job_id,
                const dl_object_ref_t *gone, int n)
{
    dljob_seen_t *seen = call->engine->seen;
    int i;

    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, call->r,
                  "DL0313: %d objects are gone from the store while their "
                  "results stood, the first is %s: they will be prepared "
                  "again", n, gone[0].key);
    for (i = 0; seen && i < n; i++) {
        atomic_store(slot_of(seen, hash_of(gone[i].key)), 0);
    }
    dl_jobs_forget(call->engine->jobs, job_id, gone, n, call->pool);
}

int dljob_gone(dljob_call_t *call, const char *job_id,
               const dl_object_ref_t *objects, int n)
{
    apr_time_t end = apr_time_now() + apr_time_from_msec(DLJOB_PROBE_MS);
    dl_object_ref_t *gone = NULL;
    int i, ngone = 0;

    for (i = 0; i < n; i++) {
        if (is_gone(call, objects[i].key, end)) {
            if (!gone) {
                gone = apr_palloc(call->pool, n * sizeof(*gone));
            }
            gone[ngone++] = objects[i];
        }
    }
    if (ngone > 0) {
        dljob_lost(call, job_id, gone, ngone);
    }
    return ngone;
}
