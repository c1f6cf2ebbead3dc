/* SPDX-License-Identifier: Apache-2.0 */
/*
 * X-Request-ID: a caller's own is kept when it is harmless in logs, headers
 * and keys.
 */
#ifndef DL_REQUEST_ID_H
#define DL_REQUEST_ID_H

#define DL_REQUEST_ID_MAX 128

/** Whether @a s (or NULL: no) is 1 to 128 of A-Z a-z 0-9 . _ - */
int dl_request_id_valid(const char *s);

#endif /* DL_REQUEST_ID_H */
