/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of fd 3 and the tail of stderr: bytes of a stranger, so bounded and
 * cleaned.
 */
#include "dlw_exec_lines.h"

#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "dl_utf8.h"

#define FILENAME_MAX_BYTES 255
#define TYPE_MAX_BYTES 127

static void line_end(dlw_exec_lines_t *lines, dlw_exec_line_fn *fn,
                     void *baton)
{
    char *word = lines->line;
    char *rest;
    int len = lines->len;

    lines->len = 0;
    if (lines->dropping) {
        lines->dropping = 0;
        return;
    }
    if (len > 0 && word[len - 1] == '\r')
        len--;
    word[len] = '\0';
    if (memchr(word, '\0', (size_t)len) || !apr_isalpha(word[0]))
        return;
    rest = word + strcspn(word, " \t");
    if (*rest)
        *rest++ = '\0';
    rest += strspn(rest, " \t");
    fn(baton, word, rest);
}

void dlw_exec_lines_feed(dlw_exec_lines_t *lines, const char *data,
                         apr_size_t len, dlw_exec_line_fn *fn, void *baton)
{
    for (apr_size_t i = 0; i < len; i++) {
        if (data[i] == '\n')
            line_end(lines, fn, baton);
        else if (lines->len < DLW_EXEC_LINE_MAX - 1)
            lines->line[lines->len++] = data[i];
        else
            lines->dropping = 1;
    }
}

void dlw_exec_lines_end(dlw_exec_lines_t *lines, dlw_exec_line_fn *fn,
                        void *baton)
{
    if (lines->len > 0)
        line_end(lines, fn, baton);
}

int dlw_exec_percent(const char *text)
{
    char *end;
    long n;

    if (!apr_isdigit(text[0]))
        return -1;
    n = strtol(text, &end, 10);
    if (*end == '.') {
        end++;
        end += strspn(end, "0123456789");
    }
    if (*end == '%')
        end++;
    end += strspn(end, " \t");
    return *end == '\0' && n >= 0 && n <= 100 ? (int)n : -1;
}

/** Copies well-formed, printable characters, as long as they fit whole. */
static apr_size_t copy_clean(char *out, apr_size_t size, const char *text,
                             const char *keep, char instead)
{
    const unsigned char *s = (const unsigned char *)text;
    apr_size_t left = strlen(text), used = 0;

    while (left > 0) {
        int n = dl_utf8_len(s, left);
        int bad = !n || (n == 1 && apr_iscntrl(*s) && !strchr(keep, *s));
        apr_size_t step = n ? (apr_size_t)n : 1;

        if (used + (bad ? 1 : step) > size)
            break;
        if (!bad) {
            memcpy(out + used, s, step);
            used += step;
        }
        else if (instead) {
            out[used++] = instead;
        }
        s += step;
        left -= step;
    }
    return used;
}

const char *dlw_exec_filename(const char *text, apr_pool_t *p)
{
    const char *slash = strrchr(text, '/');
    char name[FILENAME_MAX_BYTES];
    apr_size_t len = copy_clean(name, sizeof(name),
                                slash ? slash + 1 : text, "", '\0');

    while (len > 0 && name[len - 1] == ' ')
        len--;
    if (len == 0 || (len == 1 && name[0] == '.')
        || (len == 2 && memcmp(name, "..", 2) == 0))
        return NULL;
    return apr_pstrmemdup(p, name, len);
}

const char *dlw_exec_type(const char *text, apr_pool_t *p)
{
    static const char token[] = "!#$&-^_.+abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    apr_size_t len = strlen(text);
    apr_size_t type = strspn(text, token);
    apr_size_t sub = text[type] == '/' ? strspn(text + type + 1, token) : 0;
    const char *rest;

    if (len > TYPE_MAX_BYTES || type == 0 || sub == 0)
        return NULL;
    rest = text + type + 1 + sub;
    if (*rest != '\0' && *rest != ';' && *rest != ' ')
        return NULL;
    for (const char *c = rest; *c; c++)
        if (*c < ' ' || *c > '~')
            return NULL;
    return apr_pstrmemdup(p, text, len);
}

void dlw_exec_tail_add(dlw_exec_tail_t *tail, const char *data,
                       apr_size_t len)
{
    if (len > DLW_EXEC_TAIL_MAX) {
        tail->total += len - DLW_EXEC_TAIL_MAX;
        data += len - DLW_EXEC_TAIL_MAX;
        len = DLW_EXEC_TAIL_MAX;
    }
    while (len > 0) {
        apr_size_t at = tail->total % DLW_EXEC_TAIL_MAX;
        apr_size_t n = DLW_EXEC_TAIL_MAX - at;

        if (n > len)
            n = len;
        memcpy(tail->ring + at, data, n);
        tail->total += n;
        data += n;
        len -= n;
    }
}

const char *dlw_exec_tail_text(const dlw_exec_tail_t *tail, apr_pool_t *p)
{
    apr_size_t len = tail->total < DLW_EXEC_TAIL_MAX ? tail->total
                                                     : DLW_EXEC_TAIL_MAX;
    char raw[DLW_EXEC_TAIL_MAX + 1];
    char *text = raw, *out;

    for (apr_size_t i = 0; i < len; i++) {
        char c = tail->ring[(tail->total - len + i) % DLW_EXEC_TAIL_MAX];

        raw[i] = c ? c : '?';
    }
    while (len > 0 && apr_isspace(raw[len - 1]))
        len--;
    raw[len] = '\0';
    if (tail->total > DLW_EXEC_TAIL_MAX && strchr(text, '\n'))
        text = strchr(text, '\n') + 1;  /* the first line is cut */
    if (!*text)
        return NULL;
    out = apr_palloc(p, DLW_EXEC_TAIL_MAX + 1);
    out[copy_clean(out, DLW_EXEC_TAIL_MAX, text, "\n\t", '?')] = '\0';
    return out;
}
