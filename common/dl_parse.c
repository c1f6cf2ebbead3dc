/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as people write them; see dl_parse.h.
 */
#include "dl_parse.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#define URL_MAX 2000
#define QUOTE_MAX 60

/** A unit and how many of the smallest it is; the largest comes first. */
typedef struct unit_t {
    const char *name;
    apr_int64_t factor;
} unit_t;

static const unit_t DURATIONS[] = {
    { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 },
    { "ms", 1 }, { NULL, 0 }
};

static const unit_t SIZES[] = {
    { "T", APR_INT64_C(1) << 40 }, { "G", 1 << 30 }, { "M", 1 << 20 },
    { "K", 1 << 10 }, { "", 1 }, { NULL, 0 }
};

const char *dl_parse_quote(const char *value, apr_pool_t *p)
{
    apr_size_t len = strlen(value);
    apr_size_t keep = len > QUOTE_MAX ? QUOTE_MAX : len;
    char *text = apr_pstrndup(p, value, keep);

    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == '"') {
            *c = '?';
        }
    }
    return apr_pstrcat(p, "\"", text, len > keep ? "...\"" : "\"", NULL);
}

static const char *show(apr_int64_t number, const unit_t *units,
                        apr_pool_t *p)
{
    const unit_t *unit = units;

    if (number == 0) {
        return "0";
    }
    while (unit[1].name != NULL
           && (number < unit->factor || number % unit->factor != 0)) {
        unit++;
    }
    return apr_psprintf(p, "%" APR_INT64_T_FMT "%s", number / unit->factor,
                        unit->name);
}

const char *dl_parse_show_duration(apr_int64_t ms, apr_pool_t *p)
{
    return show(ms, DURATIONS, p);
}

const char *dl_parse_show_size(apr_int64_t bytes, apr_pool_t *p)
{
    return show(bytes, SIZES, p);
}

/** Reads the digits at @a text. @return what follows, NULL: none or > 18. */
static const char *digits(const char *text, apr_int64_t *number)
{
    const char *c = text;
    apr_int64_t n = 0;

    while (apr_isdigit(*c)) {
        if (c - text >= 18) {
            return NULL;
        }
        n = n * 10 + (*c - '0');
        c++;
    }
    *number = n;
    return c == text ? NULL : c;
}

static const char *out_of_bounds(const char *value, int below,
                                 const char *min, const char *max,
                                 apr_pool_t *p)
{
    return apr_psprintf(p, "%s is %s the %s of %s; write %s to %s",
                        dl_parse_quote(value, p), below ? "below" : "above",
                        below ? "minimum" : "maximum", below ? min : max,
                        min, max);
}

const char *dl_parse_int(const char *value, apr_int64_t min, apr_int64_t max,
                         apr_pool_t *p, apr_int64_t *number)
{
    const char *low = apr_psprintf(p, "%" APR_INT64_T_FMT, min);
    const char *high = apr_psprintf(p, "%" APR_INT64_T_FMT, max);
    apr_int64_t n = 0;
    const char *end = digits(value, &n);

    if (end == NULL || *end != '\0') {
        return apr_psprintf(p, "%s is not a whole number; write %s to %s",
                            dl_parse_quote(value, p), low, high);
    }
    if (n < min || n > max) {
        return out_of_bounds(value, n < min, low, high, p);
    }
    *number = n;
    return NULL;
}

/**
 * A number and a unit.
 * @return 0, or -1: malformed, -2: beyond what 64 bits hold
 */
static int scaled(const char *value, const unit_t *units,
                  apr_int64_t bare_factor, apr_int64_t *number)
{
    apr_int64_t n = 0;
    const char *end = digits(value, &n);
    apr_int64_t factor = 0;

    if (end == NULL) {
        return -1;
    }
    if (*end == '\0') {
        factor = bare_factor;
    }
    for (const unit_t *unit = units; factor == 0 && unit->name; unit++) {
        if (strcasecmp(end, unit->name) == 0) {
            factor = unit->factor;
        }
    }
    if (factor == 0) {
        return -1;
    }
    if (n > APR_INT64_MAX / factor) {
        return -2;
    }
    *number = n * factor;
    return 0;
}

