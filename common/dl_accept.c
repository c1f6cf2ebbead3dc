/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accept, Prefer and If-None-Match.
 *
 * One small scanner serves all three: lists of items at commas, parameters
 * at semicolons, quoted strings that may hold either.
 */
#include "dl_accept.h"

#include <string.h>
#include <strings.h>

/* A piece of a header: from .. to, blanks around it removed. */
typedef struct piece_t {
    const char *from;
    const char *to;
} piece_t;

static int blank(char c)
{
    return c == ' ' || c == '\t';
}

/*
 * Cuts the next piece off *s, which ends at one of the characters in stops
 * or at the end; stops inside a quoted string do not count. 0: none left.
 * The stop itself is left for the caller to look at.
 */
static int next_piece(const char **s, const char *stops, piece_t *piece)
{
    const char *at = *s;
    int quoted = 0;

    if (*at == '\0') {
        return 0;
    }
    piece->from = at;
    for (; *at; at++) {
        if (*at == '"') {
            quoted = !quoted;
        }
        else if (quoted && *at == '\\' && at[1]) {
            at++;
        }
        else if (!quoted && strchr(stops, *at)) {
            break;
        }
    }
    piece->to = at;
    *s = at;
    while (piece->from < piece->to && blank(*piece->from)) {
        piece->from++;
    }
    while (piece->to > piece->from && blank(piece->to[-1])) {
        piece->to--;
    }
    return 1;
}

static int is_word(const piece_t *piece, const char *word)
{
    apr_size_t n = strlen(word);

    return (apr_size_t)(piece->to - piece->from) == n
        && strncasecmp(piece->from, word, n) == 0;
}

/* Splits "name = value" of a piece; value empty when there is none. */
static piece_t split_value(piece_t *piece)
{
    piece_t value = { piece->to, piece->to };
    const char *eq = memchr(piece->from, '=',
                            (apr_size_t)(piece->to - piece->from));

    if (eq) {
        value.from = eq + 1;
        piece->to = eq;
        while (piece->to > piece->from && blank(piece->to[-1])) {
            piece->to--;
        }
        while (value.from < value.to && blank(*value.from)) {
            value.from++;
        }
        if (value.to - value.from >= 2 && *value.from == '"'
            && value.to[-1] == '"') {
            value.from++;
            value.to--;
        }
    }
    return value;
}

/* qvalue of RFC 9110 in thousandths; -1: malformed. */
static int read_q(const piece_t *value)
{
    const char *s = value->from;
    apr_ssize_t n = value->to - s, i;
    int q, scale = 100;

    if (n < 1 || n > 5 || (s[0] != '0' && s[0] != '1')
        || (n > 1 && s[1] != '.')) {
        return -1;
    }
    q = (s[0] - '0') * 1000;
    for (i = 2; i < n; i++, scale /= 10) {
        if (s[i] < '0' || s[i] > '9') {
            return -1;
        }
        q += (s[i] - '0') * scale;
    }
    return q <= 1000 ? q : -1;
}

/* q of one media range, its parameters read from *s on. */
static int range_q(const char **s)
{
    piece_t param;
    int q = 1000;

    while (**s == ';') {
        (*s)++;
        if (next_piece(s, ",;", &param)) {
            piece_t value = split_value(&param);

            if (is_word(&param, "q")) {
                q = read_q(&value);
            }
        }
    }
    return q;
}

/* How well a range fits: 3 exact, 2 "type" "/" "*", 1 any, 0 not. */
static int fit(const piece_t *range, const char *type, const char *subtypes)
{
    return is_word(range, type) ? 3
         : is_word(range, subtypes) ? 2
         : is_word(range, "*/*") ? 1 : 0;
}

