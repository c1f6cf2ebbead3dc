/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manifest; see dlw_manifest.h.
 */
#include "dlw_manifest.h"

#include "dl_buf.h"

static void put_part(dl_buf_t *b, const dlw_part_t *part)
{
    dl_buf_puts(b, "\n{\"fileId\":");
    dl_buf_int(b, part->file->file_id);
    if (part->name) {
        dl_buf_puts(b, ",\"name\":");
        dl_buf_jsons(b, part->name);
        dl_buf_puts(b, ",\"size\":");
        dl_buf_int(b, part->size);
        dl_buf_puts(b, ",\"sha256\":");
        dl_buf_jsons(b, part->sha256);
    }
    else {
        dl_buf_puts(b, ",\"errorCode\":");
        dl_buf_jsons(b, part->error_code ? part->error_code : "");
        dl_buf_puts(b, ",\"error\":");
        dl_buf_jsons(b, part->error ? part->error : "");
    }
    dl_buf_putc(b, '}');
}

const char *dlw_manifest_write(const char *job_id, const dlw_part_t *parts,
                               int nparts, apr_pool_t *p, apr_size_t *len)
{
    int missing = 0;
    const char *json;
    dl_buf_t b;

    for (int i = 0; i < nparts; i++)
        missing += !parts[i].name;
    dl_buf_init(&b, 128 + 200 * (apr_size_t)nparts, p);
    dl_buf_puts(&b, "{\"jobId\":");
    dl_buf_jsons(&b, job_id);
    dl_buf_puts(&b, ",\"missing\":");
    dl_buf_int(&b, missing);
    dl_buf_puts(&b, ",\"files\":[");
    for (int i = 0; i < nparts; i++) {
        if (i > 0)
            dl_buf_putc(&b, ',');
        put_part(&b, &parts[i]);
    }
    dl_buf_puts(&b, "]}\n");
    json = dl_buf_str(&b);
    *len = b.len;
    return json;
}
