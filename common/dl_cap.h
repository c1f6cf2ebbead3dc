/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many streams an httpd can hold without harm to the site beside them.
 * Pure: what the caps follow from is asked elsewhere.
 *
 * A parked connection counts for the event MPM: a child stops accepting when
 * its connections reach ThreadsPerChild + idle * AsyncRequestWorkerFactor,
 * and a child without descriptors goes down. So there are caps of our own,
 * well below, and the log says which is in force and what would raise it.
 */
#ifndef DL_CAP_H
#define DL_CAP_H

typedef struct dl_cap_t {
    int child;                  /**< parked streams of one child */
    int server;                 /**< of all children; 0: as their sum */
    int blocking;               /**< streams of a child that hold a thread */
} dl_cap_t;

typedef struct dl_cap_facts_t {
    int can_park;               /**< event MPM of httpd 2.4.63 or later */
    int threads;                /**< ThreadsPerChild */
    int factor;                 /**< AsyncRequestWorkerFactor */
    long descriptors;           /**< RLIMIT_NOFILE of a child */
    int wanted;                 /**< DLJobMaxStreams; -1: auto, 0: none */
} dl_cap_facts_t;

/**
 * The caps, and which factor they need so that streams take none of the
 * connections that the site beside them may have.
 * @param factor  set to what AsyncRequestWorkerFactor must be raised to, or 0
 * @return why the cap is what it is, one phrase with the directive that
 *         raises it; static
 */
const char *dl_cap_compute(const dl_cap_facts_t *facts, dl_cap_t *cap,
                           int *factor);

#endif /* DL_CAP_H */
