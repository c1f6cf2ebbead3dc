/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Caps on streams; see dl_cap.h.
 */
#include "dl_cap.h"

enum {
    THREADS_A_BLOCKING = 4      /* one in so many threads may block */
};

/* A child accepts while its connections are fewer than its threads and factor
 * times its idle threads. Best is a factor with which one idle thread makes up
 * for all streams, as long as all threads idle do not let in more connections
 * than there are descriptors; at the least half of the threads must do. */
static int factor_for(int child, const dl_cap_facts_t *facts)
{
    int least = (2 * child + facts->threads - 1) / facts->threads;
    int most = (int)(facts->descriptors / 8 * 7 / facts->threads);
    int factor = child < most ? child : most;

    return factor > least ? factor : least;
}

const char *dl_cap_compute(const dl_cap_facts_t *facts, dl_cap_t *cap,
                           int *factor)
{
    /* a quarter of the descriptors stays for the site */
    long fds = facts->descriptors / 4 * 3;
    int safe = facts->threads * (1 + facts->factor) / 2;

    *factor = 0;
    cap->server = facts->wanted > 0 ? facts->wanted : 0;
    cap->blocking = facts->threads > 1
                        ? (facts->threads + THREADS_A_BLOCKING - 1)
                              / THREADS_A_BLOCKING
                        : 0;
    cap->child = 0;
    if (facts->wanted == 0) {
        cap->blocking = 0;
        return "DLJobMaxStreams 0 allows none";
    }
    if (!facts->can_park) {
        return facts->threads > 1
                   ? "this MPM or httpd (before 2.4.63) needs a thread for "
                     "each; mpm_event holds more"
                   : "mpm_prefork holds none: clients poll; mpm_event holds "
                     "them without a thread each";
    }
    cap->child = facts->wanted > safe ? facts->wanted : safe;
    if (cap->child > fds) {
        cap->child = (int)fds;
    }
    if (cap->child > 0 && factor_for(cap->child, facts) > facts->factor) {
        *factor = factor_for(cap->child, facts);
    }
    if (facts->wanted <= safe) {
        return "half of what ThreadsPerChild and AsyncRequestWorkerFactor "
               "let a child accept; DLJobMaxStreams raises it";
    }
    return cap->child < facts->wanted
               ? "three quarters of a child's descriptors; "
                 "APACHE_ULIMIT_MAX_FILES or \"ulimit -n\" raises it"
               : "as DLJobMaxStreams says";
}
