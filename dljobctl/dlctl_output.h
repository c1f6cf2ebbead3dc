/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where downloads go: names of files, links that can be fetched.
 */
#ifndef DLCTL_OUTPUT_H
#define DLCTL_OUTPUT_H

#include "dlctl.h"

/** --output, understood. */
typedef struct dlctl_output_t {
    const char *path;           /**< a file or directory; NULL: stdout */
    int dir;                    /**< path is a directory */
    int force;
    const char *base;           /**< of the API, or NULL */
    apr_array_header_t *taken;  /**< paths given out, of const char * */
} dlctl_output_t;

/**
 * Reads --output (which may be absent), --force and --url, and makes the
 * directory.
 * @param nfiles  how many files are asked for
 * @return DLCTL_OK; else said already
 */
dlctl_exit_e dlctl_output_open(dlctl_t *ctl, int nfiles,
                               dlctl_output_t *output);

/**
 * A name for a file in a directory of one's own: the last part of
 * @a filename without what leads elsewhere, hides it or is no character;
 * "70000" or, by its key, "70000.zip" when nothing is left. Pure.
 */
const char *dlctl_output_name(const char *filename, const char *key,
                              apr_int64_t file_id, apr_pool_t *p);

/** Where a file goes; two of one name get their ids before it. NULL:
 *  stdout. */
const char *dlctl_output_path(dlctl_output_t *output, const char *filename,
                              const char *key, apr_int64_t file_id,
                              apr_pool_t *p);

/**
 * A link made whole: as it is, under the API's address, or straight from the
 * directory of a file store that is on this host.
 * @return NULL when it cannot be, said already
 */
const char *dlctl_output_url(const dlctl_t *ctl, const dlctl_output_t *output,
                             const char *url, const char *key,
                             apr_pool_t *p);

#endif /* DLCTL_OUTPUT_H */
