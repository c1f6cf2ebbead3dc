/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request bodies: read with a bound before anything is done with them.
 */
#ifndef DLJOB_BODY_H
#define DLJOB_BODY_H

#include "dljob.h"

/** Longest body that is taken, in bytes. */
#define DLJOB_BODY_MAX 65536

/**
 * Reads the whole body into call->body and call->body_len, whether it comes
 * with Content-Length or in chunks. A body that is announced or turns out
 * longer than DLJOB_BODY_MAX is not read to its end.
 * @return OK; else an error was answered, and this is what the handler is to
 *         return
 */
int dljob_body(dljob_call_t *call);

#endif /* DLJOB_BODY_H */
