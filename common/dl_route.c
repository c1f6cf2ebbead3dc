/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of paths. A path of fixed words comes before one with a job id.
 */
#include "dl_route.h"

#include <string.h>

#include "dl_utf8.h"

#define KEY_MAX 1024
#define OBJECTS "/objects/"

#define ALLOW_GET "GET, HEAD, OPTIONS"
#define ALLOW_POST "POST, OPTIONS"
#define ALLOW_JOB "GET, HEAD, DELETE, OPTIONS"

typedef struct path_t {
    const char *before;         /* the job id stands between before and after;
                                   after NULL: no job id */
    const char *after;
    dl_route_e get;             /* NONE: not allowed */
    dl_route_e post;
    dl_route_e del;
    const char *allow;
} path_t;

static const path_t PATHS[] = {
    { "/initiate", NULL, 0, DL_ROUTE_INITIATE, 0, ALLOW_POST },
    { "/check", NULL, 0, DL_ROUTE_CHECK, 0, ALLOW_POST },
    { "/start", NULL, 0, DL_ROUTE_START, 0, ALLOW_POST },
    { "/stream", NULL, DL_ROUTE_USER_STREAM, 0, 0, ALLOW_GET },
    { "/openapi.json", NULL, DL_ROUTE_OPENAPI, 0, 0, ALLOW_GET },
    { "/", NULL, DL_ROUTE_LIST, 0, 0, ALLOW_GET },
    { "", NULL, DL_ROUTE_LIST, 0, 0, ALLOW_GET },
    { "/status/", "", DL_ROUTE_STATUS, 0, 0, ALLOW_GET },
    { "/", "/status", DL_ROUTE_STATUS, 0, 0, ALLOW_GET },
    { "/", "/stream", DL_ROUTE_STREAM, 0, 0, ALLOW_GET },
    { "/", "", DL_ROUTE_RESULT, 0, DL_ROUTE_CANCEL, ALLOW_JOB },
};

#define NPATHS (sizeof(PATHS) / sizeof(PATHS[0]))

/* Whether path has this form; the job id's place is set if it has one. */
static int matches(const path_t *form, const char *path, apr_size_t len,
                   const char **id, apr_size_t *id_len)
{
    apr_size_t before = strlen(form->before), after;

    *id = NULL;
    if (!form->after) {
        return strcmp(path, form->before) == 0;
    }
    after = strlen(form->after);
    if (len <= before + after || memcmp(path, form->before, before) != 0
        || memcmp(path + len - after, form->after, after) != 0) {
        return 0;
    }
    *id = path + before;
    *id_len = len - before - after;
    return memchr(*id, '/', *id_len) == NULL;
}

static dl_route_e route_of_method(const path_t *form, const char *method)
{
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0) {
        return form->get;
    }
    if (strcmp(method, "POST") == 0) {
        return form->post;
    }
    if (strcmp(method, "DELETE") == 0) {
        return form->del;
    }
    return strcmp(method, "OPTIONS") == 0 ? DL_ROUTE_PREFLIGHT
                                          : DL_ROUTE_NONE;
}

/* No control characters, backslashes, bad UTF-8; no empty or dot segments.
 * A lone final slash is the caller's business. */
static int path_clean(const char *path)
{
    const unsigned char *u = (const unsigned char *)path;
    apr_size_t i, segment = 0;

    for (i = 0;; i++) {
        if (u[i] == '/' || u[i] == '\0') {
            apr_size_t n = i - segment;
            const char *s = path + segment;

            if ((n == 0 && i > 0 && u[i] == '/') || (n == 1 && s[0] == '.')
                || (n == 2 && s[0] == '.' && s[1] == '.')) {
                return 0;
            }
            segment = i + 1;
        }
        if (u[i] == '\0') {
            return dl_utf8_valid(path, i);
        }
        if (u[i] < 0x20 || u[i] == 0x7f || u[i] == '\\') {
            return 0;
        }
    }
}

static int object_key(const char *path, apr_size_t len)
{
    const apr_size_t before = sizeof(OBJECTS) - 1;

    return len > before && len - before <= KEY_MAX
        && strncmp(path, OBJECTS, before) == 0 && path[len - 1] != '/';
}

void dl_route_parse(const char *path, const char *method, dl_route_t *route)
{
    static const path_t object = {
        OBJECTS, NULL, DL_ROUTE_OBJECT, 0, 0, ALLOW_GET
    };
    const path_t *form = NULL;
    const char *id = NULL;
    apr_size_t len = strlen(path), id_len = 0, i;

    memset(route, 0, sizeof(*route));
    route->error = DL_ERROR_NOT_FOUND;
    if (!path_clean(path)) {
        return;
    }
    if (object_key(path, len)) {
        form = &object;
        route->key = path + sizeof(OBJECTS) - 1;
    }
    for (i = 0; !form && i < NPATHS; i++) {
        if (matches(&PATHS[i], path, len, &id, &id_len)) {
            form = &PATHS[i];
        }
    }
    if (!form) {
        return;
    }
    route->allow = form->allow;
    route->route = route_of_method(form, method);
    if (route->route == DL_ROUTE_NONE) {
        route->error = DL_ERROR_METHOD_NOT_ALLOWED;
    }
    else if (id && route->route != DL_ROUTE_PREFLIGHT) {
        if (dl_uuid_valid(id, id_len)) {
            memcpy(route->job_id, id, id_len);
        }
        else {
            route->route = DL_ROUTE_NONE;
            route->error = DL_ERROR_JOB_NOT_FOUND;
        }
    }
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int dl_route_raw_ok(const char *raw_path)
{
    const char *s = raw_path, *segment = raw_path;

    for (;; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '/' || c == '\0') {
            if ((s - segment == 1 && segment[0] == '.')
                || (s - segment == 2 && segment[0] == '.'
                    && segment[1] == '.')
                || (s == segment && s > raw_path && c == '/')) {
                return 0;
            }
            segment = s + 1;
        }
        if (c == '\0') {
            return 1;
        }
        if (c <= 0x20 || c >= 0x7f || c == '\\') {
            return 0;
        }
        if (c == '%') {
            int high = hex_digit(s[1]);
            int low = high < 0 ? -1 : hex_digit(s[2]);
            int byte = high * 16 + low;

            if (low < 0 || byte < 0x20 || byte == 0x7f || byte == '/'
                || byte == '\\' || byte == '.') {
                return 0;
            }
            s += 2;
        }
    }
}
