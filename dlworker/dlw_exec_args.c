/* SPDX-License-Identifier: Apache-2.0 */
/*
 * argv and environment of a child.
 */
#include "dlw_exec_args.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#define FILE_ID "%{file_id}"

const char *dlw_exec_expand(const char *text, apr_int64_t file_id,
                            apr_pool_t *p)
{
    const char *at = strstr(text, FILE_ID);

    if (!at)
        return text;
    return apr_psprintf(p, "%.*s%" APR_INT64_T_FMT "%s", (int)(at - text),
                        text, file_id,
                        dlw_exec_expand(at + strlen(FILE_ID), file_id, p));
}

const char *const *dlw_exec_argv(const dlw_attempt_t *a)
{
    const char *const *from = a->conf->source.argv;
    const char **argv;
    int n = 0;

    while (from[n])
        n++;
    argv = apr_pcalloc(a->pool, (n + 1) * sizeof(*argv));
    for (int i = 0; i < n; i++)
        argv[i] = dlw_exec_expand(from[i], a->file_id, a->pool);
    return argv;
}

/** Whether a child may know the worker's "NAME=value". */
static int passed_on(const char *entry)
{
    static const char *const names[] = {"PATH=", "HOME=", "USER=",
                                        "LOGNAME=", "TZ=", "LANG=", "LC_"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strncmp(entry, names[i], strlen(names[i])) == 0)
            return 1;
    return 0;
}

static void add(apr_array_header_t *env, const char *name, const char *value)
{
    if (value && *value)
        *(const char **)apr_array_push(env) =
            apr_pstrcat(env->pool, name, "=", value, NULL);
}

const char *const *dlw_exec_env(const dlw_attempt_t *a, char **parent,
                                const char *dir, const char *output)
{
    apr_array_header_t *env = apr_array_make(a->pool, 20, sizeof(char *));
    int path = 0;

    for (; *parent; parent++) {
        if (passed_on(*parent)) {
            *(const char **)apr_array_push(env) = *parent;
            path |= strncmp(*parent, "PATH=", 5) == 0;
        }
    }
    if (!path)
        add(env, "PATH", "/usr/local/bin:/usr/bin:/bin");
    add(env, "TMPDIR", dir);
    add(env, "DLJOB_FILE_ID",
        apr_psprintf(a->pool, "%" APR_INT64_T_FMT, a->file_id));
    add(env, "DLJOB_JOB_ID", a->job_id);
    add(env, "DLJOB_ATTEMPT", apr_itoa(a->pool, a->attempt));
    add(env, "DLJOB_FENCE",
        apr_psprintf(a->pool, "%" APR_INT64_T_FMT, a->fence));
    add(env, "DLJOB_OUTPUT", output);
    add(env, "TRACEPARENT", a->traceparent);
    add(env, "TRACESTATE", a->tracestate);
    *(const char **)apr_array_push(env) = NULL;
    return (const char *const *)env->elts;
}
