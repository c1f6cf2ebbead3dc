/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place where unit tests wait: for a condition, by a deadline, never
 * for a time to pass.
 */
#ifndef WAIT_H
#define WAIT_H

#define WAIT_S 30       /**< the usual deadline: two busy cores, sanitizers */

/**
 * Calls @a condition in steps of 2 to 20 ms until it returns non-zero.
 * @return what it returned, or 0 after @a seconds
 */
int wait_until(int (*condition)(void *data), void *data, int seconds);

#endif /* WAIT_H */
