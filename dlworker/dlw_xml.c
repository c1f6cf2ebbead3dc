/* SPDX-License-Identifier: Apache-2.0 */
/*
 * S3's XML; see dlw_xml.h.
 */
#include "dlw_xml.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#define MAX_TEXT 1024

/* Finds "<name>" or "<name ...>" (or "</name>"); @return its offset or len */
static apr_size_t find_tag(const char *xml, apr_size_t len, apr_size_t at,
                           const char *name, int closing, apr_size_t *end)
{
    apr_size_t n = strlen(name);

    while (at < len) {
        const char *open = memchr(xml + at, '<', len - at);
        const char *close;
        apr_size_t start;

        if (!open) {
            break;
        }
        start = (apr_size_t)(open - xml);
        at = start + 1;
        close = memchr(open, '>', len - start);
        if (!close) {
            break;
        }
        open += 1;
        if (closing) {
            if (*open != '/') {
                continue;
            }
            open++;
        }
        if ((apr_size_t)(close - open) < n || memcmp(open, name, n) != 0
            || (open + n != close && open[n] != ' ')) {
            continue;
        }
        *end = (apr_size_t)(close - xml) + 1;
        return start;
    }
    return len;
}

int dlw_xml_next(const char *xml, apr_size_t len, const char *name,
                 apr_size_t *at, const char **inner, apr_size_t *inner_len)
{
    apr_size_t begin, end, after;

    if (find_tag(xml, len, *at, name, 0, &begin) == len) {
        return 0;
    }
    end = find_tag(xml, len, begin, name, 1, &after);
    if (end == len) {
        return 0;
    }
    *inner = xml + begin;
    *inner_len = end - begin;
    *at = after;
    return 1;
}

/* One reference ("&amp;", "&#10;"); @return its length, 0: none */
static apr_size_t reference(const char *s, apr_size_t len, char *out)
{
    static const struct {
        const char *name;
        char c;
    } named[] = {
        { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' },
        { "&quot;", '"' }, { "&apos;", '\'' }
    };
    char digits[12];
    char *end;
    long code;
    size_t i, n;

    for (i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        n = strlen(named[i].name);
        if (len >= n && memcmp(s, named[i].name, n) == 0) {
            *out = named[i].c;
            return n;
        }
    }
    if (len < 4 || s[1] != '#') {
        return 0;
    }
    n = len < sizeof(digits) ? len : sizeof(digits) - 1;
    memcpy(digits, s, n);
    digits[n] = '\0';
    code = digits[2] == 'x' ? strtol(digits + 3, &end, 16)
                            : strtol(digits + 2, &end, 10);
    if (*end != ';' || code < 1 || code > 127) {
        return 0;               /* beyond ASCII it comes as UTF-8 */
    }
    *out = (char)code;
    return (apr_size_t)(end - digits) + 1;
}

const char *dlw_xml_text(const char *xml, apr_size_t len, const char *name,
                         apr_pool_t *p)
{
    const char *inner;
    apr_size_t at = 0, n, i, ref;
    char *out, *o;

    if (!dlw_xml_next(xml, len, name, &at, &inner, &n)
        || memchr(inner, '<', n)) {
        return NULL;
    }
    n = n < MAX_TEXT ? n : MAX_TEXT;
    out = o = apr_palloc(p, n + 1);
    for (i = 0; i < n; i++) {
        ref = inner[i] == '&' ? reference(inner + i, n - i, o) : 0;
        if (ref > 0) {
            i += ref - 1;
            o++;
            continue;
        }
        *o++ = inner[i];
    }
    *o = '\0';
    return out;
}

const char *dlw_xml_escape(const char *text, apr_pool_t *p)
{
    char *out = apr_palloc(p, strlen(text) * 6 + 1), *o = out;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x20 || strchr("&<>\"'", c)) {
            o += apr_snprintf(o, 7, "&#%d;", c);
        }
        else {
            *o++ = *text;
        }
    }
    *o = '\0';
    return out;
}
