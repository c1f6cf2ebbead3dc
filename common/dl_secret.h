/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets of dljob.conf: directives name where a secret is, never the secret.
 *
 * A reference is "/path" or "file:/path", "exec:/path args…" (what the program
 * prints) or "env:NAME". httpd reads them while it still is root. No message
 * from here holds a byte of a secret.
 *
 * Every function returns NULL, or one sentence with reason and remedy, in
 * @a p. Blocks (exec: up to 10 s): for start-up and reload only, one thread.
 */
#ifndef DL_SECRET_H
#define DL_SECRET_H

#include <apr_pools.h>

#include "dl_config.h"

/** More than this is no secret but a mistake. */
#define DL_SECRET_MAX 65536

/**
 * Reads a secret; line feeds at its end are cut off.
 *
 * A file must be a regular one that others cannot read and the group cannot
 * write; a program must not be writable by group or others and ends with
 * status 0. A file that this process may not read is taken from systemd's
 * LoadCredential=, when the unit has one of its name. Empty, longer than
 * DL_SECRET_MAX or with a NUL byte: refused.
 *
 * @param secret  NUL-terminated, in @a p
 */
const char *dl_secret_read(const char *reference, apr_pool_t *p,
                           const char **secret);

/**
 * Reads the token that a container's platform has put at @a path: as above,
 * but whoever may read it, as the platform decides (kubelet: 0644).
 */
const char *dl_secret_read_mounted(const char *path, apr_pool_t *p,
                                   const char **secret);

/**
 * Reads the credentials of a store: lines "access_key = …", "secret_key = …",
 * "session_token = …", "link_key = …"; empty lines and "#" lines are skipped,
 * quotes are not special, a name may occur once.
 */
const char *dl_secret_credentials(const char *reference, apr_pool_t *p,
                                  dl_credentials_t *credentials);

/**
 * Reads secrets of webhooks, one a line, newest first, and appends them.
 * Each is "whsec_" and the base64 of 24 to 64 bytes (Standard Webhooks 1.0).
 * @param secrets  of const char *
 */
const char *dl_secret_webhooks(const char *reference, apr_pool_t *p,
                               apr_array_header_t *secrets);

/** A reference as messages show it: of exec: without its arguments. */
const char *dl_secret_shown(const char *reference, apr_pool_t *p);

#endif /* DL_SECRET_H */
