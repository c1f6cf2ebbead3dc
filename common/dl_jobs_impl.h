/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of dl_jobs share; nobody else includes this.
 */
#ifndef DL_JOBS_IMPL_H
#define DL_JOBS_IMPL_H

#include "dl_cmd.h"
#include "dl_jobs.h"
#include "dl_ops.h"
#include "dl_script.h"

struct dl_jobs_t {
    const dl_config_t *conf;
    dl_redis_pool_t *redis;
    const dl_scripts_t *scripts;
};

/**
 * Sends a call of a script and waits for its reply. Loads the script where
 * the server does not have it; after a lost link sends it once more, so the
 * script must bear a second sending.
 * @param reply  never an error reply; dl_reply_free() it
 * @return for an error reply, which is logged: APR_EACCES when the user may
 *         not do this, else APR_EGENERAL
 */
apr_status_t dl_jobs_run(dl_jobs_t *jobs, dl_script_e script,
                         const dl_redis_cmd_t *cmd, apr_pool_t *p,
                         redisReply **reply);

/** The same for @a n plain commands that only read. */
apr_status_t dl_jobs_read(dl_jobs_t *jobs, const dl_redis_cmd_t *cmds, int n,
                          redisReply **replies);

/** A task's hash (HGETALL) into @a task, but for at_ms. */
void dl_ops_task_read(const redisReply *hash, apr_int64_t file_id,
                      apr_pool_t *p, dl_ops_task_t *task);

/** A dead letter's hash. */
void dl_ops_dead_read(const redisReply *hash, apr_int64_t file_id,
                      apr_pool_t *p, dl_ops_dead_t *dead);

/** What complete.lua has stored, or NULL: nothing is known yet. */
void dl_jobs_estimate_parse(const char *stored, dl_estimate_t *estimate);

/** prefix + a + b in @a p. */
const char *dl_jobs_key(const dl_jobs_t *jobs, const char *a, const char *b,
                        apr_pool_t *p);

#endif /* DL_JOBS_IMPL_H */
