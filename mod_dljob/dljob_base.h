/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the API is: the <Location> that has the handler, and its URL.
 */
#ifndef DLJOB_BASE_H
#define DLJOB_BASE_H

#include "dljob.h"

/**
 * The handler of ours that the request's location has been given by
 * SetHandler. To be called once the location is known (translate_name and
 * later).
 * @return 0 and @a kind, or -1: none of ours
 */
int dljob_base_kind(request_rec *r, dljob_kind_e *kind);

/**
 * How many bytes of r->uri are the base: the path of the section with the
 * handler, without a slash at its end. Works for <Location> without wildcards
 * and for <LocationMatch>.
 * @return -1 when the handler was not given by such a section
 */
apr_ssize_t dljob_base_len(request_rec *r);

/**
 * The API's base as clients see it, "https://host[:port]/v1/download", no
 * slash at the end: DLJobPublicURL, else scheme, host and port as httpd has
 * them (UseCanonicalName applies). Made once a request.
 */
const char *dljob_base_url(dljob_call_t *call);

#endif /* DLJOB_BASE_H */
