/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line of dljob.conf cut into words, by the same code in both programs.
 */
#ifndef DL_WORDS_H
#define DL_WORDS_H

#include <apr_pools.h>
#include <apr_tables.h>

/** More words in one line are refused. */
#define DL_WORDS_MAX 1024

/**
 * Cuts @a line at blanks, as httpd's ap_getword_conf does: a word in double
 * or single quotes may hold blanks, and in it a backslash makes the quote or
 * a backslash plain. Unlike there, a quote that does not end, or one that
 * ends in the middle of a word, is refused.
 * @param words  of const char *, in @a p
 * @return NULL or a sentence, in @a p
 */
const char *dl_words(const char *line, apr_pool_t *p,
                     apr_array_header_t **words);

#endif /* DL_WORDS_H */
