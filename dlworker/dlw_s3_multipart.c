/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Multipart uploads: create, parts, complete, look; see dlw_s3_multipart.h.
 */
#include "dlw_s3_multipart.h"

#include <string.h>

#include <apr_strings.h>
#include <openssl/evp.h>

#include "dl_log.h"
#include "dlw_xml.h"

#define MIB (1024 * 1024)
#define MIN_PART (16 * MIB)
#define MAX_PARTS 10000
#define PARALLEL 4
#define TRIES 4
#define HASH_CHUNK 65536
#define HASH_SLICE (1 * MIB)    /* per turn of the loop */

/* One part under way. */
typedef struct part_t {
    dlw_s3_multipart_t *m;
    int number;                 /* from 1; 0: this slot is free */
    apr_int64_t offset;
    apr_int64_t size;
    apr_pool_t *pool;
    dlw_s3_call_t *call;
    EVP_MD_CTX *md;             /* while it is hashed, before it is sent */
    apr_int64_t hashed;
    dl_defer_t slice;
    char sha256[DL_SHA256_HEX + 1];
} part_t;

struct dlw_s3_multipart_t {
    dlw_s3_t *s3;
    dlw_attempt_t *a;
    const char *key;
    dlw_s3_discard_fn *discard;
    void *discard_baton;
    dlw_store_done_fn *done;
    void *baton;

    const char *upload_id;      /* NULL: none (any more) */
    dlw_s3_call_t *call;        /* create, complete or look */
    apr_int64_t size, part_size; /* size: so far, while it grows */
    int growing;
    int nparts;                 /* begun or to be: those that are whole */
    int next, finished;
    apr_array_header_t *etags;  /* of the parts: const char * */
    part_t parts[PARALLEL];
};

apr_int64_t dlw_s3_part_size(apr_int64_t size)
{
    apr_int64_t part = (size + MAX_PARTS - 1) / MAX_PARTS;

    part = (part + MIB - 1) / MIB * MIB;
    return part > MIN_PART ? part : MIN_PART;
}

static void stop_part(part_t *part)
{
    dl_defer_cancel(part->m->a->env->loop, &part->slice);
    EVP_MD_CTX_free(part->md);
    part->md = NULL;
    if (part->call) {
        dlw_s3_abort(part->call);
        part->call = NULL;
    }
    part->number = 0;
}

void dlw_s3_multipart_abort(dlw_s3_multipart_t *m)
{
    int i;

    for (i = 0; i < PARALLEL; i++) {
        stop_part(&m->parts[i]);
    }
    if (m->call) {
        dlw_s3_abort(m->call);
        m->call = NULL;
    }
    /* even if we have not been told of an upload there may be one */
    m->discard(m->discard_baton, m->key, m->upload_id);
    m->upload_id = NULL;
}

static void fail(dlw_s3_multipart_t *m, const dl_failure_t *failure)
{
    dl_failure_t f = *failure;

    /* "gone" is no word for what is being stored: try all of it again */
    if (strcmp(f.error_code, "FILE_NOT_FOUND") == 0) {
        f = dlw_failure("STORAGE_ERROR", "The storage is not available",
                        f.detail, 0);
    }
    dlw_s3_multipart_abort(m);
    m->done(m->baton, &f, NULL);
}

static void fail_answer(dlw_s3_multipart_t *m, const dlw_s3_answer_t *answer)
{
    dl_failure_t f = dlw_s3_failure(answer, m->a->pool);

    f.detail = apr_pstrdup(m->a->pool, f.detail);
    fail(m, &f);
}

/* ---- the last step: does the store have what it says it has? ---- */

static void on_looked(void *baton, const dlw_s3_answer_t *answer)
{
    dlw_s3_multipart_t *m = baton;
    dlw_object_t object = { 0 };
    dl_failure_t f;

    m->call = NULL;
    if (!dlw_s3_ok(answer)) {
        fail_answer(m, answer);
        return;
    }
    if (answer->length != m->size) {
        f = dlw_failure("STORAGE_ERROR", "The storage is not available",
                        apr_psprintf(m->a->pool, "S3: stored %"
                                     APR_INT64_T_FMT " of %" APR_INT64_T_FMT
                                     " bytes", answer->length, m->size), 0);
        fail(m, &f);
        return;
    }
    m->upload_id = NULL;
    object.key = m->key;
    object.size = m->size;
    object.etag = apr_pstrdup(m->a->pool, answer->etag);
    object.content_type = m->a->content_type;
    m->done(m->baton, NULL, &object);
}

static void on_completed(void *baton, const dlw_s3_answer_t *answer)
{
    dlw_s3_multipart_t *m = baton;
    dlw_s3_request_t req = { 0 };

    /* 200 may hold an error, and a lost answer to a first try makes the
     * second say NoSuchUpload: what the object is decides. Only a plain
     * refusal is one. */
    m->call = NULL;
    if (!dlw_s3_ok(answer) && answer->code == CURLE_OK
        && answer->status != 404 && answer->status < 500) {
        fail_answer(m, answer);
        return;
    }
    if (!dlw_s3_ok(answer) || answer->error) {
        dl_log(DL_LOG_WARN, "DL0711", &m->a->about,
               "%s after all parts were stored; looking for the object",
               answer->detail);
    }
    req.method = "HEAD";
    req.key = m->key;
    req.tries = TRIES;
    m->call = dlw_s3_start(m->s3, &req, m->a->pool, on_looked, m);
}

