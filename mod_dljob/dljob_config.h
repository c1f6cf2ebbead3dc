/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The module's configuration: httpd's directives made from dl_directives[].
 *
 * mod_dljob.c names these functions in the module record and calls
 * dljob_config_hooks(). Everything is read-only once httpd has started.
 */
#ifndef DLJOB_CONFIG_H
#define DLJOB_CONFIG_H

#include <httpd.h>
#include <http_config.h>
#include <ap_expr.h>

#include "dl_config.h"
#include "dl_directive.h"
#include "dl_location.h"

/* What SetHandler takes. */
#define DLJOB_HANDLER "dljob"
#define DLJOB_HANDLER_HEALTH "dljob-health"
#define DLJOB_HANDLER_METRICS "dljob-metrics"
#define DLJOB_HANDLER_ADMIN "dljob-admin"

/** A name of a user longer than this is refused, in bytes. */
#define DLJOB_USER_MAX 128

/** What a child process has for a server. */
typedef struct dljob_engine_t dljob_engine_t;

/** What it has for its streams, of all servers. */
typedef struct dljob_streams_t dljob_streams_t;

/** Of a server or virtual host, merged with the main server's. */
typedef struct dljob_server_conf_t {
    dl_config_t conf;
    dl_set_mask_t set;          /**< said here or inherited; 0: unused */
    dl_set_mask_t own;          /**< said in this server itself */
    dl_where_t first;           /**< its first directive, for messages */
    dl_where_t where[DL_DIRECTIVES_MAX]; /**< of what is in own or inherited */
    apr_array_header_t *dirs;   /**< of dljob_dir_conf_t *: the sections of
                                     this server that say something, until
                                     they are checked */
    dljob_streams_t *streams;   /**< main server only: dljob_streams.h */
    struct dljob_places_t *places; /**< the httpd's: dljob_counts.h */
    struct dljob_dwell_t *dwell; /**< main server only: dljob_dwell.h */
    const char *unusable;       /**< why it cannot serve, or NULL; set by the
                                     check_config hook */
    dljob_engine_t *engine;     /**< of this child process (dljob.h); NULL
                                     before child_init */
} dljob_server_conf_t;

/** Of a location; the settings are in .location (dl_location.h). */
typedef struct dljob_dir_conf_t {
    dl_location_t location;
    dl_set_mask_t set;
    const ap_expr_info_t *user; /**< NULL: plain %{REMOTE_USER} */
} dljob_dir_conf_t;

/* For the module record. The commands are filled in when the module is
 * loaded and never change after. */
extern command_rec dljob_config_commands[];

/** A dljob_server_conf_t with every default. */
void *dljob_config_create_server(apr_pool_t *p, server_rec *s);

/** A virtual host's over the main server's. */
void *dljob_config_merge_server(apr_pool_t *p, void *base, void *add);

/** A dljob_dir_conf_t with every default. */
void *dljob_config_create_dir(apr_pool_t *p, char *dir);

/** An inner section's over an outer one's; runs in each request. */
void *dljob_config_merge_dir(apr_pool_t *p, void *base, void *add);

/**
 * Registers the check of the whole configuration, which runs at start-up and
 * for "apachectl configtest" and stops httpd with file, line and remedy.
 */
void dljob_config_hooks(apr_pool_t *p);

/** The configuration of a server; never NULL. */
dljob_server_conf_t *dljob_config_server(const server_rec *s);

/** The configuration where a request leads to; never NULL. */
dljob_dir_conf_t *dljob_config_dir(const request_rec *r);

/**
 * Who the caller is, by DLJobUser.
 * @param user  set to the name, "" for anonymous, in r->pool
 * @return APR_EGENERAL when the expression failed, APR_EINVAL when its
 *         result is over DLJOB_USER_MAX or holds control characters: the
 *         request must be refused then, never served as anonymous
 */
apr_status_t dljob_config_user(request_rec *r, const char **user);

#endif /* DLJOB_CONFIG_H */
