/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a request of httpd to the function that answers it.
 */
#ifndef DLJOB_HANDLER_H
#define DLJOB_HANDLER_H

#include "dljob.h"

/** What was made of the request, or NULL: it is not ours (yet). */
dljob_call_t *dljob_call_of(request_rec *r);

/**
 * The same, made now if the request's location has a handler of ours: some
 * other module (an Alias, a rewrite) has then translated its name.
 */
dljob_call_t *dljob_call_get(request_rec *r);

/**
 * translate_name, after whoever rewrites or redirects: recognises our
 * locations, gives the request its id, and keeps the file system out of it.
 */
int dljob_translate(request_rec *r);

/** map_to_storage: there is no file behind our locations to look for. */
int dljob_map_to_storage(request_rec *r);

/** Answers by the request's route, whatever was checked before it. */
int dljob_call_route(dljob_call_t *call);

/**
 * header_parser, before authentication: a browser asks by OPTIONS, and without
 * any credentials, whether a page may send them (Fetch standard). Answered
 * here where DLJobCORSOrigin is set.
 */
int dljob_preflight(request_rec *r);

/** handler. */
int dljob_handler(request_rec *r);

#endif /* DLJOB_HANDLER_H */