static void complete(dlw_s3_multipart_t *m)
{
    static const dl_sigv4_pair_t type[] = { { "Content-Type",
                                              "application/xml" } };
    apr_pool_t *p = m->a->pool;
    dl_sigv4_pair_t *query = apr_palloc(p, sizeof(*query));
    dlw_s3_request_t req = { 0 };
    unsigned char digest[DL_SHA256_LEN];
    char *hex = apr_palloc(p, DL_SHA256_HEX + 1);
    /* a part takes at most 70 bytes beside its tag */
    apr_size_t size = 128, len;
    const char **etags = (const char **)m->etags->elts;
    dl_hmac_t h;
    char *xml;
    int i;

    for (i = 0; i < m->nparts; i++) {
        size += 80 + strlen(etags[i]);
    }
    xml = apr_palloc(p, size);
    len = apr_snprintf(xml, size, "<CompleteMultipartUpload>");
    for (i = 0; i < m->nparts; i++) {
        len += apr_snprintf(xml + len, size - len,
                            "<Part><PartNumber>%d</PartNumber>"
                            "<ETag>&quot;%s&quot;</ETag></Part>", i + 1,
                            etags[i]);
    }
    len += apr_snprintf(xml + len, size - len, "</CompleteMultipartUpload>");
    (void)dl_hmac_open(&h);
    dl_hmac_digest(&h, xml, len, digest);
    if (dl_hmac_close(&h) == APR_SUCCESS) {
        dl_hmac_hex(digest, hex);
        req.payload_hash = hex;
    }
    *query = (dl_sigv4_pair_t){ "uploadId", m->upload_id };
    req.method = "POST";
    req.key = m->key;
    req.query = query;
    req.nquery = 1;
    req.headers = type;
    req.nheaders = 1;
    req.data = xml;
    req.size = (apr_int64_t)len;
    req.tries = TRIES;
    m->call = dlw_s3_start(m->s3, &req, p, on_completed, m);
}

/* ---- parts ---- */

static void go_on(dlw_s3_multipart_t *m);

static void on_part(void *baton, const dlw_s3_answer_t *answer)
{
    part_t *part = baton;
    dlw_s3_multipart_t *m = part->m;
    dl_failure_t f;

    part->call = NULL;
    if (!dlw_s3_ok(answer)) {
        fail_answer(m, answer);
        return;
    }
    if (!answer->etag) {
        f = dlw_failure("STORAGE_ERROR", "The storage is not available",
                        "S3: a part was stored without an ETag", 0);
        fail(m, &f);
        return;
    }
    APR_ARRAY_IDX(m->etags, part->number - 1, const char *) =
        dlw_xml_escape(answer->etag, m->a->pool);
    dlw_spool_drop(m->a->spool, part->offset, part->size);
    part->number = 0;
    m->finished++;
    go_on(m);
}

static void send_part(part_t *part)
{
    dlw_s3_multipart_t *m = part->m;
    dl_sigv4_pair_t *query = apr_palloc(part->pool, 2 * sizeof(*query));
    dlw_s3_request_t req = { 0 };

    query[0].name = "partNumber";
    query[0].value = apr_psprintf(part->pool, "%d", part->number);
    query[1].name = "uploadId";
    query[1].value = m->upload_id;
    req.method = "PUT";
    req.key = m->key;
    req.query = query;
    req.nquery = 2;
    req.payload_hash = part->sha256[0] ? part->sha256 : NULL;
    req.spool = m->a->spool;
    req.offset = part->offset;
    req.size = part->size;
    req.tries = TRIES;
    part->call = dlw_s3_start(m->s3, &req, part->pool, on_part, part);
}

/* Hashes a slice of a part; @return 0 to go on later, 1 done, -1 failed */
static int hash_slice(part_t *part)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    apr_int64_t end = part->hashed + HASH_SLICE;
    char buf[HASH_CHUNK];

    while (part->hashed < part->size && part->hashed < end) {
        apr_int64_t left = part->size - part->hashed;
        apr_size_t len = left < HASH_CHUNK ? (apr_size_t)left : HASH_CHUNK;
        apr_size_t got;

        if (dlw_spool_read(part->m->a->spool, part->offset + part->hashed,
                           buf, len, &got) != APR_SUCCESS || got == 0
            || !EVP_DigestUpdate(part->md, buf, got)) {
            return -1;
        }
        part->hashed += (apr_int64_t)got;
    }
    if (part->hashed < part->size) {
        return 0;
    }
    if (!EVP_DigestFinal_ex(part->md, digest, NULL)) {
        return -1;
    }
    dl_hmac_hex(digest, part->sha256);
    return 1;
}

