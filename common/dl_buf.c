/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output buffer and JSON writer: runs that need no escape are copied whole.
 */
#include "dl_buf.h"

#include "dl_time.h"
#include "dl_utf8.h"

static const char HEX[] = "0123456789abcdef";

void dl_buf_init(dl_buf_t *b, apr_size_t size, apr_pool_t *p)
{
    b->pool = p;
    b->size = size ? size : 1;
    b->len = 0;
    b->data = apr_palloc(p, b->size);
}

void dl_buf_grow(dl_buf_t *b, apr_size_t n)
{
    apr_size_t size = b->size * 2;
    char *data;

    if (size < b->len + n) {
        size = b->len + n;
    }
    data = apr_palloc(b->pool, size);
    memcpy(data, b->data, b->len);
    b->data = data;
    b->size = size;
}

void dl_buf_int(dl_buf_t *b, apr_int64_t value)
{
    char digits[24];
    int at = (int)sizeof(digits);
    /* negated as unsigned: the smallest value has no positive twin */
    apr_uint64_t rest = value < 0 ? 0 - (apr_uint64_t)value
                                  : (apr_uint64_t)value;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0) {
        digits[--at] = '-';
    }
    dl_buf_add(b, digits + at, sizeof(digits) - (apr_size_t)at);
}

/* Appends what stands for one byte that cannot go out as it is. */
static void add_escape(dl_buf_t *b, unsigned char c)
{
    char *out = dl_buf_room(b, 6);

    out[0] = '\\';
    b->len += 2;
    switch (c) {
    case '"':  out[1] = '"';  return;
    case '\\': out[1] = '\\'; return;
    case '\n': out[1] = 'n';  return;
    case '\r': out[1] = 'r';  return;
    case '\t': out[1] = 't';  return;
    case '\b': out[1] = 'b';  return;
    case '\f': out[1] = 'f';  return;
    default:
        memcpy(out + 1, "u00", 3);
        out[4] = HEX[c >> 4];
        out[5] = HEX[c & 15];
        b->len += 4;
    }
}

/* ASCII that stands for itself in a JSON string. */
static int is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void dl_buf_json(dl_buf_t *b, const char *s, apr_size_t n)
{
    const unsigned char *u = (const unsigned char *)s;
    apr_size_t i = 0, run = 0;

    dl_buf_room(b, n + 2);
    dl_buf_putc(b, '"');
    while (i < n) {
        int len = 1;

        if (is_plain(u[i])) {
            i++;
            continue;
        }
        if (u[i] >= 0x80 && (len = dl_utf8_len(u + i, n - i)) != 0) {
            i += (apr_size_t)len;
            continue;
        }
        dl_buf_add(b, s + run, i - run);
        if (len == 0) {
            dl_buf_add(b, "\xef\xbf\xbd", 3);
        }
        else {
            add_escape(b, u[i]);
        }
        run = ++i;
    }
    dl_buf_add(b, s + run, n - run);
    dl_buf_putc(b, '"');
}

void dl_buf_jsons(dl_buf_t *b, const char *s)
{
    if (s) {
        dl_buf_json(b, s, strlen(s));
    }
    else {
        dl_buf_add(b, "null", 4);
    }
}

void dl_buf_json_time(dl_buf_t *b, apr_int64_t ms)
{
    char *out = dl_buf_room(b, DL_TIME_ISO_LEN + 3);

    out[0] = '"';
    dl_time_iso(ms, out + 1);
    out[DL_TIME_ISO_LEN + 1] = '"';
    b->len += DL_TIME_ISO_LEN + 2;
}

char *dl_buf_str(dl_buf_t *b)
{
    *dl_buf_room(b, 1) = '\0';
    return b->data;
}
