/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of the file store; see dlw_store_io.h.
 */
#include "dlw_store_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Copied between two looks at whether it is still wanted. */
#define COPY_CHUNK (4 * 1024 * 1024)
/* From this many objects on, one syncfs() costs less than their fsync()s. */
#define SYNC_TOGETHER 6
#define PATH_BYTES 4096

/* Where an object is to be. */
typedef struct place_t {
    int dir;                    /* descriptor of its directory, or -1 */
    const char *name;           /* its last part, within the key */
} place_t;

static int join(char *path, const char *dir, const char *key, size_t key_len)
{
    int n = snprintf(path, PATH_BYTES, "%s/%.*s", dir, (int)key_len, key);

    return n > 0 && n < PATH_BYTES;
}

/* Gives a directory that was just made the group and the mode of the store's.
 * What is right already is left alone: in a setgid directory whose group the
 * worker is no member of, chmod() would take the setgid bit away. */
static apr_status_t match_store(const char *path, const struct stat *store)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        return errno;
    }
    if (st.st_gid != store->st_gid
        && chown(path, (uid_t)-1, store->st_gid) != 0 && errno != EPERM) {
        return errno;
    }
    if (st.st_mode != store->st_mode
        && chmod(path, store->st_mode & 07777) != 0) {
        return errno;
    }
    return APR_SUCCESS;
}

/* Makes the directories between the store's own and the object, as
 * accessible as the store's own. */
static apr_status_t make_parents(const char *dir, const char *key)
{
    char path[PATH_BYTES];
    const char *slash = key;
    struct stat st;

    if (stat(dir, &st) != 0) {
        return errno;
    }
    while ((slash = strchr(slash, '/'))) {
        if (!join(path, dir, key, slash - key)) {
            return ENAMETOOLONG;
        }
        if (mkdir(path, st.st_mode & 0777) == 0) {
            apr_status_t rv = match_store(path, &st);

            if (rv != APR_SUCCESS) {
                return rv;
            }
        }
        else if (errno != EEXIST) {
            return errno;
        }
        slash++;
    }
    return APR_SUCCESS;
}

static apr_status_t open_place(const char *dir, const char *key, int make,
                               place_t *place)
{
    const char *slash = strrchr(key, '/');
    char path[PATH_BYTES];
    apr_status_t rv;

    place->name = slash ? slash + 1 : key;
    if (!join(path, dir, key, slash ? slash - key : 0)) {
        return ENAMETOOLONG;
    }
    place->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (place->dir < 0 && errno == ENOENT && make && slash) {
        rv = make_parents(dir, key);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        place->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    return place->dir < 0 ? errno : APR_SUCCESS;
}

/* Read bits and group of the directory; a group that cannot be given is no
 * error: whoever set the directory up knows who reads it. */
static apr_status_t set_access(int fd, int dir)
{
    struct stat st;

    if (fstat(dir, &st) != 0
        || fchmod(fd, (st.st_mode & 0444) | 0600) != 0) {
        return errno;
    }
    if (fchown(fd, (uid_t)-1, st.st_gid) != 0 && errno != EPERM) {
        return errno;
    }
    return APR_SUCCESS;
}

static apr_status_t write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno != EINTR) {
            return errno;
        }
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
    return APR_SUCCESS;
}

/* Copies through memory: between file systems that cannot do it themselves. */
static apr_status_t copy_some(int from, int to, off_t offset, size_t len)
{
    char buf[65536];

    while (len > 0) {
        ssize_t n = pread(from, buf, len < sizeof(buf) ? len : sizeof(buf),
                          offset);
        apr_status_t rv;

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? errno : APR_EOF;
        }
        rv = write_all(to, buf, (size_t)n);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        offset += n;
        len -= (size_t)n;
    }
    return APR_SUCCESS;
}

static apr_status_t copy_file(const dlw_store_put_t *put, int to)
{
    off_t offset = 0;
    int by_kernel = 1;

    while (offset < put->size) {
        size_t len = put->size - offset < COPY_CHUNK
                     ? (size_t)(put->size - offset) : COPY_CHUNK;
        apr_status_t rv;
        ssize_t n;

        if (atomic_load(put->aborted)) {
            return APR_EINTR;
        }
        if (by_kernel) {
            n = copy_file_range(put->fd, &offset, to, NULL, len, 0);
            if (n > 0) {
                continue;
            }
            if (n < 0 && errno != EXDEV && errno != EINVAL
                && errno != ENOSYS && errno != EOPNOTSUPP) {
                return errno;
            }
            by_kernel = 0;
        }
        rv = copy_some(put->fd, to, offset, len);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        offset += (off_t)len;
    }
    return APR_SUCCESS;
}

static int temp_name(char *name, size_t size)
{
    static atomic_uint count;

    return snprintf(name, size, DLW_STORE_TEMP_PREFIX "%ld-%u",
                    (long)getpid(), atomic_fetch_add(&count, 1)) > 0;
}

/* Gives a nameless file its name. An object of that name can only be this
 * very put, tried again. */
static apr_status_t link_nameless(int fd, const place_t *place)
{
    char self[64];

    snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, self, place->dir, place->name, AT_SYMLINK_FOLLOW)
        == 0) {
        return APR_SUCCESS;
    }
    if (errno == EEXIST && unlinkat(place->dir, place->name, 0) == 0
        && linkat(AT_FDCWD, self, place->dir, place->name,
                  AT_SYMLINK_FOLLOW) == 0) {
        return APR_SUCCESS;
    }
    return errno;
}

