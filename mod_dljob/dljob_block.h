/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fallback: a stream that holds the thread of its request, for HTTP/2,
 * mpm_worker and httpd before 2.4.63. Few of them are allowed (dljob_cap.h).
 */
#ifndef DLJOB_BLOCK_H
#define DLJOB_BLOCK_H

#include "dljob_stream.h"

/**
 * Writes the stream's events until the hub ends it, the client goes or the
 * child stops. The stream must have been made with blocking set; it is the
 * hub's to free when this has returned.
 */
void dljob_block(request_rec *r, dljob_stream_t *s);

#endif /* DLJOB_BLOCK_H */
