/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Lua scripts of common/lua, compiled into the programs.
 *
 * The settings a script needs (key prefix, limits, times) are written into
 * its head as constants once, at start-up: a call then carries only what
 * differs from call to call, and Redis parses less. KEYS[1] is always the key
 * prefix: it lies in the namespace's Cluster slot and within an ACL's
 * key pattern, and every other key is derived from it.
 */
#ifndef DL_SCRIPT_H
#define DL_SCRIPT_H

#include <apr_pools.h>

#include "dl_config.h"

typedef enum {
    DL_SCRIPT_ADMIT,
    DL_SCRIPT_CANCEL,
    DL_SCRIPT_CLAIM,
    DL_SCRIPT_BEAT,
    DL_SCRIPT_COMPLETE,
    DL_SCRIPT_FAIL,
    DL_SCRIPT_RELEASE,
    DL_SCRIPT_AUDIT,
    DL_SCRIPT_RETRY,
    DL_SCRIPT_PURGE,
    DL_SCRIPT_LINK,
    DL_SCRIPT_LIST,
    DL_SCRIPT_HOOK_CLAIM,
    DL_SCRIPT_HOOK_SETTLE,
    DL_SCRIPT_HOOK_REPLAY,
    DL_SCRIPT_FIGURES,
    DL_SCRIPT_FORGET,
    DL_SCRIPT_COUNT
} dl_script_e;

struct redisReply;

/** All scripts for one configuration; read-only, any thread. */
typedef struct dl_scripts_t dl_scripts_t;

/**
 * Writes the settings of @a conf into the scripts' heads and hashes them.
 * @param p  owns the texts
 * @return APR_EGENERAL when a script is not compiled in, or OpenSSL fails
 */
apr_status_t dl_scripts_create(const dl_config_t *conf, apr_pool_t *p,
                               const dl_scripts_t **scripts);

/** The source with its head of constants: what SCRIPT LOAD takes. */
const char *dl_script_source(const dl_scripts_t *scripts, dl_script_e script,
                             apr_size_t *len);

/** The key prefix the scripts were made for: their KEYS[1]. */
const char *dl_script_prefix(const dl_scripts_t *scripts);

/** 40 hex digits: what EVALSHA takes. */
const char *dl_script_sha1(const dl_scripts_t *scripts, dl_script_e script);

/**
 * Whether a reply says that the server does not have the script (a restart,
 * SCRIPT FLUSH): SCRIPT LOAD dl_script_source() and send the call again; it
 * has not run.
 */
int dl_script_missing(const struct redisReply *reply);

/** "admit" …: for logs and SLOWLOG readers. */
const char *dl_script_name(dl_script_e script);

#endif /* DL_SCRIPT_H */
