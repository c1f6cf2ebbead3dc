/* SPDX-License-Identifier: Apache-2.0 */
/* See wait.h. */
#include "wait.h"

#include <poll.h>
#include <stddef.h>
#include <time.h>

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int wait_until(int (*condition)(void *data), void *data, int seconds)
{
    double deadline = now_s() + seconds;
    int step_ms = 2;

    for (;;) {
        int got = condition(data);

        if (got || now_s() > deadline) {
            return got;
        }
        poll(NULL, 0, step_ms);
        step_ms = step_ms < 10 ? step_ms * 2 : 20;
    }
}
