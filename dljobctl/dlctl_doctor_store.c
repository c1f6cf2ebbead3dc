/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor: the store. A small object is written and removed again.
 */
#include "dlctl_doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_time.h>
#include <curl/curl.h>

#include "dl_sigv4.h"
#include "dl_store.h"

#define TIMEOUT_MS 15000
#define SIGNED_S 120
#define ANSWER_MAX 4096

/* ---- file */

static void look_at_files(dlctl_doctor_t *doctor)
{
    const char *dir = doctor->conf->store.dir, *path;
    int before = doctor->findings->nelts, fd;

    if (!dlctl_doctor_dir(doctor, "store", "DLJobStore", dir, 0))
        return;
    path = apr_pstrcat(doctor->pool, dir, "/.dljob-doctor-",
                       dlctl_job_id(doctor->pool), NULL);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) != 0)
        dlctl_found(doctor, "store", DLCTL_ERROR, "see the disk and its "
                    "mount", "DLJobStore %s cannot be written to: %s", dir,
                    strerror(errno));
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    if (doctor->findings->nelts == before)
        dlctl_found(doctor, "store", DLCTL_FINE, "", "%s can be written to",
                    dir);
}

/* ---- s3 */

/** The beginning of an answer. */
typedef struct answer_t {
    long status;                /* 0: none */
    char error[CURL_ERROR_SIZE];
    char body[ANSWER_MAX + 1];
    apr_size_t len;
} answer_t;

static size_t on_body(char *data, size_t one, size_t n, void *baton)
{
    answer_t *answer = baton;
    size_t len = one * n, room = ANSWER_MAX - answer->len;

    memcpy(answer->body + answer->len, data, len < room ? len : room);
    answer->len += len < room ? len : room;
    answer->body[answer->len] = '\0';
    return len;
}

/* Content of <Code> in an error of S3, or NULL. */
static const char *code_of(const answer_t *answer, apr_pool_t *p)
{
    const char *from = strstr(answer->body, "<Code>");
    const char *to = from ? strstr(from, "</Code>") : NULL;

    return to ? apr_pstrmemdup(p, from + 6, (apr_size_t)(to - from) - 6)
              : NULL;
}

static const char *presigned(dlctl_doctor_t *doctor, const char *method,
                             const char *key)
{
    const dl_store_conf_t *store = &doctor->conf->store;
    const dl_credentials_t *keys = &doctor->conf->credentials;
    dl_sigv4_who_t who = {keys->access_key, keys->secret_key,
                          keys->session_token, store->region};
    dl_sigv4_req_t req = {.method = method, .endpoint = store->endpoint,
                          .virtual_host = store->virtual_host,
                          .bucket = store->bucket, .key = key,
                          .now_s = apr_time_sec(apr_time_now())};
    dl_sigv4_signed_t out;

    return who.access_key && who.secret_key
        && dl_sigv4_presign(&req, &who, SIGNED_S, NULL, doctor->pool, &out)
           == APR_SUCCESS ? out.url : NULL;
}

static void ask(dlctl_doctor_t *doctor, const char *method, const char *key,
                answer_t *answer)
{
    const char *url = presigned(doctor, method, key);
    CURL *curl = url ? curl_easy_init() : NULL;
    CURLcode rc;

    memset(answer, 0, sizeof(*answer));
    if (!curl)
        return;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    if (strcmp(method, "PUT") == 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "x");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, 1L);
    }
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, answer->error);
    if (doctor->conf->store.ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, doctor->conf->store.ca_file);
    rc = curl_easy_perform(curl);
    if (rc == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    else if (!*answer->error)
        apr_cpystrn(answer->error, curl_easy_strerror(rc),
                    sizeof(answer->error));
    curl_easy_cleanup(curl);
}

static const char *remedy_of(const answer_t *answer, const char *code)
{
    static const struct {
        const char *code;
        const char *remedy;
    } rows[] = {
        {"NoSuchBucket", "make the bucket, or correct its name in DLJobStore"},
        {"InvalidAccessKeyId", "correct access_key in DLJobCredentials"},
        {"SignatureDoesNotMatch", "correct secret_key in DLJobCredentials, "
                                  "or region in DLJobStore"},
        {"RequestTimeTooSkewed", "set this host's clock by NTP"},
        {"AccessDenied", "let this access key get, put and delete objects of "
                         "the bucket; see this host's clock"},
    };

    if (answer->status == 0)
        return "see that the endpoint of DLJobStore runs and can be reached";
    for (size_t i = 0; code && i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(code, rows[i].code) == 0)
            return rows[i].remedy;
    return "see the store's log";
}

/* @return whether it went well */
static int step(dlctl_doctor_t *doctor, const char *method, const char *key,
                const char *doing)
{
    const dl_store_conf_t *store = &doctor->conf->store;
    answer_t answer;
    const char *code;

    ask(doctor, method, key, &answer);
    if (answer.status >= 200 && answer.status < 300)
        return 1;
    code = code_of(&answer, doctor->pool);
    dlctl_found(doctor, "store", DLCTL_ERROR, remedy_of(&answer, code),
                "s3://%s at %s, %s: %s%s", store->bucket, store->endpoint,
                doing, answer.status
                ? apr_psprintf(doctor->pool, "%ld ", answer.status) : "",
                answer.status ? code ? code : "" : answer.error);
    return 0;
}

static void look_at_bucket(dlctl_doctor_t *doctor)
{
    const dl_store_conf_t *store = &doctor->conf->store;
    const char *key;

    if (!doctor->conf->credentials.access_key)
        return;                 /* said of the configuration */
    key = apr_pstrcat(doctor->pool,
                      dl_store_key(doctor->conf, doctor->conf->file_id_min,
                                   doctor->pool),
                      ".doctor-", dlctl_job_id(doctor->pool), NULL);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (step(doctor, "PUT", key, "writing an object")
        && step(doctor, "GET", key, "reading it")
        && step(doctor, "DELETE", key, "removing it"))
        dlctl_found(doctor, "store", DLCTL_FINE, "", "s3://%s at %s can be "
                    "written to", store->bucket, store->endpoint);
    curl_global_cleanup();
}

void dlctl_doctor_store(dlctl_doctor_t *doctor)
{
    switch (doctor->conf->store.kind) {
    case DL_STORE_FILE:
        look_at_files(doctor);
        break;
    case DL_STORE_S3:
        look_at_bucket(doctor);
        break;
    case DL_STORE_NONE:         /* said of the configuration */
        break;
    }
}
