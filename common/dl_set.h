/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The setters of the directive table; private to dl_directive.c.
 */
#ifndef DL_SET_H
#define DL_SET_H

#include "dl_directive.h"

/* One member, bounds from the table (dl_set.c). "off" or "0" gives 0 in
 * _or_off. */
dl_directive_set_fn dl_set_int;             /* int */
dl_directive_set_fn dl_set_int_or_off;      /* int */
dl_directive_set_fn dl_set_flag;            /* int */
dl_directive_set_fn dl_set_ms;              /* apr_int64_t, milliseconds */
dl_directive_set_fn dl_set_seconds;         /* apr_int64_t, whole seconds */
dl_directive_set_fn dl_set_size;            /* apr_int64_t, bytes */
dl_directive_set_fn dl_set_path;            /* const char *, absolute */

/* One directive each (dl_set_job.c). */
dl_directive_set_fn dl_set_redis;
dl_directive_set_fn dl_set_key_prefix;
dl_directive_set_fn dl_set_key_format;
dl_directive_set_fn dl_set_public_url;
dl_directive_set_fn dl_set_file_ids;
dl_directive_set_fn dl_set_rate_limit;
dl_directive_set_fn dl_set_rate;
dl_directive_set_fn dl_set_priority;
dl_directive_set_fn dl_set_worker_log;

/* Places and secrets (dl_set_store.c). */
dl_directive_set_fn dl_set_store;
dl_directive_set_fn dl_set_credentials;
dl_directive_set_fn dl_set_source;

/* Webhooks (dl_set_webhook.c). */
dl_directive_set_fn dl_set_webhook_secret;
dl_directive_set_fn dl_set_webhook_allow;
dl_directive_set_fn dl_set_webhook_retry;

/* Of a location (dl_set_location.c). */
dl_directive_set_fn dl_set_user;
dl_directive_set_fn dl_set_max_streams;
dl_directive_set_fn dl_set_cors;
dl_directive_set_fn dl_set_sunset;

/** @a value begins with @a name and "=": what follows, else NULL. */
const char *dl_set_option(const char *value, const char *name);

/** NULL, or that @a argument is unknown and which ones are known. */
const char *dl_set_unknown(const char *argument, const char *known,
                           apr_pool_t *p);

#endif /* DL_SET_H */
