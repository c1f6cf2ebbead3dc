/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures for Prometheus, in its text format 0.0.4 (prometheus.io, "Exposition
 * formats"). Pure: numbers in, text out; one thread at a time.
 */
#ifndef DL_METRICS_H
#define DL_METRICS_H

#include "dl_buf.h"
#include "dl_ops.h"

#define DL_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/** A value that is written as "+Inf". */
#define DL_METRICS_INF APR_INT64_MAX

typedef enum {
    DL_METRICS_GAUGE,
    DL_METRICS_COUNTER,
    DL_METRICS_HISTOGRAM,
    DL_METRICS_SUMMARY
} dl_metrics_e;

/** A text that grows; made with dl_metrics_init(). */
typedef struct dl_metrics_t {
    dl_buf_t text;
    const char *name;           /**< of the metric begun last */
} dl_metrics_t;

/** Begins an empty text in @a p. */
void dl_metrics_init(dl_metrics_t *metrics, apr_pool_t *p);

/**
 * Begins a metric: its HELP and TYPE lines. All its values follow before the
 * next one is begun.
 * @param name  [a-z_:][a-z0-9_:]*, a literal
 * @param help  any text; escaped
 */
void dl_metrics_begin(dl_metrics_t *metrics, const char *name,
                      dl_metrics_e type, const char *help);

/**
 * One value of the metric begun last: @a n divided by 10 to the power of
 * @a decimals, written exactly.
 * @param suffix  "_sum", "_bucket" …, or ""
 * @param labels  name, value, name, value …, NULL; or NULL: none. Values are
 *                escaped, malformed UTF-8 in them replaced
 */
void dl_metrics_value(dl_metrics_t *metrics, const char *suffix,
                      const char *const *labels, apr_int64_t n,
                      int decimals);

/** A metric of one value without labels. */
void dl_metrics_one(dl_metrics_t *metrics, const char *name,
                    dl_metrics_e type, const char *help, apr_int64_t n,
                    int decimals);

/** What Redis knows of a namespace: the same at every httpd of it. */
void dl_metrics_engine(dl_metrics_t *metrics, const dl_ops_stats_t *stats);

#endif /* DL_METRICS_H */
