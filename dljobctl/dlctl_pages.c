/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists that are read page by page; see dlctl_pages.h.
 */
#include "dlctl_pages.h"

#include <stdio.h>

#include "dlctl_json.h"
#include "dlctl_tty.h"

#define PAGE 100

static const void *element(const apr_array_header_t *rows, int i,
                           apr_size_t size)
{
    return rows->elts + (apr_size_t)i * size;
}

dlctl_exit_e dlctl_pages_show(dlctl_t *ctl, const dlctl_pages_t *pages,
                              apr_int64_t limit, int total,
                              apr_int64_t now_ms)
{
    dlctl_table_t *table = dlctl_table_make(pages->columns, pages->ncolumns,
                                            ctl->pool);
    apr_array_header_t *rows;
    int done = 0;
    dl_buf_t b;

    dl_buf_init(&b, 4096, ctl->pool);
    dl_buf_puts(&b, "{\"");
    dl_buf_puts(&b, pages->name);
    dl_buf_puts(&b, "\":[");
    do {
        int n = limit - done < PAGE ? (int)limit - done : PAGE;
        apr_status_t rv = pages->read(ctl, pages->baton, done, n, ctl->pool,
                                      &rows);

        if (rv != APR_SUCCESS)
            return dlctl_no_answer(ctl, rv);
        for (int i = 0; i < rows->nelts; i++) {
            if (ctl->json)
                pages->json(pages->baton, &b, element(rows, i, pages->size));
            else
                pages->row(pages->baton, element(rows, i, pages->size),
                           now_ms, table, ctl->pool);
        }
        done += rows->nelts;
    } while (rows->nelts > 0 && done < limit);
    if (ctl->json) {
        dl_buf_putc(&b, ']');
        dlctl_json_int(&b, "total", total);
        dl_buf_putc(&b, '}');
        dlctl_json_print(ctl, &b);
        return DLCTL_OK;
    }
    if (done == 0)
        puts(pages->none);
    else
        dlctl_tty_print(table);
    if (total > done)
        printf("%d more; see --limit\n", total - done);
    return DLCTL_OK;
}

dlctl_exit_e dlctl_pages_drain(dlctl_t *ctl, dlctl_pages_read_fn *read,
                               apr_size_t size,
                               dlctl_exit_e (*one)(void *baton,
                                                   const void *element,
                                                   int *stays),
                               void *baton)
{
    dlctl_exit_e status = DLCTL_OK;
    int passed = 0, n;

    do {
        apr_array_header_t *rows;
        apr_pool_t *p;
        apr_status_t rv;

        apr_pool_create(&p, ctl->pool);
        rv = read(ctl, baton, passed, PAGE, p, &rows);
        if (rv != APR_SUCCESS)
            return dlctl_no_answer(ctl, rv);
        n = rows->nelts;
        for (int i = 0; i < n && status == DLCTL_OK; i++) {
            int stays = 0;

            status = one(baton, element(rows, i, size), &stays);
            passed += stays;
        }
        apr_pool_destroy(p);
    } while (n > 0 && status == DLCTL_OK);
    return status;
}
