/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request bodies.
 *
 * The body is read once, to its end: the first wrong value is remembered and
 * answered only when the JSON itself is sound, so that a malformed body is
 * always INVALID_JSON.
 */
#include "dl_request.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "dl_idempotency_key.h"
#include "dl_json.h"
#include "dl_utf8.h"

#define SHOWN_MAX 40            /* bytes of a value that a message repeats */

typedef struct reader_t {
    dl_json_t json;
    const dl_config_t *conf;
    const dl_url_guard_t *guard;
    dl_request_t *out;
    apr_int64_t *ids;
    int room;                   /* of ids */
    int has_list;
    int has_single;
    dl_json_str_t key;          /* member idempotency_key */
    dl_json_str_t callback;
    apr_pool_t *p;
} reader_t;

/* Remembers the first refusal. */
static void refuse(dl_request_t *out, dl_error_e error, const char *msg)
{
    if (!out->message) {
        out->error = error;
        out->message = msg;
    }
}

/* A value as it was sent, cut to a length that a message bears. */
static const char *shown(const char *s, apr_size_t len, apr_pool_t *p)
{
    apr_size_t n = 0;

    if (len <= SHOWN_MAX) {
        return apr_pstrmemdup(p, s, len);
    }
    while (n < SHOWN_MAX) {
        int step = dl_utf8_len((const unsigned char *)s + n, len - n);

        n += step ? (apr_size_t)step : 1;
    }
    return apr_pstrcat(p, apr_pstrmemdup(p, s, n), "...", NULL);
}

/* Skips the next value and says that it is of the wrong kind. */
static void refuse_kind(reader_t *r, dl_error_e error, const char *member,
                        const char *wanted)
{
    dl_json_e kind = dl_json_peek(&r->json);
    const char *from = r->json.at;

    if (!dl_json_skip(&r->json) || r->out->message) {
        return;
    }
    if (kind == DL_JSON_NULL) {
        refuse(r->out, error, apr_psprintf(r->p, "%s: null is not %s",
                                           member, wanted));
        return;
    }
    refuse(r->out, error,
           apr_psprintf(r->p, "%s: %s is %s, not %s", member,
                        shown(from, (apr_size_t)(r->json.at - from), r->p),
                        dl_json_kind_name(kind), wanted));
}

/* "file_ids[3]" or "file_id"; made only for messages. */
static const char *id_name(const reader_t *r, int index)
{
    return index < 0 ? "file_id" : apr_psprintf(r->p, "file_ids[%d]", index);
}

static void refuse_id(reader_t *r, int index, const char *from,
                      const dl_json_number_t *n)
{
    const char *value = shown(from, (apr_size_t)(r->json.at - from), r->p);
    int below = n->kind == DL_JSON_HUGE ? n->negative
                                        : n->value < r->conf->file_id_min;

    if (n->kind == DL_JSON_FRACTION) {
        refuse(r->out, DL_ERROR_INVALID_FILE_ID,
               apr_psprintf(r->p, "%s: %s is not an integer",
                            id_name(r, index), value));
        return;
    }
    refuse(r->out, DL_ERROR_INVALID_FILE_ID,
           apr_psprintf(r->p, "%s: %s is %s %" APR_INT64_T_FMT,
                        id_name(r, index), value, below ? "below" : "above",
                        below ? r->conf->file_id_min
                              : r->conf->file_id_max));
}

/* Reads one id; index -1: the member file_id. */
static void read_id(reader_t *r, int index)
{
    dl_json_number_t n;
    const char *from;

    if (dl_json_peek(&r->json) != DL_JSON_NUMBER) {
        refuse_kind(r, DL_ERROR_INVALID_FILE_ID, id_name(r, index),
                    "an integer");
        return;
    }
    from = r->json.at;
    if (!dl_json_number(&r->json, &n) || r->out->message) {
        return;
    }
    if (n.kind != DL_JSON_INTEGER || n.value < r->conf->file_id_min
        || n.value > r->conf->file_id_max) {
        refuse_id(r, index, from, &n);
    }
    else if (r->out->total < r->room) {
        r->ids[r->out->total] = n.value;
    }
    r->out->total++;
}

/* Room for up to n more ids, but no more than the rest of the body holds. */
static void make_room(reader_t *r, int n)
{
    apr_size_t most = (apr_size_t)(r->json.end - r->json.at) / 2 + 1;

    if ((apr_size_t)n > most) {
        n = (int)most;
    }
    r->out->total = 0;
    r->room = n;
    r->ids = apr_palloc(r->p, (apr_size_t)n * sizeof(*r->ids));
}

