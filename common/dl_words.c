/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of a line; see dl_words.h.
 */
#include "dl_words.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

/** Copies a quoted word; @return what follows its last quote, or NULL. */
static const char *quoted(const char *from, char *to)
{
    char quote = *from++;

    while (*from != '\0' && *from != quote) {
        if (*from == '\\' && (from[1] == '\\' || from[1] == quote)) {
            from++;
        }
        *to++ = *from++;
    }
    *to = '\0';
    return *from == quote ? from + 1 : NULL;
}

const char *dl_words(const char *line, apr_pool_t *p,
                     apr_array_header_t **words)
{
    apr_array_header_t *list = apr_array_make(p, 4, sizeof(const char *));
    const char *c = line;

    while (apr_isspace(*c)) {
        c++;
    }
    while (*c != '\0') {
        const char *begin = c;
        char *word;

        if (list->nelts == DL_WORDS_MAX) {
            return apr_psprintf(p, "the line has more than %d words; shorten "
                                "it", DL_WORDS_MAX);
        }
        if (*c == '"' || *c == '\'') {
            word = apr_palloc(p, strlen(c));
            c = quoted(c, word);
            if (c == NULL || (*c != '\0' && !apr_isspace(*c))) {
                /* the word may be a secret: it is counted, not shown */
                return apr_psprintf(p, "the quote of argument %d %s",
                                    list->nelts + 1,
                                    c ? "ends in the middle of a word; quote "
                                        "the whole word"
                                      : "does not end; add a closing quote");
            }
        }
        else {
            while (*c != '\0' && !apr_isspace(*c)) {
                c++;
            }
            word = apr_pstrmemdup(p, begin, c - begin);
        }
        *(const char **)apr_array_push(list) = word;
        while (apr_isspace(*c)) {
            c++;
        }
    }
    *words = list;
    return NULL;
}