const char *dl_parse_duration(const char *value, apr_int64_t min_ms,
                              apr_int64_t max_ms, apr_pool_t *p,
                              apr_int64_t *ms)
{
    const char *low = show(min_ms, DURATIONS, p);
    const char *high = show(max_ms, DURATIONS, p);
    apr_int64_t n = 0;
    int rc = scaled(value, DURATIONS, 1000, &n);

    if (rc == -1) {
        return apr_psprintf(p, "%s is not a duration; write a whole number "
                            "with ms, s, m, h or d, %s to %s",
                            dl_parse_quote(value, p), low, high);
    }
    if (rc == -2 || n < min_ms || n > max_ms) {
        return out_of_bounds(value, rc == 0 && n < min_ms, low, high, p);
    }
    *ms = n;
    return NULL;
}

const char *dl_parse_size(const char *value, apr_int64_t min_bytes,
                          apr_int64_t max_bytes, apr_pool_t *p,
                          apr_int64_t *bytes)
{
    const char *low = show(min_bytes, SIZES, p);
    const char *high = show(max_bytes, SIZES, p);
    apr_int64_t n = 0;
    int rc = scaled(value, SIZES, 1, &n);

    if (rc == -1) {
        return apr_psprintf(p, "%s is not a size; write a whole number of "
                            "bytes or with K, M, G or T, %s to %s",
                            dl_parse_quote(value, p), low, high);
    }
    if (rc == -2 || n < min_bytes || n > max_bytes) {
        return out_of_bounds(value, rc == 0 && n < min_bytes, low, high, p);
    }
    *bytes = n;
    return NULL;
}

const char *dl_parse_range(const char *value, apr_int64_t min,
                           apr_int64_t max, apr_pool_t *p,
                           apr_int64_t *low, apr_int64_t *high)
{
    const char *dash = strchr(value, '-');
    apr_int64_t from = 0;
    apr_int64_t to = 0;
    const char *error;

    if (dash == NULL || dash == value) {
        return apr_psprintf(p, "%s is not a range; write LOW-HIGH, such as "
                            "10000-100000000", dl_parse_quote(value, p));
    }
    error = dl_parse_int(apr_pstrmemdup(p, value, dash - value), min, max, p,
                         &from);
    if (error == NULL) {
        error = dl_parse_int(dash + 1, min, max, p, &to);
    }
    if (error == NULL && from > to) {
        error = apr_psprintf(p, "%s begins above its end; write the smaller "
                             "number first", dl_parse_quote(value, p));
    }
    if (error == NULL) {
        *low = from;
        *high = to;
    }
    return error;
}

const char *dl_parse_flag(const char *value, apr_pool_t *p, int *on)
{
    if (strcasecmp(value, "on") != 0 && strcasecmp(value, "off") != 0) {
        return apr_psprintf(p, "%s is neither on nor off; write one of them",
                            dl_parse_quote(value, p));
    }
    *on = strcasecmp(value, "on") == 0;
    return NULL;
}

const char *dl_parse_rate(const char *value, apr_int64_t max,
                          apr_int64_t min_ms, apr_int64_t max_ms,
                          apr_pool_t *p, apr_int64_t *number,
                          apr_int64_t *window_ms)
{
    const char *slash = strchr(value, '/');
    apr_int64_t n = 0;
    apr_int64_t ms = 0;
    const char *error;
    const char *window;

    if (strcasecmp(value, "off") == 0 || strcmp(value, "0") == 0) {
        *number = *window_ms = 0;
        return NULL;
    }
    if (slash == NULL || slash == value || slash[1] == '\0') {
        return apr_psprintf(p, "%s is not a rate; write COUNT/DURATION, such "
                            "as 100/60s, or off", dl_parse_quote(value, p));
    }
    window = slash + 1;
    if (!apr_isdigit(*window)) {
        window = apr_pstrcat(p, "1", window, NULL);
    }
    error = dl_parse_int(apr_pstrmemdup(p, value, slash - value), 1, max, p,
                         &n);
    if (error == NULL) {
        error = dl_parse_duration(window, min_ms, max_ms, p, &ms);
    }
    if (error == NULL) {
        *number = n;
        *window_ms = ms;
    }
    return error;
}

