/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What commands begin with: configuration, Redis, operands.
 */
#include "dlctl.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "dl_parse.h"
#include "dl_redis.h"
#include "dl_uuid.h"

#define CONNECT_MS 5000
#define REPLY_MS 10000

/* Arguments are seen by everybody on the machine. */
static const char *holds_password(const char *name, const char *text,
                                  apr_pool_t *p)
{
    dl_settings_t *alone = dl_settings_create(p);

    if (dl_conffile_text(name, text, strlen(text), alone, p) == NULL
        && alone->conf->redis && alone->conf->redis->password
        && strstr(text, "password=") == NULL)
        return "-D: a password on the command line can be seen by others: "
               "write it to a file and name that by password=FILE";
    return NULL;
}

dlctl_exit_e dlctl_configure(dlctl_t *ctl)
{
    const char *file = dlctl_args_get(ctl->args, "file"), *error;
    apr_array_header_t *more = dlctl_args_all(ctl->args, "directive",
                                              ctl->pool);
    dl_settings_t *settings = dl_settings_create(ctl->pool);

    if (!file)
        file = DLCTL_FILE;
    error = dl_conffile_read(file, settings, ctl->pool);
    for (int i = 0; error == NULL && i < more->nelts; i++) {
        const char *text = APR_ARRAY_IDX(more, i, const char *);
        const char *name = apr_psprintf(ctl->pool, "-D %d", i + 1);

        error = holds_password(name, text, ctl->pool);
        if (error)
            return dlctl_error(DLCTL_USAGE, "%s", error);
        error = dl_conffile_text(name, text, strlen(text), settings,
                                 ctl->pool);
    }
    if (error == NULL)
        error = dl_settings_check(settings, file, 0, ctl->pool);
    if (error)
        return dlctl_error(DLCTL_CONFIG, "%s", error);
    ctl->conf = settings->conf;
    return DLCTL_OK;
}

/* One link first: it can say why there is none. */
static dlctl_exit_e try_redis(const dl_redis_addr_t *addr)
{
    dlctl_exit_e status = DLCTL_OK;
    dl_redis_link_t link;

    dl_redis_link_init(&link, CONNECT_MS * 1000);
    if (dl_redis_link_open(&link, addr, dl_clock_us() + CONNECT_MS * 1000)
        != APR_SUCCESS)
        status = link.kind == DL_REDIS_CONFIG
            ? dlctl_error(DLCTL_NO_PERMISSION, "Redis at %s: %s",
                          addr->display, link.message)
            : dlctl_error(DLCTL_REDIS, "Redis at %s is not available: %s",
                          addr->display, link.message);
    dl_redis_link_destroy(&link);
    return status;
}

dlctl_exit_e dlctl_open(dlctl_t *ctl)
{
    dl_redis_pool_conf_t links = {1, CONNECT_MS, REPLY_MS};
    dlctl_exit_e status = dlctl_configure(ctl);

    if (status == DLCTL_OK)
        status = try_redis(ctl->conf->redis);
    if (status != DLCTL_OK)
        return status;
    if (dl_redis_pool_create(ctl->conf->redis, &links, ctl->pool,
                             &ctl->redis) != APR_SUCCESS
        || dl_jobs_create(ctl->conf, ctl->redis, ctl->pool, &ctl->jobs)
           != APR_SUCCESS)
        return dlctl_error(DLCTL_CONFIG, "the scripts cannot be made: "
                           "install the package again");
    return DLCTL_OK;
}

dlctl_exit_e dlctl_no_answer(const dlctl_t *ctl, apr_status_t rv)
{
    const char *where = ctl->conf->redis->display;

    if (APR_STATUS_IS_EACCES(rv))
        return dlctl_error(DLCTL_NO_PERMISSION, "Redis at %s does not let "
                           "this user do that: see the operator's line of "
                           "redis.acl", where);
    if (APR_STATUS_IS_TIMEUP(rv))
        return dlctl_error(DLCTL_REDIS, "Redis at %s did not answer in time",
                           where);
    return dlctl_error(DLCTL_REDIS, "Redis at %s is not available now",
                       where);
}

const char *dlctl_operand(const dlctl_t *ctl, int i)
{
    return APR_ARRAY_IDX(ctl->args->operands, i, const char *);
}

static int ascending(const void *a, const void *b)
{
    apr_int64_t x = *(const apr_int64_t *)a, y = *(const apr_int64_t *)b;

    return x < y ? -1 : x > y;
}

static const char *read_id(const dlctl_t *ctl, const char *text,
                           int archives, apr_int64_t *id)
{
    const char *error = dl_parse_int(text, ctl->conf->file_id_min,
                                     ctl->conf->file_id_max, ctl->pool, id);

    if (error && archives
        && !dl_parse_int(text, DL_BUNDLE_FIRST_ID, APR_INT64_MAX, ctl->pool,
                         id))
        return NULL;
    return error;
}

static dlctl_exit_e read_ids(dlctl_t *ctl, int archives,
                             const apr_int64_t **ids, int *n)
{
    int count = ctl->args->operands->nelts, unique = 0;
    apr_int64_t *list = apr_palloc(ctl->pool,
                                   (apr_size_t)(count + 1) * sizeof(*list));

    for (int i = 0; i < count; i++) {
        const char *error = read_id(ctl, dlctl_operand(ctl, i), archives,
                                    &list[i]);

        if (error)
            return dlctl_error(DLCTL_USAGE, "FILE-ID: %s", error);
    }
    qsort(list, count, sizeof(*list), ascending);
    for (int i = 0; i < count; i++)
        if (i == 0 || list[i] != list[unique - 1])
            list[unique++] = list[i];
    *ids = list;
    *n = unique;
    return DLCTL_OK;
}

dlctl_exit_e dlctl_file_ids(dlctl_t *ctl, const apr_int64_t **ids, int *n)
{
    return read_ids(ctl, 0, ids, n);
}

dlctl_exit_e dlctl_task_ids(dlctl_t *ctl, const apr_int64_t **ids, int *n)
{
    return read_ids(ctl, 1, ids, n);
}

dlctl_exit_e dlctl_duration(const dlctl_t *ctl, const char *name,
                            apr_int64_t preset_ms, apr_int64_t *ms)
{
    const char *value = dlctl_args_get(ctl->args, name), *error;

    *ms = preset_ms;
    if (!value)
        return DLCTL_OK;
    error = dl_parse_duration(value, 0, APR_INT64_C(86400000) * 365,
                              ctl->pool, ms);
    return error ? dlctl_error(DLCTL_USAGE, "--%s: %s", name, error)
                 : DLCTL_OK;
}

dlctl_exit_e dlctl_number(const dlctl_t *ctl, const char *name,
                          apr_int64_t min, apr_int64_t max,
                          apr_int64_t preset, apr_int64_t *number)
{
    const char *value = dlctl_args_get(ctl->args, name), *error;

    *number = preset;
    if (!value)
        return DLCTL_OK;
    error = dl_parse_int(value, min, max, ctl->pool, number);
    return error ? dlctl_error(DLCTL_USAGE, "--%s: %s", name, error)
                 : DLCTL_OK;
}

const char *dlctl_job_id(apr_pool_t *p)
{
    char *id = apr_palloc(p, DL_UUID_LEN + 1);
    dl_random_t random;

    dl_random_init(&random);
    dl_uuid_make(&random, id);
    return id;
}

const char *dlctl_request_id(apr_pool_t *p)
{
    return apr_pstrcat(p, "dljobctl-", dlctl_job_id(p), NULL);
}
