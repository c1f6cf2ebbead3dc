/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Servers for tests that do harm: a redis-server of a test's own, which it
 * may kill, stop and start again, and a fake one that says what it is told.
 */
#ifndef REDIS_SERVER_H
#define REDIS_SERVER_H

#include <pthread.h>
#include <sys/types.h>

#include "dl_config.h"

typedef struct redis_server_t {
    pid_t pid;
    char dir[64];
    char socket[96];
    dl_redis_addr_t addr;       /**< the socket, no login */
} redis_server_t;

/**
 * Makes a folder and starts a server on a socket in it; waits until it
 * answers PING, be it by an error. Fails the test when it does not.
 * @param args  further arguments, NULL-ended, or NULL
 */
void redis_server_start(redis_server_t *server, const char *const *args);

/** Starts it again on the same socket and folder after a kill. */
void redis_server_again(redis_server_t *server, const char *const *args);

/** Sends SIGKILL and waits until it is gone. */
void redis_server_kill(redis_server_t *server);

/** Kills it and removes its folder. */
void redis_server_remove(redis_server_t *server);

/** Runs a command on a link of its own and returns an integer or -1. */
long long redis_server_ask(const dl_redis_addr_t *addr, const char *command);

/** A server on a loopback port that plays one scene to each connection. */
typedef struct fake_server_t {
    const char *greeting;       /**< sent upon the first bytes received */
    const char *scene;          /**< sent upon the next bytes, or NULL */
    size_t scene_len;           /**< 0: strlen */
    int close;                  /**< close after the scene, else stay */
    int listen_fd;
    int connections;            /**< how many came; atomic */
    pthread_t thread;
    dl_redis_addr_t addr;
} fake_server_t;

/** Starts it; set greeting, scene and close before. */
void fake_server_start(fake_server_t *fake);

/** Ends it; its clients must be closed already. */
void fake_server_stop(fake_server_t *fake);

/** How many descriptors this process has open. */
int open_descriptors(void);

#endif /* REDIS_SERVER_H */
