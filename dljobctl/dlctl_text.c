/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text for people; see dlctl_text.h.
 */
#include "dlctl_text.h"

#include <string.h>

#include <apr_strings.h>

#include "dl_time.h"
#include "dl_utf8.h"

const char *dlctl_text_safe(const char *s, apr_pool_t *p)
{
    apr_size_t n = s ? strlen(s) : 0;
    char *out = apr_palloc(p, n + 1), *o = out;

    for (apr_size_t i = 0; i < n;) {
        const unsigned char *c = (const unsigned char *)s + i;
        int len = dl_utf8_len(c, n - i);
        int control = *c < 0x20 || *c == 0x7f
            || (len == 2 && *c == 0xc2 && c[1] < 0xa0);

        if (len == 0 || control)
            *o++ = '?';
        else
            for (int k = 0; k < len; k++)
                *o++ = (char)c[k];
        i += len > 0 ? (apr_size_t)len : 1;
    }
    *o = '\0';
    return out;
}

int dlctl_text_width(const char *s)
{
    int n = 0;

    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

const char *dlctl_text_cut(const char *s, int width, apr_pool_t *p)
{
    const char *at = s;
    int left = width;

    if (dlctl_text_width(s) <= width)
        return s;
    if (width < 1)
        return "";
    while (left > 0) {          /* one more character than will stay */
        at++;
        if (((unsigned char)*at & 0xc0) != 0x80)
            left--;
    }
    do                          /* … and its last byte goes too */
        at--;
    while (((unsigned char)*at & 0xc0) == 0x80);
    return apr_pstrcat(p, apr_pstrmemdup(p, s, (apr_size_t)(at - s)), "…",
                       NULL);
}

const char *dlctl_text_duration(apr_int64_t ms, apr_pool_t *p)
{
    apr_int64_t s = ms / 1000;

    if (ms < 0)
        return "-";
    if (ms < 100)
        return apr_psprintf(p, "%dms", (int)ms);
    if (ms < 9950)
        return apr_psprintf(p, "%d.%ds", (int)((ms + 50) / 1000),
                            (int)((ms + 50) % 1000 / 100));
    if (s < 60)
        return apr_psprintf(p, "%ds", (int)s);
    if (s < 3600)
        return apr_psprintf(p, "%dm %ds", (int)(s / 60), (int)(s % 60));
    if (s < 86400)
        return apr_psprintf(p, "%dh %dm", (int)(s / 3600),
                            (int)(s % 3600 / 60));
    return apr_psprintf(p, "%" APR_INT64_T_FMT "d %dh", s / 86400,
                        (int)(s % 86400 / 3600));
}

const char *dlctl_text_size(apr_int64_t bytes, apr_pool_t *p)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    double n = (double)bytes / 1024;
    int u = 0;

    if (bytes < 0)
        return "-";
    if (bytes < 1024)
        return apr_psprintf(p, "%d B", (int)bytes);
    while (n >= 1023.95 && u < 4) {
        n /= 1024;
        u++;
    }
    return apr_psprintf(p, "%.1f %s", n, units[u]);
}

const char *dlctl_text_time(apr_int64_t ms, apr_pool_t *p)
{
    char iso[DL_TIME_ISO_LEN + 1];

    if (ms <= 0)
        return "-";
    dl_time_iso(ms, iso);
    iso[10] = ' ';
    iso[19] = '\0';
    return apr_pstrdup(p, iso);
}

const char *dlctl_text_ago(apr_int64_t ms, apr_int64_t now_ms, apr_pool_t *p)
{
    if (ms <= 0)
        return "-";
    return apr_pstrcat(p, dlctl_text_duration(now_ms > ms ? now_ms - ms : 0,
                                              p), " ago", NULL);
}

const char *dlctl_text_count(apr_int64_t n, const char *noun, apr_pool_t *p)
{
    return apr_psprintf(p, "%" APR_INT64_T_FMT " %s%s", n, noun,
                        n == 1 ? "" : "s");
}
