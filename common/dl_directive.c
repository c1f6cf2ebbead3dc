/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done with the table of directives; see dl_directive.h.
 */
#include "dl_directive.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "dl_parse.h"
#include "dl_words.h"

#define NAME_MAX_LEN 40
#define NEAR_EDITS 3

const dl_directive_t *dl_directive_find(const char *name)
{
    for (const dl_directive_t *d = dl_directives; d->name != NULL; d++) {
        if (strcasecmp(d->name, name) == 0) {
            return d;
        }
    }
    return NULL;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/** Levenshtein's distance of two short names, case aside. */
static int edits(const char *a, const char *b)
{
    int row[NAME_MAX_LEN + 1];
    int len = (int)strlen(b);

    for (int j = 0; j <= len; j++) {
        row[j] = j;
    }
    for (int i = 1; a[i - 1] != '\0'; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= len; j++) {
            int other = apr_tolower(a[i - 1]) != apr_tolower(b[j - 1]);
            int cost = least(diagonal + other,
                             least(row[j], row[j - 1]) + 1);
            diagonal = row[j];
            row[j] = cost;
        }
    }
    return row[len];
}

const char *dl_directive_near(const char *name)
{
    const char *nearest = NULL;
    int best = NEAR_EDITS + 1;

    if (strlen(name) > NAME_MAX_LEN) {
        return NULL;
    }
    for (const dl_directive_t *d = dl_directives; d->name != NULL; d++) {
        int n = edits(name, d->name);
        if (n < best) {
            best = n;
            nearest = d->name;
        }
    }
    return nearest;
}

dl_set_mask_t dl_directive_bit(const dl_directive_t *directive)
{
    return (dl_set_mask_t)1 << (directive - dl_directives);
}

int dl_directive_index(const dl_directive_t *directive)
{
    return (int)(directive - dl_directives);
}

const dl_where_t *dl_directive_where(const dl_where_t *where,
                                     const char *message, apr_pool_t *p)
{
    const char *name = apr_pstrmemdup(p, message, strcspn(message, " :"));
    const dl_directive_t *directive = dl_directive_find(name);

    if (directive != NULL) {
        where += dl_directive_index(directive);
    }
    return directive != NULL && where->file != NULL ? where : NULL;
}

/** The length of the "${NAME}" at @a text, or 0. */
static apr_size_t variable(const char *text)
{
    apr_size_t len = strspn(text + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "abcdefghijklmnopqrstuvwxyz"
                                      "0123456789_");

    return len > 0 && text[2 + len] == '}' ? len + 3 : 0;
}

const char *dl_directive_resolve(const char *line, apr_pool_t *p)
{
    const char *done = "";
    const char *c = line;
    const char *next;

    while ((next = strstr(c, "${")) != NULL) {
        apr_size_t len = variable(next);
        const char *value = NULL;

        if (len > 0) {
            value = getenv(apr_pstrmemdup(p, next + 2, len - 3));
        }
        if (value == NULL) {
            len = len > 0 ? len : 2;
            value = apr_pstrmemdup(p, next, len);
        }
        done = apr_pstrcat(p, done, apr_pstrmemdup(p, c, next - c), value,
                           NULL);
        c = next + len;
    }
    return c == line ? line : apr_pstrcat(p, done, c, NULL);
}

/** NULL, or that a "${NAME}" is left over. */
static const char *unresolved(const char *line, apr_pool_t *p)
{
    for (const char *c = strstr(line, "${"); c != NULL;
         c = strstr(c + 2, "${")) {
        if (variable(c) > 0) {
            return apr_psprintf(p, "the variable %s is not set; set it for "
                                "this program or write the value",
                                apr_pstrmemdup(p, c, variable(c)));
        }
    }
    return NULL;
}

static const char *count_error(const dl_directive_t *d, int argc,
                               apr_pool_t *p)
{
    if (argc >= d->min_args && (d->max_args < 0 || argc <= d->max_args)) {
        return NULL;
    }
    return apr_psprintf(p, "%d argument%s %s; write: %s %s", argc,
                        argc == 1 ? "" : "s",
                        argc < d->min_args ? "are too few" : "are too many",
                        d->name, d->syntax);
}

const char *dl_directive_apply(const dl_directive_t *directive,
                               const char *line, void *into,
                               dl_set_mask_t *set, apr_pool_t *p)
{
    apr_array_header_t *words = NULL;
    const char *error = unresolved(line, p);

    if (error == NULL) {
        error = dl_words(line, p, &words);
    }
    if (error == NULL) {
        error = count_error(directive, words->nelts, p);
    }
    if (error == NULL) {
        error = directive->set(directive, into, words->nelts,
                               (const char *const *)words->elts, p);
    }
    if (error != NULL) {
        return apr_pstrcat(p, directive->name, ": ", error, NULL);
    }
    *set |= dl_directive_bit(directive);
    return NULL;
}

/** Copies the spans of one kind of scope. */
static void merge(void *into, const void *over, dl_set_mask_t set,
                  int location)
{
    for (int i = 0; set >> i != 0; i++) {
        const dl_directive_t *d = &dl_directives[i];

        if ((set >> i & 1) != 0
            && (d->scope == DL_SCOPE_LOCATION) == location) {
            memcpy((char *)into + d->offset, (const char *)over + d->offset,
                   d->size);
        }
    }
}

void dl_config_merge(dl_config_t *into, const dl_config_t *over,
                     dl_set_mask_t set)
{
    merge(into, over, set, 0);
}

void dl_location_merge(dl_location_t *into, const dl_location_t *over,
                       dl_set_mask_t set)
{
    merge(into, over, set, 1);
}
