/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters of the query string.
 */
#ifndef DLJOB_ARGS_H
#define DLJOB_ARGS_H

#include "dljob.h"

/**
 * The first parameter of that name, decoded; "" without a value, NULL when it
 * is absent.
 * @return 0; 1: absent; -1: malformed
 */
int dljob_arg(dljob_call_t *call, const char *name, const char **value);

/**
 * A parameter that is a decimal number.
 * @return 0; 1: absent; -1: no number within the bounds
 */
int dljob_arg_int(dljob_call_t *call, const char *name, apr_int64_t min,
                  apr_int64_t max, apr_int64_t *value);

#endif /* DLJOB_ARGS_H */