static void read_ids(reader_t *r)
{
    int index = -1;

    r->has_list = 1;
    if (dl_json_peek(&r->json) != DL_JSON_ARRAY) {
        refuse_kind(r, DL_ERROR_INVALID_REQUEST, "file_ids", "an array");
        return;
    }
    if (!dl_json_array(&r->json)) {
        return;
    }
    make_room(r, r->conf->max_files);
    while (dl_json_element(&r->json, &index)) {
        read_id(r, index);
    }
    if (index < 0) {
        refuse(r->out, DL_ERROR_INVALID_REQUEST,
               apr_psprintf(r->p, "file_ids: the list is empty; 1 to %d ids "
                            "are needed", r->conf->max_files));
    }
    else if (index >= r->conf->max_files) {
        refuse(r->out, DL_ERROR_INVALID_REQUEST,
               apr_psprintf(r->p, "file_ids: %d ids are above %d", index + 1,
                            r->conf->max_files));
    }
}

static void read_single(reader_t *r)
{
    r->has_single = 1;
    make_room(r, 1);
    read_id(r, -1);
}

static void read_string(reader_t *r, dl_error_e error, const char *member,
                        dl_json_str_t *out)
{
    if (dl_json_peek(&r->json) != DL_JSON_STRING) {
        refuse_kind(r, error, member, "a string");
        return;
    }
    dl_json_string(&r->json, out);
}

static void read_priority(reader_t *r)
{
    dl_json_str_t s = { NULL, 0 };

    read_string(r, DL_ERROR_INVALID_REQUEST, "priority", &s);
    if (!s.s) {
        return;
    }
    if (dl_json_is(&s, "high")) {
        r->out->priority = DL_PRIORITY_HIGH;
    }
    else if (dl_json_is(&s, "low")) {
        r->out->priority = DL_PRIORITY_LOW;
    }
    else if (!dl_json_is(&s, "normal")) {
        refuse(r->out, DL_ERROR_INVALID_REQUEST,
               apr_psprintf(r->p, "priority: \"%s\" is not high, normal or "
                            "low", shown(s.s, s.len, r->p)));
    }
}

static void read_bundle(reader_t *r)
{
    dl_json_str_t s = { NULL, 0 };

    read_string(r, DL_ERROR_INVALID_REQUEST, "bundle", &s);
    if (!s.s) {
        return;
    }
    r->out->bundle = dl_bundle_parse(s.s, s.len);
    if (!r->out->bundle) {
        refuse(r->out, DL_ERROR_INVALID_REQUEST,
               apr_psprintf(r->p, "bundle: \"%s\" is not zip or tar",
                            shown(s.s, s.len, r->p)));
    }
}

static void read_initiate_member(reader_t *r, const dl_json_str_t *name)
{
    if (dl_json_is(name, "file_ids")) {
        read_ids(r);
    }
    else if (dl_json_is(name, "file_id")) {
        read_single(r);
    }
    else if (dl_json_is(name, "callbackUrl")) {
        read_string(r, DL_ERROR_INVALID_CALLBACK_URL, "callbackUrl",
                    &r->callback);
    }
    else if (dl_json_is(name, "idempotency_key")) {
        read_string(r, DL_ERROR_INVALID_IDEMPOTENCY_KEY, "idempotency_key",
                    &r->key);
    }
    else if (dl_json_is(name, "priority")) {
        read_priority(r);
    }
    else if (dl_json_is(name, "bundle")) {
        read_bundle(r);
    }
    else {
        dl_json_skip(&r->json);
    }
}

static void read_file_member(reader_t *r, const dl_json_str_t *name)
{
    if (dl_json_is(name, "file_id")) {
        read_single(r);
    }
    else {
        dl_json_skip(&r->json);
    }
}

/* Reads all members of the body; 0: it is no sound JSON, or no object. */
static int read_body(reader_t *r, const dl_request_in_t *in,
                     void (*read_member)(reader_t *, const dl_json_str_t *))
{
    dl_json_members_t members;
    dl_json_str_t name;
    dl_json_e kind;

    dl_json_init(&r->json, in->body, in->len, r->p);
    kind = dl_json_peek(&r->json);
    if (kind == DL_JSON_OBJECT && dl_json_object(&r->json, &members)) {
        while (dl_json_member(&r->json, &members, &name)) {
            read_member(r, &name);
        }
    }
    else {
        dl_json_skip(&r->json);
    }
    if (!dl_json_end(&r->json)) {
        r->out->error = DL_ERROR_INVALID_JSON;
        r->out->message = apr_psprintf(r->p, "request body, byte %"
                                       APR_SIZE_T_FMT ": %s",
                                       r->json.error_at, r->json.error);
        return 0;
    }
    if (kind != DL_JSON_OBJECT) {
        refuse(r->out, DL_ERROR_INVALID_REQUEST,
               apr_psprintf(r->p, "request body: it is %s, not an object",
                            dl_json_kind_name(kind)));
        return 0;
    }
    return 1;
}

