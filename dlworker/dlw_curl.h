/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transfers by libcurl on the worker's loop: one multi handle for sources,
 * stores and webhooks, so connections are shared and nobody waits.
 *
 * A transfer (dlw_xfer_t) belongs to whoever opened it, until closed. All on
 * the loop's thread.
 */
#ifndef DLW_CURL_H
#define DLW_CURL_H

#include <curl/curl.h>
#include <sys/socket.h>

#include "dl_loop.h"

/** A response's headers may have this many bytes in all. */
#define DLW_XFER_MAX_HEADERS 65536

typedef struct dlw_curl_t dlw_curl_t;
typedef struct dlw_xfer_t dlw_xfer_t;

/** What a transfer tells its owner; members may be NULL but for done. */
typedef struct dlw_xfer_on_t {
    /** Some of the answer's body. @return 0, or -1: end the transfer
     *  (done: CURLE_WRITE_ERROR). Without it the body is thrown away. */
    int (*body)(void *baton, const char *data, apr_size_t len);
    /** Bytes of an upload into @a buf. @return how many, 0: the end, -1: end
     *  the transfer (done: CURLE_ABORTED_BY_CALLBACK) */
    long (*read)(void *baton, char *buf, apr_size_t size);
    /** The upload begins again at @a offset. @return 0, -1: cannot */
    int (*seek)(void *baton, apr_int64_t offset);
    /** This very address is about to be connected to. @return 0, or -1: do
     *  not (when all are refused, done: CURLE_COULDNT_CONNECT). Without it
     *  any will do. A connection that is open already is not asked about:
     *  set CURLOPT_FRESH_CONNECT. */
    int (*address)(void *baton, const struct sockaddr *addr);
    /** The transfer has ended; once, never after close. The owner closes it
     *  here or later: status and headers can be read until then. */
    void (*done)(void *baton, CURLcode code);
} dlw_xfer_on_t;

/**
 * @param p  ends all transfers (done is not called) and frees everything
 *           when it is cleared; the loop must still be there
 */
apr_status_t dlw_curl_create(dl_loop_t *loop, apr_pool_t *p,
                             dlw_curl_t **curl);

/**
 * A transfer with safe settings: http and https only, no redirects, TLS
 * verified, the path sent as it is, no cookies, no .netrc, no proxy from the
 * environment (httpd's own look at the store uses none either), connected
 * within ten seconds, given up when not one byte moves for 60 s.
 * @return NULL when memory is short
 */
dlw_xfer_t *dlw_xfer_open(dlw_curl_t *curl, const dlw_xfer_on_t *on,
                          void *baton);

/** To set further options, but for CURLOPT_HTTPHEADER and callbacks. */
CURL *dlw_xfer_easy(dlw_xfer_t *x);

/** Adds "Name: value" to the request; copied. */
void dlw_xfer_header(dlw_xfer_t *x, const char *line);

/** Begins; done comes from a later turn of the loop, never from within. */
void dlw_xfer_start(dlw_xfer_t *x);

/** Ends a transfer in whatever state, from anywhere, its own callbacks
 *  included: no further callback. NULL is harmless. */
void dlw_xfer_close(dlw_xfer_t *x);

/** Status of the last response, 0: none. */
long dlw_xfer_status(const dlw_xfer_t *x);

/** A header of the last response, copied and bounded; NULL when absent. */
const char *dlw_xfer_response(dlw_xfer_t *x, const char *name, apr_pool_t *p);

/** Why it failed, for a log: libcurl's words, or "". Good until closed. */
const char *dlw_xfer_error(const dlw_xfer_t *x);

#endif /* DLW_CURL_H */
