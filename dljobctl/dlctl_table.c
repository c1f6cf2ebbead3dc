/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables; see dlctl_table.h.
 */
#include "dlctl_table.h"

#include <string.h>

#include "dl_buf.h"
#include "dlctl_text.h"

#define GAP 2
#define COLUMNS_MAX 16

struct dlctl_table_t {
    apr_pool_t *pool;
    const dlctl_column_t *columns;
    int n;
    apr_array_header_t *cells;  /* of const char *, row by row */
};

dlctl_table_t *dlctl_table_make(const dlctl_column_t *columns, int n,
                                apr_pool_t *p)
{
    dlctl_table_t *table = apr_palloc(p, sizeof(*table));

    table->pool = p;
    table->columns = columns;
    table->n = n < COLUMNS_MAX ? n : COLUMNS_MAX;
    table->cells = apr_array_make(p, 16 * n, sizeof(const char *));
    return table;
}

void dlctl_table_row(dlctl_table_t *table, const char *const *cells)
{
    for (int i = 0; i < table->n; i++)
        APR_ARRAY_PUSH(table->cells, const char *) =
            cells[i] && *cells[i] ? dlctl_text_safe(cells[i], table->pool)
                                  : "-";
}

int dlctl_table_rows(const dlctl_table_t *table)
{
    return table->cells->nelts / table->n;
}

static const char *cell(const dlctl_table_t *table, int row, int column)
{
    return row < 0 ? table->columns[column].title
                   : APR_ARRAY_IDX(table->cells, row * table->n + column,
                                   const char *);
}

/* As wide as the widest cell; then the widest that may shrink does so. */
static void measure(const dlctl_table_t *table, int width, int *widths)
{
    int total = GAP * (table->n - 1);

    for (int c = 0; c < table->n; c++) {
        widths[c] = 0;
        for (int r = -1; r < dlctl_table_rows(table); r++) {
            int w = dlctl_text_width(cell(table, r, c));

            if (w > widths[c])
                widths[c] = w;
        }
        total += widths[c];
    }
    while (width > 0 && total > width) {
        int widest = -1;

        for (int c = 0; c < table->n; c++)
            if (table->columns[c].least > 0
                && widths[c] > table->columns[c].least
                && (widest < 0 || widths[c] >= widths[widest]))
                widest = c;
        if (widest < 0)
            return;
        widths[widest]--;
        total--;
    }
}

static void put_row(const dlctl_table_t *table, int row, const int *widths,
                    dl_buf_t *b)
{
    for (int c = 0; c < table->n; c++) {
        const char *s = dlctl_text_cut(cell(table, row, c), widths[c],
                                       table->pool);
        int blanks = widths[c] - dlctl_text_width(s);

        if (!table->columns[c].right)
            dl_buf_puts(b, s);
        for (; blanks > 0; blanks--)
            dl_buf_putc(b, ' ');
        if (table->columns[c].right)
            dl_buf_puts(b, s);
        if (c + 1 < table->n)
            dl_buf_add(b, "  ", GAP);
    }
    while (b->len > 0 && b->data[b->len - 1] == ' ')
        b->len--;
    dl_buf_putc(b, '\n');
}

const char *dlctl_table_text(const dlctl_table_t *table, int width)
{
    int widths[COLUMNS_MAX];
    dl_buf_t b;

    measure(table, width, widths);
    dl_buf_init(&b, 1024, table->pool);
    for (int r = -1; r < dlctl_table_rows(table); r++)
        put_row(table, r, widths, &b);
    return dl_buf_str(&b);
}
