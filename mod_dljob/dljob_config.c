/* SPDX-License-Identifier: Apache-2.0 */
/*
 * httpd's side of the directive table; see dljob_config.h.
 *
 * Directives are RAW_ARGS: the words of a line are cut by dl_words(), as in
 * dlworker, so that no quote means one thing here and another there.
 */
#include "dljob_config.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_log.h>

extern module AP_MODULE_DECLARE_DATA dljob_module;
APLOG_USE_MODULE(dljob);

dljob_server_conf_t *dljob_config_server(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &dljob_module);
}

dljob_dir_conf_t *dljob_config_dir(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &dljob_module);
}

apr_status_t dljob_config_user(request_rec *r, const char **user)
{
    const dljob_dir_conf_t *dir = dljob_config_dir(r);
    const char *error = NULL;
    const char *name = r->user;

    if (dir->user != NULL) {
        name = ap_expr_str_exec(r, dir->user, &error);
        if (error != NULL) {
            ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "DL0102: DLJobUser "
                          "cannot be evaluated: %s", error);
            return APR_EGENERAL;
        }
    }
    *user = name != NULL ? name : "";
    for (const char *c = *user; *c != '\0'; c++) {
        if (apr_iscntrl(*c) || c - *user >= DLJOB_USER_MAX) {
            return APR_EINVAL;
        }
    }
    return APR_SUCCESS;
}

/* --- per-server and per-directory records --------------------------------- */

void *dljob_config_create_server(apr_pool_t *p, server_rec *s)
{
    dljob_server_conf_t *server = apr_pcalloc(p, sizeof(*server));

    (void)s;
    server->conf = *dl_config_create(p);
    server->dirs = apr_array_make(p, 2, sizeof(dljob_dir_conf_t *));
    return server;
}

void *dljob_config_merge_server(apr_pool_t *p, void *base, void *add)
{
    const dljob_server_conf_t *over = add;
    dljob_server_conf_t *server = apr_pmemdup(p, base, sizeof(*server));

    dl_config_merge(&server->conf, &over->conf, over->set);
    server->set |= over->set;
    server->own = over->own;
    server->dirs = over->dirs;
    for (int i = 0; i < DL_DIRECTIVES_MAX; i++) {
        if (over->where[i].file != NULL) {
            server->where[i] = over->where[i];
        }
    }
    if (over->own != 0) {
        server->first = over->first;
    }
    return server;
}

void *dljob_config_create_dir(apr_pool_t *p, char *dir)
{
    dljob_dir_conf_t *conf = apr_pcalloc(p, sizeof(*conf));

    (void)dir;
    conf->location = *dl_location_create(p);
    return conf;
}

/** Which bit says that DLJobUser was set; never 0. */
static dl_set_mask_t user_bit(void)
{
    return dl_directive_bit(dl_directive_find("DLJobUser"));
}

/* Runs in each request that walks into a location: no parsing here. */
void *dljob_config_merge_dir(apr_pool_t *p, void *base, void *add)
{
    const dljob_dir_conf_t *below = base;
    const dljob_dir_conf_t *over = add;
    dljob_dir_conf_t *conf;

    if (over->set == 0) {
        return base;
    }
    conf = apr_pmemdup(p, below, sizeof(*conf));
    dl_location_merge(&conf->location, &over->location, over->set);
    conf->set |= over->set;
    if ((over->set & user_bit()) != 0) {
        conf->user = over->user;
    }
    return conf;
}

/* --- directives ----------------------------------------------------------- */

/**
 * The configuration dump (mod_info, -D DUMP_CONFIG) shows what stands in
 * httpd's tree: a password in a URL must not stay there.
 */
static void hide_arguments(cmd_parms *cmd, const char *shown)
{
    cmd->directive->args = apr_pstrdup(cmd->pool, shown);
}

static const char *set_server(cmd_parms *cmd, const dl_directive_t *directive,
                              const char *args)
{
    dljob_server_conf_t *server = dljob_config_server(cmd->server);
    dl_where_t where = { cmd->directive->filename, cmd->directive->line_num };
    const char *error;

    if (cmd->path != NULL) {
        return apr_psprintf(cmd->pool, "%s: is about the whole server, not "
                            "about one location; write it outside of "
                            "sections or in a <VirtualHost>",
                            directive->name);
    }
    error = dl_directive_apply(directive, args, &server->conf, &server->own,
                               cmd->pool);
    server->set |= server->own;
    server->where[dl_directive_index(directive)] = where;
    if (server->first.file == NULL) {
        server->first = where;
    }
    if (directive->hide) {
        hide_arguments(cmd, error == NULL ? server->conf.redis->display
                                          : "(hidden)");
    }
    return error;
}

