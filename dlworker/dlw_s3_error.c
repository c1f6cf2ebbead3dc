/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What S3's errors mean for an attempt; see dlw_s3.h.
 */
#include <string.h>

#include <apr_strings.h>

#include "dlw_keys.h"
#include "dlw_s3.h"

#define FULL "The storage is full"
#define REFUSED "The storage refuses access"
#define AWAY "The storage is not available"

/* S3's codes that need words of their own; what is not here goes by its
 * status. */
static const struct {
    const char *error;
    const char *code;
    const char *message;        /* for the user */
    const char *hint;           /* for the log */
    int permanent;
} meanings[] = {
    { "NoSuchKey", "FILE_NOT_FOUND", "File not found", NULL, 1 },
    { "NoSuchBucket", "STORAGE_ERROR", AWAY,
      "the bucket of DLJobStore does not exist", 1 },
    { "SignatureDoesNotMatch", "STORAGE_ERROR", REFUSED,
      "the secret_key of DLJobCredentials is wrong", 1 },
    { "InvalidAccessKeyId", "STORAGE_ERROR", REFUSED,
      "the access_key of DLJobCredentials is not known there", 1 },
    { "AccessDenied", "STORAGE_ERROR", REFUSED,
      "the key of DLJobCredentials lacks a right", 1 },
    { "RequestTimeTooSkewed", "STORAGE_ERROR", AWAY,
      "the clocks of Redis and store differ; set them right", 0 },
    { "ExpiredToken", "STORAGE_ERROR", REFUSED,
      "the session_token of DLJobCredentials has expired", 0 },
    { "InvalidToken", "STORAGE_ERROR", REFUSED,
      "the session_token of DLJobCredentials is wrong", 1 },
    { "AuthorizationHeaderMalformed", "STORAGE_ERROR", REFUSED,
      "perhaps region= of DLJobStore is wrong", 1 },
    { "PermanentRedirect", "STORAGE_ERROR", AWAY,
      "the bucket is in another region; see endpoint= and region= of "
      "DLJobStore", 1 },
    { "EntityTooLarge", "STORAGE_ERROR", "The file is too large to be stored",
      NULL, 1 },
    { "QuotaExceeded", "STORAGE_ERROR", FULL, NULL, 0 },
    { "XMinioStorageFull", "STORAGE_ERROR", FULL, NULL, 0 },
    { "InvalidStorageClass", "STORAGE_ERROR", AWAY,
      "class= of DLJobStore is not known there", 1 },
    { "RequestTimeout", "STORAGE_ERROR", AWAY, NULL, 0 },
    { "BadDigest", "STORAGE_ERROR", AWAY, "damaged on the way", 0 },
    { "XAmzContentSHA256Mismatch", "STORAGE_ERROR", AWAY,
      "damaged on the way", 0 },
    { "NoSuchUpload", "STORAGE_ERROR", AWAY, NULL, 0 },
    { "OperationAborted", "STORAGE_ERROR", AWAY, NULL, 0 },
};

int dlw_s3_ok(const dlw_s3_answer_t *a)
{
    return a->code == CURLE_OK && a->status >= 200 && a->status < 300;
}

dl_failure_t dlw_s3_failure(const dlw_s3_answer_t *a, apr_pool_t *p)
{
    dl_failure_t f;
    size_t i;
    int transient;

    for (i = 0; a->code == CURLE_OK && a->error
                && i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (strcmp(a->error, meanings[i].error) == 0) {
            const char *hint = meanings[i].hint;

            f = dlw_failure(meanings[i].code, meanings[i].message,
                            hint ? apr_pstrcat(p, a->detail, ": ", hint, NULL)
                                 : a->detail,
                            meanings[i].permanent && !a->passing);
            f.retry_after_ms = a->retry_after_ms;
            return f;
        }
    }
    if (a->code == CURLE_OK && a->status == 404) {
        return dlw_failure("FILE_NOT_FOUND", "File not found", a->detail, 1);
    }
    transient = a->code != CURLE_OK || a->status >= 500 || a->status == 429
                || a->status == 408 || a->status == 409 || a->passing;
    f = dlw_failure("STORAGE_ERROR",
                    a->code == CURLE_OK
                    && (a->status == 401 || a->status == 403) ? REFUSED : AWAY,
                    a->detail, !transient);
    f.retry_after_ms = a->retry_after_ms;
    return f;
}

int dlw_s3_keys_refused(const dlw_env_t *env, const char *method,
                        const dlw_s3_answer_t *a)
{
    static const char *const errors[] = {
        "ExpiredToken", "InvalidAccessKeyId", "InvalidToken",
        "TokenRefreshRequired", NULL
    };
    int i, found;

    if (!env->keys || !env->conf->credentials.keys || a->code != CURLE_OK
        || dlw_s3_ok(a)) {
        return 0;
    }
    found = !a->error && a->status == 403
            && strcmp(method, "HEAD") == 0;
    for (i = 0; a->error && errors[i]; i++) {
        found |= strcmp(a->error, errors[i]) == 0;
    }
    if (found) {
        dlw_keys_refused(env->keys);
    }
    return found;
}

int dlw_s3_worth_another(const dlw_s3_answer_t *a)
{
    switch (a->code) {
    case CURLE_OK:
        break;
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_WRITE_ERROR:
    case CURLE_OUT_OF_MEMORY:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_URL_MALFORMAT:
        return 0;
    default:
        return 1;
    }
    return a->passing || a->status >= 500 || a->status == 429
           || a->status == 408
           || (a->error && (strcmp(a->error, "RequestTimeout") == 0
                            || strcmp(a->error, "InternalError") == 0
                            || strcmp(a->error, "SlowDown") == 0
                            || strcmp(a->error, "BadDigest") == 0
                            || strcmp(a->error, "XAmzContentSHA256Mismatch")
                               == 0));
}
