/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the scripts of one configuration: in the compiled-in texts "@P@"
 * becomes the key prefix and CFG_NAME the setting of that name, so that Lua
 * sees constants and builds no key it need not build.
 */
#include "dl_script.h"

#include <ctype.h>
#include <string.h>

#include <apr_strings.h>
#include <hiredis/hiredis.h>
#include <openssl/evp.h>

#include "dl_buf.h"
#include "dl_log.h"
#include "dl_lua.h"

#define SHA1_LEN 20

typedef struct script_t {
    const char *text;
    apr_size_t len;
    char sha1[SHA1_LEN * 2 + 1];
} script_t;

struct dl_scripts_t {
    const char *prefix;
    script_t all[DL_SCRIPT_COUNT];
};

/* In the order of dl_script_e; also the names of the files in common/lua. */
static const char *const names[DL_SCRIPT_COUNT] = {
    "admit", "cancel", "claim", "beat", "complete", "fail", "release",
    "audit", "retry", "purge", "link", "list", "hook_claim", "hook_settle",
    "hook_replay", "figures", "forget"
};

typedef struct setting_t {
    const char *name;
    apr_int64_t value;
} setting_t;

/* A job with a webhook that is not delivered lives at least so long. */
#define HOOK_TTL_S 604800

#define NSETTINGS 14

static void settings_of(const dl_config_t *conf, setting_t *out)
{
    const setting_t rows[NSETTINGS] = {
        {"ATTEMPTS", conf->attempts > 0 ? conf->attempts : 1},
        {"BACKOFF_MS", conf->backoff_ms},
        {"HOOK_TTL_S", conf->job_ttl_s > HOOK_TTL_S ? conf->job_ttl_s
                                                    : HOOK_TTL_S},
        {"JOB_TTL_S", conf->job_ttl_s > 0 ? conf->job_ttl_s : 1},
        {"LEASE_MS", conf->lease_ms},
        {"MAX_ACTIVE", conf->max_active},
        {"MAX_LOST", conf->max_lost > 0 ? conf->max_lost : 1},
        {"MAX_QUEUE", conf->max_queue},
        {"RATE", conf->rate},
        {"RATE_LIMIT", conf->rate_limit},
        {"RATE_WINDOW_MS", conf->rate_window_s * 1000},
        {"RATE_WINDOWS_MS", conf->rate_window_s * 2000}, /* two */
        /* at least so long that a completion sent twice knows itself */
        {"RESULT_TTL_S", conf->result_ttl_s > 0 ? conf->result_ttl_s : 1},
        {NULL, 0}
    };

    memcpy(out, rows, sizeof(rows));
}

/* The prefix as it may stand in a quoted Lua string. */
static const char *lua_escaped(const char *s, apr_pool_t *p)
{
    dl_buf_t b;

    dl_buf_init(&b, strlen(s) + 16, p);
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '\\' || c == '\'' || c == '"' || c < ' ' || c == '@') {
            dl_buf_puts(&b, apr_psprintf(p, "\\%03d", c));
        }
        else {
            dl_buf_putc(&b, *s);
        }
    }
    return dl_buf_str(&b);
}

/** Appends what CFG_NAME at @a s stands for. @return its end, NULL: unknown */
static const char *put_setting(dl_buf_t *b, const char *s,
                               const setting_t *settings)
{
    const char *name = s + 4, *end = name;

    while (isupper((unsigned char)*end) || *end == '_')
        end++;
    for (; settings->name; settings++) {
        if (strlen(settings->name) == (size_t)(end - name)
            && memcmp(settings->name, name, end - name) == 0) {
            dl_buf_int(b, settings->value);
            return end;
        }
    }
    return NULL;
}

static apr_status_t fill_in(const dl_lua_t *lua, const char *prefix,
                            const setting_t *settings, apr_pool_t *p,
                            script_t *script)
{
    const char *s = lua->text;
    dl_buf_t b;

    dl_buf_init(&b, lua->len + 512, p);
    while (*s) {
        if (strncmp(s, "@P@", 3) == 0) {
            dl_buf_puts(&b, prefix);
            s += 3;
        }
        else if (strncmp(s, "CFG_", 4) == 0) {
            s = put_setting(&b, s, settings);
            if (!s)
                return APR_EINVAL;
        }
        else {
            dl_buf_putc(&b, *s++);
        }
    }
    script->text = dl_buf_str(&b);
    script->len = b.len;
    return APR_SUCCESS;
}

static apr_status_t digest(script_t *script)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char md[EVP_MAX_MD_SIZE];

    if (EVP_Digest(script->text, script->len, md, NULL, EVP_sha1(), NULL)
        != 1)
        return APR_EGENERAL;
    for (int i = 0; i < SHA1_LEN; i++) {
        script->sha1[2 * i] = hex[md[i] >> 4];
        script->sha1[2 * i + 1] = hex[md[i] & 15];
    }
    return APR_SUCCESS;
}

static const dl_lua_t *find_lua(const char *name)
{
    for (const dl_lua_t *lua = dl_lua_all; lua->name; lua++)
        if (strcmp(lua->name, name) == 0)
            return lua;
    return NULL;
}

apr_status_t dl_scripts_create(const dl_config_t *conf, apr_pool_t *p,
                               const dl_scripts_t **scripts)
{
    const char *prefix = lua_escaped(conf->key_prefix, p);
    dl_scripts_t *made = apr_pcalloc(p, sizeof(*made));
    setting_t settings[NSETTINGS];
    apr_status_t rv;

    made->prefix = apr_pstrdup(p, conf->key_prefix);
    settings_of(conf, settings);
    for (int i = 0; i < DL_SCRIPT_COUNT; i++) {
        const dl_lua_t *lua = find_lua(names[i]);

        rv = lua ? fill_in(lua, prefix, settings, p, &made->all[i])
                 : APR_ENOENT;
        if (rv == APR_SUCCESS)
            rv = digest(&made->all[i]);
        if (rv != APR_SUCCESS) {
            dl_log(DL_LOG_ERROR, "DL0110", NULL,
                   "script %s cannot be made (%d): this build is broken",
                   names[i], rv);
            return rv;
        }
    }
    *scripts = made;
    return APR_SUCCESS;
}

const char *dl_script_source(const dl_scripts_t *scripts, dl_script_e script,
                             apr_size_t *len)
{
    *len = scripts->all[script].len;
    return scripts->all[script].text;
}

const char *dl_script_prefix(const dl_scripts_t *scripts)
{
    return scripts->prefix;
}

const char *dl_script_sha1(const dl_scripts_t *scripts, dl_script_e script)
{
    return scripts->all[script].sha1;
}

int dl_script_missing(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_ERROR
        && strncmp(reply->str, "NOSCRIPT", 8) == 0;
}

const char *dl_script_name(dl_script_e script)
{
    return names[script];
}
