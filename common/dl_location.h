/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the location directives of dljob.conf say: how httpd serves the API.
 *
 * dlworker fills this struct only to check the values, so that one file can
 * serve both programs.
 */
#ifndef DL_LOCATION_H
#define DL_LOCATION_H

#include <apr_pools.h>

#include "dl_cors.h"

typedef struct dl_location_t {
    const char *user;               /**< httpd expression; "%{REMOTE_USER}" */
    int stream;                     /**< 1 */
    int max_streams;                /**< of the server; -1: auto */
    int max_streams_user;           /**< of one identified user; 0: off */
    int max_streams_address;        /**< of one client address; 0: off */
    apr_int64_t heartbeat_ms;       /**< 15000 */
    apr_int64_t stream_timeout_ms;  /**< 600000 */
    apr_int64_t start_wait_ms;      /**< 25000 */
    dl_cors_t cors;                 /**< who may read the answers */
    const char *sunset;             /**< an HTTP date, or NULL */
} dl_location_t;

/** Every default set; @a p owns the strings. */
dl_location_t *dl_location_create(apr_pool_t *p);

/** What only the whole can tell. @return NULL or a message, in @a p. */
const char *dl_location_check(const dl_location_t *location, apr_pool_t *p);

#endif /* DL_LOCATION_H */
