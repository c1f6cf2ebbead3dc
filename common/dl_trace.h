/* SPDX-License-Identifier: Apache-2.0 */
/*
 * W3C Trace Context: continue the caller's trace or begin one.
 * (https://www.w3.org/TR/trace-context/, levels 1 and 2)
 */
#ifndef DL_TRACE_H
#define DL_TRACE_H

#include <apr_pools.h>

#include "dl_random.h"

#define DL_TRACEPARENT_LEN 55

typedef struct dl_trace_t {
    char trace_id[33];          /**< 32 hex digits */
    char parent_id[17];         /**< the caller's span, "" for a new root */
    char span_id[17];           /**< ours */
    unsigned char flags;        /**< 1: sampled, 2: random trace id */
    const char *state;          /**< tracestate to pass on, or NULL */
} dl_trace_t;

/**
 * Continues the trace of a request's headers with a span of our own, or
 * begins a new, sampled one when traceparent is missing or invalid.
 *
 * @param traceparent  header or NULL; several lines joined are invalid, as
 *                     the specification wants
 * @param tracestate   header (lines joined by a comma) or NULL; dropped when
 *                     invalid or without a valid traceparent, cut after
 *                     whole members at 512 bytes
 */
void dl_trace_continue(const char *traceparent, const char *tracestate,
                       dl_random_t *random, apr_pool_t *p,
                       dl_trace_t *trace);

/**
 * Reads a traceparent without making a span (the stored one of a job).
 * @return 0 when it is invalid; trace->span_id is left empty
 */
int dl_trace_parse(const char *traceparent, dl_trace_t *trace);

/**
 * Writes the traceparent that names @a span_id as the parent of what follows.
 * @param out  DL_TRACEPARENT_LEN + 1 bytes, NUL-terminated
 */
void dl_trace_format(const dl_trace_t *trace, const char *span_id, char *out);

#endif /* DL_TRACE_H */
