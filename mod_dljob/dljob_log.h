/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library's messages go to httpd's error log.
 */
#ifndef DLJOB_LOG_H
#define DLJOB_LOG_H

#include <httpd.h>

/** Sets the sink of this process. @param s  the main server */
void dljob_log_open(server_rec *s);

#endif /* DLJOB_LOG_H */
