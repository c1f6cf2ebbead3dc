/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs, tasks and dead letters as lines for people. Pure.
 */
#ifndef DLCTL_SHOW_H
#define DLCTL_SHOW_H

#include "dlctl.h"
#include "dlctl_table.h"

/** "name          value" and a line feed; nothing when there is no value.
 *  The value is made safe for a terminal. */
void dlctl_show_line(dl_buf_t *b, const char *name, const char *value);

/** All a job's hash says, a line each, without its files. */
void dlctl_show_job(dl_buf_t *b, const dl_job_t *job, apr_int64_t now_ms,
                    const char *base);

/** A job's files, at most @a max of them. */
dlctl_table_t *dlctl_show_files(const dl_job_t *job, int max, apr_pool_t *p);

/** A file's task, result and dead letter. */
void dlctl_show_file(dl_buf_t *b, const dl_ops_file_t *file,
                     apr_int64_t now_ms);

/** A dead letter, its detail indented below. */
void dlctl_show_dead(dl_buf_t *b, const dl_ops_dead_t *dead);

/** "processing 45 %, attempt 2": a job's state in a few words. */
const char *dlctl_show_state(const dl_job_t *job, apr_pool_t *p);

#endif /* DLCTL_SHOW_H */
