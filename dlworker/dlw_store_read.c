/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading an object of the file store; see dlw_store_read.h.
 */
#include "dlw_store_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#define THREADS 2
#define PIECE_BYTES (256 * 1024)
#define PATH_BYTES 4096

struct dlw_store_read_t {
    dlw_disk_job_t job;         /* first: run() is given it */
    dlw_disk_t *disk;
    int aborted;                /* the loop's thread only */
    int opened;                 /* the sink knows the size */
    apr_pool_t *pool;
    const dlw_store_sink_t *sink;
    void *baton;
    /* the thread's while a job is under way */
    char path[PATH_BYTES];
    int fd;
    apr_int64_t size;           /* as of the opening */
    apr_int64_t offset;
    apr_status_t rv;
    apr_size_t got;
    char piece[PIECE_BYTES];
};

static void release(dlw_store_read_t *r)
{
    if (r->fd >= 0)
        close(r->fd);
    free(r);
}

/* ---- on the threads ---- */

static apr_status_t open_object(dlw_store_read_t *r)
{
    struct stat st;

    r->fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (r->fd < 0)
        return errno;
    if (fstat(r->fd, &st) != 0)
        return errno;
    r->size = st.st_size;
    return S_ISREG(st.st_mode) ? APR_SUCCESS : ENOENT;
}

static void run(dlw_disk_job_t **jobs, int n, void *baton)
{
    dlw_store_read_t *r = (dlw_store_read_t *)jobs[0];
    apr_int64_t left;
    ssize_t got;

    (void)n;
    (void)baton;
    r->got = 0;
    r->rv = r->fd < 0 ? open_object(r) : APR_SUCCESS;
    left = r->size - r->offset;
    if (r->rv != APR_SUCCESS || left <= 0)
        return;
    do
        got = pread(r->fd, r->piece,
                    left < PIECE_BYTES ? (size_t)left : PIECE_BYTES,
                    r->offset);
    while (got < 0 && errno == EINTR);
    if (got > 0)
        r->got = (apr_size_t)got;
    else                        /* an object is replaced, never cut */
        r->rv = got < 0 ? errno : EIO;
}

/* ---- on the loop ---- */

static void end(dlw_store_read_t *r, const dl_failure_t *failure)
{
    r->sink->done(r->baton, failure, NULL);
    release(r);
}

static void fail(dlw_store_read_t *r)
{
    char buf[120];
    const char *detail = apr_psprintf(
        r->pool, "file store: %s: %s", r->path,
        apr_strerror(r->rv, buf, sizeof(buf)));
    dl_failure_t failure =
        r->rv == ENOENT
            ? dlw_failure("FILE_NOT_FOUND", "File not found", detail, 1)
            : dlw_failure("STORAGE_ERROR", "The storage is not available",
                          detail, 0);

    end(r, &failure);
}

static void refused(dlw_store_read_t *r)
{
    dl_failure_t failure = dlw_failure("STORAGE_ERROR", "Not wanted any more",
                                       NULL, 0);

    end(r, &failure);
}

/* dlw_disk_job_t's done */
static void on_piece(dlw_disk_job_t *job, int dropped)
{
    dlw_store_read_t *r = (dlw_store_read_t *)job;

    if (dropped || r->aborted) {
        release(r);
        return;
    }
    if (r->rv != APR_SUCCESS) {
        fail(r);
        return;
    }
    if (!r->opened) {
        r->opened = 1;
        if (r->sink->open(r->baton, r->size) != 0) {
            refused(r);
            return;
        }
    }
    if (r->got > 0 && r->sink->data(r->baton, r->piece, r->got) != 0) {
        refused(r);
        return;
    }
    r->offset += (apr_int64_t)r->got;
    if (r->offset >= r->size)
        end(r, NULL);
    else
        dlw_disk_submit(r->disk, &r->job);
}

apr_status_t dlw_store_read_disk(dl_loop_t *loop, apr_pool_t *p,
                                 dlw_disk_t **disk)
{
    return dlw_disk_create(loop, THREADS, 1, run, NULL, p, disk);
}

dlw_store_read_t *dlw_store_read_start(dlw_disk_t *disk, const char *dir,
                                       const char *key, apr_pool_t *p,
                                       const dlw_store_sink_t *sink,
                                       void *baton)
{
    dlw_store_read_t *r = malloc(sizeof(*r));
    int n;

    if (!r)
        return NULL;
    r->job.done = on_piece;
    r->disk = disk;
    r->aborted = r->opened = 0;
    r->pool = p;
    r->sink = sink;
    r->baton = baton;
    r->fd = -1;
    r->size = r->offset = 0;
    n = snprintf(r->path, sizeof(r->path), "%s/%s", dir, key);
    if (n < 0 || n >= (int)sizeof(r->path)) {
        free(r);
        return NULL;
    }
    dlw_disk_submit(disk, &r->job);
    return r;
}

void dlw_store_read_abort(dlw_store_read_t *r)
{
    r->aborted = 1;
}
