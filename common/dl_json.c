/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict JSON reader; numbers are in dl_json_number.c.
 */
#include "dl_json.h"

#include <string.h>

#include <apr_strings.h>

#include "dl_utf8.h"

#define WORDS(x) #x
#define NUMBER_TEXT(x) WORDS(x)

static int fail(dl_json_t *r, const char *at, const char *reason)
{
    if (!r->error) {
        r->error = reason;
        r->error_at = (apr_size_t)(at - r->start);
    }
    return 0;
}

void dl_json_init(dl_json_t *r, const char *data, apr_size_t len,
                  apr_pool_t *p)
{
    r->start = r->at = data;
    r->end = data + len;
    r->depth = 0;
    r->error = NULL;
    r->error_at = 0;
    r->pool = p;
    if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
        fail(r, data, "a byte order mark is not allowed");
    }
}

static void skip_blank(dl_json_t *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n'
                              || *r->at == '\r' || *r->at == '\t')) {
        r->at++;
    }
}

dl_json_e dl_json_peek(dl_json_t *r)
{
    if (r->error) {
        return DL_JSON_ERROR;
    }
    skip_blank(r);
    if (r->at == r->end) {
        fail(r, r->at, r->at == r->start ? "the text is empty"
                                         : "the text ends too early");
        return DL_JSON_ERROR;
    }
    switch (*r->at) {
    case '{': return DL_JSON_OBJECT;
    case '[': return DL_JSON_ARRAY;
    case '"': return DL_JSON_STRING;
    case 't': return DL_JSON_TRUE;
    case 'f': return DL_JSON_FALSE;
    case 'n': return DL_JSON_NULL;
    case '-':
    case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9':
        return DL_JSON_NUMBER;
    default:
        fail(r, r->at, "a value is expected");
        return DL_JSON_ERROR;
    }
}

const char *dl_json_kind_name(dl_json_e kind)
{
    switch (kind) {
    case DL_JSON_OBJECT: return "an object";
    case DL_JSON_ARRAY:  return "an array";
    case DL_JSON_STRING: return "a string";
    case DL_JSON_NUMBER: return "a number";
    case DL_JSON_TRUE:
    case DL_JSON_FALSE:  return "a boolean";
    case DL_JSON_NULL:   return "null";
    default:             return "malformed";
    }
}

static int enter(dl_json_t *r, dl_json_e kind, const char *reason)
{
    if (dl_json_peek(r) != kind) {
        return fail(r, r->at, reason);
    }
    if (r->depth == DL_JSON_DEPTH) {
        return fail(r, r->at, "the nesting is deeper than "
                              NUMBER_TEXT(DL_JSON_DEPTH));
    }
    r->depth++;
    r->at++;
    return 1;
}

static int leave(dl_json_t *r)
{
    r->at++;
    r->depth--;
    return 0;
}

int dl_json_object(dl_json_t *r, dl_json_members_t *members)
{
    members->n = 0;
    return enter(r, DL_JSON_OBJECT, "an object is expected");
}

/* Remembers a name; 0 when it was there or there are too many. */
static int note_member(dl_json_t *r, dl_json_members_t *members,
                       const dl_json_str_t *name, const char *at)
{
    int i;

    for (i = 0; i < members->n; i++) {
        if (members->seen[i].len == name->len
            && memcmp(members->seen[i].s, name->s, name->len) == 0) {
            return fail(r, at, "this member is there twice");
        }
    }
    if (members->n == DL_JSON_MEMBERS) {
        return fail(r, at, "the object has more than "
                           NUMBER_TEXT(DL_JSON_MEMBERS) " members");
    }
    members->seen[members->n++] = *name;
    return 1;
}

int dl_json_member(dl_json_t *r, dl_json_members_t *members,
                   dl_json_str_t *name)
{
    const char *at;

    if (r->error) {
        return 0;
    }
    skip_blank(r);
    if (r->at < r->end && *r->at == '}') {
        return leave(r);
    }
    if (members->n > 0) {
        if (r->at == r->end || *r->at != ',') {
            return fail(r, r->at, "\",\" or \"}\" is expected");
        }
        r->at++;
        skip_blank(r);
    }
    at = r->at;
    if (at == r->end || *at != '"') {
        return fail(r, at, "a member name in quotation marks is expected");
    }
    if (!dl_json_string(r, name) || !note_member(r, members, name, at)) {
        return 0;
    }
    skip_blank(r);
    if (r->at == r->end || *r->at != ':') {
        return fail(r, r->at, "\":\" is expected");
    }
    r->at++;
    return 1;
}

int dl_json_array(dl_json_t *r)
{
    return enter(r, DL_JSON_ARRAY, "an array is expected");
}

int dl_json_element(dl_json_t *r, int *index)
{
    if (r->error) {
        return 0;
    }
    skip_blank(r);
    if (r->at < r->end && *r->at == ']') {
        return leave(r);
    }
    if (*index >= 0 && r->at < r->end) {
        if (*r->at != ',') {
            return fail(r, r->at, "\",\" or \"]\" is expected");
        }
        r->at++;
    }
    ++*index;
    return dl_json_peek(r) != DL_JSON_ERROR;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four digits of \uXXXX that begin at at; -1: they are not. */
static int hex4(const dl_json_t *r, const char *at)
{
    int i, value = 0;

    if (r->end - at < 4) {
        return -1;
    }
    for (i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);

        if (digit < 0) {
            return -1;
        }
        value = value << 4 | digit;
    }
    return value;
}

static char *put_utf8(char *to, int c)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
    }
    else {
        if (c < 0x10000) {
            *to++ = (char)(0xe0 | c >> 12);
        }
        else {
            *to++ = (char)(0xf0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        }
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (c & 0x3f));
    return to;
}

