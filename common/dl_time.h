/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times as the API writes them. Everything inside is Unix milliseconds
 * (signed); text is made here only, without locale, time zone or strftime.
 */
#ifndef DL_TIME_H
#define DL_TIME_H

#include <apr.h>

/** "2026-01-31T12:34:56.789Z", without the NUL. */
#define DL_TIME_ISO_LEN 24

/** "Sat, 31 Jan 2026 12:34:56 GMT", without the NUL. */
#define DL_TIME_HTTP_LEN 29

/** Unix milliseconds by this host's clock. */
apr_int64_t dl_time_now_ms(void);

/**
 * ISO 8601 (RFC 3339) in UTC with milliseconds.
 * @param ms   years 1970 to 9999; what is outside is shown as the nearer end
 * @param out  DL_TIME_ISO_LEN + 1 bytes, NUL-terminated
 */
void dl_time_iso(apr_int64_t ms, char *out);

/**
 * The date of HTTP headers, IMF-fixdate (RFC 9110 section 5.6.7).
 * @param out  DL_TIME_HTTP_LEN + 1 bytes, NUL-terminated
 */
void dl_time_http(apr_int64_t ms, char *out);

#endif /* DL_TIME_H */
