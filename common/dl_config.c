/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Defaults, and what only the whole of a configuration can tell.
 */
#include "dl_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "dl_directive.h"
#include "dl_parse.h"

/** Sets what the table names as defaults, by its own parsers. */
static void presets(void *into, int location, apr_pool_t *p)
{
    for (const dl_directive_t *d = dl_directives; d->name != NULL; d++) {
        dl_set_mask_t set = 0;

        if (d->preset != NULL
            && (d->scope == DL_SCOPE_LOCATION) == location
            && dl_directive_apply(d, d->preset, into, &set, p) != NULL) {
            abort(); /* a default of the table that its own parser refuses */
        }
    }
}

dl_config_t *dl_config_create(apr_pool_t *p)
{
    dl_config_t *conf = apr_pcalloc(p, sizeof(*conf));

    presets(conf, 0, p);
    return conf;
}

dl_location_t *dl_location_create(apr_pool_t *p)
{
    dl_location_t *location = apr_pcalloc(p, sizeof(*location));

    presets(location, 1, p);
    return location;
}

static const char *check_store(const dl_config_t *conf)
{
    const dl_credentials_t *keys = &conf->credentials;

    if (conf->store.kind == DL_STORE_NONE) {
        return "DLJobStore is missing: nobody knows where to keep files; add "
               "DLJobStore file:/DIRECTORY or s3://BUCKET";
    }
    if (conf->store.kind == DL_STORE_FILE && keys->link_key == NULL) {
        return "DLJobStore file: needs a link_key to sign links with; add "
               "DLJobCredentials with a file that has a line link_key = VALUE "
               "(make one with: openssl rand -hex 32)";
    }
    if (conf->store.kind == DL_STORE_S3 && keys->access_key == NULL
        && keys->keys == NULL) {
        return "DLJobStore s3: needs keys; add DLJobCredentials with a file "
               "that has the lines access_key = VALUE and secret_key = VALUE, "
               "or env:, imds: or container:";
    }
    return NULL;
}

/** NULL, or that @a path is no directory this process can write to. */
static const char *check_dir(const char *directive, const char *path,
                             apr_pool_t *p)
{
    struct stat st;
    const char *reason = NULL;

    if (stat(path, &st) != 0) {
        reason = strerror(errno);
    }
    else if (!S_ISDIR(st.st_mode)) {
        reason = "not a directory";
    }
    else if (access(path, W_OK | X_OK) != 0) {
        reason = "not writable";
    }
    return reason == NULL
               ? NULL
               : apr_psprintf(p, "%s: cannot use %s: %s; create it, writable "
                              "for the user dlworker runs as", directive, path,
                              reason);
}

static const char *check_exec(const char *path, apr_pool_t *p)
{
    struct stat st;
    const char *reason = NULL;

    if (stat(path, &st) != 0) {
        reason = strerror(errno);
    }
    else if (!S_ISREG(st.st_mode) || access(path, X_OK) != 0) {
        reason = "not an executable file";
    }
    return reason == NULL
               ? NULL
               : apr_psprintf(p, "DLJobSource: cannot run %s: %s; correct the "
                              "path or chmod +x it", path, reason);
}

static const char *check_worker(const dl_config_t *conf, apr_pool_t *p)
{
    const char *error = NULL;

    if (conf->source.kind == DL_SOURCE_NONE) {
        return "DLJobSource is missing: the worker does not know where files "
               "come from; add DLJobSource exec, http, store or simulate";
    }
    if (conf->source.kind == DL_SOURCE_EXEC) {
        error = check_exec(conf->source.argv[0], p);
    }
    if (error == NULL && conf->source.kind != DL_SOURCE_STORE) {
        error = check_dir("DLJobSpool", conf->spool, p);
    }
    if (error == NULL && conf->store.kind == DL_STORE_FILE) {
        error = check_dir("DLJobStore", conf->store.dir, p);
    }
    return error;
}

const char *dl_config_check(const dl_config_t *conf, int for_worker,
                            apr_pool_t *p)
{
    const char *error;

    if (conf->redis == NULL) {
        return "DLJobRedis is missing: nobody knows where jobs are kept; add "
               "such as DLJobRedis redis://127.0.0.1:6379";
    }
    error = check_store(conf);
    if (error == NULL && conf->store.kind == DL_STORE_FILE
        && conf->store.max_bytes != 0
        && conf->store.max_bytes < conf->max_object && for_worker) {
        error = apr_psprintf(p, "DLJobStore max=%s is below DLJobMaxObject "
                             "%s, so such a file would never fit; raise the "
                             "former or lower the latter",
                             dl_parse_show_size(conf->store.max_bytes, p),
                             dl_parse_show_size(conf->max_object, p));
    }
    if (error == NULL && for_worker) {
        error = check_worker(conf, p);
    }
    return error;
}
