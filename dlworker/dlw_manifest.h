/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manifest of an archive: what is in it, and what is missing and why.
 *
 *     {"jobId":"…","missing":1,"files":[
 *      {"fileId":70000,"name":"a.zip","size":123,"sha256":"…"},
 *      {"fileId":70001,"errorCode":"FILE_NOT_FOUND","error":"…"}]}
 */
#ifndef DLW_MANIFEST_H
#define DLW_MANIFEST_H

#include "dl_job.h"

/** One file of the job, as it went into the archive. */
typedef struct dlw_part_t {
    const dl_job_file_t *file;  /**< what the job knows */
    const char *name;           /**< of the entry; NULL: it is missing */
    apr_int64_t size;           /**< of the entry */
    char sha256[65];            /**< of the bytes in it */
    const char *error_code;     /**< why it is missing */
    const char *error;
} dlw_part_t;

/** @return JSON with a line feed at its end, in @a p */
const char *dlw_manifest_write(const char *job_id, const dlw_part_t *parts,
                               int nparts, apr_pool_t *p, apr_size_t *len);

#endif /* DLW_MANIFEST_H */
