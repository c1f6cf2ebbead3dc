/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directives of dljob.conf: ONE table for both programs and the manual.
 *
 * httpd's command table, dlworker's parser, the defaults and dljob.conf(5)
 * are all made from it, so they cannot differ. A setter writes the members
 * named by its span and nothing else; merging copies spans of what was set.
 */
#ifndef DL_DIRECTIVE_H
#define DL_DIRECTIVE_H

#include <apr_pools.h>

#include "dl_config.h"
#include "dl_location.h"

typedef enum {
    DL_SCOPE_BOTH,              /**< fills dl_config_t; both programs act */
    DL_SCOPE_WORKER,            /**< fills dl_config_t; httpd only checks */
    DL_SCOPE_LOCATION           /**< fills dl_location_t; dlworker checks */
} dl_scope_e;

typedef struct dl_directive_t dl_directive_t;

/**
 * Sets what a directive says.
 * @param into  a dl_config_t or dl_location_t, as the scope has it
 * @return NULL, or a sentence without the directive's name, in @a p; then
 *         nothing was changed
 */
typedef const char *dl_directive_set_fn(const dl_directive_t *directive,
                                        void *into, int argc,
                                        const char *const *argv,
                                        apr_pool_t *p);

struct dl_directive_t {
    const char *name;
    const char *syntax;         /**< of its arguments, for people */
    dl_scope_e scope;
    int min_args;
    int max_args;               /**< -1: any number */
    dl_directive_set_fn *set;
    apr_size_t offset;          /**< of the first member it sets */
    apr_size_t size;            /**< to the end of the last one */
    apr_int64_t min;            /**< bound of a number, size (bytes) or */
    apr_int64_t max;            /**< duration (ms) */
    int hide;                   /**< its arguments may hold a password */
    const char *preset;         /**< the default, as one would write it;
                                     NULL: there is none */
    const char *help;           /**< for the manual: sentences */
};

/** The table, in the manual's order; ends with a NULL name. */
extern const dl_directive_t dl_directives[];

/** At most so many directives; a bit each below. */
#define DL_DIRECTIVES_MAX 63

/** Where a directive stood; file is NULL when it did not. */
typedef struct dl_where_t {
    const char *file;
    int line;                   /**< 0: not in a file */
} dl_where_t;

/** One bit per directive, by its place in the table. */
typedef apr_uint64_t dl_set_mask_t;

/** @return the directive named so (in any case), or NULL */
const dl_directive_t *dl_directive_find(const char *name);

/** @return the known name nearest to @a name, or NULL when none is near */
const char *dl_directive_near(const char *name);

/** The bit of a directive of the table. */
dl_set_mask_t dl_directive_bit(const dl_directive_t *directive);

/** Its place in the table, below DL_DIRECTIVES_MAX. */
int dl_directive_index(const dl_directive_t *directive);

/**
 * Where to look when a check of the whole complains: the place of the
 * directive that @a message begins with.
 * @param where  DL_DIRECTIVES_MAX places, by index
 * @return NULL when that directive stands nowhere
 */
const dl_where_t *dl_directive_where(const dl_where_t *where,
                                     const char *message, apr_pool_t *p);

/**
 * Cuts @a line into words and sets them; adds the directive's bit to @a set.
 * A "${NAME}" in it was not set where variables are replaced: it is refused.
 * @param line  what stands after the name
 * @param into  as dl_directive_set_fn has it
 * @return NULL, or "NAME: sentence", in @a p
 */
const char *dl_directive_apply(const dl_directive_t *directive,
                               const char *line, void *into,
                               dl_set_mask_t *set, apr_pool_t *p);

/**
 * Replaces "${NAME}" by the environment, as httpd does with a whole line
 * before it is cut into words; a name that is not set stays as it is.
 */
const char *dl_directive_resolve(const char *line, apr_pool_t *p);

/** Copies from @a over what its mask says was set; scope BOTH and WORKER. */
void dl_config_merge(dl_config_t *into, const dl_config_t *over,
                     dl_set_mask_t set);

/** The same for scope LOCATION. Cheap: httpd does it for each request. */
void dl_location_merge(dl_location_t *into, const dl_location_t *over,
                       dl_set_mask_t set);

#endif /* DL_DIRECTIVE_H */
