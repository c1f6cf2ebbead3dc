/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Downloads by libcurl; see dlctl_fetch.h.
 */
#include "dlctl_fetch.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <apr_strings.h>
#include <curl/curl.h>

#include "dl_redis.h"
#include "dlctl_bar.h"
#include "dlctl_part.h"
#include "dlctl_text.h"
#include "dlctl_tty.h"

#define TRIES 5
#define CONNECT_MS 15000
#define IDLE_S 60
#define REDIRECTS 3
#define DRAW_US 100000

/** One download. */
typedef struct transfer_t {
    dlctl_fetch_t *fetch;
    dlctl_part_t part;
    apr_pool_t *pool;           /* of the bar; cleared each time */
    char etag[256];             /* of the first answer, for If-Range */
    apr_int64_t drawn_us;
    char error[CURL_ERROR_SIZE];
} transfer_t;

static void draw(transfer_t *t)
{
    const dlctl_fetch_t *f = t->fetch;
    int percent = f->size > 0 ? (int)(t->part.at * 100 / f->size) : 0;

    if (!f->bar || dl_clock_us() - t->drawn_us < DRAW_US)
        return;
    t->drawn_us = dl_clock_us();
    dlctl_tty_line(dlctl_bar(f->label, percent,
                             dlctl_text_size(t->part.at, t->pool),
                             dlctl_tty_size(STDERR_FILENO, NULL), t->pool));
    apr_pool_clear(t->pool);
}

static size_t on_body(char *data, size_t one, size_t n, void *baton)
{
    transfer_t *t = baton;

    if (dlctl_part_write(&t->part, data, one * n) != 0)
        return 0;
    t->fetch->moved += (apr_int64_t)(one * n);
    draw(t);
    return one * n;
}

/* A strong ETag, so that two halves are of one file. */
static size_t on_header(char *data, size_t one, size_t n, void *baton)
{
    transfer_t *t = baton;
    size_t len = one * n;

    if (len > 5 && strncasecmp(data, "etag:", 5) == 0 && !*t->etag) {
        while (len > 5 && (data[len - 1] == '\n' || data[len - 1] == '\r'))
            len--;
        data += 5;
        len -= 5;
        while (len > 0 && *data == ' ') {
            data++;
            len--;
        }
        if (len > 0 && *data == '"' && len < sizeof(t->etag)) {
            memcpy(t->etag, data, len);
            t->etag[len] = '\0';
        }
    }
    return one * n;
}

static CURLcode request(transfer_t *t, CURL *curl, long *status)
{
    struct curl_slist *headers = NULL;
    char range[sizeof(t->etag) + 16];
    CURLcode rc;

    if (t->part.at > 0 && *t->etag) {
        apr_snprintf(range, sizeof(range), "If-Range: %s", t->etag);
        headers = curl_slist_append(NULL, range);
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE,
                     (curl_off_t)t->part.at);
    *t->error = '\0';
    rc = curl_easy_perform(curl);
    *status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    return rc;
}