/* The spool itself becomes the object: same file system, no copy. Unless the
 * store's directory gives its group to what is made in it (setgid), and we
 * cannot give it to a file made elsewhere: then a copy has it. */
static apr_status_t link_spool(const dlw_store_put_t *put,
                               const place_t *place)
{
    struct stat st, dir;
    apr_status_t rv;

    /* a file that has a name could still be written to by whoever has it */
    if (put->data || fstat(put->fd, &st) != 0 || st.st_nlink != 0) {
        return EXDEV;
    }
    rv = set_access(put->fd, place->dir);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (fstat(put->fd, &st) != 0 || fstat(place->dir, &dir) != 0
        || ((dir.st_mode & S_ISGID) && st.st_gid != dir.st_gid)) {
        return EXDEV;
    }
    /* its age is counted from now on: a source may have set another time */
    if (futimens(put->fd, NULL) != 0) {
        return errno;
    }
    return link_nameless(put->fd, place);
}

static apr_status_t fill(const dlw_store_put_t *put, int fd, int dir)
{
    apr_status_t rv = put->data
                      ? write_all(fd, put->data, (size_t)put->size)
                      : copy_file(put, fd);

    if (rv == APR_SUCCESS) {
        rv = set_access(fd, dir);
    }
    if (rv == APR_SUCCESS && atomic_load(put->aborted)) {
        rv = APR_EINTR;
    }
    return rv;
}

/* For file systems without O_TMPFILE: a hidden name, then rename. */
static apr_status_t put_renamed(const dlw_store_put_t *put,
                                const place_t *place)
{
    char temp[64];
    apr_status_t rv;
    int fd;

    temp_name(temp, sizeof(temp));
    fd = openat(place->dir, temp, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC,
                0600);
    if (fd < 0) {
        return errno;
    }
    rv = fill(put, fd, place->dir);
    if (close(fd) != 0 && rv == APR_SUCCESS) {
        rv = errno;             /* NFS tells a full disk here */
    }
    if (rv == APR_SUCCESS
        && renameat(place->dir, temp, place->dir, place->name) != 0) {
        rv = errno;
    }
    if (rv != APR_SUCCESS) {
        unlinkat(place->dir, temp, 0);
    }
    return rv;
}

static apr_status_t put_nameless(const dlw_store_put_t *put,
                                 const place_t *place)
{
    apr_status_t rv;
    int fd = openat(place->dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

    if (fd < 0) {
        return errno == EISDIR || errno == EINVAL ? EOPNOTSUPP : errno;
    }
    rv = fill(put, fd, place->dir);
    if (rv == APR_SUCCESS) {
        rv = link_nameless(fd, place);
        if (rv == ENOENT) {
            rv = EOPNOTSUPP;    /* no /proc here */
        }
    }
    close(fd);
    return rv;
}

apr_status_t dlw_store_io_put(const dlw_store_put_t *put)
{
    place_t place = { -1, NULL };
    apr_status_t rv = open_place(put->dir, put->key, 1, &place);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = put->named ? EOPNOTSUPP : link_spool(put, &place);
    if (rv != APR_SUCCESS && !put->named) {
        rv = put_nameless(put, &place);
    }
    if (rv == EOPNOTSUPP) {
        rv = put_renamed(put, &place);
    }
    close(place.dir);
    return rv;
}

static apr_status_t sync_one(const char *dir, const char *key)
{
    place_t place = { -1, NULL };
    apr_status_t rv = open_place(dir, key, 0, &place);
    int fd;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    fd = openat(place.dir, place.name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0 || fsync(place.dir) != 0) {
        rv = errno;
    }
    if (fd >= 0) {
        close(fd);
    }
    close(place.dir);
    return rv;
}

apr_status_t dlw_store_io_sync(const char *dir, const char *const *keys,
                               int n)
{
    apr_status_t rv = APR_SUCCESS;
    int fd, i;

    if (n < SYNC_TOGETHER) {
        for (i = 0; i < n && rv == APR_SUCCESS; i++) {
            rv = sync_one(dir, keys[i]);
        }
        return rv;
    }
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    if (syncfs(fd) != 0) {
        rv = errno;
    }
    close(fd);
    return rv;
}

apr_status_t dlw_store_io_stat(const char *dir, const char *key,
                               apr_int64_t *size, apr_int64_t *mtime_s)
{
    char path[PATH_BYTES];
    struct stat st;

    if (!join(path, dir, key, strlen(key))) {
        return ENAMETOOLONG;
    }
    if (stat(path, &st) != 0) {
        return errno == ENOTDIR ? ENOENT : errno;
    }
    *size = st.st_size;
    *mtime_s = st.st_mtime;
    return S_ISREG(st.st_mode) ? APR_SUCCESS : ENOENT;
}

apr_status_t dlw_store_io_remove(const char *dir, const char *key)
{
    char path[PATH_BYTES];

    if (!join(path, dir, key, strlen(key))) {
        return ENAMETOOLONG;
    }
    return unlink(path) == 0 || errno == ENOENT ? APR_SUCCESS : errno;
}

apr_status_t dlw_store_io_probe(const char *dir)
{
    char name[64], path[PATH_BYTES];
    int fd;

    temp_name(name, sizeof(name));
    if (!join(path, dir, name, strlen(name))) {
        return ENAMETOOLONG;
    }
    fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno;
    }
    close(fd);
    return unlink(path) == 0 ? APR_SUCCESS : errno;
}