/* \uXXXX, with its second half when it is a surrogate; at is behind the u. */
static const char *unescape_u(dl_json_t *r, const char *at, char **to)
{
    int c = hex4(r, at), low;

    if (c < 0) {
        fail(r, at, "four hex digits are needed after \\u");
        return NULL;
    }
    at += 4;
    if (c >= 0xd800 && c <= 0xdfff) {
        low = c < 0xdc00 && r->end - at >= 6 && at[0] == '\\'
              && at[1] == 'u' ? hex4(r, at + 2) : -1;
        if (low < 0xdc00 || low > 0xdfff) {
            fail(r, at - 6, "half a surrogate pair is no character");
            return NULL;
        }
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        at += 6;
    }
    *to = put_utf8(*to, c);
    return at;
}

/* One escape; at is behind the backslash. */
static const char *unescape(dl_json_t *r, const char *at, char **to)
{
    char c;

    switch (at < r->end ? *at : '\0') {
    case '"':  c = '"';  break;
    case '\\': c = '\\'; break;
    case '/':  c = '/';  break;
    case 'b':  c = '\b'; break;
    case 'f':  c = '\f'; break;
    case 'n':  c = '\n'; break;
    case 'r':  c = '\r'; break;
    case 't':  c = '\t'; break;
    case 'u':
        return unescape_u(r, at + 1, to);
    default:
        fail(r, at - 1, "there is no such escape");
        return NULL;
    }
    *(*to)++ = c;
    return at + 1;
}

/* Behind the run of characters that stand for themselves, or NULL. */
static const char *plain_run(dl_json_t *r, const char *at)
{
    while (at < r->end) {
        unsigned char c = (unsigned char)*at;
        int len;

        if (c == '"' || c == '\\') {
            return at;
        }
        if (c < 0x20) {
            fail(r, at, "a control character must be escaped");
            return NULL;
        }
        len = c < 0x80 ? 1 : dl_utf8_len((const unsigned char *)at,
                                         (apr_size_t)(r->end - at));
        if (len == 0) {
            fail(r, at, "this is not valid UTF-8");
            return NULL;
        }
        at += len;
    }
    fail(r, at, "the string has no end");
    return NULL;
}

/* Bytes of a string up to its closing quotation mark, escapes included. */
static apr_size_t raw_len(const dl_json_t *r, const char *from)
{
    const char *at = from;

    while (at < r->end && *at != '"') {
        at += *at == '\\' && r->end - at > 1 ? 2 : 1;
    }
    return (apr_size_t)(at - from);
}

int dl_json_string(dl_json_t *r, dl_json_str_t *out)
{
    const char *from, *at;
    char *text, *to;

    if (dl_json_peek(r) != DL_JSON_STRING) {
        return fail(r, r->at, "a string is expected");
    }
    from = r->at + 1;
    at = plain_run(r, from);
    if (!at) {
        return 0;
    }
    if (*at == '"') {
        out->s = from;
        out->len = (apr_size_t)(at - from);
        r->at = at + 1;
        return 1;
    }
    /* decoding never makes it longer */
    text = to = apr_palloc(r->pool, raw_len(r, from) + 1);
    for (;;) {
        memcpy(to, from, (apr_size_t)(at - from));
        to += at - from;
        if (*at == '"') {
            break;
        }
        from = unescape(r, at + 1, &to);
        at = from ? plain_run(r, from) : NULL;
        if (!at) {
            return 0;
        }
    }
    out->s = text;
    out->len = (apr_size_t)(to - text);
    r->at = at + 1;
    return 1;
}

static int skip_word(dl_json_t *r, const char *word)
{
    apr_size_t n = strlen(word);

    if ((apr_size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0) {
        return fail(r, r->at, "a value is expected");
    }
    r->at += n;
    return 1;
}

static int skip_object(dl_json_t *r)
{
    dl_json_members_t members;
    dl_json_str_t name;

    if (!dl_json_object(r, &members)) {
        return 0;
    }
    while (dl_json_member(r, &members, &name)) {
        dl_json_skip(r);
    }
    return !r->error;
}

int dl_json_skip(dl_json_t *r)
{
    dl_json_str_t string;
    dl_json_number_t number;
    int index = -1;

    switch (dl_json_peek(r)) {
    case DL_JSON_OBJECT:
        return skip_object(r);
    case DL_JSON_ARRAY:
        if (dl_json_array(r)) {
            while (dl_json_element(r, &index)) {
                dl_json_skip(r);
            }
        }
        return !r->error;
    case DL_JSON_STRING: return dl_json_string(r, &string);
    case DL_JSON_NUMBER: return dl_json_number(r, &number);
    case DL_JSON_TRUE:   return skip_word(r, "true");
    case DL_JSON_FALSE:  return skip_word(r, "false");
    case DL_JSON_NULL:   return skip_word(r, "null");
    default:             return 0;
    }
}

int dl_json_end(dl_json_t *r)
{
    if (r->error) {
        return 0;
    }
    skip_blank(r);
    return r->at == r->end || fail(r, r->at, "there is more after the value");
}

int dl_json_is(const dl_json_str_t *s, const char *name)
{
    return s->len == strlen(name) && memcmp(s->s, name, s->len) == 0;
}

const char *dl_json_check(const char *data, apr_size_t len, apr_pool_t *p)
{
    dl_json_t r;

    dl_json_init(&r, data, len, p);
    dl_json_skip(&r);
    dl_json_end(&r);
    return r.error ? apr_psprintf(p, "byte %" APR_SIZE_T_FMT ": %s",
                                  r.error_at, r.error) : NULL;
}
