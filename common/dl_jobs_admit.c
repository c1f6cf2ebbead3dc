/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Admission: request to script arguments, answer to a job. One call, and of
 * a new job no more comes back than was not known here already.
 */
#include "dl_jobs_impl.h"

#include <apr_strings.h>
#include <openssl/evp.h>

#include "dl_buf.h"
#include "dl_reply.h"
#include "dl_uuid.h"

#define FIXED_ARGS 9
#define FIELD_ARGS 18           /* names and values of the job's own fields */
#define DIGEST_LEN 32           /* hex digits of a payload's digest */

static void sha256_hex(const char *s, apr_size_t len, char out[65])
{
    unsigned char md[EVP_MAX_MD_SIZE];

    memset(md, 0, sizeof(md));
    EVP_Digest(s, len, md, NULL, EVP_sha256(), NULL);
    dl_hex(md, 32, out);
    out[64] = '\0';
}

/* Whether the job has a hash of files: several, or a bundle of any. */
static int has_files(const dl_admit_t *a)
{
    return a->nfiles > 1 || a->bundle;
}

/* "70000,70001" */
static const char *joined_ids(const dl_admit_t *a, apr_size_t *len,
                              apr_pool_t *p)
{
    dl_buf_t b;
    const char *s;

    dl_buf_init(&b, 12 * (apr_size_t)a->nfiles, p);
    for (int i = 0; i < a->nfiles; i++) {
        if (i > 0)
            dl_buf_putc(&b, ',');
        dl_buf_int(&b, a->file_ids[i]);
    }
    s = dl_buf_str(&b);
    *len = b.len;
    return s;
}

/*
 * "user:key". A colon in the user is escaped, so that no user's key can be
 * spelled as another's.
 */
static const char *idempotency_name(const dl_admit_t *a, apr_pool_t *p)
{
    dl_buf_t b;

    dl_buf_init(&b, strlen(a->user) + strlen(a->idempotency_key) + 16, p);
    for (const char *s = a->user; *s; s++) {
        if (*s == ':' || *s == '%')
            dl_buf_puts(&b, *s == ':' ? "%3A" : "%25");
        else
            dl_buf_putc(&b, *s);
    }
    dl_buf_putc(&b, ':');
    dl_buf_puts(&b, a->idempotency_key);
    return dl_buf_str(&b);
}

/* What makes two requests with one idempotency key the same request. */
static const char *payload_digest(const dl_admit_t *a, const char *ids,
                                  apr_pool_t *p)
{
    const char *text = apr_psprintf(p, "%s\n%d\n%s%s%s", ids,
                                    (int)a->priority,
                                    a->callback_url ? a->callback_url : "",
                                    a->bundle ? "\n" : "",
                                    a->bundle ? dl_bundle_name(a->bundle)
                                              : "");
    char hex[65];

    sha256_hex(text, strlen(text), hex);
    return apr_pstrmemdup(p, hex, DIGEST_LEN);
}

static void add_field(dl_redis_cmd_t *cmd, const char *name,
                      const char *value)
{
    if (value && *value) {
        dl_cmd_adds(cmd, name);
        dl_cmd_adds(cmd, value);
    }
}

static void add_fields(dl_redis_cmd_t *cmd, const dl_admit_t *a,
                       const char *ids, apr_pool_t *p)
{
    add_field(cmd, "requestId", a->request_id);
    add_field(cmd, "traceparent", a->traceparent);
    if (!has_files(a))
        add_field(cmd, "fileId", ids);
    add_field(cmd, "userId", a->user);
    if (a->total != a->nfiles) {
        dl_cmd_adds(cmd, "total");
        dl_cmd_addi(cmd, a->total, p);
    }
    if (a->priority != DL_PRIORITY_NORMAL) {
        dl_cmd_adds(cmd, "priority");
        dl_cmd_addi(cmd, a->priority, p);
    }
    add_field(cmd, "callbackUrl", a->callback_url);
    if (a->callback_url)
        add_field(cmd, "base", a->base);
    add_field(cmd, "tracestate", a->tracestate);
}

static dl_redis_cmd_t *admit_cmd(dl_jobs_t *jobs, const dl_admit_t *a,
                                 apr_pool_t *p)
{
    dl_redis_cmd_t *cmd = dl_cmd_script(jobs->scripts, DL_SCRIPT_ADMIT,
                                        FIXED_ARGS + FIELD_ARGS, p);
    int keyed = a->idempotency_key && *a->idempotency_key;
    apr_size_t len;
    const char *ids = joined_ids(a, &len, p), *scope = ids;

    if (has_files(a)) {
        char hex[65];

        sha256_hex(ids, len, hex);
        scope = a->bundle ? apr_pstrcat(p, dl_bundle_name(a->bundle), ":",
                                        hex, NULL)
                          : apr_pstrmemdup(p, hex, 64);
    }
    dl_cmd_adds(cmd, a->job_id);
    dl_cmd_adds(cmd, a->user);
    dl_cmd_adds(cmd, scope);
    dl_cmd_add(cmd, ids, len);
    dl_cmd_adds(cmd, keyed ? idempotency_name(a, p) : "");
    dl_cmd_adds(cmd, keyed ? payload_digest(a, ids, p) : "");
    dl_cmd_addi(cmd, a->priority, p);
    if (*a->user)
        dl_cmd_adds(cmd, a->user);
    else
        dl_cmd_adds(cmd, a->client ? apr_pstrcat(p, "@", a->client, NULL)
                                   : "");
    dl_cmd_adds(cmd, a->verify ? "1" : "");
    add_fields(cmd, a, ids, p);
    return cmd;
}

