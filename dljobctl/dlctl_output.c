/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where downloads go; see dlctl_output.h.
 */
#include "dlctl_output.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "dl_parse.h"
#include "dl_store.h"
#include "dl_uri.h"
#include "dlctl_text.h"

#define NAME_MAX_LEN 200        /* bytes; ".part" and an id still fit */
#define EXTENSION_MAX 10

static int is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static dlctl_exit_e make_dir(dlctl_output_t *output, const char *path)
{
    output->dir = 1;
    if (is_dir(path) || mkdir(path, 0777) == 0)
        return DLCTL_OK;
    return dlctl_error(DLCTL_CANT_CREATE, "%s cannot be made: %s", path,
                       strerror(errno));
}

static dlctl_exit_e read_base(dlctl_t *ctl, dlctl_output_t *output)
{
    const char *url = dlctl_args_get(ctl->args, "url"), *error;

    output->base = ctl->conf->public_url;
    if (!url)
        return DLCTL_OK;
    error = dl_parse_url(url, DL_URL_BASE, ctl->pool, &output->base);
    return error ? dlctl_error(DLCTL_USAGE, "--url: %s", error) : DLCTL_OK;
}

dlctl_exit_e dlctl_output_open(dlctl_t *ctl, int nfiles,
                               dlctl_output_t *output)
{
    const char *path = dlctl_args_get(ctl->args, "output");
    apr_size_t len = path ? strlen(path) : 0;
    dlctl_exit_e status;

    memset(output, 0, sizeof(*output));
    output->taken = apr_array_make(ctl->pool, nfiles + 1,
                                   sizeof(const char *));
    output->force = dlctl_args_get(ctl->args, "force") != NULL;
    status = read_base(ctl, output);
    if (status != DLCTL_OK)
        return status;
    if (len == 0)
        return path ? dlctl_error(DLCTL_USAGE, "--output needs a path")
                    : DLCTL_OK;
    if (strcmp(path, "-") == 0)
        return nfiles == 1 ? DLCTL_OK
                           : dlctl_error(DLCTL_USAGE, "--output -: only one "
                                         "file can go to stdout");
    output->path = path;
    if (path[len - 1] == '/' || nfiles > 1 || is_dir(path))
        return make_dir(output, path);
    if (!output->force && access(path, F_OK) == 0)
        return dlctl_error(DLCTL_CANT_CREATE, "%s is there already; --force "
                           "replaces it", path);
    return DLCTL_OK;
}

/* ".zip" of "files/70000.17-a1b2c3.zip", or "" */
static const char *extension(const char *key)
{
    const char *slash = key ? strrchr(key, '/') : NULL;
    const char *name = slash ? slash + 1 : key ? key : "";
    const char *dot = strrchr(name, '.');
    apr_size_t len = dot ? strlen(dot) : 0;

    if (len < 2 || len > EXTENSION_MAX || dot == name
        || strspn(dot + 1, "0123456789abcdefghijklmnopqrstuvwxyz"
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != len - 1)
        return "";
    return dot;
}

const char *dlctl_output_name(const char *filename, const char *key,
                              apr_int64_t file_id, apr_pool_t *p)
{
    const char *name = filename ? dlctl_text_safe(filename, p) : "";
    const char *slash = strrchr(name, '/');

    if (slash)
        name = slash + 1;
    while (*name == '.' || *name == '-' || *name == ' ')
        name++;
    if (*name == '\0' || strlen(name) > NAME_MAX_LEN)
        return apr_psprintf(p, "%" APR_INT64_T_FMT "%s", file_id,
                            extension(key));
    return name;
}

static int is_taken(const dlctl_output_t *output, const char *path)
{
    for (int i = 0; i < output->taken->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(output->taken, i, const char *), path) == 0)
            return 1;
    return 0;
}

const char *dlctl_output_path(dlctl_output_t *output, const char *filename,
                              const char *key, apr_int64_t file_id,
                              apr_pool_t *p)
{
    const char *name, *path, *between;

    if (!output->dir)
        return output->path;
    name = dlctl_output_name(filename, key, file_id, p);
    between = output->path[strlen(output->path) - 1] == '/' ? "" : "/";
    path = apr_pstrcat(p, output->path, between, name, NULL);
    if (is_taken(output, path))
        path = apr_psprintf(p, "%s%s%" APR_INT64_T_FMT "-%s", output->path,
                            between, file_id, name);
    APR_ARRAY_PUSH(output->taken, const char *) = path;
    return path;
}

const char *dlctl_output_url(const dlctl_t *ctl, const dlctl_output_t *output,
                             const char *url, const char *key, apr_pool_t *p)
{
    const dl_store_conf_t *store = &ctl->conf->store;
    const char *path;

    if (url && url[0] != '/')
        return url;
    if (url && output->base)
        return apr_pstrcat(p, output->base, url, NULL);
    if (store->kind == DL_STORE_FILE && key && dl_store_key_safe(key)) {
        path = apr_pstrcat(p, store->dir, "/", key, NULL);
        if (access(path, R_OK) == 0)
            return apr_pstrcat(p, "file://", dl_uri_encode(path, 1, p),
                               NULL);
    }
    dlctl_error(DLCTL_CONFIG, "links of a file store need the API's address: "
                "set DLJobPublicURL, or give --url "
                "https://www.example.com/v1/download");
    return NULL;
}
