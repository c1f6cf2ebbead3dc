/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders for tests; see tempdir.h.
 */
#include "tempdir.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static apr_status_t remove_all(void *dir)
{
    nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return APR_SUCCESS;
}

const char *tempdir_make(apr_pool_t *p)
{
    char *dir = apr_pstrdup(p, "/tmp/dltestXXXXXX");

    ck_assert_ptr_nonnull(mkdtemp(dir));
    apr_pool_cleanup_register(p, dir, remove_all, apr_pool_cleanup_null);
    return dir;
}

const char *tempdir_file(apr_pool_t *p, const char *dir, const char *name,
                         const char *text, long len, mode_t mode)
{
    const char *path = apr_pstrcat(p, dir, "/", name, NULL);
    size_t bytes = len < 0 ? strlen(text) : (size_t)len;
    FILE *f = fopen(path, "w");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(text, 1, bytes, f), bytes);
    ck_assert_int_eq(fclose(f), 0);
    ck_assert_int_eq(chmod(path, mode), 0);
    return path;
}
