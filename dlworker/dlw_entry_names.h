/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of the entries of an archive: each one once, and harmless wherever
 * it is unpacked. Pure.
 */
#ifndef DLW_ENTRY_NAMES_H
#define DLW_ENTRY_NAMES_H

#include <apr_hash.h>

/** The entry that says what is in the archive; no file is given its name. */
#define DLW_ENTRY_MANIFEST "manifest.json"

typedef struct dlw_entry_names_t {
    apr_pool_t *pool;
    apr_hash_t *taken;          /**< names in lower case */
} dlw_entry_names_t;

/** No name is taken yet but that of the manifest. @param p  holds them */
void dlw_entry_names_init(dlw_entry_names_t *names, apr_pool_t *p);

/**
 * The name of the next entry: @a filename without a directory and without
 * what Windows does not bear (<>:"|?*, blanks and dots at the end, names of
 * devices), or the file's id when nothing is left. One that is taken, in
 * whatever case of letters, gets the id before its extension.
 * @param filename  from outside, or NULL
 */
const char *dlw_entry_name(dlw_entry_names_t *names, const char *filename,
                           apr_int64_t file_id);

#endif /* DLW_ENTRY_NAMES_H */
