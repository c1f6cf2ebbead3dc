/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of /initiate: what is taken keeps every bound, what is refused
 * has a reason, and INVALID_JSON is said exactly when it is no JSON.
 *
 * A first line that begins with "Idempotency-Key: " is that header.
 */
#include <string.h>

#include <apr_strings.h>

#include "dl_idempotency_key.h"
#include "dl_request.h"
#include "fuzz.h"

#define HEADER "Idempotency-Key: "
#define MESSAGE_MAX 400

static void must_be_sound(const dl_config_t *conf,
                          const dl_url_guard_t *guard,
                          const dl_request_t *r, apr_pool_t *p)
{
    dl_url_t url;
    size_t i;

    FUZZ_MUST(r->nfiles >= 1 && r->nfiles <= r->total
              && r->total <= conf->max_files, "number of files");
    for (i = 0; i < (size_t)r->nfiles; i++) {
        FUZZ_MUST(r->file_ids[i] >= conf->file_id_min
                  && r->file_ids[i] <= conf->file_id_max, "bound of an id");
        FUZZ_MUST(i == 0 || r->file_ids[i - 1] < r->file_ids[i], "order");
    }
    if (r->callback_url) {
        FUZZ_MUST(!dl_url_guard_check(guard, r->callback_url,
                                      strlen(r->callback_url), p, &url),
                  "callback");
    }
    if (r->idempotency_key) {
        size_t n = strlen(r->idempotency_key);

        FUZZ_MUST(n >= 1 && n <= DL_IDEMPOTENCY_KEY_MAX, "key length");
        for (i = 0; i < n; i++) {
            FUZZ_MUST(r->idempotency_key[i] >= ' '
                      && r->idempotency_key[i] <= '~', "key character");
        }
    }
    FUZZ_MUST(r->priority != DL_PRIORITY_HIGH, "priority");
}

static void must_be_refused_well(const dl_request_t *r,
                                 const dl_request_in_t *in, apr_pool_t *p)
{
    int status = dl_error_get(r->error)->status;

    FUZZ_MUST(status == 400 || r->error == DL_ERROR_FORBIDDEN, "status");
    FUZZ_MUST(r->message && *r->message
              && strlen(r->message) <= MESSAGE_MAX, "message");
    FUZZ_MUST((r->error == DL_ERROR_INVALID_JSON)
              == (dl_json_check(in->body, in->len, p) != NULL),
              "INVALID_JSON");
}

void fuzz_request(const uint8_t *data, size_t size)
{
    dl_request_in_t in = { NULL, size, NULL, NULL, "" };
    const size_t skip = sizeof(HEADER) - 1;
    const dl_url_guard_t *guard;
    dl_config_t conf;
    dl_request_t r;
    apr_pool_t *p;
    const char *line;

    apr_pool_create(&p, NULL);
    memset(&conf, 0, sizeof(conf));
    conf.file_id_min = 10000;
    conf.file_id_max = 100000000;
    conf.max_files = 8;
    FUZZ_MUST(!dl_url_guard_create(NULL, p, &guard), "guard");
    in.body = apr_pmemdup(p, data, size);
    line = memchr(in.body, '\n', size);
    if (line && size > skip && memcmp(in.body, HEADER, skip) == 0) {
        in.idempotency_key = apr_pstrmemdup(p, in.body + skip,
                                            (size_t)(line - in.body) - skip);
        in.len = size - (size_t)(line + 1 - in.body);
        in.body = apr_pmemdup(p, line + 1, in.len);
    }
    if (dl_request_initiate(&conf, guard, &in, p, &r)) {
        must_be_sound(&conf, guard, &r, p);
    }
    else {
        must_be_refused_well(&r, &in, p);
    }
    apr_pool_destroy(p);
}
