/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats: the figures of the whole.
 */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "dlctl_commands.h"
#include "dlctl_overview.h"
#include "dlctl_text.h"
#include "dlctl_tty.h"
#include "dlctl_worker.h"

dlctl_exit_e dlctl_stats_get(dlctl_t *ctl, apr_pool_t *p,
                             dl_ops_stats_t *stats)
{
    apr_status_t rv = dl_ops_stats(ctl->jobs, p, stats);

    return rv == APR_SUCCESS ? DLCTL_OK : dlctl_no_answer(ctl, rv);
}

static void print_counters(const dl_ops_stats_t *stats, apr_pool_t *p)
{
    static const dlctl_column_t columns[] = {{"COUNTER", 0, 0},
                                             {"SINCE EVER", 1, 0}};
    dlctl_table_t *table = dlctl_table_make(columns, 2, p);

    for (int i = 0; i < stats->counters->nelts; i++) {
        const dl_ops_counter_t *c = &APR_ARRAY_IDX(stats->counters, i,
                                                   dl_ops_counter_t);
        const char *cells[2] = {
            dlctl_overview_counter(c->name, p),
            apr_psprintf(p, "%" APR_INT64_T_FMT, c->value)
        };

        /* the histogram is for machines */
        if (strncmp(c->name, "le:", 3) != 0)
            dlctl_table_row(table, cells);
    }
    if (dlctl_table_rows(table) > 0) {
        puts("");
        dlctl_tty_print(table);
    }
}

dlctl_exit_e dlctl_stats(dlctl_t *ctl)
{
    dlctl_exit_e status = dlctl_open(ctl);
    dl_ops_stats_t stats;
    dl_buf_t b;

    if (status == DLCTL_OK)
        status = dlctl_stats_get(ctl, ctl->pool, &stats);
    if (status != DLCTL_OK)
        return status;
    dl_buf_init(&b, 1024, ctl->pool);
    if (ctl->json) {
        dl_buf_putc(&b, '{');
        dlctl_overview_json(&b, &stats);
        dl_buf_putc(&b, '}');
        dlctl_json_print(ctl, &b);
        return DLCTL_OK;
    }
    dlctl_overview_text(&b, &stats);
    fputs(dl_buf_str(&b), stdout);
    print_counters(&stats, ctl->pool);
    return DLCTL_OK;
}
