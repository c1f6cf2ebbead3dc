/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See dlw_archive.h.
 */
#include "dlw_archive.h"

#include <locale.h>

#include <archive.h>
#include <archive_entry.h>

/* 1980-02-01T00:00:00Z: what zip can express in every time zone. */
#define MTIME_S 318211200
#define BLOCK_BYTES 65536

struct dlw_archive_t {
    dlw_archive_write_fn *write;
    void *baton;
    struct archive *archive;
    struct archive_entry *entry;
    locale_t utf8;              /* libarchive asks the locale how names are
                                     written */
    apr_status_t rv;            /* of write() */
};

static la_ssize_t on_write(struct archive *archive, void *baton,
                           const void *data, size_t len)
{
    dlw_archive_t *a = baton;

    if (a->rv == APR_SUCCESS)   /* else it has a hole */
        a->rv = a->write(a->baton, data, len);
    if (a->rv != APR_SUCCESS) {
        archive_set_error(archive, a->rv, "the bytes were refused");
        return -1;
    }
    return (la_ssize_t)len;
}

static apr_status_t cleanup(void *data)
{
    dlw_archive_t *a = data;

    if (a->archive) {
        /* Nobody may take more, and a tar's entry would be filled up with
         * gigabytes of zeros: what is written now is refused. Closing all
         * the same is what frees its buffer; archive_write_fail() leaks it. */
        if (a->rv == APR_SUCCESS)
            a->rv = APR_EOF;
        archive_write_close(a->archive);
        archive_write_free(a->archive);
    }
    archive_entry_free(a->entry);
    if (a->utf8)
        freelocale(a->utf8);
    return APR_SUCCESS;
}

static int set_format(struct archive *archive, dl_bundle_e kind)
{
    if (kind == DL_BUNDLE_TAR)
        return archive_write_set_format_pax_restricted(archive);
    if (archive_write_set_format_zip(archive) != ARCHIVE_OK)
        return ARCHIVE_FATAL;
    return archive_write_zip_set_compression_store(archive);
}

dlw_archive_t *dlw_archive_create(dl_bundle_e kind,
                                  dlw_archive_write_fn *write, void *baton,
                                  apr_pool_t *p)
{
    dlw_archive_t *a = apr_pcalloc(p, sizeof(*a));

    a->write = write;
    a->baton = baton;
    a->archive = archive_write_new();
    a->entry = archive_entry_new();
    a->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    apr_pool_cleanup_register(p, a, cleanup, apr_pool_cleanup_null);
    if (!a->archive || !a->entry
        || set_format(a->archive, kind) != ARCHIVE_OK
        || archive_write_add_filter_none(a->archive) != ARCHIVE_OK
        || archive_write_set_bytes_per_block(a->archive, BLOCK_BYTES)
               != ARCHIVE_OK
        || archive_write_set_bytes_in_last_block(a->archive, 1) != ARCHIVE_OK
        || archive_write_open(a->archive, a, NULL, on_write, NULL)
               != ARCHIVE_OK)
        return NULL;
    return a;
}

/** A warning (a name that cannot be written in every form) is none of ours. */
static apr_status_t status_of(const dlw_archive_t *a, la_ssize_t result)
{
    if (a->rv != APR_SUCCESS)
        return a->rv;
    return result >= ARCHIVE_WARN ? APR_SUCCESS : APR_EGENERAL;
}

apr_status_t dlw_archive_entry(dlw_archive_t *a, const char *name,
                               apr_int64_t size)
{
    locale_t before = a->utf8 ? uselocale(a->utf8) : (locale_t)0;
    int result;

    archive_entry_clear(a->entry);
    archive_entry_set_pathname(a->entry, name);
    archive_entry_set_size(a->entry, size);
    archive_entry_set_filetype(a->entry, AE_IFREG);
    archive_entry_set_perm(a->entry, 0644);
    archive_entry_set_mtime(a->entry, MTIME_S, 0);
    result = archive_write_header(a->archive, a->entry);
    if (before)
        uselocale(before);
    return status_of(a, result);
}

apr_status_t dlw_archive_data(dlw_archive_t *a, const void *data,
                              apr_size_t len)
{
    la_ssize_t n = archive_write_data(a->archive, data, len);

    if (n >= 0 && n < (la_ssize_t)len)
        return APR_EGENERAL;
    return status_of(a, n);
}

apr_status_t dlw_archive_close(dlw_archive_t *a)
{
    return status_of(a, archive_write_close(a->archive));
}
