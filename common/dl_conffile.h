/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads dljob.conf without httpd: for dlworker and dljobctl.
 *
 * Apache syntax without sections: a directive a line, "#" comment lines, a
 * backslash at the end of a line continues it, quotes, ${ENV}. A later
 * directive wins. What httpd would refuse is refused here in the same words.
 */
#ifndef DL_CONFFILE_H
#define DL_CONFFILE_H

#include <apr_pools.h>

#include "dl_directive.h"

/** Bounds of a file and of one directive, in bytes. */
#define DL_CONFFILE_MAX (1024 * 1024)
#define DL_CONFFILE_LINE_MAX (64 * 1024)

/** All that was read, and which of it was said rather than preset. */
typedef struct dl_settings_t {
    dl_config_t *conf;
    dl_location_t *location;    /**< checked; only httpd uses it */
    dl_set_mask_t set;
    dl_where_t where[DL_DIRECTIVES_MAX]; /**< of what is set, the last one */
} dl_settings_t;

/** Settings with every default, in @a p. */
dl_settings_t *dl_settings_create(apr_pool_t *p);

/**
 * Adds what @a path says to @a settings.
 * @return NULL, or "FILE:LINE: NAME: sentence" (a file that cannot be read:
 *         no line), in @a p; settings are then half changed: throw them away
 */
const char *dl_conffile_read(const char *path, dl_settings_t *settings,
                             apr_pool_t *p);

/**
 * The same for a text in memory; @a name stands for the file in messages.
 * @param text  @a len bytes, need not end with NUL
 */
const char *dl_conffile_text(const char *name, const char *text,
                             apr_size_t len, dl_settings_t *settings,
                             apr_pool_t *p);

/**
 * Checks the whole (dl_config_check, dl_location_check).
 * @param name  of the file, for what stands in no line
 * @return NULL, or "FILE[:LINE]: sentence", in @a p
 */
const char *dl_settings_check(const dl_settings_t *settings,
                              const char *name, int for_worker,
                              apr_pool_t *p);

#endif /* DL_CONFFILE_H */
