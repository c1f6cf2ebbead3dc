/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A redis-server of the unit tests' own: on a unix socket in a temporary
 * folder, without a port and without files, ended by its pid.
 */
#ifndef REDIS_FIXTURE_H
#define REDIS_FIXTURE_H

#include <sys/types.h>

#include <hiredis/hiredis.h>

#include "dl_config.h"

/**
 * Starts the server and waits until it answers. main() calls it once, before
 * any test forks.
 * @return 0, or -1 after a message on stderr
 */
int redis_fixture_start(void);

/** Ends the server and removes its folder. */
void redis_fixture_stop(void);

/** Path of the socket; short enough for a sockaddr_un. */
const char *redis_fixture_socket(void);

/** The same as an address for dl_redis_pool_create(). */
const dl_redis_addr_t *redis_fixture_addr(void);

/** The server's process, for tests that stop (SIGSTOP) or continue it. */
pid_t redis_fixture_pid(void);

/** A new connection; fails the test when there is none. redisFree() it. */
redisContext *redis_fixture_connect(void);

/** Empties the server: for a test's set-up. */
void redis_fixture_flush(void);

#endif /* REDIS_FIXTURE_H */
