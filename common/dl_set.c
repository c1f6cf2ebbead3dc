/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Setters of one member whose bounds are in the directive table.
 */
#include "dl_set.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "dl_parse.h"

static void *member(const dl_directive_t *directive, void *into)
{
    return (char *)into + directive->offset;
}

const char *dl_set_option(const char *value, const char *name)
{
    apr_size_t len = strlen(name);

    return strncmp(value, name, len) == 0 && value[len] == '='
               ? value + len + 1
               : NULL;
}

const char *dl_set_unknown(const char *argument, const char *known,
                           apr_pool_t *p)
{
    return apr_psprintf(p, "%s is not known here; write %s",
                        dl_parse_quote(argument, p), known);
}

const char *dl_set_int(const dl_directive_t *directive, void *into, int argc,
                       const char *const *argv, apr_pool_t *p)
{
    apr_int64_t n = 0;
    const char *error = dl_parse_int(argv[0], directive->min, directive->max,
                                     p, &n);
    (void)argc;

    if (error == NULL) {
        *(int *)member(directive, into) = (int)n;
    }
    return error;
}

const char *dl_set_int_or_off(const dl_directive_t *directive, void *into,
                              int argc, const char *const *argv,
                              apr_pool_t *p)
{
    const char *error;

    if (strcasecmp(argv[0], "off") == 0 || strcmp(argv[0], "0") == 0) {
        *(int *)member(directive, into) = 0;
        return NULL;
    }
    error = dl_set_int(directive, into, argc, argv, p);
    return error != NULL ? apr_pstrcat(p, error, ", or off", NULL) : NULL;
}

const char *dl_set_flag(const dl_directive_t *directive, void *into, int argc,
                        const char *const *argv, apr_pool_t *p)
{
    (void)argc;
    return dl_parse_flag(argv[0], p, member(directive, into));
}

const char *dl_set_ms(const dl_directive_t *directive, void *into, int argc,
                      const char *const *argv, apr_pool_t *p)
{
    (void)argc;
    return dl_parse_duration(argv[0], directive->min, directive->max, p,
                             member(directive, into));
}

const char *dl_set_seconds(const dl_directive_t *directive, void *into,
                           int argc, const char *const *argv, apr_pool_t *p)
{
    apr_int64_t ms = 0;
    const char *error = dl_parse_duration(argv[0], directive->min,
                                          directive->max, p, &ms);
    (void)argc;

    if (error == NULL && ms % 1000 != 0) {
        error = apr_psprintf(p, "%s is not a whole number of seconds; write "
                             "it as such", dl_parse_quote(argv[0], p));
    }
    if (error == NULL) {
        *(apr_int64_t *)member(directive, into) = ms / 1000;
    }
    return error;
}

const char *dl_set_size(const dl_directive_t *directive, void *into, int argc,
                        const char *const *argv, apr_pool_t *p)
{
    (void)argc;
    return dl_parse_size(argv[0], directive->min, directive->max, p,
                         member(directive, into));
}

const char *dl_set_path(const dl_directive_t *directive, void *into, int argc,
                        const char *const *argv, apr_pool_t *p)
{
    (void)argc;
    if (argv[0][0] != '/') {
        return apr_psprintf(p, "%s is not an absolute path; begin it with /",
                            dl_parse_quote(argv[0], p));
    }
    *(const char **)member(directive, into) = apr_pstrdup(p, argv[0]);
    return NULL;
}
