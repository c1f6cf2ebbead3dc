/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams counted over processes; see dl_seats.h.
 */
#include "dl_seats.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum {
    WIDTH = 16384,              /* counters in a row; a power of two */
    ROWS = 2
};

struct dl_seats_mine_t {
    volatile pid_t pid;         /* 0: free */
    volatile apr_uint32_t taken;
    volatile apr_uint16_t user[ROWS][WIDTH];
    volatile apr_uint16_t address[ROWS][WIDTH];
};

struct dl_seats_t {
    int processes;
    dl_seats_mine_t records[];
};

apr_size_t dl_seats_size(int processes)
{
    return sizeof(dl_seats_t) + (apr_size_t)processes
                                    * sizeof(dl_seats_mine_t);
}

dl_seats_t *dl_seats_init(void *mem, int processes)
{
    dl_seats_t *seats = mem;

    seats->processes = processes;
    return seats;
}

static int is_gone(pid_t pid)
{
    return kill(pid, 0) < 0 && errno == ESRCH;
}

/* A dead process' record counts for nothing until somebody takes it over. */
static int live(const dl_seats_mine_t *record)
{
    return record->taken && !is_gone(record->pid);
}

/* Empties a record whose process is gone; touches only pages in use. */
static void clear(dl_seats_mine_t *mine)
{
    int row, i;

    mine->taken = 0;
    for (row = 0; row < ROWS; row++) {
        for (i = 0; i < WIDTH; i++) {
            if (mine->user[row][i]) {
                mine->user[row][i] = 0;
            }
            if (mine->address[row][i]) {
                mine->address[row][i] = 0;
            }
        }
    }
}

dl_seats_mine_t *dl_seats_join(dl_seats_t *seats)
{
    int i;

    for (i = 0; i < seats->processes; i++) {
        dl_seats_mine_t *mine = &seats->records[i];
        pid_t pid = mine->pid;

        if ((!pid || is_gone(pid))
            && __sync_bool_compare_and_swap(&mine->pid, pid, getpid())) {
            if (pid) {
                clear(mine);
            }
            return mine;
        }
    }
    return NULL;
}

/* FNV-1a, with a basis of its own for each row. */
static apr_uint32_t place(const char *name, int row)
{
    apr_uint64_t h = 14695981039346656037ULL ^ ((apr_uint64_t)row << 32);

    while (*name) {
        h = (h ^ (unsigned char)*name++) * 1099511628211ULL;
    }
    return (apr_uint32_t)(h ^ (h >> 29)) & (WIDTH - 1);
}

/* The sketch's answer: the smaller of the two rows' sums. */
static int count(const dl_seats_t *seats, int of_user,
                 const apr_uint32_t places[ROWS])
{
    int least = -1;
    int row, i;

    for (row = 0; row < ROWS; row++) {
        int sum = 0;

        for (i = 0; i < seats->processes; i++) {
            const dl_seats_mine_t *r = &seats->records[i];

            if (live(r)) {
                sum += of_user ? r->user[row][places[row]]
                               : r->address[row][places[row]];
            }
        }
        if (least < 0 || sum < least) {
            least = sum;
        }
    }
    return least;
}

dl_seats_e dl_seats_take(dl_seats_t *seats, dl_seats_mine_t *mine,
                         const dl_seats_limits_t *limits, const char *user,
                         const char *address, dl_seat_t *seat)
{
    int row;

    seat->has_user = user[0] != '\0';
    for (row = 0; row < ROWS; row++) {
        seat->user[row] = place(user, row);
        seat->address[row] = place(address, row);
    }
    if (limits->server && dl_seats_total(seats) >= limits->server) {
        return DL_SEATS_SERVER_FULL;
    }
    if (limits->user && seat->has_user
        && count(seats, 1, seat->user) >= limits->user) {
        return DL_SEATS_USER_FULL;
    }
    if (limits->address
        && count(seats, 0, seat->address) >= limits->address) {
        return DL_SEATS_ADDRESS_FULL;
    }
    mine->taken++;
    for (row = 0; row < ROWS; row++) {
        if (seat->has_user) {
            mine->user[row][seat->user[row]]++;
        }
        mine->address[row][seat->address[row]]++;
    }
    return DL_SEATS_TAKEN;
}

void dl_seats_give(dl_seats_mine_t *mine, const dl_seat_t *seat)
{
    int row;

    mine->taken--;
    for (row = 0; row < ROWS; row++) {
        if (seat->has_user) {
            mine->user[row][seat->user[row]]--;
        }
        mine->address[row][seat->address[row]]--;
    }
}

int dl_seats_total(const dl_seats_t *seats)
{
    int sum = 0;
    int i;

    for (i = 0; i < seats->processes; i++) {
        const dl_seats_mine_t *r = &seats->records[i];

        if (live(r)) {
            sum += (int)r->taken;
        }
    }
    return sum;
}

int dl_seats_processes(const dl_seats_t *seats)
{
    int n = 0;
    int i;

    for (i = 0; i < seats->processes; i++) {
        pid_t pid = seats->records[i].pid;

        n += pid && !is_gone(pid);
    }
    return n;
}

int dl_seats_of(const dl_seats_mine_t *mine)
{
    return (int)mine->taken;
}
