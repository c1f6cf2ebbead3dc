/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys from the environment and from metadata services; see dl_metadata.h.
 */
#include "dl_metadata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_time.h>

#include "dl_json.h"
#include "dl_parse.h"
#include "dl_secret.h"

#define INSTANCE "http://169.254.169.254"
#define CONTAINER "http://169.254.170.2"
#define ROLES "/latest/meta-data/iam/security-credentials/"
#define MAX_NAME 128
#define MAX_TOKEN 8192

enum { ASK_TOKEN, ASK_ROLE, ASK_KEYS };

/* A variable that is set and not empty, or NULL. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

static int is_graph(const char *s, apr_size_t len, apr_size_t max)
{
    if (len < 1 || len > max) {
        return 0;
    }
    for (; len > 0; s++, len--) {
        if ((unsigned char)*s <= 0x20 || (unsigned char)*s >= 0x7f) {
            return 0;
        }
    }
    return 1;
}

static int good(const char *s)
{
    return !s || is_graph(s, strlen(s), MAX_TOKEN);
}

static const char *from_environment(apr_pool_t *p, dl_credentials_t *c)
{
    const char *access = variable("AWS_ACCESS_KEY_ID");
    const char *secret = variable("AWS_SECRET_ACCESS_KEY");
    const char *token = variable("AWS_SESSION_TOKEN");

    if (!access || !secret) {
        return apr_psprintf(p, "env: needs AWS_ACCESS_KEY_ID and "
                            "AWS_SECRET_ACCESS_KEY in the environment, and "
                            "%s is not set; set it for this program",
                            access ? "AWS_SECRET_ACCESS_KEY"
                                   : "AWS_ACCESS_KEY_ID");
    }
    if (!good(access) || !good(secret) || !good(token)) {
        return "env: a space or control character is in AWS_ACCESS_KEY_ID, "
               "AWS_SECRET_ACCESS_KEY or AWS_SESSION_TOKEN; remove it";
    }
    c->access_key = apr_pstrdup(p, access);
    c->secret_key = apr_pstrdup(p, secret);
    c->session_token = token ? apr_pstrdup(p, token) : NULL;
    return NULL;
}

static const char *instance(apr_pool_t *p, dl_metadata_conf_t *conf)
{
    const char *url = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    const char *error = dl_parse_url(url ? url : INSTANCE, DL_URL_ORIGIN, p,
                                     &conf->url);

    conf->instance = 1;
    return error ? apr_pstrcat(p, "AWS_EC2_METADATA_SERVICE_ENDPOINT: ",
                               error, NULL) : NULL;
}

/* Where a token may go in clear text: this host, and the addresses that
 * ECS and EKS use. */
static int is_near(const char *url)
{
    static const char *const hosts[] = {
        "127.", "localhost", "[::1]", "169.254.170.2", "169.254.170.23",
        "[fd00:ec2::23]", NULL
    };
    apr_size_t len = strcspn(url + 7, "/:");

    if (strncmp(url, "http://", 7) != 0) {
        return 1;
    }
    if (url[7] == '[') {
        len = strcspn(url + 7, "]") + 1;
    }
    for (int i = 0; hosts[i]; i++) {
        if (i == 0 ? strncmp(url + 7, "127.", 4) == 0
                     && strspn(url + 7, "0123456789.") == len
                   : strlen(hosts[i]) == len
                     && strncmp(url + 7, hosts[i], len) == 0) {
            return 1;
        }
    }
    return 0;
}

static const char *container(apr_pool_t *p, dl_metadata_conf_t *conf)
{
    const char *path = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *url = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    const char *file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    const char *error;

    if (path) {
        url = apr_pstrcat(p, CONTAINER, *path == '/' ? "" : "/", path, NULL);
    }
    if (!url) {
        return "container: needs AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or "
               "AWS_CONTAINER_CREDENTIALS_FULL_URI in the environment, and "
               "neither is set; outside ECS and EKS use imds:, env: or a file";
    }
    error = dl_parse_url(url, DL_URL_BASE, p, &conf->url);
    if (error) {
        return apr_pstrcat(p, "AWS_CONTAINER_CREDENTIALS_FULL_URI: ", error,
                           NULL);
    }
    if (!is_near(conf->url)) {
        return "AWS_CONTAINER_CREDENTIALS_FULL_URI would send the token over "
               "the network in clear text; use https or an address of this "
               "host";
    }
    if (token && !good(token)) {
        return "AWS_CONTAINER_AUTHORIZATION_TOKEN holds a space or control "
               "character; remove it";
    }
    conf->token_file = file ? apr_pstrdup(p, file) : NULL;
    conf->token = token && !file ? apr_pstrdup(p, token) : NULL;
    return NULL;
}

const char *dl_metadata_credentials(const char *reference, apr_pool_t *p,
                                    dl_credentials_t *credentials)
{
    dl_credentials_t read = { 0 };
    dl_metadata_conf_t *conf = apr_pcalloc(p, sizeof(*conf));
    const char *error;

    if (strcmp(reference, "env:") == 0) {
        error = from_environment(p, &read);
    }
    else if (strcmp(reference, "imds:") == 0) {
        error = instance(p, conf);
        read.metadata = conf;
    }
    else if (strcmp(reference, "container:") == 0) {
        error = container(p, conf);
        read.metadata = conf;
    }
    else if (strncmp(reference, "imds:", 5) == 0
             || strncmp(reference, "container:", 10) == 0) {
        error = "nothing may stand behind imds: and container:; the service "
                "knows the role";
    }
    else {
        error = dl_secret_credentials(reference, p, &read);
    }
    if (!error) {
        read.keys = read.metadata ? dl_keys_create(p) : NULL;
        *credentials = read;
    }
    return error;
}

