/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder for the files of one test; gone with its pool.
 */
#ifndef TEMPDIR_H
#define TEMPDIR_H

#include <sys/types.h>

#include <apr_pools.h>

/** A new empty folder under /tmp, removed when @a p is destroyed. */
const char *tempdir_make(apr_pool_t *p);

/**
 * Writes a file of @a len bytes (-1: up to NUL) with exactly @a mode.
 * @return its path, in @a p
 */
const char *tempdir_file(apr_pool_t *p, const char *dir, const char *name,
                         const char *text, long len, mode_t mode);

#endif /* TEMPDIR_H */
