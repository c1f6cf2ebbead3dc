/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UUIDs of version 4 (RFC 9562 section 5.4): the ids of jobs and requests.
 */
#ifndef DL_UUID_H
#define DL_UUID_H

#include "dl_random.h"

#define DL_UUID_LEN 36

/** Writes @a n bytes as 2 n lower-case hex digits, no NUL. */
void dl_hex(const unsigned char *bytes, int n, char *out);

/**
 * Makes one, in lower case.
 * @param out  DL_UUID_LEN + 1 bytes, NUL-terminated
 */
void dl_uuid_make(dl_random_t *random, char *out);

/**
 * Whether @a s is a UUID as dl_uuid_make() writes them: version 4, variant
 * of RFC 9562, lower case, nothing before or after.
 * @param len  bytes of @a s, which needs no NUL
 */
int dl_uuid_valid(const char *s, apr_size_t len);

#endif /* DL_UUID_H */
