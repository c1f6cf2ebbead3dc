/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of JSON objects, as --json writes them: what is not known is
 * absent, never null. Commas come by themselves.
 */
#ifndef DLCTL_JSON_H
#define DLCTL_JSON_H

#include "dlctl.h"

/** A comma, unless an object or array has just begun; what follows is an
 *  element. */
void dlctl_json_next(dl_buf_t *b);

/** A member's name; its value is appended by the caller. */
void dlctl_json_name(dl_buf_t *b, const char *name);

/** A string; absent when it is NULL or "". */
void dlctl_json_str(dl_buf_t *b, const char *name, const char *value);

/** A number. */
void dlctl_json_int(dl_buf_t *b, const char *name, apr_int64_t value);

/** true or false. */
void dlctl_json_bool(dl_buf_t *b, const char *name, int value);

/** A time, ISO 8601; absent when it is 0. */
void dlctl_json_time(dl_buf_t *b, const char *name, apr_int64_t ms);

/**
 * Opens a job: its body as the API shows it, and what an operator may see
 * beside it: user, requestId, traceparent, callbackUrl, holders. The caller
 * may add members and writes the last brace.
 * @param base  of links of the file store, or NULL
 */
void dlctl_json_job(dl_buf_t *b, const dl_job_t *job, const char *base);

/** A task in flight, a dead letter, a result: whole objects. */
void dlctl_json_task(dl_buf_t *b, const dl_ops_task_t *task, int queue);
void dlctl_json_dead(dl_buf_t *b, const dl_ops_dead_t *dead);
void dlctl_json_result(dl_buf_t *b, const dl_ops_result_t *result);

/** "high", "normal", "low". */
const char *dlctl_priority_name(dl_priority_e priority);

/** Writes the document to stdout, with a line feed, and notes that there is
 *  one. */
void dlctl_json_print(dlctl_t *ctl, dl_buf_t *b);

#endif /* DLCTL_JSON_H */
