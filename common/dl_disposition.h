/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content-Disposition, both ways (RFC 6266, RFC 8187): what tells a browser
 * the name to save an object under, and what tells us an origin's.
 *
 * A name comes from a source, so from outside: it is cleaned before use.
 */
#ifndef DL_DISPOSITION_H
#define DL_DISPOSITION_H

#include <apr_pools.h>

/** Longest file name in bytes; longer ones are cut between characters. */
#define DL_FILENAME_MAX 200

/**
 * A name that is safe to save under: what follows the last "/" or "\",
 * without control characters, malformed UTF-8 (made "_"), leading dots and
 * blanks at either end; at most DL_FILENAME_MAX bytes, its extension kept.
 * @return NULL when nothing is left
 */
const char *dl_filename_clean(const char *name, apr_pool_t *p);

/**
 * "attachment" with the name: as a quoted string, and as filename* when it
 * is not plain ASCII.
 * @param filename  NULL: "attachment" alone
 */
const char *dl_disposition_make(const char *filename, apr_pool_t *p);

/**
 * The file name a Content-Disposition header carries: filename* first, then
 * filename; cleaned.
 * @return NULL when there is none, or the header is malformed
 */
const char *dl_disposition_filename(const char *header, apr_pool_t *p);

#endif /* DL_DISPOSITION_H */
