/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content-Disposition; see dl_disposition.h.
 */
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "dl_disposition.h"
#include "dl_uri.h"
#include "dl_utf8.h"

/* Longest header that is looked at. */
#define MAX_HEADER 4096

/* RFC 9110 section 5.6.2 */
static int is_token_char(unsigned char c)
{
    return c > ' ' && c < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

/* Cuts a name to the bound: in its stem, so that the extension stays. */
static void shorten(char *name)
{
    apr_size_t len = strlen(name), cut = DL_FILENAME_MAX, tail = 0;
    char *dot = strrchr(name, '.');

    if (len <= DL_FILENAME_MAX) {
        return;
    }
    if (dot && dot > name && strlen(dot) <= 16) {
        tail = strlen(dot);
    }
    cut -= tail;
    while (cut > 0 && ((unsigned char)name[cut] & 0xc0) == 0x80) {
        cut--;                  /* not within a character */
    }
    memmove(name + cut, name + len - tail, tail + 1);
}

/* Characters a name must not hide things with: C0, DEL, C1, and those that
 * turn the direction of what follows (U+202A to 202E, U+2066 to 2069), with
 * which "exe.txt" is made to look like another type. */
static int is_hidden(const unsigned char *s, int n)
{
    if (n == 1) {
        return s[0] < 0x20 || s[0] == 0x7f;
    }
    if (n == 2) {
        return s[0] == 0xc2 && s[1] < 0xa0;
    }
    return n == 3 && s[0] == 0xe2
           && ((s[1] == 0x80 && s[2] >= 0xaa && s[2] <= 0xae)
               || (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9));
}

const char *dl_filename_clean(const char *name, apr_pool_t *p)
{
    char *out, *o;
    const char *s;

    if (!name) {
        return NULL;
    }
    for (s = name; *s; s++) {
        if (*s == '/' || *s == '\\') {
            name = s + 1;
        }
    }
    while (*name == '.' || *name == ' ') {
        name++;
    }
    out = o = apr_palloc(p, strlen(name) + 1);
    for (s = name; *s;) {
        int n = dl_utf8_len((const unsigned char *)s, strlen(s));

        if (n == 0 || is_hidden((const unsigned char *)s, n)) {
            *o++ = '_';
            s += n ? n : 1;
            continue;
        }
        memcpy(o, s, n);
        o += n;
        s += n;
    }
    while (o > out && o[-1] == ' ') {
        o--;
    }
    *o = '\0';
    shorten(out);
    return *out ? out : NULL;
}

const char *dl_disposition_make(const char *filename, apr_pool_t *p)
{
    char *ascii, *o;
    const char *s;
    int plain = 1;

    if (!filename) {
        return "attachment";
    }
    ascii = o = apr_palloc(p, strlen(filename) + 1);
    for (s = filename; *s; s++) {
        unsigned char c = (unsigned char)*s;

        /* a quote or backslash would need escapes that clients read in
         * different ways, and "%41" is decoded by some (RFC 6266, appendix
         * D): they go to filename* alone */
        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\' || c == '%') {
            plain = 0;
            if ((c & 0xc0) != 0x80) {
                *o++ = '_';     /* one per character */
            }
            continue;
        }
        *o++ = *s;
    }
    *o = '\0';
    return apr_pstrcat(p, "attachment; filename=\"", ascii, "\"",
                       plain ? "" : "; filename*=UTF-8''",
                       plain ? "" : dl_uri_encode(filename, 0, p), NULL);
}

static const char *skip_blanks(const char *s)
{
    while (*s == ' ' || *s == '\t') {
        s++;
    }
    return s;
}

/* Reads a token or a quoted string. @return what follows, NULL: malformed */
static const char *read_value(const char *s, apr_pool_t *p, char **value)
{
    char *o = *value = apr_palloc(p, strlen(s) + 1);

    if (*s != '"') {
        while (is_token_char((unsigned char)*s)) {
            *o++ = *s++;
        }
        *o = '\0';
        return o > *value ? s : NULL;
    }
    for (s++; *s && *s != '"'; s++) {
        if (*s == '\\' && s[1]) {
            s++;
        }
        *o++ = *s;
    }
    *o = '\0';
    return *s ? s + 1 : NULL;
}

/* RFC 8187 section 3.2: charset'language'percent-encoded, UTF-8 only. */
static const char *read_extended(const char *value, apr_pool_t *p)
{
    const char *quote;

    if (strncasecmp(value, "UTF-8'", 6) != 0
        || !(quote = strchr(value + 6, '\''))) {
        return NULL;
    }
    return dl_uri_decode(quote + 1, strlen(quote + 1), p);
}

const char *dl_disposition_filename(const char *header, apr_pool_t *p)
{
    const char *plain = NULL, *extended = NULL, *name;
    const char *s;

    if (!header || strlen(header) > MAX_HEADER) {
        return NULL;
    }
    s = skip_blanks(header);
    while (is_token_char((unsigned char)*s)) {
        s++;                    /* "attachment" or whatever it is */
    }
    for (s = skip_blanks(s); *s == ';'; s = skip_blanks(s)) {
        apr_size_t len = 0;
        char *value;

        name = s = skip_blanks(s + 1);
        if (!*s) {
            break;              /* a semicolon at the end is often seen */
        }
        while (is_token_char((unsigned char)name[len])) {
            len++;
        }
        s = skip_blanks(name + len);
        if (*s != '=' || !(s = read_value(skip_blanks(s + 1), p, &value))) {
            return NULL;
        }
        if (len == 8 && strncasecmp(name, "filename", 8) == 0) {
            plain = value;
        }
        else if (len == 9 && strncasecmp(name, "filename*", 9) == 0) {
            extended = read_extended(value, p);
        }
    }
    if (*s) {
        return NULL;
    }
    return dl_filename_clean(extended ? extended : plain, p);
}
