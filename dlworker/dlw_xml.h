/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The little XML that S3 answers with: elements without attributes of
 * interest, one inside the other. Reads hostile bytes; never past the end.
 */
#ifndef DLW_XML_H
#define DLW_XML_H

#include <apr_pools.h>

/**
 * The text of the first element @a name in @a xml, entities decoded, cut at
 * 1,024 bytes.
 * @return NULL when there is none, or it holds other elements
 */
const char *dlw_xml_text(const char *xml, apr_size_t len, const char *name,
                         apr_pool_t *p);

/**
 * The next element @a name at or after *at, as a piece of @a xml.
 * @param at     offset to begin at, set to what follows the element
 * @param inner  set to what is in it
 * @return 1, or 0: no more
 */
int dlw_xml_next(const char *xml, apr_size_t len, const char *name,
                 apr_size_t *at, const char **inner, apr_size_t *inner_len);

/** Text with &, <, >, quotes and control characters made references. */
const char *dlw_xml_escape(const char *text, apr_pool_t *p);

#endif /* DLW_XML_H */
