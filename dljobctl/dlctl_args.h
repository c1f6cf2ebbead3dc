/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line, read by tables: which command, its options and operands.
 *
 * Options stand before, between and behind the words of a command and its
 * operands, "--name VALUE" or "--name=VALUE"; "--" ends them. Pure.
 */
#ifndef DLCTL_ARGS_H
#define DLCTL_ARGS_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "dlctl_error.h"

typedef struct dlctl_t dlctl_t;

typedef struct dlctl_option_t {
    const char *name;           /**< "user", without hyphens */
    char letter;                /**< 'u' for -u, or 0 */
    const char *value;          /**< "USER"; NULL: a flag */
    const char *help;           /**< one line */
} dlctl_option_t;               /* a list ends with name NULL */

typedef struct dlctl_command_t {
    const char *name;           /**< "list", "dead list": one or two words */
    const char *operands;       /**< as the usage shows them, "" for none */
    int min;                    /**< operands at least … */
    int max;                    /**< … and at most; -1: any number */
    const char *summary;        /**< one line */
    const dlctl_option_t *options;
    const char *help;           /**< further text, or NULL */
    dlctl_exit_e (*run)(dlctl_t *ctl);
} dlctl_command_t;              /* a list ends with name NULL */

/** An option that was given. */
typedef struct dlctl_given_t {
    const dlctl_option_t *option;
    const char *value;          /**< "" for a flag */
} dlctl_given_t;

typedef struct dlctl_args_t {
    const dlctl_command_t *command; /**< NULL: none, or only part of one */
    const char *group;          /**< first word of several commands that was
                                     given alone ("dead"), or NULL */
    apr_array_header_t *operands;   /**< of const char * */
    apr_array_header_t *given;      /**< of dlctl_given_t */
    const char *error;          /**< what is wrong, or NULL */
} dlctl_args_t;

/**
 * Reads a command line.
 * @param global  options that stand with every command
 * @return args in @a p; look at error, then for "help", then at command
 */
dlctl_args_t *dlctl_args_parse(int argc, const char *const *argv,
                               const dlctl_command_t *commands,
                               const dlctl_option_t *global, apr_pool_t *p);

/** The last value of an option ("" of a flag); NULL when it is not given. */
const char *dlctl_args_get(const dlctl_args_t *args, const char *name);

/** All values of an option in order: of const char *, in @a p. */
apr_array_header_t *dlctl_args_all(const dlctl_args_t *args,
                                   const char *name, apr_pool_t *p);

#endif /* DLCTL_ARGS_H */
