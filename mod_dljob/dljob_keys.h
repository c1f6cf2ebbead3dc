/* SPDX-License-Identifier: Apache-2.0 */
/*
 * S3 keys of a metadata service for a child of httpd, which signs links anew
 * and asks the store: the same source as the worker's, read by each child for
 * itself. Keys that went through Redis would be secrets in Redis.
 */
#ifndef DLJOB_KEYS_H
#define DLJOB_KEYS_H

#include "dljob.h"

typedef struct dljob_keys_t dljob_keys_t;

/**
 * Asks for keys when there are none or they are about to end; else one look
 * at the clock. One thread of a child asks; the others go on with what there
 * is, or wait for it when there is nothing. At most 3 s, and after a failure
 * not again for a while.
 */
void dljob_keys_refresh(dljob_call_t *call);

/** What the threads of a child share for one server. @param p  the child's */
dljob_keys_t *dljob_keys_create(apr_pool_t *p);

#endif /* DLJOB_KEYS_H */
