/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors that httpd itself answers within our location (401, 403, a request
 * it could not read) get our body.
 */
#ifndef DLJOB_ERRORS_H
#define DLJOB_ERRORS_H

#include <httpd.h>

/** Registers filter and hook. */
void dljob_errors_register(void);

#endif /* DLJOB_ERRORS_H */
