/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text format of Prometheus; see dl_metrics.h.
 */
#include "dl_metrics.h"

#include "dl_utf8.h"

static const char *const types[] = {
    [DL_METRICS_GAUGE] = "gauge",
    [DL_METRICS_COUNTER] = "counter",
    [DL_METRICS_HISTOGRAM] = "histogram",
    [DL_METRICS_SUMMARY] = "summary"
};

void dl_metrics_init(dl_metrics_t *metrics, apr_pool_t *p)
{
    dl_buf_init(&metrics->text, 16384, p);
    metrics->name = "";
}

/* Quotes are escaped in labels only. */
static void add_escaped(dl_buf_t *b, const char *s, int is_label)
{
    const unsigned char *u = (const unsigned char *)s;
    apr_size_t left = strlen(s);

    while (left > 0) {
        int len = dl_utf8_len(u, left);

        if (len == 0) {
            dl_buf_add(b, "\xef\xbf\xbd", 3);
            len = 1;
        }
        else if (*u == '\n') {
            dl_buf_add(b, "\\n", 2);
        }
        else {
            if (*u == '\\' || (*u == '"' && is_label)) {
                dl_buf_putc(b, '\\');
            }
            dl_buf_add(b, (const char *)u, (apr_size_t)len);
        }
        u += len;
        left -= (apr_size_t)len;
    }
}

/* Without zeros at the end: 12300 thousandths are 12.3. */
static void add_number(dl_buf_t *b, apr_int64_t n, int decimals)
{
    apr_uint64_t rest = n < 0 ? 0 - (apr_uint64_t)n : (apr_uint64_t)n;
    char digits[32];
    int at = (int)sizeof(digits);

    if (n == DL_METRICS_INF) {
        dl_buf_puts(b, "+Inf");
        return;
    }
    while (decimals > 0 && rest % 10 == 0) {
        rest /= 10;
        decimals--;
    }
    for (int i = 0; i <= decimals || rest > 0; i++) {
        if (i == decimals && i > 0) {
            digits[--at] = '.';
        }
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    }
    if (n < 0) {
        digits[--at] = '-';
    }
    dl_buf_add(b, digits + at, sizeof(digits) - (apr_size_t)at);
}

static void add_labels(dl_buf_t *b, const char *const *labels)
{
    char separator = '{';

    for (; labels && labels[0]; labels += 2) {
        dl_buf_putc(b, separator);
        dl_buf_puts(b, labels[0]);
        dl_buf_puts(b, "=\"");
        add_escaped(b, labels[1], 1);
        dl_buf_putc(b, '"');
        separator = ',';
    }
    if (separator == ',') {
        dl_buf_putc(b, '}');
    }
}

void dl_metrics_begin(dl_metrics_t *metrics, const char *name,
                      dl_metrics_e type, const char *help)
{
    dl_buf_t *b = &metrics->text;

    metrics->name = name;
    dl_buf_puts(b, "# HELP ");
    dl_buf_puts(b, name);
    dl_buf_putc(b, ' ');
    add_escaped(b, help, 0);
    dl_buf_puts(b, "\n# TYPE ");
    dl_buf_puts(b, name);
    dl_buf_putc(b, ' ');
    dl_buf_puts(b, types[type]);
    dl_buf_putc(b, '\n');
}

void dl_metrics_value(dl_metrics_t *metrics, const char *suffix,
                      const char *const *labels, apr_int64_t n, int decimals)
{
    dl_buf_t *b = &metrics->text;

    dl_buf_puts(b, metrics->name);
    dl_buf_puts(b, suffix);
    add_labels(b, labels);
    dl_buf_putc(b, ' ');
    add_number(b, n, decimals);
    dl_buf_putc(b, '\n');
}

void dl_metrics_one(dl_metrics_t *metrics, const char *name,
                    dl_metrics_e type, const char *help, apr_int64_t n,
                    int decimals)
{
    dl_metrics_begin(metrics, name, type, help);
    dl_metrics_value(metrics, "", NULL, n, decimals);
}
