/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of JSON, read as exact decimals: whether 7e4 is an integer is
 * decided on its digits, not on a rounded double.
 */
#include "dl_json.h"

#define DIGITS_MAX 18
#define EXPONENT_MAX 100000

/* The digits of a number in order, counted from 1. */
typedef struct decimal_t {
    apr_int64_t value;          /* of the first 18 from first_nonzero on */
    int used;                   /* how many of them are in value */
    apr_int64_t total;
    apr_int64_t fraction;       /* of total, after the decimal point */
    apr_int64_t exponent;       /* as written after e */
    apr_int64_t first_nonzero;  /* 0: all are zero */
    apr_int64_t last_nonzero;
} decimal_t;

static int is_digit(const dl_json_t *r, const char *at)
{
    return at < r->end && *at >= '0' && *at <= '9';
}

static int fail(dl_json_t *r, const char *at, const char *reason)
{
    if (!r->error) {
        r->error = reason;
        r->error_at = (apr_size_t)(at - r->start);
    }
    return 0;
}

static void add_digit(decimal_t *d, char c)
{
    d->total++;
    if (c != '0') {
        d->last_nonzero = d->total;
        if (!d->first_nonzero) {
            d->first_nonzero = d->total;
        }
    }
    if (d->first_nonzero && d->used < DIGITS_MAX) {
        d->value = d->value * 10 + (c - '0');
        d->used++;
    }
}

static const char *read_exponent(dl_json_t *r, const char *at, decimal_t *d)
{
    int negative = 0, value = 0;

    if (at < r->end && (*at == '+' || *at == '-')) {
        negative = *at++ == '-';
    }
    if (!is_digit(r, at)) {
        fail(r, at, "a digit is needed in the exponent of a number");
        return NULL;
    }
    for (; is_digit(r, at); at++) {
        if (value < EXPONENT_MAX) {
            value = value * 10 + (*at - '0');
        }
    }
    d->exponent = negative ? -value : value;
    return at;
}

static void settle(decimal_t *d, dl_json_number_t *out)
{
    apr_int64_t shift = d->exponent - d->fraction;
    apr_int64_t whole = d->total - d->first_nonzero + 1 + shift;

    out->value = 0;
    out->kind = DL_JSON_INTEGER;
    if (!d->first_nonzero) {
        return;
    }
    if (d->total - d->last_nonzero + shift < 0) {
        out->kind = DL_JSON_FRACTION;
        return;
    }
    if (whole > DIGITS_MAX) {
        out->kind = DL_JSON_HUGE;
        return;
    }
    /* digits of value that stand behind the point are zeros */
    for (; d->used < whole; d->used++) {
        d->value *= 10;
    }
    for (; d->used > whole; d->used--) {
        d->value /= 10;
    }
    out->value = out->negative ? -d->value : d->value;
}

/* What follows the digits of a plain integer. */
static int read_rest(dl_json_t *r, const char *at, decimal_t *d,
                     dl_json_number_t *out)
{
    if (at < r->end && *at == '.') {
        at++;
        if (!is_digit(r, at)) {
            return fail(r, at, "a digit is needed after the decimal point");
        }
        for (; is_digit(r, at); at++) {
            d->fraction++;
            add_digit(d, *at);
        }
    }
    if (at < r->end && (*at == 'e' || *at == 'E')) {
        at = read_exponent(r, at + 1, d);
        if (!at) {
            return 0;
        }
    }
    r->at = at;
    settle(d, out);
    return 1;
}

int dl_json_number(dl_json_t *r, dl_json_number_t *out)
{
    decimal_t d = { 0 };
    const char *at;

    if (dl_json_peek(r) != DL_JSON_NUMBER) {
        return fail(r, r->at, "a number is expected");
    }
    at = r->at;
    out->negative = *at == '-';
    at += out->negative;
    if (!is_digit(r, at)) {
        return fail(r, at, "a digit is needed after the minus sign");
    }
    if (*at == '0' && is_digit(r, at + 1)) {
        return fail(r, at, "a number may not begin with 0");
    }
    for (; is_digit(r, at); at++) {
        add_digit(&d, *at);
    }
    return read_rest(r, at, &d, out);
}
