/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 as RFC 3629 defines it: one place decides what is well formed.
 */
#ifndef DL_UTF8_H
#define DL_UTF8_H

#include <apr.h>

/**
 * Length of the character at @a s, of which @a n bytes can be read.
 * @return 1 to 4; 0 when it is malformed: overlong, a surrogate, above
 *         U+10FFFF, cut short, or a stray continuation byte (or n is 0)
 */
int dl_utf8_len(const unsigned char *s, apr_size_t n);

/** Whether all @a n bytes of @a s are well-formed UTF-8. */
int dl_utf8_valid(const char *s, apr_size_t n);

#endif /* DL_UTF8_H */