static int compare_ids(const void *a, const void *b)
{
    apr_int64_t x = *(const apr_int64_t *)a, y = *(const apr_int64_t *)b;

    return x < y ? -1 : x > y;
}

/* Sorts and drops what is there twice. */
static void settle_ids(reader_t *r)
{
    apr_int64_t *ids = r->ids;
    int n = r->out->total, sorted = 1, kept, i;

    for (i = 1; i < n && sorted; i++) {
        sorted = ids[i - 1] < ids[i];
    }
    kept = n;
    if (!sorted) {
        qsort(ids, (size_t)n, sizeof(*ids), compare_ids);
        for (kept = i = 1; i < n; i++) {
            if (ids[i] != ids[kept - 1]) {
                ids[kept++] = ids[i];
            }
        }
    }
    r->out->file_ids = ids;
    r->out->nfiles = kept;
}

static void settle_callback(reader_t *r)
{
    const char *reason;
    dl_url_t url;

    if (!r->callback.s) {
        return;
    }
    reason = dl_url_guard_check(r->guard, r->callback.s, r->callback.len,
                                r->p, &url);
    if (reason) {
        refuse(r->out, DL_ERROR_INVALID_CALLBACK_URL,
               apr_pstrcat(r->p, "callbackUrl: ", reason, NULL));
        return;
    }
    r->out->callback_url = apr_pstrmemdup(r->p, r->callback.s,
                                          r->callback.len);
}

static void settle_priority(reader_t *r, const char *user)
{
    const apr_array_header_t *users = r->conf->priority_users;
    int i;

    if (r->out->priority != DL_PRIORITY_HIGH) {
        return;
    }
    for (i = 0; users && i < users->nelts; i++) {
        const char *name = APR_ARRAY_IDX(users, i, const char *);

        if (strcmp(name, "*") == 0
            || (user && *user && strcmp(name, user) == 0)) {
            return;
        }
    }
    refuse(r->out, DL_ERROR_FORBIDDEN,
           "priority: \"high\" is not allowed for this caller");
}

static void begin(reader_t *r, const dl_config_t *conf,
                  const dl_url_guard_t *guard, apr_pool_t *p,
                  dl_request_t *out)
{
    memset(r, 0, sizeof(*r));
    memset(out, 0, sizeof(*out));
    out->priority = DL_PRIORITY_NORMAL;
    r->conf = conf;
    r->guard = guard;
    r->out = out;
    r->p = p;
}

int dl_request_initiate(const dl_config_t *conf, const dl_url_guard_t *guard,
                        const dl_request_in_t *in, apr_pool_t *p,
                        dl_request_t *request)
{
    const char *message;
    reader_t r;

    begin(&r, conf, guard, p, request);
    if (!read_body(&r, in, read_initiate_member)) {
        return 0;
    }
    if (r.has_list && r.has_single) {
        request->message = NULL;
        refuse(request, DL_ERROR_INVALID_REQUEST,
               "file_ids and file_id: give one of the two, not both");
    }
    else if (!r.has_list && !r.has_single) {
        refuse(request, DL_ERROR_INVALID_REQUEST,
               "file_ids: it is missing; give file_ids (a list) or file_id");
    }
    if (!request->message) {
        message = dl_idempotency_key(&r.key, in->idempotency_key,
                                     in->x_idempotency_key, p,
                                     &request->idempotency_key);
        if (message) {
            refuse(request, DL_ERROR_INVALID_IDEMPOTENCY_KEY, message);
        }
        settle_callback(&r);
        settle_priority(&r, in->user);
    }
    if (request->message) {
        return 0;
    }
    settle_ids(&r);
    return 1;
}

int dl_request_file(const dl_config_t *conf, const dl_request_in_t *in,
                    apr_pool_t *p, dl_request_t *request)
{
    reader_t r;

    begin(&r, conf, NULL, p, request);
    if (!read_body(&r, in, read_file_member)) {
        return 0;
    }
    if (!r.has_single) {
        refuse(request, DL_ERROR_INVALID_REQUEST, "file_id: it is missing");
    }
    if (request->message) {
        return 0;
    }
    settle_ids(&r);
    return 1;
}
