/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Setters of what jobs, keys and limits are like.
 */
#include "dl_set.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "dl_log.h"
#include "dl_parse.h"
#include "dl_redis_url.h"
#include "dl_secret.h"

#define KEY_PREFIX_MAX 64
#define KEY_FORMAT_MAX 512
#define RATE_WINDOW_MAX_MS 3600000
#define USER_MAX 255

const char *dl_set_redis(const dl_directive_t *directive, void *into,
                         int argc, const char *const *argv, apr_pool_t *p)
{
    dl_redis_addr_t *addr = NULL;
    const char *password = NULL;
    const char *error = dl_redis_url_parse(argv[0], p, &addr);

    (void)directive;
    for (int i = 1; error == NULL && i < argc; i++) {
        const char *reference = dl_set_option(argv[i], "password");
        error = reference == NULL
                    ? "only password=SECRET may follow the URL; remove the "
                      "rest"
                    : dl_secret_read(reference, p, &password);
    }
    if (error == NULL && password != NULL) {
        error = dl_redis_addr_password(addr, password, p);
    }
    if (error != NULL) {
        return error;
    }
    ((dl_config_t *)into)->redis = addr;
    return NULL;
}

const char *dl_set_key_prefix(const dl_directive_t *directive, void *into,
                              int argc, const char *const *argv,
                              apr_pool_t *p)
{
    const char *prefix = argv[0];

    (void)directive;
    (void)argc;
    if (strlen(prefix) > KEY_PREFIX_MAX) {
        return apr_psprintf(p, "%s has more than %d bytes; shorten it",
                            dl_parse_quote(prefix, p), KEY_PREFIX_MAX);
    }
    for (const char *c = prefix; *c != '\0'; c++) {
        if (!apr_isalnum(*c) && strchr("{}:._/-", *c) == NULL) {
            return apr_psprintf(p, "%s holds a character other than letters, "
                                "digits and {}:._/-; remove it",
                                dl_parse_quote(prefix, p));
        }
    }
    ((dl_config_t *)into)->key_prefix = apr_pstrdup(p, prefix);
    return NULL;
}

const char *dl_set_key_format(const dl_directive_t *directive, void *into,
                              int argc, const char *const *argv,
                              apr_pool_t *p)
{
    const char *format = argv[0];
    const char *shown = dl_parse_quote(format, p);
    const char *error = dl_parse_template(format, p);

    (void)directive;
    (void)argc;
    if (error != NULL) {
        return error;
    }
    if (strlen(format) > KEY_FORMAT_MAX) {
        return apr_psprintf(p, "%s has more than %d bytes; shorten it", shown,
                            KEY_FORMAT_MAX);
    }
    for (const char *c = format; *c != '\0'; c++) {
        if (!apr_isgraph(*c) || *c == '\\') {
            return apr_psprintf(p, "%s holds a blank, a backslash or a "
                                "character that is not ASCII; remove it",
                                shown);
        }
    }
    for (const char *part = format; part != NULL;) {
        apr_size_t len = strcspn(part, "/");
        if (len == 0 || (len <= 2 && strncmp(part, "..", len) == 0)) {
            return apr_psprintf(p, "%s has an empty, \".\" or \"..\" part "
                                "between slashes; write a plain key such as "
                                "files/%%{file_id}", shown);
        }
        part = part[len] == '/' ? part + len + 1 : NULL;
    }
    ((dl_config_t *)into)->key_format = apr_pstrdup(p, format);
    return NULL;
}

const char *dl_set_public_url(const dl_directive_t *directive, void *into,
                              int argc, const char *const *argv,
                              apr_pool_t *p)
{
    (void)directive;
    (void)argc;
    return dl_parse_url(argv[0], DL_URL_BASE, p,
                        &((dl_config_t *)into)->public_url);
}

const char *dl_set_file_ids(const dl_directive_t *directive, void *into,
                            int argc, const char *const *argv, apr_pool_t *p)
{
    dl_config_t *conf = into;

    (void)argc;
    return dl_parse_range(argv[0], directive->min, directive->max, p,
                          &conf->file_id_min, &conf->file_id_max);
}

