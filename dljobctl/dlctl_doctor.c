/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor: runs the checks and prints what they found.
 */
#include "dlctl_doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "dlctl_commands.h"
#include "dlctl_json.h"
#include "dlctl_text.h"

#define INDENT 24

static const char *const levels[] = {
    [DLCTL_FINE] = "ok",
    [DLCTL_WARNING] = "warning",
    [DLCTL_ERROR] = "error",
    [DLCTL_SKIPPED] = "skipped",
};

void dlctl_found(dlctl_doctor_t *doctor, const char *check,
                 dlctl_level_e level, const char *remedy,
                 const char *fmt, ...)
{
    dlctl_finding_t *finding = &APR_ARRAY_PUSH(doctor->findings,
                                               dlctl_finding_t);
    va_list ap;

    va_start(ap, fmt);
    finding->message = apr_pvsprintf(doctor->pool, fmt, ap);
    va_end(ap);
    finding->check = check;
    finding->level = level;
    finding->remedy = remedy;
}

static int count(const dlctl_doctor_t *doctor, dlctl_level_e level)
{
    int n = 0;

    for (int i = 0; i < doctor->findings->nelts; i++)
        n += APR_ARRAY_IDX(doctor->findings, i, dlctl_finding_t).level
             == level;
    return n;
}

static void print_text(const dlctl_doctor_t *doctor)
{
    apr_pool_t *p = doctor->pool;

    for (int i = 0; i < doctor->findings->nelts; i++) {
        const dlctl_finding_t *f = &APR_ARRAY_IDX(doctor->findings, i,
                                                  dlctl_finding_t);

        printf("%-8s  %-*s%s\n", levels[f->level], INDENT - 10, f->check,
               dlctl_text_safe(f->message, p));
        if (*f->remedy)
            printf("%*s-> %s\n", INDENT, "", dlctl_text_safe(f->remedy, p));
    }
    printf("\n%s, %s\n", dlctl_text_count(count(doctor, DLCTL_ERROR),
                                          "error", p),
           dlctl_text_count(count(doctor, DLCTL_WARNING), "warning", p));
}

static void print_json(const dlctl_doctor_t *doctor)
{
    dl_buf_t b;

    dl_buf_init(&b, 4096, doctor->pool);
    dl_buf_putc(&b, '{');
    dlctl_json_bool(&b, "healthy", count(doctor, DLCTL_ERROR) == 0);
    dlctl_json_int(&b, "errors", count(doctor, DLCTL_ERROR));
    dlctl_json_int(&b, "warnings", count(doctor, DLCTL_WARNING));
    dlctl_json_name(&b, "checks");
    dl_buf_putc(&b, '[');
    for (int i = 0; i < doctor->findings->nelts; i++) {
        const dlctl_finding_t *f = &APR_ARRAY_IDX(doctor->findings, i,
                                                  dlctl_finding_t);

        dlctl_json_next(&b);
        dl_buf_putc(&b, '{');
        dlctl_json_str(&b, "check", f->check);
        dlctl_json_str(&b, "status", levels[f->level]);
        dlctl_json_str(&b, "message", f->message);
        dlctl_json_str(&b, "remedy", f->remedy);
        dl_buf_putc(&b, '}');
    }
    dl_buf_puts(&b, "]}");
    dlctl_json_print(doctor->ctl, &b);
}

dlctl_exit_e dlctl_doctor(dlctl_t *ctl)
{
    dlctl_doctor_t doctor = {.ctl = ctl, .pool = ctl->pool};

    doctor.findings = apr_array_make(ctl->pool, 32, sizeof(dlctl_finding_t));
    if (dlctl_doctor_conf(&doctor) == 0) {
        dlctl_doctor_local(&doctor);
        dlctl_doctor_store(&doctor);
        dlctl_doctor_redis(&doctor);
        if (doctor.linked) {
            dlctl_doctor_rights(&doctor);
            dlctl_doctor_work(&doctor);
        }
        dl_redis_link_destroy(&doctor.link);
    }
    if (ctl->json)
        print_json(&doctor);
    else
        print_text(&doctor);
    return count(&doctor, DLCTL_ERROR) ? DLCTL_FAILED : DLCTL_OK;
}
