/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeping the file store within its bound: oldest objects first; see
 * dlw_store_io.h.
 */
#include "dlw_store.h"
#include "dlw_store_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* At most this many objects are remembered, and so evicted, in one sweep. */
#define MAX_CANDIDATES 16384
#define MAX_DEPTH 32
#define LEFTOVER_AGE_S 86400

typedef struct candidate_t {
    apr_int64_t mtime_s;
    apr_int64_t size;
    char *key;
} candidate_t;

/* A sweep; candidates are a heap with the newest on top, so that the oldest
 * are kept when there are too many. */
typedef struct sweep_t {
    const char *dir;
    const atomic_int *aborted;
    apr_int64_t now_s;
    apr_int64_t ttl_s;
    candidate_t *heap;
    int n;
    dlw_store_swept_t *swept;
} sweep_t;

static void swap(candidate_t *a, candidate_t *b)
{
    candidate_t c = *a;

    *a = *b;
    *b = c;
}

static void sift_down(candidate_t *heap, int n, int i)
{
    for (;;) {
        int child = 2 * i + 1;

        if (child + 1 < n && heap[child + 1].mtime_s > heap[child].mtime_s) {
            child++;
        }
        if (child >= n || heap[child].mtime_s <= heap[i].mtime_s) {
            return;
        }
        swap(&heap[child], &heap[i]);
        i = child;
    }
}

static void sift_up(candidate_t *heap, int i)
{
    while (i > 0 && heap[i].mtime_s > heap[(i - 1) / 2].mtime_s) {
        swap(&heap[i], &heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
}

static void remember(sweep_t *s, const char *key, const struct stat *st)
{
    candidate_t c = { st->st_mtime, st->st_size, NULL };

    if (s->n == MAX_CANDIDATES && c.mtime_s >= s->heap[0].mtime_s) {
        return;
    }
    c.key = strdup(key);
    if (!c.key) {
        return;
    }
    if (s->n < MAX_CANDIDATES) {
        s->heap[s->n] = c;
        sift_up(s->heap, s->n++);
        return;
    }
    free(s->heap[0].key);
    s->heap[0] = c;
    sift_down(s->heap, s->n, 0);
}

static void take_file(sweep_t *s, int dir, const char *name, const char *key,
                      const struct stat *st)
{
    apr_int64_t age_s = s->now_s - st->st_mtime;

    if (strncmp(name, DLW_STORE_TEMP_PREFIX,
                strlen(DLW_STORE_TEMP_PREFIX)) == 0) {
        if (age_s > LEFTOVER_AGE_S && unlinkat(dir, name, 0) == 0) {
            s->swept->leftovers++;
            return;
        }
    }
    else if (s->heap && age_s > s->ttl_s && dlw_store_key_fence(key) >= 0) {
        remember(s, key, st);
    }
    s->swept->bytes += st->st_size;
}

/* @param key  a buffer of PATH_MAX bytes, of which @a len are in use */
static apr_status_t walk(sweep_t *s, int fd, char *key, size_t len, int depth)
{
    struct dirent *e;
    DIR *d = fdopendir(fd);

    if (!d) {
        close(fd);
        return errno;
    }
    while (!atomic_load(s->aborted) && (e = readdir(d))) {
        size_t n = strlen(e->d_name);
        struct stat st;

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0
            || len + n + 2 > PATH_MAX
            || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        memcpy(key + len, e->d_name, n + 1);
        if (S_ISREG(st.st_mode)) {
            take_file(s, fd, e->d_name, key, &st);
        }
        else if (S_ISDIR(st.st_mode) && depth < MAX_DEPTH) {
            int sub = openat(fd, e->d_name, O_RDONLY | O_DIRECTORY
                             | O_NOFOLLOW | O_CLOEXEC);

            key[len + n] = '/';
            key[len + n + 1] = '\0';
            if (sub >= 0) {
                walk(s, sub, key, len + n + 1, depth + 1);
            }
        }
    }
    closedir(d);
    return atomic_load(s->aborted) ? APR_EINTR : APR_SUCCESS;
}

static int by_age(const void *a, const void *b)
{
    const candidate_t *x = a, *y = b;

    return x->mtime_s < y->mtime_s ? -1 : x->mtime_s > y->mtime_s;
}

apr_status_t dlw_store_io_sweep(const char *dir, apr_int64_t max,
                                apr_int64_t ttl_s,
                                const atomic_int *aborted,
                                dlw_store_swept_t *swept)
{
    sweep_t s = { dir, aborted, time(NULL), ttl_s, NULL, 0, swept };
    char key[PATH_MAX] = "";
    apr_status_t rv;
    int fd, i;

    memset(swept, 0, sizeof(*swept));
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    if (max > 0 && !(s.heap = malloc(sizeof(*s.heap) * MAX_CANDIDATES))) {
        close(fd);
        return APR_ENOMEM;
    }
    rv = walk(&s, fd, key, 0, 0);
    if (rv == APR_SUCCESS && s.n > 1 && swept->bytes > max) {
        qsort(s.heap, s.n, sizeof(*s.heap), by_age);
    }
    for (i = 0; i < s.n; i++) {
        if (rv == APR_SUCCESS && swept->bytes > max
            && dlw_store_io_remove(dir, s.heap[i].key) == APR_SUCCESS) {
            swept->bytes -= s.heap[i].size;
            swept->evicted++;
        }
        free(s.heap[i].key);
    }
    free(s.heap);
    return rv;
}
