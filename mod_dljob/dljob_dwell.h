/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread stays with a busy connection for a moment.
 *
 * Between two requests the event MPM gives a connection back to its listener
 * and the next request to some other thread: several system calls and two
 * thread switches, more work than a status needs. That pays for clients who
 * come back in seconds. A reverse proxy with kept connections comes back at
 * once, and for it the thread looks at the socket for DLJOB_DWELL_MS before
 * it lets go.
 *
 * Nobody waits for that thread meanwhile: it stays only while this child has
 * no more connections than threads, parked streams left out. After a look in
 * vain a connection goes without for a while, longer each time, so that
 * clients who take their time cost next to nothing.
 */
#ifndef DLJOB_DWELL_H
#define DLJOB_DWELL_H

#include <httpd.h>

#include "dljob_config.h"

/** How long a thread looks, in ms. */
#define DLJOB_DWELL_MS 10


/** What a child knows of its threads and connections. */
typedef struct dljob_dwell_t dljob_dwell_t;

/** Registers the filter and counts connections. */
void dljob_dwell_hooks(void);

/** Asks the MPM; in child_init. Without the event MPM no thread dwells. */
void dljob_dwell_child(server_rec *main);

/** A request of ours has come, on its thread: may dwell after its answer. */
void dljob_dwell_request(request_rec *r);

/** This connection is being parked: it wants no thread for long. */
void dljob_dwell_parked(conn_rec *c);

#endif /* DLJOB_DWELL_H */
