/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links that stay good; see dl_links.h.
 */
#include "dl_links.h"

#include <apr_time.h>

#include "dl_log.h"
#include "dl_store.h"

static const char *sign(const dl_config_t *conf, const char *key,
                        const char *filename, const char *content_type,
                        apr_int64_t now_s, apr_pool_t *p,
                        apr_int64_t *expires_s)
{
    const char *url = NULL;

    if (dl_store_link(conf, "", key, filename, content_type, now_s, p, &url,
                      expires_s) != APR_SUCCESS) {
        dl_log(DL_LOG_ERROR, "DL0303", NULL,
               "no link can be signed: see DLJobStore and DLJobCredentials");
        return NULL;
    }
    return url;
}

/* Links of several files, and of their archive, are not kept. They are signed
 * as of the last half of DLJobURLExpiry, so that two readings within it show
 * the same links and the ETag holds. */
static void sign_files(const dl_config_t *conf, dl_job_t *job,
                       apr_int64_t now_s, apr_pool_t *p)
{
    apr_int64_t half_s = conf->url_expiry_s / 2, expires_s = 0;
    int i;

    now_s -= half_s > 0 ? now_s % half_s : 0;
    for (i = 0; i < job->files->nelts; i++) {
        dl_job_file_t *file = &APR_ARRAY_IDX(job->files, i, dl_job_file_t);

        if (file->state == DL_JOB_COMPLETED && file->key) {
            file->url = sign(conf, file->key, file->filename,
                             file->content_type, now_s, p,
                             &expires_s);
        }
    }
    if (job->bundle && job->state == DL_JOB_COMPLETED && job->key) {
        job->url = sign(conf, job->key, job->filename, job->content_type,
                        now_s, p, &expires_s);
    }
    job->url_expires_s = expires_s;
}

int dl_links_refresh(const dl_config_t *conf, dl_job_t *job,
                     apr_int64_t now_s, apr_pool_t *p)
{
    apr_int64_t expires_s = 0;
    const char *url;

    if (job->files) {
        sign_files(conf, job, now_s, p);
        return 0;
    }
    if (job->state != DL_JOB_COMPLETED || !job->key
        || (job->url
            && dl_store_link_fresh(conf, job->url_expires_s, now_s))) {
        return 0;
    }
    url = sign(conf, job->key, job->filename, job->content_type, now_s, p,
               &expires_s);
    if (!url && job->url && job->url_expires_s > now_s) {
        return 0;               /* no keys just now: better than nothing */
    }
    job->url = url;
    job->url_expires_s = expires_s;
    return url != NULL;
}
