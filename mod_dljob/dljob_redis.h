/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links to Redis and job engines of a child process.
 */
#ifndef DLJOB_REDIS_H
#define DLJOB_REDIS_H

#include "dljob.h"

/**
 * Gives each server with DLJobRedis its engine. Servers that name the same
 * Redis share links. In child_init, after fork and before any thread.
 */
void dljob_redis_child(apr_pool_t *pchild, server_rec *main);

#endif /* DLJOB_REDIS_H */
