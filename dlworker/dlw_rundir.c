/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Working directories: made, locked, swept.
 */
#include "dlw_rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_errno.h>
#include <apr_strings.h>

#include "dl_log.h"

#define DEPTH_MAX 64
#define PREFIX "worker-"

/** Removes what is in the directory open at @a fd (and closes it). */
static void empty(int fd, int depth)
{
    DIR *dir = fdopendir(fd);
    struct dirent *entry;

    if (!dir) {
        close(fd);
        return;
    }
    while ((entry = readdir(dir))) {
        const char *name = entry->d_name;
        int sub;

        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0
            || unlinkat(fd, name, 0) == 0)
            continue;
        sub = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW
                                   | O_CLOEXEC);
        if (sub < 0 && errno == EACCES
            && fchmodat(fd, name, 0700, 0) == 0)
            sub = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW
                                       | O_CLOEXEC);
        if (sub < 0)
            continue;
        if (depth > 0)
            empty(sub, depth - 1);
        else
            close(sub);
        unlinkat(fd, name, AT_REMOVEDIR);
    }
    closedir(dir);
}

void dlw_rundir_remove(const char *path)
{
    int fd;

    if (rmdir(path) == 0)       /* most are empty by now */
        return;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        empty(fd, DEPTH_MAX);
    if (rmdir(path) != 0 && errno != ENOENT)
        dl_log(DL_LOG_WARN, "DL0601", NULL,
               "cannot remove a working directory in DLJobSpool: %s",
               strerror(errno));
}

/** Whether nobody holds the lock of the directory at @a path. */
static int abandoned(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int free;

    if (fd < 0)
        return 0;
    free = flock(fd, LOCK_EX | LOCK_NB) == 0;
    close(fd);
    return free;
}

static void sweep(const char *spool, apr_pool_t *p)
{
    DIR *dir = opendir(spool);
    struct dirent *entry;

    if (!dir)
        return;
    while ((entry = readdir(dir))) {
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0) {
            char *path = apr_pstrcat(p, spool, "/", entry->d_name, NULL);

            if (abandoned(path))
                dlw_rundir_remove(path);
        }
    }
    closedir(dir);
}

static apr_status_t rundir_cleanup(void *data)
{
    dlw_rundir_t *rundir = data;

    dlw_rundir_remove(rundir->path);
    close(rundir->fd);
    return APR_SUCCESS;
}

/** Whether @a path still is what is open at @a fd: another worker's sweep
 *  may have come between making and locking it. */
static int still_there(const char *path, int fd)
{
    struct stat a, b;

    return stat(path, &a) == 0 && fstat(fd, &b) == 0 && a.st_ino == b.st_ino
           && a.st_dev == b.st_dev;
}

apr_status_t dlw_rundir_create(const char *spool, apr_pool_t *p,
                               dlw_rundir_t **out)
{
    dlw_rundir_t *rundir = apr_pcalloc(p, sizeof(*rundir));
    char *path;

    sweep(spool, p);
    for (int tries = 0; tries < 10; tries++) {
        path = apr_pstrcat(p, spool, "/" PREFIX "XXXXXX", NULL);
        if (!mkdtemp(path))
            return errno;
        rundir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (rundir->fd < 0)
            continue;
        if (flock(rundir->fd, LOCK_EX | LOCK_NB) == 0
            && still_there(path, rundir->fd)) {
            rundir->path = path;
            apr_pool_cleanup_register(p, rundir, rundir_cleanup,
                                      apr_pool_cleanup_null);
            *out = rundir;
            return APR_SUCCESS;
        }
        close(rundir->fd);
    }
    return APR_EGENERAL;
}

char *dlw_rundir_task(const dlw_rundir_t *rundir, apr_int64_t file_id)
{
    char *path;

    for (int n = 0; n < 1000; n++) {
        if (asprintf(&path, "%s/task-%" APR_INT64_T_FMT "-%d", rundir->path,
                     file_id, n) < 0)
            return NULL;
        if (mkdir(path, 0700) == 0)
            return path;
        free(path);
        if (errno != EEXIST)    /* one of the same file is dying still */
            return NULL;
    }
    return NULL;
}
