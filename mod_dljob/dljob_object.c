/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /objects/{key}: objects of the file store, to whoever has a link that
 * we signed.
 *
 * The file is opened here, part by part and without following any link, so
 * that nothing outside the store can be reached whatever is put into it; the
 * rest (ranges, conditions, sendfile) is httpd's own, as it serves any file.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <httpd.h>
#include <apr_portable.h>
#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include "dl_disposition.h"
#include "dl_link.h"
#include "dl_store.h"
#include "dljob_respond.h"

APLOG_USE_MODULE(dljob);

#define ETAG_MAX 64
#define OCTETS "application/octet-stream"

/* Opens DIR/key. @return a descriptor or -1 with errno */
static int open_below(const char *dir, const char *key)
{
    int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char part[256];

    while (at >= 0) {
        apr_size_t len = strcspn(key, "/");
        int last = key[len] == '\0';
        int fd;

        /* dl_store_key_safe() has bounded the parts. */
        memcpy(part, key, len);
        part[len] = '\0';
        fd = openat(at, part, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
                              | (last ? 0 : O_DIRECTORY));
        close(at);
        if (last) {
            return fd;
        }
        at = fd;
        key += len + 1;
    }
    return -1;
}

/* The descriptor is the file's until it is closed or set aside into another
 * pool, which leaves -1 behind. */
static apr_status_t close_file(void *data)
{
    apr_os_file_t fd;

    if (apr_os_file_get(&fd, data) == APR_SUCCESS && fd >= 0) {
        apr_file_close(data);
    }
    return APR_SUCCESS;
}

/* @return APR_ENOENT when it is not there or no regular file */
static apr_status_t open_object(dljob_call_t *call, apr_file_t **file)
{
    request_rec *r = call->r;
    const core_dir_config *core =
        ap_get_core_module_config(r->per_dir_config);
    apr_os_file_t fd = open_below(call->conf->store.dir, call->route.key);
    apr_status_t rv;

    if (fd < 0) {
        return errno == ELOOP || errno == ENOTDIR ? APR_ENOENT : errno;
    }
    rv = apr_os_file_put(file, &fd,
                         APR_FOPEN_READ | APR_FOPEN_BINARY
                         | AP_SENDFILE_ENABLED(core->enable_sendfile),
                         call->pool);
    if (rv != APR_SUCCESS) {
        close(fd);
        return rv;
    }
    apr_pool_cleanup_register(call->pool, *file, close_file,
                              apr_pool_cleanup_null);
    rv = apr_file_info_get(&r->finfo, APR_FINFO_NORM, *file);
    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
        return rv;
    }
    return r->finfo.filetype == APR_REG ? APR_SUCCESS : APR_ENOENT;
}

static void object_headers(dljob_call_t *call, const dl_link_t *link)
{
    request_rec *r = call->r;
    apr_table_t *out = r->headers_out;
    apr_int64_t left_s = link->expires_s - apr_time_sec(r->request_time);
    char *etag = apr_palloc(call->pool, ETAG_MAX);

    dljob_headers(call);
    ap_set_content_type(r, link->content_type ? link->content_type : OCTETS);
    apr_table_setn(out, "Content-Disposition",
                   dl_disposition_make(link->filename, call->pool));
    /* Whatever a source makes is shown by a browser as data, never run as a
     * page of this site. */
    apr_table_setn(out, "Content-Security-Policy",
                   "default-src 'none'; sandbox");
    apr_table_setn(out, "Cache-Control",
                   apr_psprintf(call->pool, "private, max-age=%"
                                APR_INT64_T_FMT, left_s > 0 ? left_s : 0));

    /* Strong at once, as an object under its key never changes; httpd's own
     * is weak for the first second, and If-Range would not hold. */
    apr_snprintf(etag, ETAG_MAX, "\"%" APR_UINT64_T_HEX_FMT "-%"
                 APR_UINT64_T_HEX_FMT "\"", (apr_uint64_t)r->finfo.size,
                 (apr_uint64_t)r->finfo.mtime);
    apr_table_setn(out, "ETag", etag);
    ap_update_mtime(r, r->finfo.mtime);
    ap_set_last_modified(r);
    ap_set_accept_ranges(r);
    ap_set_content_length(r, r->finfo.size);
}

static int serve(dljob_call_t *call, apr_file_t *file)
{
    request_rec *r = call->r;
    const core_dir_config *core =
        ap_get_core_module_config(r->per_dir_config);
    apr_bucket_alloc_t *ba = r->connection->bucket_alloc;
    apr_bucket_brigade *bb = apr_brigade_create(call->pool, ba);
    int status = ap_meets_conditions(r);

    if (status == OK) {
        apr_bucket *b = apr_brigade_insert_file(bb, file, 0, r->finfo.size,
                                                call->pool);

        if (core->enable_mmap == ENABLE_MMAP_OFF) {
            apr_bucket_file_enable_mmap(b, 0);
        }
    }
    else if (status == HTTP_NOT_MODIFIED) {
        r->status = status;
    }
    else {
        return status;
    }
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(ba));
    ap_pass_brigade(r->output_filters, bb);
    return OK;
}

int dljob_object(dljob_call_t *call)
{
    const dl_credentials_t *creds = &call->conf->credentials;
    const char *secrets[2];
    dl_link_t link;
    apr_file_t *file;
    apr_status_t rv;

    if (call->conf->store.kind != DL_STORE_FILE
        || !dl_store_key_safe(call->route.key)) {
        return dljob_error(call, DL_ERROR_NOT_FOUND, NULL);
    }
    secrets[0] = creds->link_key;
    secrets[1] = creds->link_key_old;
    switch (dl_link_verify(secrets, 2, call->route.key, call->r->args,
                           apr_time_sec(call->r->request_time), call->pool,
                           &link)) {
    case DL_LINK_GOOD:
        break;
    case DL_LINK_EXPIRED:
        return dljob_error(call, DL_ERROR_FORBIDDEN, "The link has expired");
    default:
        return dljob_error(call, DL_ERROR_FORBIDDEN,
                           "The link is not valid");
    }

    rv = open_object(call, &file);
    if (APR_STATUS_IS_ENOENT(rv)) {
        return dljob_error(call, DL_ERROR_NOT_FOUND,
                           "The object is not there any more");
    }
    if (rv != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, rv, call->r,
                      "DL0304: an object of the file store cannot be read: "
                      "give httpd's user read access to DLJobStore");
        return dljob_error(call, DL_ERROR_STORAGE, NULL);
    }
    object_headers(call, &link);
    return serve(call, file);
}
