/* SPDX-License-Identifier: Apache-2.0 */
/*
 * W3C Trace Context.
 */
#include "dl_trace.h"

#include <string.h>

#include <apr_strings.h>

#include "dl_uuid.h"

#define STATE_MAX 512
#define STATE_MEMBERS 32
#define FLAG_SAMPLED 1
#define FLAG_RANDOM 2

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* n lower-case hex digits, copied with a NUL; 0 when they are not. */
static int take_hex(const char *s, int n, char *out)
{
    int i, any = 0;

    for (i = 0; i < n; i++) {
        int v = hex_value(s[i]);

        if (v < 0) {
            return 0;
        }
        any |= v;
        out[i] = s[i];
    }
    out[n] = '\0';
    return any ? 1 : -1;                    /* -1: all zeros */
}

int dl_trace_parse(const char *traceparent, dl_trace_t *trace)
{
    char version[3], flags[3];
    apr_size_t len = traceparent ? strlen(traceparent) : 0;

    memset(trace, 0, sizeof(*trace));
    /* a later version may be longer, but only by a further member */
    if (len < DL_TRACEPARENT_LEN
        || !take_hex(traceparent, 2, version) || strcmp(version, "ff") == 0
        || traceparent[2] != '-' || traceparent[35] != '-'
        || traceparent[52] != '-'
        || take_hex(traceparent + 3, 32, trace->trace_id) != 1
        || take_hex(traceparent + 36, 16, trace->parent_id) != 1
        || !take_hex(traceparent + 53, 2, flags)
        || (len > DL_TRACEPARENT_LEN
            && (strcmp(version, "00") == 0
                || traceparent[DL_TRACEPARENT_LEN] != '-'))) {
        memset(trace, 0, sizeof(*trace));
        return 0;
    }
    trace->flags = (unsigned char)((hex_value(flags[0]) << 4
                                    | hex_value(flags[1]))
                                   & (FLAG_SAMPLED | FLAG_RANDOM));
    return 1;
}

static int key_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'
        || c == '-' || c == '*' || c == '/';
}

/* key = ( lcalpha / DIGIT ) 0*255 keychar, one "@" for a tenant's system */
static int key_valid(const char *s, apr_size_t n)
{
    apr_size_t i;
    int ats = 0;

    if (n == 0 || n > 256 || !key_char(s[0]) || strchr("_-*/", s[0])) {
        return 0;
    }
    for (i = 1; i < n; i++) {
        if (s[i] == '@' && ats++ == 0 && i <= 241 && n - i - 1 >= 1
            && n - i - 1 <= 14) {
            continue;
        }
        if (!key_char(s[i])) {
            return 0;
        }
    }
    return 1;
}

/* value = 1 to 256 printable characters but "," and "=", no space last */
static int value_valid(const char *s, apr_size_t n)
{
    apr_size_t i;

    if (n == 0 || n > 256 || s[n - 1] == ' ') {
        return 0;
    }
    for (i = 0; i < n; i++) {
        if (s[i] < 0x20 || s[i] > 0x7e || s[i] == '=') {
            return 0;
        }
    }
    return 1;
}

/* The valid tracestate as it goes on, or NULL. */
static const char *state_of(const char *s, apr_pool_t *p)
{
    const char *begin = s + strspn(s, " \t,"), *end = begin;
    int members = 0;

    while (*s) {
        apr_size_t n = strcspn(s, ",");
        const char *from = s + strspn(s, " \t");
        const char *to = s + n;
        const char *eq;

        while (to > from && (to[-1] == ' ' || to[-1] == '\t')) {
            to--;
        }
        if (from < to) {
            eq = memchr(from, '=', (apr_size_t)(to - from));
            if (!eq || ++members > STATE_MEMBERS
                || !key_valid(from, (apr_size_t)(eq - from))
                || !value_valid(eq + 1, (apr_size_t)(to - eq - 1))) {
                return NULL;
            }
            if (to - begin <= STATE_MAX) {
                end = to;
            }
        }
        s += n;
        s += *s == ',';
    }
    return end > begin ? apr_pstrmemdup(p, begin, (apr_size_t)(end - begin))
                       : NULL;
}

void dl_trace_continue(const char *traceparent, const char *tracestate,
                       dl_random_t *random, apr_pool_t *p, dl_trace_t *trace)
{
    unsigned char bytes[16];

    if (dl_trace_parse(traceparent, trace)) {
        trace->state = tracestate ? state_of(tracestate, p) : NULL;
    }
    else {
        dl_random_take(random, bytes, 16);
        dl_hex(bytes, 16, trace->trace_id);
        trace->flags = FLAG_SAMPLED | FLAG_RANDOM;
    }
    dl_random_take(random, bytes, 8);
    dl_hex(bytes, 8, trace->span_id);
}

void dl_trace_format(const dl_trace_t *trace, const char *span_id, char *out)
{
    memcpy(out, "00-", 3);
    memcpy(out + 3, trace->trace_id, 32);
    out[35] = '-';
    memcpy(out + 36, span_id, 16);
    memcpy(out + 52, "-0", 2);
    out[54] = (char)('0' + trace->flags);
    out[55] = '\0';
}