/* ---- the conversation ---- */

const char *dl_metadata_begin(dl_metadata_t *m,
                              const dl_metadata_conf_t *conf, apr_pool_t *p)
{
    const char *token = conf->token;
    const char *error = NULL;

    memset(m, 0, sizeof(*m));
    m->conf = conf;
    m->pool = p;
    if (conf->instance) {
        m->method = "PUT";
        m->url = apr_pstrcat(p, conf->url, "/latest/api/token", NULL);
        m->header = "X-aws-ec2-metadata-token-ttl-seconds: 21600";
        return NULL;
    }
    m->step = ASK_KEYS;
    m->method = "GET";
    m->url = conf->url;
    if (conf->token_file) {
        error = dl_secret_read_mounted(conf->token_file, p, &token);
    }
    if (!error && !good(token)) {
        error = apr_pstrcat(p, conf->token_file, " holds a space or control "
                            "character; it should be a token", NULL);
    }
    m->header = token ? apr_pstrcat(p, "Authorization: ", token, NULL) : NULL;
    return error;
}

/* "2026-01-31T12:34:56Z", perhaps with a fraction. @return 0: malformed */
static apr_int64_t parse_time(const char *s)
{
    apr_time_exp_t t = { 0 };
    apr_time_t at;
    char z = 0;

    if (sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d%c", &t.tm_year, &t.tm_mon,
               &t.tm_mday, &t.tm_hour, &t.tm_min, &t.tm_sec, &z) != 7
        || (z != 'Z' && z != '.') || s[strlen(s) - 1] != 'Z'
        || t.tm_year < 1970 || t.tm_mon < 1 || t.tm_mon > 12
        || t.tm_mday < 1 || t.tm_mday > 31) {
        return 0;
    }
    t.tm_year -= 1900;
    t.tm_mon--;
    return apr_time_exp_gmt_get(&at, &t) == APR_SUCCESS ? apr_time_sec(at)
                                                        : 0;
}

static const char *read_keys(dl_metadata_t *m, const char *body,
                             apr_size_t len)
{
    static const char *const names[] = {
        "AccessKeyId", "SecretAccessKey", "Token", "Expiration"
    };
    const char *values[4] = { 0 };
    dl_json_members_t members;
    dl_json_str_t name, value;
    dl_json_t r;

    dl_json_init(&r, body, len, m->pool);
    if (dl_json_object(&r, &members)) {
        while (dl_json_member(&r, &members, &name)) {
            int i = 0;

            while (i < 4 && !dl_json_is(&name, names[i])) {
                i++;
            }
            if (i == 4 || dl_json_peek(&r) != DL_JSON_STRING) {
                dl_json_skip(&r);
            }
            else if (dl_json_string(&r, &value)
                     && (i == 3 ? value.len < 40
                         : is_graph(value.s, value.len, MAX_TOKEN))) {
                values[i] = apr_pstrmemdup(m->pool, value.s, value.len);
            }
        }
    }
    if (!dl_json_end(&r) || r.error) {
        return "its answer is no JSON object";
    }
    if (!values[0] || !values[1]) {
        return "its answer lacks AccessKeyId or SecretAccessKey";
    }
    m->set.access_key = values[0];
    m->set.secret_key = values[1];
    m->set.session_token = values[2];
    m->set.expires_s = values[3] ? parse_time(values[3]) : 0;
    if (values[3] && m->set.expires_s == 0) {
        return "the Expiration in its answer is no time";
    }
    m->method = NULL;
    return NULL;
}

const char *dl_metadata_answer(dl_metadata_t *m, long status,
                               const char *body, apr_size_t len)
{
    apr_size_t line = 0;

    if (status != 200) {
        return status == 404 && m->step == ASK_ROLE
                   ? "no role is attached to this instance"
                   : apr_psprintf(m->pool, "it answered with status %ld",
                                  status);
    }
    if (m->step == ASK_KEYS) {
        return read_keys(m, body, len);
    }
    while (line < len && body[line] != '\n' && body[line] != '\r') {
        line++;
    }
    if (m->step == ASK_TOKEN) {
        if (!is_graph(body, line, MAX_TOKEN)) {
            return "its answer is no token";
        }
        m->step = ASK_ROLE;
        m->method = "GET";
        m->url = apr_pstrcat(m->pool, m->conf->url, ROLES, NULL);
        m->token = apr_pstrmemdup(m->pool, body, line);
        m->header = apr_pstrcat(m->pool, "X-aws-ec2-metadata-token: ",
                                m->token, NULL);
        return NULL;
    }
    for (apr_size_t i = 0; i < line; i++) {
        if (!apr_isalnum(body[i]) && !strchr("+=,.@_-", body[i])) {
            return "its answer is no name of a role";
        }
    }
    if (line < 1 || line > MAX_NAME) {
        return "no role is attached to this instance";
    }
    m->step = ASK_KEYS;
    m->url = apr_pstrcat(m->pool, m->conf->url, ROLES,
                         apr_pstrmemdup(m->pool, body, line), NULL);
    return NULL;
}
