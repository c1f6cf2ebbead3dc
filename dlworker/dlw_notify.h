/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service manager is told (sd_notify(3)): a datagram to
 * $NOTIFY_SOCKET, nothing where there is none.
 */
#ifndef DLW_NOTIFY_H
#define DLW_NOTIFY_H

#include <apr.h>

/** Sends "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=…": lines joined by
 *  a line feed. Never waits; failures are of no consequence. */
void dlw_notify(const char *state);

/** READY again after a reload: "RELOADING=1" with its time. */
void dlw_notify_reloading(void);

/** How often "WATCHDOG=1" must come, in ms: half of $WATCHDOG_USEC; 0: it
 *  need not. */
apr_int64_t dlw_notify_watchdog_ms(void);

#endif /* DLW_NOTIFY_H */
