/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the stream client share; see streams.c.
 */
#ifndef STREAMS_H
#define STREAMS_H

#include <stdio.h>
#include <string.h>

#include <openssl/ssl.h>

enum {
    PENDING_MAX = 100           /* connections being made at once */
};

typedef enum {
    WAITING,                    /* to be opened at due_s */
    CONNECTING,
    ASKED,
    OPEN,
    REFUSED,
    DONE
} client_state_e;

typedef struct client_t {
    int fd;
    client_state_e state;
    int watched;
    int slow;
    int status;
    int opened;                 /* at least once */
    int terminal;               /* saw the end: is not opened again */
    double due_s;
    double slow_until;
    double retry_s;
    SSL *ssl;
    double sent_s[100];         /* publisher: by the event's number */
    int seq;
    char id[64];
    char last_id[24];
    size_t used;
    char buf[4096];
} client_t;

typedef struct run_t {
    int port;
    const char *base;
    const char *redis;
    const char *channel;
    int http_port;              /* publish by POST to this port instead */
    int seconds;                /* of publishing */
    int epoll;
    int reopen;
    int slow;
    SSL_CTX *tls;
    client_t *clients;
    int count;
    int pending;
    int open;
    int refused;
    int terminal;
    int closed;
    int again;
    unsigned long events;
    unsigned long bytes;
    double next_look_s;
    char said[256];
    struct publisher_t *publisher;
} run_t;

/** Monotonic seconds. */
double now_s(void);

/** Says what failed, and why, and ends the program. */
void die(const char *what);

/** Starts to open a stream. */
void client_open(run_t *run, client_t *c);

/** Closes it; WAITING or DONE. */
void client_close(run_t *run, client_t *c);

/** One round of epoll, at most @a ms. */
void run_turn(run_t *run, int ms);

/** Opens all, then publishes as @a measure says; the exit status. */
int publisher_run(run_t *run, const char *measure);

/** An event has come: counts its delay if it is one of ours. */
void publisher_arrived(run_t *run, client_t *c, const char *line);

/** Reads Redis' replies, which say nothing of interest. */
void publisher_drain(run_t *run);

/** Opens and breaks @a n streams at random moments; the exit status. */
int churn_run(run_t *run, int n);

#endif /* STREAMS_H */