const char *dl_set_rate_limit(const dl_directive_t *directive, void *into,
                              int argc, const char *const *argv,
                              apr_pool_t *p)
{
    dl_config_t *conf = into;
    apr_int64_t n = 0;
    apr_int64_t ms = 0;
    const char *error = dl_parse_rate(argv[0], directive->max, 1000,
                                      RATE_WINDOW_MAX_MS, p, &n, &ms);
    (void)argc;

    if (error == NULL && ms % 1000 != 0) {
        error = apr_psprintf(p, "%s has a window that is no whole number of "
                             "seconds; write it as such",
                             dl_parse_quote(argv[0], p));
    }
    if (error == NULL) {
        conf->rate_limit = (int)n;
        conf->rate_window_s = ms / 1000;
    }
    return error;
}

const char *dl_set_rate(const dl_directive_t *directive, void *into, int argc,
                        const char *const *argv, apr_pool_t *p)
{
    apr_int64_t n = 0;
    apr_int64_t ms = 0;
    const char *error = dl_parse_rate(argv[0], directive->max, 1000,
                                      RATE_WINDOW_MAX_MS, p, &n, &ms);
    (void)argc;

    if (error == NULL && n != 0 && ms != 1000) {
        error = apr_psprintf(p, "%s does not say how many a second; write "
                             "such as 10/s, or off",
                             dl_parse_quote(argv[0], p));
    }
    if (error == NULL) {
        ((dl_config_t *)into)->rate = (int)n;
    }
    return error;
}

const char *dl_set_priority(const dl_directive_t *directive, void *into,
                            int argc, const char *const *argv, apr_pool_t *p)
{
    dl_config_t *conf = into;
    apr_array_header_t *users = apr_array_make(p, argc, sizeof(const char *));

    (void)directive;
    for (int i = 0; i < argc; i++) {
        int alone = strcmp(argv[i], "*") == 0
                    || strcasecmp(argv[i], "off") == 0;
        if (alone && argc > 1) {
            return apr_psprintf(p, "%s stands for all or none; write it "
                                "alone, or users only",
                                dl_parse_quote(argv[i], p));
        }
        if (argv[i][0] == '\0' || strlen(argv[i]) > USER_MAX) {
            return apr_psprintf(p, "%s is no user's name: empty or over %d "
                                "bytes; correct it",
                                dl_parse_quote(argv[i], p), USER_MAX);
        }
        *(const char **)apr_array_push(users) = apr_pstrdup(p, argv[i]);
    }
    conf->priority_users =
        argc == 1 && strcasecmp(argv[0], "off") == 0 ? NULL : users;
    return NULL;
}

const char *dl_set_worker_log(const dl_directive_t *directive, void *into,
                              int argc, const char *const *argv,
                              apr_pool_t *p)
{
    static const struct {
        const char *name;
        int level;
    } LEVELS[] = {
        { "error", DL_LOG_ERROR }, { "warn", DL_LOG_WARN },
        { "info", DL_LOG_INFO }, { "debug", DL_LOG_DEBUG }, { NULL, 0 }
    };
    dl_config_t *conf = into;
    int to_stderr = strcasecmp(argv[0], "stderr") == 0;
    int level = DL_LOG_INFO;

    (void)directive;
    if (!to_stderr && argv[0][0] != '/') {
        return apr_psprintf(p, "%s is neither stderr nor an absolute path; "
                            "write one of them", dl_parse_quote(argv[0], p));
    }
    for (int i = 0; argc > 1; i++) {
        if (LEVELS[i].name == NULL) {
            return dl_set_unknown(argv[1], "error, warn, info or debug", p);
        }
        if (strcasecmp(LEVELS[i].name, argv[1]) == 0) {
            level = LEVELS[i].level;
            break;
        }
    }
    conf->worker_log = to_stderr ? NULL : apr_pstrdup(p, argv[0]);
    conf->worker_log_level = level;
    return NULL;
}