const char *dl_parse_template(const char *text, apr_pool_t *p)
{
    static const char NAME[] = "%{file_id}";
    int found = 0;

    for (const char *c = strstr(text, "%{"); c != NULL;
         c = strstr(c + 2, "%{")) {
        if (strncmp(c, NAME, sizeof(NAME) - 1) != 0) {
            return apr_psprintf(p, "%s begins a variable that does not "
                                "exist; only %%{file_id} does",
                                dl_parse_quote(c, p));
        }
        found = 1;
    }
    return found ? NULL
                 : "%{file_id} is missing, so every file would be the same; "
                   "add it";
}

/** The end of host and port at @a host, or NULL when they are none. */
static const char *authority_end(const char *host)
{
    const char *c = host;
    apr_int64_t port = 0;

    if (*c == '[') {
        apr_size_t len = strspn(c + 1, "0123456789abcdefABCDEF:.");
        if (len < 2 || c[len + 1] != ']') {
            return NULL;
        }
        c += len + 2;
    }
    else {
        while (apr_isalnum(*c) || *c == '.' || *c == '-' || *c == '_') {
            c++;
        }
        if (c == host || *host == '.' || *host == '-') {
            return NULL;
        }
    }
    if (*c == ':') {
        c = digits(c + 1, &port);
        if (c == NULL || port < 1 || port > 65535) {
            return NULL;
        }
    }
    return *c == '\0' || *c == '/' || *c == '?' ? c : NULL;
}

const char *dl_parse_url(const char *value, dl_url_e kind, apr_pool_t *p,
                         const char **url)
{
    /* A URL may hold a password or a token: no message repeats one. */
    const char *shown = strpbrk(value, "@?") ? "the URL"
                                             : dl_parse_quote(value, p);
    const char *rest = NULL;
    const char *end;
    apr_size_t len = strlen(value);

    if (strncasecmp(value, "http://", 7) == 0) {
        rest = value + 7;
    }
    else if (strncasecmp(value, "https://", 8) == 0) {
        rest = value + 8;
    }
    if (rest == NULL) {
        return apr_psprintf(p, "%s is not an absolute URL; write http:// or "
                            "https://, a host and perhaps a port", shown);
    }
    if (len > URL_MAX) {
        return apr_psprintf(p, "%s has %" APR_SIZE_T_FMT " bytes; at most %d "
                            "are allowed", shown, len, URL_MAX);
    }
    for (const char *c = value; *c != '\0'; c++) {
        if ((unsigned char)*c <= 0x20 || *c == 0x7f || *c == '\\'
            || *c == '"' || *c == '<' || *c == '>') {
            return apr_psprintf(p, "%s holds a space or another character "
                                "no URL has; write it percent-encoded",
                                shown);
        }
    }
    if (memchr(rest, '@', strcspn(rest, "/?#")) != NULL) {
        return "the URL holds a user or password; leave them out";
    }
    end = authority_end(rest);
    if (end == NULL || strchr(end, '#') != NULL) {
        return apr_psprintf(p, "%s has no valid host and port before its "
                            "path; write http://HOST[:PORT]", shown);
    }
    if (kind == DL_URL_TEMPLATE) {
        const char *error = dl_parse_template(end, p);
        if (error == NULL) {
            *url = apr_pstrdup(p, value);
        }
        return error;
    }
    if (strchr(end, '?') != NULL
        || (kind == DL_URL_ORIGIN && end[strspn(end, "/")] != '\0')) {
        return apr_psprintf(p, "%s goes on after %s; leave the rest out",
                            shown, kind == DL_URL_ORIGIN ? "host and port"
                                                         : "its path");
    }
    while (len > (apr_size_t)(end - value) && value[len - 1] == '/') {
        len--;
    }
    *url = apr_pstrmemdup(p, value, len);
    return NULL;
}
