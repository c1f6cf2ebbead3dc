/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi.json, compiled into the module by json2c.awk.
 */
#ifndef DLJOB_OPENAPI_H
#define DLJOB_OPENAPI_H

#include <stddef.h>

/** The document, NUL-terminated; what GET /openapi.json answers. */
extern const char dljob_openapi[];

/** Its length without the NUL. */
extern const size_t dljob_openapi_len;

#endif /* DLJOB_OPENAPI_H */
