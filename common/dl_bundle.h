/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One archive of all files of a job: its kinds, their names, and the ids of
 * the tasks that make archives. Pure; any thread.
 */
#ifndef DL_BUNDLE_H
#define DL_BUNDLE_H

#include <apr.h>

typedef enum {
    DL_BUNDLE_NONE,             /**< every file by itself */
    DL_BUNDLE_ZIP,
    DL_BUNDLE_TAR
} dl_bundle_e;

/** From this id on a task makes an archive: lua/lib/bundle.lua numbers them
 *  so. Ids of files end at 2^53 (DLJobFileIds). */
#define DL_BUNDLE_FIRST_ID APR_INT64_C(10000000000000000)

/** "zip", "tar", or "". */
const char *dl_bundle_name(dl_bundle_e bundle);

/** "application/zip" …; NULL for DL_BUNDLE_NONE. */
const char *dl_bundle_content_type(dl_bundle_e bundle);

/** The kind of that name, DL_BUNDLE_NONE when there is none. */
dl_bundle_e dl_bundle_parse(const char *name, apr_size_t len);

/** The kind by which a job's `set` begins ("zip:<hash>"), @a set may be
 *  NULL. */
dl_bundle_e dl_bundle_of_set(const char *set);

#endif /* DL_BUNDLE_H */
