/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the API is. Nothing in the module knows a path: the core's own
 * configuration of the request tells which section gave it the handler.
 */
#include "dljob_base.h"

#include <ap_expr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <http_protocol.h>

static const struct {
    const char *name;
    dljob_kind_e kind;
} kinds[] = {
    { "dljob", DLJOB_API },
    { "dljob-health", DLJOB_HEALTH },
    { "dljob-metrics", DLJOB_METRICS },
    { NULL, DLJOB_API }
};

int dljob_base_kind(request_rec *r, dljob_kind_e *kind)
{
    const core_dir_config *core =
        ap_get_core_module_config(r->per_dir_config);
    const char *handler = core->handler;
    const char *err = NULL;
    int i;

    /* SetHandler keeps its argument as an expression, nearly always a
     * constant; the core evaluates it too late for us. */
    if (core->expr_handler) {
        handler = ap_expr_str_exec(r, core->expr_handler, &err);
        if (err) {
            return -1;
        }
    }
    if (!handler || strncmp(handler, "dljob", 5)) {
        return -1;
    }
    for (i = 0; kinds[i].name; i++) {
        if (!strcmp(handler, kinds[i].name)) {
            *kind = kinds[i].kind;
            return 0;
        }
    }
    return -1;
}

static apr_ssize_t section_len(const core_dir_config *section,
                               const char *uri)
{
    apr_size_t len;

    if (section->r) {
        ap_regmatch_t match[1];

        if (ap_regexec(section->r, uri, 1, match, 0)) {
            return -1;
        }
        len = match[0].rm_eo;
    }
    else if (section->d_is_fnmatch) {
        return -1;              /* matches whole paths: no base to tell */
    }
    else {
        len = strlen(section->d);
        if (strncmp(section->d, uri, len)) {
            return -1;
        }
    }
    while (len && uri[len - 1] == '/') {
        len--;
    }
    return len;
}

apr_ssize_t dljob_base_len(request_rec *r)
{
    const core_dir_config *merged =
        ap_get_core_module_config(r->per_dir_config);
    const core_server_config *server =
        ap_get_core_module_config(r->server->module_config);
    int i;

    /* Merging keeps the pointer of the section that said SetHandler. */
    for (i = server->sec_url->nelts - 1; i >= 0; i--) {
        const core_dir_config *section = ap_get_core_module_config(
            APR_ARRAY_IDX(server->sec_url, i, ap_conf_vector_t *));

        if (section->expr_handler
            && section->expr_handler == merged->expr_handler) {
            return section_len(section, r->uri);
        }
    }
    return -1;
}

/* An expression may have taken in what the client sent. */
static const char *escaped(dljob_call_t *call)
{
    const char *path = apr_pstrmemdup(call->pool, call->r->uri,
                                      call->base_len);

    return ap_os_escape_path(call->pool, path, 1);
}

/* The longest path without a character that a URL must escape. */
static apr_size_t plain_len(const char *path, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (!apr_isalnum(path[i]) && !strchr("/-._~", path[i])) {
            break;
        }
    }
    return i;
}

const char *dljob_base_url(dljob_call_t *call)
{
    request_rec *r = call->r;
    const char *scheme, *host;
    const char *path = r->uri;
    apr_size_t scheme_len, host_len, path_len = call->base_len;
    char port[8] = "";
    apr_size_t port_len = 0;
    char *s;

    if (call->base) {
        return call->base;
    }
    if (call->conf->public_url) {
        return call->base = call->conf->public_url;
    }

    scheme = ap_http_scheme(r);
    scheme_len = strlen(scheme);
    host = ap_get_server_name_for_url(r);
    host_len = strlen(host);
    if (!ap_is_default_port(ap_get_server_port(r), r)) {
        port_len = apr_snprintf(port, sizeof(port), ":%u",
                                (unsigned)ap_get_server_port(r));
    }

    if (plain_len(path, path_len) < path_len) {
        path = escaped(call);
        path_len = strlen(path);
    }

    s = apr_palloc(call->pool,
                   scheme_len + 3 + host_len + port_len + path_len + 1);
    call->base = s;
    memcpy(s, scheme, scheme_len);
    s += scheme_len;
    memcpy(s, "://", 3);
    s += 3;
    memcpy(s, host, host_len);
    s += host_len;
    memcpy(s, port, port_len);
    s += port_len;
    memcpy(s, path, path_len);
    s[path_len] = '\0';
    return call->base;
}
