/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a child of `exec` is started with: arguments and environment. Pure.
 */
#ifndef DLW_EXEC_ARGS_H
#define DLW_EXEC_ARGS_H

#include "dlw_attempt.h"

/** Fills %{file_id} into each argument of DLJobSource exec. */
const char *const *dlw_exec_argv(const dlw_attempt_t *a);

/**
 * PATH, HOME, USER, LOGNAME, TZ, LANG and LC_* of the worker, TMPDIR = the
 * working directory, DLJOB_FILE_ID, DLJOB_JOB_ID, DLJOB_ATTEMPT,
 * DLJOB_FENCE, DLJOB_OUTPUT, TRACEPARENT, TRACESTATE; nothing else, above all
 * no secret.
 * @param parent  the worker's own environment
 * @param dir     working directory
 * @param output  path for DLJOB_OUTPUT
 */
const char *const *dlw_exec_env(const dlw_attempt_t *a, char **parent,
                                const char *dir, const char *output);

/** @a text with every %{file_id} replaced. */
const char *dlw_exec_expand(const char *text, apr_int64_t file_id,
                            apr_pool_t *p);

#endif /* DLW_EXEC_ARGS_H */
