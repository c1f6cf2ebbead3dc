/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Webhooks by Standard Webhooks 1.0.
 */
#include "dl_webhook.h"

#include <string.h>

#include <apr_base64.h>
#include <apr_strings.h>
#include <openssl/crypto.h>

#include "dl_buf.h"
#include "dl_hmac.h"

#define PREFIX "whsec_"
#define KEY_MAX 64              /* bytes, by Standard Webhooks */
#define KEY_CODE_MAX 88         /* characters of their base64 */
#define DAY_S APR_INT64_C(86400)
#define JITTER_PERCENT 10

const char *dl_webhook_id(const char *hook_id, apr_pool_t *p)
{
    apr_size_t job_len = strcspn(hook_id, ":");
    const char *state = hook_id + job_len;
    const char *number = *state ? strchr(state + 1, ':') : NULL;

    return apr_pstrcat(p, "msg_", apr_pstrmemdup(p, hook_id, job_len),
                       number ? "_" : "", number ? number + 1 : "", NULL);
}

const char *dl_webhook_type(dl_job_state_e state)
{
    switch (state) {
    case DL_JOB_COMPLETED: return "download.completed";
    case DL_JOB_FAILED:    return "download.failed";
    case DL_JOB_CANCELLED: return "download.cancelled";
    default:               return NULL;
    }
}

const char *dl_webhook_body(const dl_job_t *job, const dl_job_links_t *links,
                            apr_pool_t *p, apr_size_t *len)
{
    apr_size_t job_len;
    const char *job_body = dl_job_body(job, links, p, &job_len);
    dl_buf_t b;

    dl_buf_init(&b, job_len + 96, p);
    dl_buf_puts(&b, "{\"type\":");
    dl_buf_jsons(&b, dl_webhook_type(job->state));
    dl_buf_puts(&b, ",\"timestamp\":");
    dl_buf_json_time(&b, job->completed_ms);
    dl_buf_putc(&b, ',');
    dl_buf_add(&b, job_body + 1, job_len - 1);     /* without its brace */
    *len = b.len;
    return dl_buf_str(&b);
}

/* The key of a secret. @return its length, 0 when it is none */
static int key_of(const char *secret, unsigned char key[KEY_MAX + 8])
{
    const char *code = secret + sizeof(PREFIX) - 1;
    int len;

    if (strncmp(secret, PREFIX, sizeof(PREFIX) - 1) != 0
        || strlen(code) > KEY_CODE_MAX) {
        return 0;
    }
    len = apr_base64_decode_binary(key, code);
    return len > KEY_MAX ? 0 : len;
}

static void add_signature(dl_buf_t *b, const unsigned char digest[])
{
    char code[DL_WEBHOOK_SIGNATURE_LEN];

    apr_base64_encode_binary(code, digest, DL_SHA256_LEN);
    if (b->len) {
        dl_buf_putc(b, ' ');
    }
    dl_buf_puts(b, "v1,");
    dl_buf_puts(b, code);
}

apr_status_t dl_webhook_sign(const apr_array_header_t *secrets,
                             const char *id, apr_int64_t timestamp_s,
                             const char *body, apr_size_t len, apr_pool_t *p,
                             const char **signature)
{
    int n = secrets ? secrets->nelts : 0, i;
    unsigned char digest[DL_SHA256_LEN], key[KEY_MAX + 8];
    apr_status_t rv = APR_SUCCESS;
    dl_buf_t content, b;

    *signature = NULL;
    if (n == 0) {
        return APR_SUCCESS;
    }
    dl_buf_init(&content, len + 96, p);
    dl_buf_puts(&content, id);
    dl_buf_putc(&content, '.');
    dl_buf_int(&content, timestamp_s);
    dl_buf_putc(&content, '.');
    dl_buf_add(&content, body, len);
    dl_buf_init(&b, (apr_size_t)n * (DL_WEBHOOK_SIGNATURE_LEN + 1) + 1, p);
    for (i = 0; rv == APR_SUCCESS && i < n; i++) {
        int key_len = key_of(APR_ARRAY_IDX(secrets, i, const char *), key);

        rv = key_len == 0 ? APR_EINVAL
            : dl_hmac_sha256(key, (apr_size_t)key_len, content.data,
                             content.len, digest);
        if (rv == APR_SUCCESS) {
            add_signature(&b, digest);
        }
    }
    OPENSSL_cleanse(key, sizeof(key));
    if (rv == APR_SUCCESS) {
        *signature = dl_buf_str(&b);
    }
    return rv;
}

dl_webhook_e dl_webhook_outcome(int status)
{
    return status >= 200 && status < 300 ? DL_WEBHOOK_DELIVERED
         : status == 410 ? DL_WEBHOOK_GONE : DL_WEBHOOK_AGAIN;
}

int dl_webhook_tries(const apr_array_header_t *waits)
{
    return waits->nelts + 1;
}

apr_int64_t dl_webhook_next_ms(const apr_array_header_t *waits, int tried,
                               apr_int64_t retry_after_s,
                               dl_random_t *random)
{
    apr_int64_t wait_ms, jitter_ms, wish_ms;

    if (tried < 1 || tried > waits->nelts) {
        return -1;
    }
    wait_ms = APR_ARRAY_IDX(waits, tried - 1, apr_int64_t);
    jitter_ms = wait_ms * JITTER_PERCENT / 100;
    wait_ms += dl_random_below(random, (apr_uint32_t)(2 * jitter_ms + 1))
               - jitter_ms;
    wish_ms = retry_after_s > DAY_S ? DAY_S * 1000
            : retry_after_s > 0 ? retry_after_s * 1000 : 0;
    return wish_ms > wait_ms ? wish_ms : wait_ms;
}
