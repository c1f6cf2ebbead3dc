/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections parked with the event MPM, without a thread.
 *
 * A handler that has made a stream returns SUSPENDED; the hooks here turn
 * that into CONN_STATE_ASYNC_WAITIO (httpd 2.4.63): the MPM polls the
 * socket, keeps its time-out and its pools, and gives the connection to a
 * worker thread when the client sends or goes, or when the hub has shut the
 * reading side to say that it is done. In between the hub alone writes.
 */
#ifndef DLJOB_PARK_H
#define DLJOB_PARK_H

#include "dljob_hub.h"

/** Registers the connection hooks. */
void dljob_park_hooks(apr_pool_t *p);

/** Asks the MPM what it can; in child_init. */
void dljob_park_init(void);

/**
 * Whether this request's connection can be parked: the MPM knows how, and it
 * is a whole HTTP/1.1 connection, not an HTTP/2 stream, subrequest or
 * internal redirect.
 */
int dljob_park_can(const request_rec *r);

/**
 * Parks the connection when the handler returns SUSPENDED, as it must after
 * this call; its answer, if any, ends the connection (Connection: close).
 * From here on the stream belongs to the hub and the hooks.
 */
void dljob_park(request_rec *r, dljob_stream_t *s);

#endif /* DLJOB_PARK_H */
