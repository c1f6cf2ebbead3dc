/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may hold how many streams, over all processes of a server.
 *
 * Lives in shared memory: one record per process, written by that process
 * alone (under its own lock) and read by all, so that a process that dies
 * takes its seats with it. Users and addresses are counted in a count-min
 * sketch (Cormode, Muthukrishnan: An Improved Data Stream Summary, 2005):
 * fixed memory however many callers, and a caller is never counted too low.
 */
#ifndef DL_SEATS_H
#define DL_SEATS_H

#include <apr.h>

/** The table; at least dl_seats_size() bytes, zeroed, shared by fork. */
typedef struct dl_seats_t dl_seats_t;

/** The record of this process. */
typedef struct dl_seats_mine_t dl_seats_mine_t;

/** Bounds; 0: none. */
typedef struct dl_seats_limits_t {
    int server;
    int user;
    int address;
} dl_seats_limits_t;

/** What was taken, to give back. */
typedef struct dl_seat_t {
    apr_uint32_t user[2];
    apr_uint32_t address[2];
    int has_user;
} dl_seat_t;

/** Bytes of shared memory for @a processes records. */
apr_size_t dl_seats_size(int processes);

/** Prepares zeroed shared memory; in the parent. */
dl_seats_t *dl_seats_init(void *mem, int processes);

/**
 * Takes a record for this process: a free one, or one of a process that is
 * no more. In the child, before its threads.
 * @return NULL when there is none
 */
dl_seats_mine_t *dl_seats_join(dl_seats_t *seats);

typedef enum {
    DL_SEATS_TAKEN,
    DL_SEATS_SERVER_FULL,
    DL_SEATS_USER_FULL,
    DL_SEATS_ADDRESS_FULL
} dl_seats_e;

/**
 * Takes a seat. Any thread of the process, but one at a time (the caller's
 * lock). Two processes that take the last seat at one moment may both get
 * it: the bounds protect the server, they are not accounts.
 * @param user  "" : anonymous, counted by address only
 */
dl_seats_e dl_seats_take(dl_seats_t *seats, dl_seats_mine_t *mine,
                         const dl_seats_limits_t *limits, const char *user,
                         const char *address, dl_seat_t *seat);

/** Gives a seat back; same lock as dl_seats_take(). */
void dl_seats_give(dl_seats_mine_t *mine, const dl_seat_t *seat);

/** Seats taken in all processes. */
int dl_seats_total(const dl_seats_t *seats);

/** Processes that have joined and live. */
int dl_seats_processes(const dl_seats_t *seats);

/** Seats taken in this process. */
int dl_seats_of(const dl_seats_mine_t *mine);

#endif /* DL_SEATS_H */