static const char *parse_user(cmd_parms *cmd, dljob_dir_conf_t *dir)
{
    const char *error = NULL;

    if (strcmp(dir->location.user, "%{REMOTE_USER}") == 0) {
        dir->user = NULL;
        return NULL;
    }
    dir->user = ap_expr_parse_cmd(cmd, dir->location.user,
                                  AP_EXPR_FLAG_STRING_RESULT, &error, NULL);
    return error == NULL
               ? NULL
               : apr_psprintf(cmd->pool, "DLJobUser: cannot be parsed: %s; "
                              "see \"Expressions in Apache HTTP Server\"",
                              error);
}

static const char *set_location(cmd_parms *cmd, dljob_dir_conf_t *dir,
                                const dl_directive_t *directive,
                                const char *args)
{
    dljob_server_conf_t *server = dljob_config_server(cmd->server);
    dl_where_t where = { cmd->directive->filename, cmd->directive->line_num };
    const char *error = dl_directive_apply(directive, args, &dir->location,
                                           &dir->set, cmd->pool);

    server->where[dl_directive_index(directive)] = where;
    *(dljob_dir_conf_t **)apr_array_push(server->dirs) = dir;
    if (error == NULL && dl_directive_bit(directive) == user_bit()) {
        error = parse_user(cmd, dir);
    }
    return error;
}

static const char *set_raw(cmd_parms *cmd, void *dir, const char *args)
{
    const dl_directive_t *directive = cmd->info;

    return directive->scope == DL_SCOPE_LOCATION
               ? set_location(cmd, dir, directive, args)
               : set_server(cmd, directive, args);
}

command_rec dljob_config_commands[DL_DIRECTIVES_MAX + 1];

__attribute__((constructor)) static void make_commands(void)
{
    int n = 0;

    for (const dl_directive_t *d = dl_directives;
         d->name != NULL && n < DL_DIRECTIVES_MAX; d++) {
        command_rec *command = &dljob_config_commands[n++];

        command->name = d->name;
        command->func = (cmd_func){ .raw_args = set_raw };
        command->cmd_data = (void *)(apr_uintptr_t)d;
        /* .htaccess is refused by httpd, a section by set_server() */
        command->req_override = RSRC_CONF | ACCESS_CONF;
        command->args_how = RAW_ARGS;
        command->errmsg = d->syntax;
    }
}

/* --- the whole ------------------------------------------------------------ */

static int others_have_own(const server_rec *main_server)
{
    for (const server_rec *s = main_server->next; s != NULL; s = s->next) {
        if (dljob_config_server(s)->own != 0) {
            return 1;
        }
    }
    return 0;
}

/** Says what is wrong with @a server, as httpd says it of a directive. */
static void complain(const server_rec *s, const dljob_server_conf_t *server,
                     const char *error, apr_pool_t *p)
{
    const dl_where_t *where = dl_directive_where(server->where, error, p);

    if (where == NULL) {
        where = &server->first;
    }
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_EMERG, 0, s,
                 "DL0101: Syntax error on line %d of %s:", where->line,
                 where->file);
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_EMERG, 0, s, "%s", error);
}

/** NULL, or what is wrong with a section of @a s that says something. */
static const char *check_dirs(const server_rec *s, apr_pool_t *p)
{
    const apr_array_header_t *dirs = dljob_config_server(s)->dirs;
    const dljob_dir_conf_t *defaults =
        ap_get_module_config(s->lookup_defaults, &dljob_module);
    const char *error = NULL;

    for (int i = 0; error == NULL && i < dirs->nelts; i++) {
        const dljob_dir_conf_t *dir =
            APR_ARRAY_IDX(dirs, i, const dljob_dir_conf_t *);
        dl_location_t location = defaults->location;

        dl_location_merge(&location, &dir->location, dir->set);
        error = dl_location_check(&location, p);
    }
    return error;
}

/*
 * A server that says something must be able to serve; but the main server may
 * hold what virtual hosts complete.
 */
static int check_config(apr_pool_t *pconf, apr_pool_t *plog,
                        apr_pool_t *ptemp, server_rec *main_server)
{
    int base_only = others_have_own(main_server);

    (void)plog;
    for (server_rec *s = main_server; s != NULL; s = s->next) {
        dljob_server_conf_t *server = dljob_config_server(s);
        const char *error = dl_config_check(&server->conf, 0, pconf);

        server->unusable =
            server->set == 0 ? "no directive of dljob is set for this server"
                             : error;
        if (server->own == 0 || (s == main_server && base_only)) {
            error = NULL;
        }
        if (error == NULL) {
            error = check_dirs(s, ptemp);
        }
        if (error != NULL) {
            complain(s, server, error, ptemp);
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return OK;
}

void dljob_config_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
}
