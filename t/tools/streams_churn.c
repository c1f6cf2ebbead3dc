/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients that come and go at random moments in every way there is.
 */
#include "streams.h"

#include <stdlib.h>
#include <sys/socket.h>

enum {
    AT_ONCE = 64
};

/* How a client leaves. */
static void leave(run_t *run, client_t *c, int how)
{
    struct linger reset = { 1, 0 };

    switch (how) {
    case 0:                     /* RST */
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        client_close(run, c);
        break;
    case 1:                     /* half-close, and the server ends it */
        shutdown(c->fd, SHUT_WR);
        c->due_s = now_s() + 10;
        break;
    default:                    /* FIN */
        client_close(run, c);
        break;
    }
}

/* Each has a moment to leave at: before the answer, or later. */
static double moment(void)
{
    static const double after_s[] = { 0, 0.001, 0.005, 0.02, 0.1 };

    return now_s() + after_s[rand() % 5] * (rand() % 100) / 50.0;
}

int churn_run(run_t *run, int n)
{
    client_t *clients = run->clients;
    int ids = run->count, begun = 0, active, i;

    srand(1);
    if (ids < AT_ONCE) {
        fprintf(stderr, "streams: -c needs %d ids\n", AT_ONCE);
        return 64;
    }
    run->count = 0;             /* run_turn() opens nothing by itself */
    do {
        active = 0;
        for (i = 0; i < AT_ONCE; i++) {
            client_t *c = &clients[i];

            if (c->state == CONNECTING || c->state == ASKED
                || c->state == OPEN || c->state == REFUSED) {
                active++;
                if (c->due_s <= now_s()) {
                    leave(run, c, rand() % 3);
                }
            }
            else if (begun < n) {
                memcpy(c->id, clients[rand() % ids].id, sizeof(c->id));
                c->last_id[0] = '\0';
                c->terminal = 0;
                client_open(run, c);
                c->due_s = moment();
                begun++;
                active++;
            }
        }
        run_turn(run, 1);
    } while (active || begun < n);
    printf("{\"churned\":%d,\"opened\":%d,\"events\":%lu}\n", begun,
           run->closed, run->events);
    return 0;
}
