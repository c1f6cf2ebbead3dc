/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Setters of the location directives, and what only their whole can tell.
 */
#include "dl_set.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_date.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_time.h>

#include "dl_parse.h"

#define MAX_STREAMS_USER 100

const char *dl_set_user(const dl_directive_t *directive, void *into, int argc,
                        const char *const *argv, apr_pool_t *p)
{
    (void)directive;
    (void)argc;
    if (argv[0][0] == '\0') {
        return "the expression is empty; write such as %{REMOTE_USER}";
    }
    ((dl_location_t *)into)->user = apr_pstrdup(p, argv[0]);
    return NULL;
}

/** A number, or "off" or "0": 0. */
static const char *number_or_off(const dl_directive_t *directive,
                                 const char *value, apr_pool_t *p,
                                 int *number)
{
    apr_int64_t n = 0;
    const char *error = NULL;

    if (strcasecmp(value, "off") != 0 && strcmp(value, "0") != 0) {
        error = dl_parse_int(value, directive->min, directive->max, p, &n);
    }
    if (error == NULL) {
        *number = (int)n;
    }
    return error;
}

const char *dl_set_max_streams(const dl_directive_t *directive, void *into,
                               int argc, const char *const *argv,
                               apr_pool_t *p)
{
    dl_location_t *location = into;
    dl_location_t values = *location;
    const char *error = NULL;

    /* a line says all three: what it leaves out is as if nobody had spoken */
    values.max_streams = -1;
    values.max_streams_user = MAX_STREAMS_USER;
    values.max_streams_address = 0;
    for (int i = 0; error == NULL && i < argc; i++) {
        const char *user = dl_set_option(argv[i], "user");
        const char *address = dl_set_option(argv[i], "address");

        if (user != NULL) {
            error = number_or_off(directive, user, p,
                                  &values.max_streams_user);
        }
        else if (address != NULL) {
            error = number_or_off(directive, address, p,
                                  &values.max_streams_address);
        }
        else if (strcasecmp(argv[i], "auto") == 0) {
            values.max_streams = -1;
        }
        else if (apr_isdigit(argv[i][0])) {
            error = number_or_off(directive, argv[i], p, &values.max_streams);
        }
        else {
            error = dl_set_unknown(argv[i], "auto or a number, user=N, "
                                   "address=N", p);
        }
    }
    if (error == NULL) {
        *location = values;
    }
    return error;
}

const char *dl_set_cors(const dl_directive_t *directive, void *into, int argc,
                        const char *const *argv, apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, argc, sizeof(const char *));
    dl_cors_t cors = { NULL, 0 };
    const char *error = NULL;
    int off = argc == 1 && strcasecmp(argv[0], "off") == 0;

    (void)directive;
    for (int i = 0; !off && error == NULL && i < argc; i++) {
        const char *origin = NULL;

        if (strcasecmp(argv[i], "credentials") == 0) {
            cors.credentials = 1;
            continue;
        }
        error = dl_cors_origin_parse(argv[i], p, &origin);
        *(const char **)apr_array_push(list) = origin;
    }
    if (error != NULL) {
        return error;
    }
    if (!off && list->nelts == 0) {
        return "credentials needs origins; name them, such as "
               "https://www.example.com";
    }
    cors.origins = off ? NULL : list;
    error = dl_cors_check(&cors);
    if (error == NULL) {
        ((dl_location_t *)into)->cors = cors;
    }
    return error;
}

/** "2027-06-30" as the HTTP date of its beginning (UTC), else NULL. */
static const char *iso_date(const char *value, apr_pool_t *p)
{
    static const int DAYS[] = { 31, 29, 31, 30, 31, 30,
                                31, 31, 30, 31, 30, 31 };
    apr_time_exp_t t = { 0 };
    apr_time_t when = 0;
    char *text = apr_palloc(p, APR_RFC822_DATE_LEN);

    if (strlen(value) != 10 || !apr_date_checkmask(value, "####-##-##")) {
        return NULL;
    }
    t.tm_year = atoi(value) - 1900;
    t.tm_mon = atoi(value + 5) - 1;
    t.tm_mday = atoi(value + 8);
    if (t.tm_year < 70 || t.tm_mon < 0 || t.tm_mon > 11 || t.tm_mday < 1
        || t.tm_mday > DAYS[t.tm_mon]
        || apr_time_exp_gmt_get(&when, &t) != APR_SUCCESS) {
        return NULL;
    }
    apr_rfc822_date(text, when);
    return text;
}

const char *dl_set_sunset(const dl_directive_t *directive, void *into,
                          int argc, const char *const *argv, apr_pool_t *p)
{
    dl_location_t *location = into;
    const char *date;
    apr_time_t when;

    (void)directive;
    (void)argc;
    if (strcasecmp(argv[0], "off") == 0) {
        location->sunset = NULL;
        return NULL;
    }
    date = iso_date(argv[0], p);
    if (date == NULL && (when = apr_date_parse_http(argv[0])) != APR_DATE_BAD
        && when > 0) {
        char *text = apr_palloc(p, APR_RFC822_DATE_LEN);
        apr_rfc822_date(text, when);
        date = text;
    }
    if (date == NULL) {
        return apr_psprintf(p, "%s is not a date; write YYYY-MM-DD, an HTTP "
                            "date in quotes, or off",
                            dl_parse_quote(argv[0], p));
    }
    location->sunset = date;
    return NULL;
}

const char *dl_location_check(const dl_location_t *location, apr_pool_t *p)
{
    if (location->heartbeat_ms >= location->stream_timeout_ms) {
        return apr_psprintf(p, "DLJobHeartbeat %s is not shorter than "
                            "DLJobStreamTimeout %s, so no stream would live "
                            "to see one; lower it",
                            dl_parse_show_duration(location->heartbeat_ms, p),
                            dl_parse_show_duration(location->stream_timeout_ms,
                                                   p));
    }
    return NULL;
}
