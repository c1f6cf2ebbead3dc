/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job as the API shows it: read from its hash, written as its JSON body.
 *
 * Pure: no httpd, no connection. All strings of a dl_job_t live in the pool
 * it was read into.
 */
#ifndef DL_JOB_H
#define DL_JOB_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "dl_bundle.h"

typedef enum {
    DL_JOB_QUEUED,
    DL_JOB_PROCESSING,
    DL_JOB_COMPLETED,
    DL_JOB_FAILED,
    DL_JOB_CANCELLED
} dl_job_state_e;

/** "queued" …; the words of the API and of the hash. */
const char *dl_job_state_name(dl_job_state_e state);

/** @return 0, or -1 when @a name is no state. */
int dl_job_state_parse(const char *name, dl_job_state_e *state);

/** Whether nothing changes a job in this state any more. */
int dl_job_state_terminal(dl_job_state_e state);

/** One file of a job with several. */
typedef struct dl_job_file_t {
    apr_int64_t file_id;
    dl_job_state_e state;
    int progress;
    const char *key;            /**< of the stored object, or NULL */
    const char *url;            /**< filled in by the caller before writing */
    apr_int64_t size;           /**< bytes, -1: not known */
    const char *filename;
    const char *content_type;
    const char *sha256;
    const char *error;
    const char *error_code;
} dl_job_file_t;

typedef struct dl_job_t {
    const char *id;
    const char *user;           /**< "" : anonymous */
    dl_job_state_e state;
    apr_int64_t version;        /**< rises with every change */
    int progress;               /**< 0 to 100; 100 only when terminal */
    int total;                  /**< length of file_ids as sent */
    apr_int64_t file_id;        /**< 0: several files */
    apr_int64_t created_ms;     /**< Redis time; 0: not known, all _ms */
    apr_int64_t started_ms;
    apr_int64_t completed_ms;
    apr_int64_t next_attempt_ms;
    apr_int64_t estimate_ms;    /**< of the whole, from admission; 0: none */
    int attempt;                /**< 0: not started */
    int retries_remaining;      /**< -1: not known */
    int retryable;              /**< 0, 1, -1: not known */
    const char *error;
    const char *error_code;
    const char *key;            /**< of the object (one file), or NULL */
    const char *url;            /**< signed link as stored, or NULL */
    apr_int64_t url_expires_s;  /**< Unix seconds when url ends; 0: no url */
    apr_int64_t size;           /**< bytes, -1: not known */
    const char *filename;
    const char *content_type;
    const char *sha256;
    int holders;                /**< anonymous callers that share the job */
    int partial;                /**< completed, but some files failed */
    const char *callback_url;
    const char *base;           /**< of the API as the request had it, where
                                     there is a callback_url; or NULL */
    const char *request_id;
    const char *traceparent;
    const char *tracestate;
    const char *message;        /**< the source's last word, or NULL */
    dl_bundle_e bundle;         /**< url, size … are those of an archive */
    const apr_array_header_t *files; /**< of dl_job_file_t; NULL: one file */
} dl_job_t;

struct redisReply;

/**
 * Reads a job from what HGETALL of its hash answered.
 *
 * A field that is missing or malformed counts as not known: a hash that an
 * operator has edited never makes this fail.
 * @param files  HGETALL of job:files:<id>, or NULL; used only if the job has
 *               several files
 * @return APR_NOTFOUND when the hash is empty or has no status
 */
apr_status_t dl_job_read(const char *id, const struct redisReply *hash,
                         const struct redisReply *files, apr_pool_t *p,
                         dl_job_t **job);

/**
 * Reads the job:files hash into job->files, sorted by file id.
 * @param job  as dl_job_read() made it without files; nothing happens to a
 *             job of one file
 */
void dl_job_read_files(dl_job_t *job, const struct redisReply *files,
                       apr_pool_t *p);

/** Whether job:files:<id> belongs to this job: it has several files. */
int dl_job_has_files(const dl_job_t *job);

/** What the body needs beside the job itself. */
typedef struct dl_job_links_t {
    const char *base;           /**< of the API, "https://h/v1/download" or
                                     "/v1/download": no slash at the end;
                                     NULL: no statusUrl and so on */
    const char *message;        /**< "message", or NULL */
} dl_job_links_t;

struct dl_buf_t;

/**
 * Appends ,"statusUrl":… and the job's other links.
 * @param id  of a job: written as it is
 */
void dl_job_put_links(struct dl_buf_t *b, const char *id, const char *base);

/**
 * Writes the job body (contract: "job body"): members not known are absent,
 * never null; times ISO 8601 UTC with milliseconds.
 * @param len  set to the length; the string is NUL-terminated too
 * @return JSON in @a p, no line feed
 */
const char *dl_job_body(const dl_job_t *job, const dl_job_links_t *links,
                        apr_pool_t *p, apr_size_t *len);

#endif /* DL_JOB_H */
