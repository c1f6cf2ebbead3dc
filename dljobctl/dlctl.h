/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every command of dljobctl is given, and what it begins with.
 *
 * One thread; whatever a command makes lives in its pool until the program
 * ends, or in a pool of its own where it goes round.
 */
#ifndef DLCTL_H
#define DLCTL_H

#include "dl_buf.h"
#include "dl_conffile.h"
#include "dl_jobs.h"
#include "dl_ops.h"
#include "dlctl_args.h"
#include "dlctl_error.h"

#define DLCTL_FILE "/etc/dljob/dljob.conf"

struct dlctl_t {
    apr_pool_t *pool;
    const dlctl_args_t *args;
    int json;                   /**< --json */
    int printed;                /**< there is a JSON document already */
    const char *error;          /**< what dlctl_error() said last, or NULL */
    const dl_config_t *conf;    /**< from here on: after dlctl_open() */
    dl_redis_pool_t *redis;
    dl_jobs_t *jobs;
};

/**
 * Reads the configuration (-f, -D).
 * @return DLCTL_OK, or DLCTL_CONFIG or DLCTL_USAGE, said already
 */
dlctl_exit_e dlctl_configure(dlctl_t *ctl);

/** dlctl_configure(), and Redis must answer: first thing in a command. */
dlctl_exit_e dlctl_open(dlctl_t *ctl);

/** Says why the engine did not answer. @param rv  not APR_SUCCESS */
dlctl_exit_e dlctl_no_answer(const dlctl_t *ctl, apr_status_t rv);

/**
 * Reads operands that must be file ids, sorted and each once.
 * @param ids  @a n of them, in the pool
 * @return DLCTL_OK or DLCTL_USAGE, said already
 */
dlctl_exit_e dlctl_file_ids(dlctl_t *ctl, const apr_int64_t **ids, int *n);

/** The same where a task is meant: that of an archive, too, as lists of dead
 *  letters show its id. */
dlctl_exit_e dlctl_task_ids(dlctl_t *ctl, const apr_int64_t **ids, int *n);

/** The option --name as a duration; @a preset_ms when it is not given. */
dlctl_exit_e dlctl_duration(const dlctl_t *ctl, const char *name,
                            apr_int64_t preset_ms, apr_int64_t *ms);

/** The option --name as a number. */
dlctl_exit_e dlctl_number(const dlctl_t *ctl, const char *name,
                          apr_int64_t min, apr_int64_t max,
                          apr_int64_t preset, apr_int64_t *number);

/** Operand @a i, which the command line holds. */
const char *dlctl_operand(const dlctl_t *ctl, int i);

/** A fresh id of a job, and of a request ("dljobctl-…"), in @a p. */
const char *dlctl_job_id(apr_pool_t *p);
const char *dlctl_request_id(apr_pool_t *p);

#endif /* DLCTL_H */
