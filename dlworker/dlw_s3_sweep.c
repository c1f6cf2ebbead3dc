/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aborts stale multipart uploads, one page of the listing after the other;
 * see dlw_s3_sweep.h.
 */
#include "dlw_s3_sweep.h"

#include <string.h>
#include <time.h>

#include <apr_strings.h>

#include "dl_uri.h"
#include "dlw_store.h"
#include "dlw_xml.h"

#define PAGE "1000"
#define MAX_PAGES 1000
#define TRIES 3

typedef struct upload_t {
    const char *key;
    const char *id;
} upload_t;

typedef struct sweep_t {
    dlw_s3_t *s3;
    dlw_s3_stale_t stale;
    apr_pool_t *pool;
    apr_pool_t *page_pool;
    apr_array_header_t *found;  /* of upload_t, in page_pool */
    const char *key_marker;     /* of the next page, or NULL: the last */
    const char *id_marker;
    int pages;
    int aborted;
    dlw_s3_swept_fn *done;
    void *baton;
} sweep_t;

static void next_page(sweep_t *s);

/* "2024-02-29T23:59:58.000Z" → Unix ms, -1: not understood */
static apr_int64_t parse_time(const char *text)
{
    struct tm tm = { 0 };

    if (!text || !strptime(text, "%Y-%m-%dT%H:%M:%S", &tm)) {
        return -1;
    }
    return (apr_int64_t)timegm(&tm) * 1000;
}

int dlw_s3_is_stale(const dlw_s3_stale_t *stale, const char *key,
                    const char *initiated)
{
    apr_int64_t fence = dlw_store_key_fence(key);
    apr_int64_t begun_ms = parse_time(initiated);

    if (fence < 0 || strncmp(key, stale->prefix, strlen(stale->prefix)) != 0
        || (stale->key && strcmp(key, stale->key) != 0)
        || (stale->below_fence >= 0 && fence >= stale->below_fence)) {
        return 0;
    }
    return stale->before_ms == 0
           || (begun_ms >= 0 && begun_ms < stale->before_ms);
}

static void end(sweep_t *s, const char *problem)
{
    apr_pool_t *p = s->pool;

    s->done(s->baton, s->aborted, problem);
    apr_pool_destroy(p);
}

static void abort_next(sweep_t *s);

static void on_aborted(void *baton, const dlw_s3_answer_t *answer)
{
    sweep_t *s = baton;

    if (dlw_s3_ok(answer)) {
        s->aborted++;
    }
    else if (answer->code != CURLE_OK || answer->status != 404) {
        end(s, answer->detail);
        return;
    }
    abort_next(s);
}

static void abort_next(sweep_t *s)
{
    dl_sigv4_pair_t *query = apr_palloc(s->page_pool, sizeof(*query));
    dlw_s3_request_t req = { 0 };
    upload_t *u = apr_array_pop(s->found);

    if (!u) {
        if (s->key_marker && ++s->pages < MAX_PAGES) {
            next_page(s);
        }
        else {
            end(s, NULL);
        }
        return;
    }
    *query = (dl_sigv4_pair_t){ "uploadId", u->id };
    req.method = "DELETE";
    req.key = u->key;
    req.query = query;
    req.nquery = 1;
    req.tries = TRIES;
    dlw_s3_start(s->s3, &req, s->page_pool, on_aborted, s);
}

static const char *text_of(const char *xml, apr_size_t len, const char *name,
                           int encoded, apr_pool_t *p)
{
    const char *text = dlw_xml_text(xml, len, name, p);

    return text && encoded ? dl_uri_decode(text, strlen(text), p) : text;
}

static void on_listed(void *baton, const dlw_s3_answer_t *answer)
{
    sweep_t *s = baton;
    const char *xml = answer->body, *inner, *more;
    apr_size_t len = answer->body_len, at = 0, n;
    apr_pool_t *p = s->page_pool;
    int encoded;

    if (!dlw_s3_ok(answer) || len == 0) {
        end(s, answer->detail ? answer->detail : "an empty listing");
        return;
    }
    encoded = dlw_xml_text(xml, len, "EncodingType", p) != NULL;
    s->found = apr_array_make(p, 16, sizeof(upload_t));
    while (dlw_xml_next(xml, len, "Upload", &at, &inner, &n)) {
        upload_t u = { text_of(inner, n, "Key", encoded, p),
                       dlw_xml_text(inner, n, "UploadId", p) };

        if (u.key && u.id
            && dlw_s3_is_stale(&s->stale, u.key,
                               dlw_xml_text(inner, n, "Initiated", p))) {
            APR_ARRAY_PUSH(s->found, upload_t) = u;
        }
    }
    more = dlw_xml_text(xml, len, "IsTruncated", p);
    s->key_marker = s->id_marker = NULL;
    if (more && strcmp(more, "true") == 0) {
        s->key_marker = text_of(xml, len, "NextKeyMarker", encoded, p);
        s->id_marker = dlw_xml_text(xml, len, "NextUploadIdMarker", p);
    }
    abort_next(s);
}

static void next_page(sweep_t *s)
{
    dlw_s3_request_t req = { 0 };
    dl_sigv4_pair_t *query;
    const char *key = s->key_marker ? apr_pstrdup(s->pool, s->key_marker)
                                    : NULL;
    const char *id = s->id_marker ? apr_pstrdup(s->pool, s->id_marker) : NULL;

    apr_pool_clear(s->page_pool);
    query = apr_palloc(s->page_pool, 6 * sizeof(*query));
    query[req.nquery++] = (dl_sigv4_pair_t){ "uploads", "" };
    query[req.nquery++] = (dl_sigv4_pair_t){ "prefix", s->stale.prefix };
    query[req.nquery++] = (dl_sigv4_pair_t){ "max-uploads", PAGE };
    query[req.nquery++] = (dl_sigv4_pair_t){ "encoding-type", "url" };
    if (key) {
        query[req.nquery++] = (dl_sigv4_pair_t){ "key-marker", key };
    }
    if (id) {
        query[req.nquery++] = (dl_sigv4_pair_t){ "upload-id-marker", id };
    }
    req.method = "GET";
    req.query = query;
    req.tries = TRIES;
    dlw_s3_start(s->s3, &req, s->page_pool, on_listed, s);
}

void dlw_s3_sweep(dlw_s3_t *s3, const dlw_s3_stale_t *stale, apr_pool_t *p,
                  dlw_s3_swept_fn *done, void *baton)
{
    sweep_t *s = apr_pcalloc(p, sizeof(*s));

    s->s3 = s3;
    s->stale = *stale;
    s->stale.prefix = apr_pstrdup(p, stale->prefix);
    s->stale.key = apr_pstrdup(p, stale->key);
    s->pool = p;
    s->done = done;
    s->baton = baton;
    apr_pool_create(&s->page_pool, p);
    next_page(s);
}
