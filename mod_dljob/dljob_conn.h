/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the module remembers of a connection, from one request to the next.
 * Belongs to the thread that has the connection at the moment.
 */
#ifndef DLJOB_CONN_H
#define DLJOB_CONN_H

#include <httpd.h>

#include "dl_random.h"

struct dljob_stream_t;

typedef struct dljob_conn_t {
    struct dljob_stream_t *stream;  /**< parked (dljob_park.h), or NULL */
    int inside;                     /**< process_connection runs below us */

    /* dljob_dwell.h */
    int dwells;                     /**< the input filter is there */
    int due;                        /**< an answer of ours has just ended */
    int rest;                       /**< answers to go without a look */
    int vain;                       /**< looks in vain in a row */
    int counted;                    /**< among those that want a thread */

    dl_random_t random;             /**< for the ids of its requests */
} dljob_conn_t;

/** Of a client's own connection; NULL for a stream of HTTP/2. */
dljob_conn_t *dljob_conn_of(const conn_rec *c);

/** Makes one for each new connection; a pre_connection hook. */
int dljob_conn_create(conn_rec *c, void *socket);

/** Random bytes for the ids of this request; lives as long as it. */
dl_random_t *dljob_conn_random(request_rec *r);

#endif /* DLJOB_CONN_H */