static void prepare(transfer_t *t, CURL *curl)
{
    curl_easy_setopt(curl, CURLOPT_URL, t->fetch->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,file");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)REDIRECTS);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)IDLE_S);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "dljobctl/" DL_VERSION);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, t->error);
    if (t->fetch->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, t->fetch->ca_file);
}

/* Whether another try may help; a range that does not fit means that the
 * part is of another file. */
static int may_go_on(transfer_t *t, CURLcode rc, long status)
{
    if (t->part.error)
        return 0;
    if (rc == CURLE_RANGE_ERROR || status == 416)
        return dlctl_part_rewind(&t->part) == 0;
    if (status >= 400)
        return status >= 500 || status == 429;
    return rc == CURLE_PARTIAL_FILE || rc == CURLE_RECV_ERROR
        || rc == CURLE_SEND_ERROR || rc == CURLE_OPERATION_TIMEDOUT
        || rc == CURLE_COULDNT_CONNECT || rc == CURLE_GOT_NOTHING
        || rc == CURLE_HTTP2 || rc == CURLE_HTTP2_STREAM;
}

static dlctl_exit_e failed(const transfer_t *t, CURLcode rc, long status)
{
    const char *what = t->fetch->label;

    if (t->part.error)
        return dlctl_error(DLCTL_CANT_CREATE, "%s cannot be written: %s",
                           t->part.path ? t->part.name : "stdout",
                           strerror(t->part.error));
    if (status >= 400)
        return dlctl_error(DLCTL_TRANSFER, "%s: its link answers %ld%s",
                           what, status, status == 403
                           ? ": it has expired, or link_key or clock differ "
                             "between here and the server" : "");
    return dlctl_error(DLCTL_TRANSFER, "%s: %s", what,
                       *t->error ? t->error : curl_easy_strerror(rc));
}

static dlctl_exit_e download(transfer_t *t)
{
    CURL *curl = curl_easy_init();
    long status = 0;
    CURLcode rc = CURLE_OUT_OF_MEMORY;
    int left = TRIES;

    if (!curl)
        return failed(t, rc, 0);
    prepare(t, curl);
    while (t->fetch->size < 0 || t->part.at != t->fetch->size) {
        apr_int64_t from = t->part.at;

        if (t->fetch->size >= 0 && from > t->fetch->size
            && dlctl_part_rewind(&t->part) != 0)
            break;
        rc = request(t, curl, &status);
        if (rc == CURLE_OK || !may_go_on(t, rc, status))
            break;
        left = t->part.at > from ? TRIES : left - 1;
        if (left == 0)
            break;
        dlctl_tty_wait(200 << (TRIES - left));
    }
    curl_easy_cleanup(curl);
    if (t->fetch->size >= 0 && t->part.at == t->fetch->size)
        return DLCTL_OK;
    if (rc != CURLE_OK)
        return failed(t, rc, status);
    if (t->fetch->size < 0)
        return DLCTL_OK;
    return dlctl_error(DLCTL_DATA, "%s: %" APR_INT64_T_FMT " bytes came, not "
                       "%" APR_INT64_T_FMT, t->fetch->label, t->part.at,
                       t->fetch->size);
}

/* @return DLCTL_DATA when it is another file, not yet said */
static dlctl_exit_e check(transfer_t *t, char *hex)
{
    dlctl_part_sum(&t->part, hex);
    return !t->fetch->sha256 || strcasecmp(hex, t->fetch->sha256) == 0
               ? DLCTL_OK : DLCTL_DATA;
}

static dlctl_exit_e try_it(transfer_t *t, int keep, apr_pool_t *p)
{
    dlctl_fetch_t *f = t->fetch;
    dlctl_exit_e status = dlctl_part_open(&t->part, f->path, keep, p);
    int resumed = status == DLCTL_OK && t->part.at > 0;
    char hex[65];

    if (status != DLCTL_OK)
        return status;
    status = download(t);
    f->bytes = t->part.at;
    if (status == DLCTL_OK && check(t, hex) != DLCTL_OK) {
        dlctl_part_remove(&t->part);
        dlctl_part_close(&t->part);
        /* what was there was of another file */
        return resumed ? try_it(t, 0, p)
                       : dlctl_error(DLCTL_DATA, "%s: its SHA-256 is %s, not "
                                     "%s%s", f->label, hex, f->sha256,
                                     f->path ? ": thrown away" : "");
    }
    if (status == DLCTL_OK)
        status = dlctl_part_finish(&t->part, f->force);
    dlctl_part_close(&t->part);
    return status;
}

dlctl_exit_e dlctl_fetch(dlctl_t *ctl, dlctl_fetch_t *fetch)
{
    transfer_t t = {.fetch = fetch};
    dlctl_exit_e status;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    apr_pool_create(&t.pool, ctl->pool);
    fetch->moved = 0;
    /* without a sum nobody could tell whose part it is */
    status = try_it(&t, fetch->sha256 != NULL, ctl->pool);
    dlctl_tty_line_clear();
    apr_pool_destroy(t.pool);
    curl_global_cleanup();
    return status;
}
