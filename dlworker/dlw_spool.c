/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A spool: a buffer in memory, then a nameless file; hashed in passing.
 */
#include "dlw_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include <apr_errno.h>
#include <apr_strings.h>

#define DIGEST_CHUNK 65536

struct dlw_spool_t {
    const char *dir;
    apr_int64_t max;
    apr_pool_t *pool;
    char *memory;               /* DLW_SPOOL_MEMORY bytes, or NULL */
    int fd;                     /* or -1: all is in memory */
    apr_int64_t size;
    apr_int64_t hashed;
    EVP_MD_CTX *md;
    int ended;
    char sha256[65];
};

static apr_status_t spool_cleanup(void *data)
{
    dlw_spool_t *spool = data;

    if (spool->fd >= 0)
        close(spool->fd);
    spool->fd = -1;
    EVP_MD_CTX_free(spool->md);
    spool->md = NULL;
    return APR_SUCCESS;
}

dlw_spool_t *dlw_spool_create(const char *dir, apr_int64_t max, apr_pool_t *p)
{
    dlw_spool_t *spool = apr_pcalloc(p, sizeof(*spool));

    spool->dir = dir;
    spool->max = max;
    spool->pool = p;
    spool->fd = -1;
    apr_pool_cleanup_register(p, spool, spool_cleanup, apr_pool_cleanup_null);
    return spool;
}

/** A file without a name: O_TMPFILE, or one unlinked at once where the file
 *  system knows no O_TMPFILE. */
static int open_nameless(const char *dir, apr_pool_t *p)
{
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    char *path;

    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR
                    && errno != EINVAL && errno != ENOENT))
        return fd;
    path = apr_pstrcat(p, dir, "/spool-XXXXXX", NULL);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

static apr_status_t write_all(int fd, const char *data, apr_size_t len,
                              apr_int64_t offset)
{
    while (len > 0) {
        ssize_t n = pwrite(fd, data, len, offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        data += n;
        offset += n;
        len -= (apr_size_t)n;
    }
    return APR_SUCCESS;
}

static apr_status_t hash(dlw_spool_t *spool, const void *data, apr_size_t len)
{
    if (!spool->md) {
        spool->md = EVP_MD_CTX_new();
        if (!spool->md || !EVP_DigestInit_ex(spool->md, EVP_sha256(), NULL))
            return APR_ENOMEM;
    }
    if (!EVP_DigestUpdate(spool->md, data, len))
        return APR_EGENERAL;
    spool->hashed += (apr_int64_t)len;
    return APR_SUCCESS;
}

/** Moves what is in memory to a file. */
static apr_status_t spill(dlw_spool_t *spool)
{
    spool->fd = open_nameless(spool->dir, spool->pool);
    if (spool->fd < 0)
        return errno;
    if (spool->size == 0)
        return APR_SUCCESS;
    return write_all(spool->fd, spool->memory, (apr_size_t)spool->size, 0);
}

apr_status_t dlw_spool_write(dlw_spool_t *spool, const void *data,
                             apr_size_t len)
{
    apr_status_t rv;

    if (spool->ended || (apr_int64_t)len > spool->max - spool->size)
        return APR_EINVAL;
    if (spool->fd < 0
        && spool->size + (apr_int64_t)len <= DLW_SPOOL_MEMORY) {
        if (!spool->memory)
            spool->memory = apr_palloc(spool->pool, DLW_SPOOL_MEMORY);
        memcpy(spool->memory + spool->size, data, len);
    }
    else {
        if (spool->fd < 0 && (rv = spill(spool)) != APR_SUCCESS)
            return rv;
        rv = write_all(spool->fd, data, len, spool->size);
        if (rv != APR_SUCCESS)
            return rv;
    }
    spool->size += (apr_int64_t)len;
    return hash(spool, data, len);
}

apr_status_t dlw_spool_adopt(dlw_spool_t *spool, int fd)
{
    struct stat st;

    if (spool->size > 0 || spool->fd >= 0 || spool->ended)
        return APR_EINVAL;
    if (fstat(fd, &st) != 0)
        return errno;
    if (!S_ISREG(st.st_mode) || st.st_size > spool->max)
        return APR_EINVAL;
    spool->fd = fd;
    spool->size = st.st_size;
    return APR_SUCCESS;
}

apr_status_t dlw_spool_digest(dlw_spool_t *spool, apr_size_t budget,
                              int *done)
{
    char buf[DIGEST_CHUNK];

    while (spool->hashed < spool->size && budget > 0) {
        apr_size_t want = budget < sizeof(buf) ? budget : sizeof(buf);
        apr_size_t got;
        apr_status_t rv = dlw_spool_read(spool, spool->hashed, buf, want,
                                         &got);

        if (rv != APR_SUCCESS)
            return rv;
        if (got == 0)           /* cut meanwhile by someone else */
            return APR_EOF;
        rv = hash(spool, buf, got);
        if (rv != APR_SUCCESS)
            return rv;
        budget -= got;
    }
    *done = spool->hashed >= spool->size;
    return APR_SUCCESS;
}

apr_status_t dlw_spool_end(dlw_spool_t *spool)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char md[EVP_MAX_MD_SIZE];
    apr_status_t rv;

    if (spool->ended)
        return APR_SUCCESS;
    if (spool->hashed != spool->size)
        return APR_EINVAL;
    rv = hash(spool, "", 0);    /* of an empty object too */
    if (rv != APR_SUCCESS)
        return rv;
    if (!EVP_DigestFinal_ex(spool->md, md, NULL))
        return APR_EGENERAL;
    for (int i = 0; i < 32; i++) {
        spool->sha256[2 * i] = digits[md[i] >> 4];
        spool->sha256[2 * i + 1] = digits[md[i] & 15];
    }
    spool->ended = 1;
    return APR_SUCCESS;
}

apr_int64_t dlw_spool_size(const dlw_spool_t *spool)
{
    return spool->size;
}

const char *dlw_spool_sha256(const dlw_spool_t *spool)
{
    return spool->ended ? spool->sha256 : NULL;
}

apr_status_t dlw_spool_read(const dlw_spool_t *spool, apr_int64_t offset,
                            void *buf, apr_size_t len, apr_size_t *got)
{
    ssize_t n;

    *got = 0;
    if (offset < 0)
        return APR_EINVAL;
    if (offset >= spool->size)
        return APR_SUCCESS;
    if ((apr_int64_t)len > spool->size - offset)
        len = (apr_size_t)(spool->size - offset);
    if (spool->fd < 0) {
        memcpy(buf, spool->memory + offset, len);
        *got = len;
        return APR_SUCCESS;
    }
    do
        n = pread(spool->fd, buf, len, offset);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno;
    *got = (apr_size_t)n;
    return APR_SUCCESS;
}

void dlw_spool_drop(const dlw_spool_t *spool, apr_int64_t offset,
                    apr_int64_t len)
{
    if (spool->fd < 0 || len <= 0)
        return;
    /* refused: they stay until the end, no harm */
    (void)fallocate(spool->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                    offset, len);
}

const void *dlw_spool_memory(const dlw_spool_t *spool)
{
    if (spool->fd >= 0)
        return NULL;
    return spool->memory ? spool->memory : "";
}

int dlw_spool_fd(const dlw_spool_t *spool)
{
    return spool->fd;
}

apr_status_t dlw_spool_reset(dlw_spool_t *spool)
{
    spool_cleanup(spool);
    spool->size = 0;
    spool->hashed = 0;
    spool->ended = 0;
    return APR_SUCCESS;
}