void dl_accept_read(const char *accept, dl_accept_t *out)
{
    struct {
        const char *type;
        const char *subtypes;
        int q;
        int fit;
    } offers[] = {
        { "application/json", "application/*", 0, 0 },
        { "application/problem+json", "application/*", 0, 0 },
        { "text/event-stream", "text/*", 0, 0 },
    };
    const char *s = accept ? accept : "";
    piece_t range;
    int best = 0, ranges = 0, i;

    while (next_piece(&s, ",;", &range)) {
        int q = range_q(&s);

        s += *s == ',';
        if (range.from == range.to) {
            continue;
        }
        ranges++;
        if (q > best) {
            best = q;
        }
        for (i = 0; q >= 0 && i < 3; i++) {
            int f = fit(&range, offers[i].type, offers[i].subtypes);

            if (f > offers[i].fit || (f && f == offers[i].fit
                                      && q > offers[i].q)) {
                offers[i].fit = f;
                offers[i].q = q;
            }
        }
    }
    out->json = ranges ? offers[0].q : 1000;
    out->problem = ranges ? offers[1].q : 1000;
    out->stream = ranges ? offers[2].q : 1000;
    out->json_named = offers[0].fit == 3 && offers[0].q > 0
                      && offers[0].q >= best;
    out->problem_named = offers[1].fit == 3 && offers[1].q > 0;
}

/* Seconds of wait=N; -1: malformed. A number too long is the bound. */
static apr_int64_t read_wait(const piece_t *value, apr_int64_t max_s)
{
    const char *s;
    apr_int64_t n = 0;

    if (value->from == value->to) {
        return -1;
    }
    for (s = value->from; s < value->to; s++) {
        if (*s < '0' || *s > '9') {
            return -1;
        }
        n = n > max_s ? n : n * 10 + (*s - '0');
    }
    return n > max_s ? max_s : n;
}

void dl_prefer_read(const char *prefer, apr_int64_t max_s, dl_prefer_t *out)
{
    const char *s = prefer ? prefer : "";
    piece_t item, param;
    int wait_seen = 0;

    out->wait_s = -1;
    out->respond_async = 0;
    while (next_piece(&s, ",;", &item)) {
        piece_t value = split_value(&item);

        while (*s == ';') {
            s++;
            next_piece(&s, ",;", &param);
        }
        s += *s == ',';
        if (is_word(&item, "wait") && !wait_seen) {
            wait_seen = 1;
            out->wait_s = read_wait(&value, max_s);
        }
        else if (is_word(&item, "respond-async")
                 && value.from == value.to) {
            out->respond_async = 1;
        }
    }
}

void dl_etag_make(apr_int64_t version, apr_int64_t url_expires_s, char *out)
{
    char digits[24];
    apr_int64_t parts[2] = { version, url_expires_s };
    char *to = out;
    int i;

    memcpy(to, "W/\"", 3);
    to += 3;
    for (i = 0; i < 2; i++) {
        apr_uint64_t rest = (apr_uint64_t)parts[i];
        int at = (int)sizeof(digits);

        do {
            digits[--at] = (char)('0' + rest % 10);
            rest /= 10;
        } while (rest);
        memcpy(to, digits + at, sizeof(digits) - (apr_size_t)at);
        to += (int)sizeof(digits) - at;
        *to++ = i == 0 ? '-' : '"';
    }
    *to = '\0';
}

/* The opaque part of an entity tag: without W/ */
static void strip_weak(piece_t *tag)
{
    if (tag->to - tag->from >= 2 && tag->from[0] == 'W'
        && tag->from[1] == '/') {
        tag->from += 2;
    }
}

int dl_etag_match(const char *if_none_match, const char *etag)
{
    piece_t ours = { etag, etag + strlen(etag) };
    const char *s = if_none_match ? if_none_match : "";
    piece_t tag;

    strip_weak(&ours);
    while (next_piece(&s, ",", &tag)) {
        s += *s == ',';
        if (tag.to - tag.from == 1 && *tag.from == '*') {
            return 1;
        }
        strip_weak(&tag);
        if (tag.to - tag.from == ours.to - ours.from
            && memcmp(tag.from, ours.from,
                      (apr_size_t)(ours.to - ours.from)) == 0) {
            return 1;
        }
    }
    return 0;
}
