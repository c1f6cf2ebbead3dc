/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of dlworker, and the configuration it names.
 */
#ifndef DLW_OPTIONS_H
#define DLW_OPTIONS_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "dl_conffile.h"

#define DLW_OPTIONS_FILE "/etc/dljob/dljob.conf"

typedef enum {
    DLW_RUN,                    /**< work */
    DLW_TEST,                   /**< -t: check the configuration and end */
    DLW_HELP,                   /**< -h */
    DLW_VERSION,                /**< -V */
    DLW_USAGE                   /**< the command line is wrong */
} dlw_action_e;

typedef struct dlw_options_t {
    dlw_action_e action;
    const char *file;           /**< -f, else DLW_OPTIONS_FILE */
    const char *name;           /**< -n, else host name and process id, which
                                     no other worker has */
    int named;                  /**< -n was given: take back own leases */
    int once;                   /**< --once: end when nothing is left */
    apr_array_header_t *directives; /**< -D, of const char *, in order */
    const char *error;          /**< of DLW_USAGE: what is wrong */
} dlw_options_t;

/**
 * Reads the command line; changes nothing and prints nothing.
 * @param argv  argc strings, the first is the program's name
 * @return options in @a p; look at .action first
 */
dlw_options_t *dlw_options_parse(int argc, const char *const *argv,
                                 apr_pool_t *p);

/**
 * Reads and checks file and -D, which come after it. For start and SIGHUP.
 * @param settings  set on success, in @a p
 * @return NULL, or "FILE:LINE: sentence", in @a p
 */
const char *dlw_options_load(const dlw_options_t *options, apr_pool_t *p,
                             dl_settings_t **settings);

/**
 * Does what needs no worker: -t, -h, -V and wrong options, with output as
 * apachectl has it.
 * @return the exit status (0; 1: the configuration is wrong; 64: the
 *         command line is), or -1: action is DLW_RUN, go on
 */
int dlw_options_act(const dlw_options_t *options, apr_pool_t *p);

#endif /* DLW_OPTIONS_H */