/* The job as admit.lua has just made it: queued, and nothing else. */
static dl_job_t *new_job(const dl_admit_t *a, const dl_admitted_t *admitted,
                         apr_int64_t estimate_ms, apr_pool_t *p)
{
    dl_job_t *job = apr_pcalloc(p, sizeof(*job));

    job->id = a->job_id;
    job->user = a->user;
    job->state = DL_JOB_QUEUED;
    job->version = 1;
    job->total = a->total;
    job->file_id = has_files(a) ? 0 : a->file_ids[0];
    job->bundle = a->bundle;
    job->created_ms = admitted->now_ms;
    job->estimate_ms = estimate_ms;
    job->retries_remaining = -1;
    job->retryable = -1;
    job->size = -1;
    job->holders = 1;
    job->callback_url = a->callback_url;
    job->request_id = a->request_id;
    job->traceparent = a->traceparent;
    job->tracestate = a->tracestate;
    if (has_files(a)) {
        apr_array_header_t *files = apr_array_make(p, a->nfiles,
                                                   sizeof(dl_job_file_t));

        for (int i = 0; i < a->nfiles; i++) {
            dl_job_file_t *f = &APR_ARRAY_PUSH(files, dl_job_file_t);

            memset(f, 0, sizeof(*f));
            f->file_id = a->file_ids[i];
            f->size = -1;
        }
        job->files = files;
    }
    return job;
}

/* Of VERIFY: file id, key … */
static const apr_array_header_t *read_objects(const redisReply *list,
                                              apr_pool_t *p)
{
    apr_size_t n = dl_reply_count(list);
    apr_array_header_t *objects = apr_array_make(p, (int)(n / 2),
                                                 sizeof(dl_object_ref_t));

    for (apr_size_t i = 0; i + 1 < n; i += 2) {
        dl_object_ref_t *o = &APR_ARRAY_PUSH(objects, dl_object_ref_t);
        const char *id = dl_reply_str_at(list, i, NULL);
        const char *key = dl_reply_str_at(list, i + 1, NULL);

        o->file_id = id ? apr_atoi64(id) : 0;
        o->key = apr_pstrdup(p, key ? key : "");
    }
    return objects;
}

static apr_status_t read_answer(const redisReply *reply, const dl_admit_t *a,
                                apr_pool_t *p, dl_admitted_t *out)
{
    apr_int64_t v[7];
    const char *id;

    for (int i = 0; i < 7; i++)
        if (!dl_reply_int_at(reply, i, &v[i]))
            return APR_EGENERAL;
    if (v[0] < DL_ADMIT_NEW || v[0] > DL_ADMIT_VERIFY)
        return APR_EGENERAL;
    out->outcome = (dl_admit_e)v[0];
    out->now_ms = v[1];
    out->rate_remaining = (int)v[2];
    out->rate_reset_s = v[3];
    out->retry_after_s = v[4];
    out->queue_length = (int)v[5];
    out->job = NULL;
    out->reused_job = "";
    out->reused = NULL;
    if (out->outcome == DL_ADMIT_VERIFY) {
        id = dl_reply_str_at(reply, 7, NULL);
        out->reused_job = apr_pstrdup(p, id ? id : "");
        out->reused = read_objects(dl_reply_at(reply, 8), p);
        return APR_SUCCESS;
    }
    if (out->outcome >= DL_ADMIT_KEY_REUSED)
        return APR_SUCCESS;
    if (dl_reply_count(reply) < 10) {
        out->job = new_job(a, out, v[6], p);
        return APR_SUCCESS;
    }
    id = dl_reply_str_at(reply, 7, NULL);
    return dl_job_read(id ? id : "", dl_reply_at(reply, 8),
                       dl_reply_at(reply, 9), p, &out->job) == APR_SUCCESS
        ? APR_SUCCESS : APR_EGENERAL;
}

apr_status_t dl_jobs_admit(dl_jobs_t *jobs, const dl_admit_t *admit,
                           apr_pool_t *p, dl_admitted_t *admitted)
{
    dl_redis_cmd_t *cmd;
    redisReply *reply;
    apr_status_t rv;

    if (admit->nfiles < 1)
        return APR_EINVAL;
    cmd = admit_cmd(jobs, admit, p);
    rv = dl_jobs_run(jobs, DL_SCRIPT_ADMIT, cmd, p, &reply);
    if (rv != APR_SUCCESS)
        return rv;
    rv = read_answer(reply, admit, p, admitted);
    dl_reply_free(reply);
    return rv;
}