static void on_slice(dl_defer_t *defer)
{
    part_t *part = defer->baton;
    dl_failure_t f;
    int rv = hash_slice(part);

    if (rv == 0) {
        dl_defer(part->m->a->env->loop, defer);
        return;
    }
    EVP_MD_CTX_free(part->md);
    part->md = NULL;
    if (rv < 0) {
        f = dlw_failure("STORAGE_ERROR", "The storage is not available",
                        "the spool cannot be read", 0);
        fail(part->m, &f);
        return;
    }
    send_part(part);
}

/* Takes the next part. Where TLS does not guard it on its way, its hash is
 * signed, so that the store notices damage. */
static void begin_part(part_t *part)
{
    dlw_s3_multipart_t *m = part->m;

    part->number = m->next++;
    *(const char **)apr_array_push(m->etags) = NULL;
    part->offset = (part->number - 1) * m->part_size;
    part->size = m->size - part->offset < m->part_size
                 ? m->size - part->offset : m->part_size;
    part->sha256[0] = '\0';
    part->hashed = 0;
    apr_pool_clear(part->pool);
    if (strncmp(m->a->conf->store.endpoint, "http:", 5) == 0
        && (part->md = EVP_MD_CTX_new())
        && EVP_DigestInit_ex(part->md, EVP_sha256(), NULL)) {
        dl_defer(m->a->env->loop, &part->slice);
        return;
    }
    send_part(part);
}

/* Fills free slots with parts that are whole; the end. */
static void go_on(dlw_s3_multipart_t *m)
{
    int i;

    if (!m->upload_id) {        /* not yet */
        return;
    }
    for (i = 0; i < PARALLEL && m->next <= m->nparts; i++) {
        if (m->parts[i].number == 0) {
            begin_part(&m->parts[i]);
        }
    }
    if (!m->growing && m->finished == m->nparts) {
        complete(m);
    }
}

void dlw_s3_multipart_grown(dlw_s3_multipart_t *m)
{
    int whole;

    m->size = dlw_spool_size(m->a->spool);
    whole = (int)(m->size / m->part_size);
    if (whole > m->nparts) {
        m->nparts = whole;
        go_on(m);
    }
}

void dlw_s3_multipart_finish(dlw_s3_multipart_t *m)
{
    m->size = dlw_spool_size(m->a->spool);
    m->nparts = (int)((m->size + m->part_size - 1) / m->part_size);
    m->growing = 0;
    go_on(m);
}

static void on_created(void *baton, const dlw_s3_answer_t *answer)
{
    dlw_s3_multipart_t *m = baton;
    dl_failure_t f;

    m->call = NULL;
    if (!dlw_s3_ok(answer) || answer->error) {
        fail_answer(m, answer);
        return;
    }
    m->upload_id = dlw_xml_text(answer->body, answer->body_len, "UploadId",
                                m->a->pool);
    if (!m->upload_id || !*m->upload_id) {
        m->upload_id = NULL;
        f = dlw_failure("STORAGE_ERROR", "The storage is not available",
                        "S3: a multipart upload without an UploadId", 0);
        fail(m, &f);
        return;
    }
    go_on(m);
}

dlw_s3_multipart_t *dlw_s3_multipart_start(
    dlw_s3_t *s3, dlw_attempt_t *a, const char *key,
    const dl_sigv4_pair_t *headers, int nheaders, int growing,
    dlw_s3_discard_fn *discard, void *discard_baton,
    dlw_store_done_fn *done, void *baton)
{
    static const dl_sigv4_pair_t uploads[] = { { "uploads", "" } };
    dlw_s3_multipart_t *m = apr_pcalloc(a->pool, sizeof(*m));
    dlw_s3_request_t req = { 0 };
    apr_int64_t most = dlw_spool_size(a->spool);
    int i;

    if (growing) {
        most = a->expected >= 0 ? a->expected : a->conf->max_object;
    }
    m->s3 = s3;
    m->a = a;
    m->key = apr_pstrdup(a->pool, key);
    m->discard = discard;
    m->discard_baton = discard_baton;
    m->done = done;
    m->baton = baton;
    m->part_size = dlw_s3_part_size(most);
    m->next = 1;
    m->etags = apr_array_make(a->pool, 16, sizeof(const char *));
    m->growing = growing;
    if (growing) {
        dlw_s3_multipart_grown(m);
    }
    else {
        dlw_s3_multipart_finish(m);
    }
    for (i = 0; i < PARALLEL; i++) {
        m->parts[i].m = m;
        m->parts[i].slice.fn = on_slice;
        m->parts[i].slice.baton = &m->parts[i];
        apr_pool_create(&m->parts[i].pool, a->pool);
    }
    req.method = "POST";
    req.key = m->key;
    req.query = uploads;
    req.nquery = 1;
    req.headers = headers;
    req.nheaders = nheaders;
    req.tries = TRIES;
    m->call = dlw_s3_start(s3, &req, a->pool, on_created, m);
    return m;
}
