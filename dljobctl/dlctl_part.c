/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file on its way; see dlctl_part.h.
 */
#include "dlctl_part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "dl_uuid.h"

static dlctl_exit_e cannot(const char *path)
{
    return dlctl_error(DLCTL_CANT_CREATE, "%s cannot be written: %s", path,
                       strerror(errno));
}

static void sum_begin(dlctl_part_t *part)
{
    EVP_DigestInit_ex(part->sha, EVP_sha256(), NULL);
}

/* Sums up what is there. */
static int sum_existing(dlctl_part_t *part)
{
    char buf[65536];
    ssize_t n;

    while ((n = read(part->fd, buf, sizeof(buf))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        EVP_DigestUpdate(part->sha, buf, (size_t)n);
        part->at += n;
    }
    return 0;
}

/* Not somebody else's, who might write there meanwhile. */
static int is_own(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode)
        && st.st_uid == geteuid() && st.st_nlink == 1;
}

static dlctl_exit_e open_part(dlctl_part_t *part, int keep)
{
    part->fd = open(part->name,
                    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                    0666);
    if (part->fd < 0)
        return cannot(part->name);
    if (!is_own(part->fd))
        return dlctl_error(DLCTL_CANT_CREATE, "%s is in the way, and not a "
                           "file of yours: remove it", part->name);
    if (flock(part->fd, LOCK_EX | LOCK_NB) != 0)
        return dlctl_error(DLCTL_CANT_CREATE, "%s is being written by another "
                           "dljobctl", part->name);
    if ((keep ? sum_existing(part) : ftruncate(part->fd, 0)) != 0)
        return cannot(part->name);
    return DLCTL_OK;
}

dlctl_exit_e dlctl_part_open(dlctl_part_t *part, const char *path, int keep,
                             apr_pool_t *p)
{
    dlctl_exit_e status;

    memset(part, 0, sizeof(*part));
    part->sha = EVP_MD_CTX_new();
    sum_begin(part);
    part->fd = STDOUT_FILENO;
    if (!path)
        return DLCTL_OK;
    part->path = path;
    part->name = apr_pstrcat(p, path, ".part", NULL);
    status = open_part(part, keep);
    if (status != DLCTL_OK)
        dlctl_part_close(part);
    return status;
}

int dlctl_part_write(dlctl_part_t *part, const char *data, apr_size_t len)
{
    EVP_DigestUpdate(part->sha, data, len);
    while (len > 0) {
        ssize_t n = write(part->fd, data, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            part->error = errno;
            return -1;
        }
        data += n;
        len -= (apr_size_t)n;
        part->at += n;
    }
    return 0;
}

int dlctl_part_rewind(dlctl_part_t *part)
{
    if (part->at == 0)
        return 0;
    if (!part->path || ftruncate(part->fd, 0) != 0
        || lseek(part->fd, 0, SEEK_SET) != 0)
        return -1;
    part->at = 0;
    sum_begin(part);
    return 0;
}

void dlctl_part_sum(dlctl_part_t *part, char *hex)
{
    unsigned char md[EVP_MAX_MD_SIZE];

    memset(md, 0, sizeof(md));
    EVP_DigestFinal_ex(part->sha, md, NULL);
    dl_hex(md, 32, hex);
    hex[64] = '\0';
}

dlctl_exit_e dlctl_part_finish(dlctl_part_t *part, int force)
{
    if (!part->path)
        return DLCTL_OK;
    if (fsync(part->fd) != 0)
        return cannot(part->name);
    if (force ? rename(part->name, part->path) == 0
              : renameat2(AT_FDCWD, part->name, AT_FDCWD, part->path,
                          RENAME_NOREPLACE) == 0)
        return DLCTL_OK;
    /* a file system that cannot do it so */
    if (!force && (errno == EINVAL || errno == ENOSYS)
        && access(part->path, F_OK) != 0
        && rename(part->name, part->path) == 0)
        return DLCTL_OK;
    return cannot(part->path);
}

void dlctl_part_remove(dlctl_part_t *part)
{
    if (part->path)
        unlink(part->name);
}

void dlctl_part_close(dlctl_part_t *part)
{
    if (part->path && part->fd >= 0)
        close(part->fd);
    EVP_MD_CTX_free(part->sha);
    part->sha = NULL;
    part->fd = -1;
}
