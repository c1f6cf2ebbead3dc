/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the text of a credentials or webhook file means; see dl_secret.h.
 */
#include "dl_secret.h"

#include <stddef.h>
#include <string.h>

#include <apr_base64.h>
#include <apr_lib.h>
#include <apr_strings.h>

#define LINK_KEY_MIN 16
#define HOOK_KEY_MIN 24
#define HOOK_KEY_MAX 64

static const struct {
    const char *name;
    apr_size_t offset;
} NAMES[] = {
    { "access_key", offsetof(dl_credentials_t, access_key) },
    { "secret_key", offsetof(dl_credentials_t, secret_key) },
    { "session_token", offsetof(dl_credentials_t, session_token) },
    { "link_key", offsetof(dl_credentials_t, link_key) },
    { "link_key_old", offsetof(dl_credentials_t, link_key_old) },
    { NULL, 0 }
};

/** Blanks cut off at both ends, in place. */
static char *trim(char *text)
{
    char *end = text + strlen(text);

    while (apr_isspace(*text)) {
        text++;
    }
    while (end > text && apr_isspace(end[-1])) {
        end--;
    }
    *end = '\0';
    return text;
}

/** The next line at *text, trimmed, or NULL at the end; counts *number. */
static char *next_line(char **text, int *number)
{
    char *line = *text;
    char *end;

    if (line == NULL || *line == '\0') {
        return NULL;
    }
    end = strchr(line, '\n');
    *text = end != NULL ? end + 1 : NULL;
    if (end != NULL) {
        *end = '\0';
    }
    ++*number;
    return trim(line);
}

/** Where the value of @a name goes, or NULL. */
static const char **slot(dl_credentials_t *credentials, const char *name)
{
    for (int i = 0; NAMES[i].name != NULL; i++) {
        if (strcmp(NAMES[i].name, name) == 0) {
            return (const char **)(void *)((char *)credentials
                                           + NAMES[i].offset);
        }
    }
    return NULL;
}

/* A line that is malformed may be a secret on its own: it is not repeated. */
static const char *set_line(dl_credentials_t *credentials, char *line)
{
    char *equals = strchr(line, '=');
    const char **value;

    if (equals == NULL) {
        return "has no \"=\"; write NAME = VALUE";
    }
    *equals = '\0';
    value = slot(credentials, trim(line));
    if (value == NULL) {
        return "has an unknown name; access_key, secret_key, session_token, "
               "link_key and link_key_old are known";
    }
    if (*value != NULL) {
        return "repeats a name; keep one of them";
    }
    *value = trim(equals + 1);
    if (**value == '\0') {
        return "has no value after \"=\"; add it";
    }
    for (const char *c = *value; *c != '\0'; c++) {
        if (!apr_isgraph(*c)) {
            return "holds a space or control character in its value; remove "
                   "it";
        }
    }
    return NULL;
}

const char *dl_secret_credentials(const char *reference, apr_pool_t *p,
                                  dl_credentials_t *credentials)
{
    dl_credentials_t read = { 0 };
    const char *secret = NULL;
    const char *error = dl_secret_read(reference, p, &secret);
    int number = 0;
    char *text;
    char *line;

    if (error != NULL) {
        return error;
    }
    text = apr_pstrdup(p, secret);
    while (error == NULL && (line = next_line(&text, &number)) != NULL) {
        if (*line != '\0' && *line != '#') {
            error = set_line(&read, line);
        }
    }
    if (error != NULL) {
        return apr_psprintf(p, "line %d of %s %s", number,
                            dl_secret_shown(reference, p), error);
    }
    if (read.link_key != NULL && strlen(read.link_key) < LINK_KEY_MIN) {
        return apr_psprintf(p, "link_key in %s has fewer than %d bytes; make "
                            "one with: openssl rand -hex 32",
                            dl_secret_shown(reference, p), LINK_KEY_MIN);
    }
    if ((read.access_key == NULL) != (read.secret_key == NULL)) {
        return apr_psprintf(p, "%s has only one of access_key and "
                            "secret_key; give both",
                            dl_secret_shown(reference, p));
    }
    if (read.access_key == NULL && read.link_key == NULL) {
        return apr_psprintf(p, "%s has neither link_key (file store) nor "
                            "access_key and secret_key (S3); add them",
                            dl_secret_shown(reference, p));
    }
    *credentials = read;
    return NULL;
}

/** Whether @a secret is "whsec_" and well-formed base64 of a good length. */
static int hook_valid(const char *secret)
{
    const char *code = secret + 6;
    apr_size_t len = strlen(secret);
    apr_size_t bytes;
    apr_size_t body;

    if (strncmp(secret, "whsec_", 6) != 0) {
        return 0;
    }
    len -= 6;
    body = strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                        "0123456789+/");
    if (len % 4 != 0 || len - body > 2
        || strspn(code + body, "=") != len - body) {
        return 0;
    }
    bytes = len / 4 * 3 - (len - body);
    return bytes >= HOOK_KEY_MIN && bytes <= HOOK_KEY_MAX;
}

const char *dl_secret_webhooks(const char *reference, apr_pool_t *p,
                               apr_array_header_t *secrets)
{
    const char *secret = NULL;
    const char *error = dl_secret_read(reference, p, &secret);
    int number = 0;
    char *text;
    char *line;

    if (error != NULL) {
        return error;
    }
    text = apr_pstrdup(p, secret);
    while ((line = next_line(&text, &number)) != NULL) {
        if (*line == '\0' || *line == '#') {
            continue;
        }
        if (!hook_valid(line)) {
            return apr_psprintf(p, "line %d of %s is not \"whsec_\" and the "
                                "base64 of %d to %d bytes; make one with: "
                                "echo whsec_$(openssl rand -base64 32)",
                                number, dl_secret_shown(reference, p),
                                HOOK_KEY_MIN, HOOK_KEY_MAX);
        }
        *(const char **)apr_array_push(secrets) = line;
    }
    return NULL;
}
