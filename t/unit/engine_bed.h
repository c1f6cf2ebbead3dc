/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A namespace of the engine for tests: settings, links, and short words for
 * what clients and workers do. Each step is a call of the real scripts on the
 * private redis-server.
 */
#ifndef ENGINE_BED_H
#define ENGINE_BED_H

#include <check.h>
#include <string.h>

#include <apr_strings.h>

#include "dl_jobs.h"
#include "dl_reply.h"
#include "dl_task.h"
#include "redis_fixture.h"

typedef struct bed_t {
    apr_pool_t *p;
    dl_config_t *conf;          /**< change, then bed_apply() */
    dl_redis_pool_t *redis;
    dl_jobs_t *jobs;
    const dl_scripts_t *scripts;
    redisContext *c;            /**< for looking and tampering */
} bed_t;

/** An empty server; limits off, three attempts, quick backoff. */
void bed_open(bed_t *bed);
void bed_close(bed_t *bed);

/** Makes the engine anew after a change of bed->conf. */
void bed_apply(bed_t *bed);

/** Sends a command (hiredis format), returns its text: of an array the
 *  elements with blanks between, "(nil)" for nil. */
const char *bed_redis(bed_t *bed, const char *fmt, ...);

/** A field of a job's hash, "(nil)" when it is not there. */
const char *bed_field(bed_t *bed, const char *job, const char *field);

/** A field of a task's hash. */
const char *bed_task(bed_t *bed, apr_int64_t file_id, const char *field);

/** A fresh job id. */
const char *bed_id(bed_t *bed);

/** A request for one file; a job id of its own. */
dl_admit_t bed_request(bed_t *bed, const char *user, apr_int64_t file_id);

/** One for n files, first .. first + n - 1. */
dl_admit_t bed_request_many(bed_t *bed, const char *user, apr_int64_t first,
                            int n);

/** Sends it; the call must get an answer. */
dl_admitted_t bed_send(bed_t *bed, const dl_admit_t *a);

/** Both in one, and it must be admitted as new. @return the job id */
const char *bed_new(bed_t *bed, const char *user, apr_int64_t file_id);

/** A job of files first .. first + n - 1, which must be new. */
const char *bed_new_many(bed_t *bed, const char *user, apr_int64_t first,
                         int n);

dl_job_t *bed_get(bed_t *bed, const char *job);

/** Sends a worker's command as dlworker does; the reply, never an error, is
 *  for freeReplyObject(). */
redisReply *bed_run(bed_t *bed, dl_script_e script, dl_redis_cmd_t *cmd);

/** Claims; @a own and @a suspects as in dl_task.h. */
dl_claim_t bed_claim_as(bed_t *bed, const char *worker, int n,
                        apr_int64_t own, int suspects);
dl_claim_t bed_claim(bed_t *bed, const char *worker, int n);

/** Claims one, which must be there. */
dl_task_t bed_take(bed_t *bed, const char *worker);

/** @return 1 go on, 0 abort */
int bed_beat(bed_t *bed, const dl_task_t *t, int progress);

/** A result for a task: key "k/FILE", 100 bytes, a link. */
dl_completion_t bed_made(bed_t *bed, const dl_task_t *t);

dl_settle_e bed_complete(bed_t *bed, const dl_task_t *t);

/** The same with a key of its own. */
dl_settle_e bed_complete_as(bed_t *bed, const dl_task_t *t, const char *key);

/** @param next_ms may be NULL */
dl_settle_e bed_fail(bed_t *bed, const dl_task_t *t, const char *code,
                     int permanent, apr_int64_t *next_ms);

int bed_release(bed_t *bed, const dl_task_t *t);

dl_cancel_e bed_cancel(bed_t *bed, const char *job, const char *user);

/** A whole sweep; @return the number of repairs */
int bed_audit(bed_t *bed);

/** Sets the lease of a task to the past. */
void bed_expire_lease(bed_t *bed, apr_int64_t file_id);

/** Makes what waits in backoff due now. */
void bed_make_due(bed_t *bed, apr_int64_t file_id);

/** A connection that listens to one channel; redisFree() it. */
redisContext *bed_subscribe(bed_t *bed, const char *channel);

/** The next message it hears. */
const char *bed_heard(bed_t *bed, redisContext *c);

#endif /* ENGINE_BED_H */
