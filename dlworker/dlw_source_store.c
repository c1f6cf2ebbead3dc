/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source `store`: the object is there already, under DLJobKeyFormat.
 *
 * One that is not there is asked for a second time a second later: whoever
 * put it there may be doing so just now, and a store may need a moment to
 * show it.
 */
#include "dlw_source.h"

#include <string.h>

#include <apr_strings.h>

#include "dl_disposition.h"
#include "dl_store.h"
#include "dlw_store.h"

#define SECOND_LOOK_MS 1000

typedef struct run_t {
    dlw_attempt_t *a;
    const char *key;
    void *op;                   /* of the store, while it looks */
    int looks;
    dl_timer_t again;
} run_t;

static void look(run_t *run);

/* What follows the last slash, when it looks like the name of a file. */
static const char *filename_of(const char *key, apr_pool_t *p)
{
    const char *name = strrchr(key, '/');

    name = name ? name + 1 : key;
    return strchr(name, '.') ? dl_filename_clean(name, p) : NULL;
}

static void on_looked(void *baton, const dl_failure_t *failure,
                      const dlw_object_t *object)
{
    run_t *run = baton;
    dlw_attempt_t *a = run->a;

    run->op = NULL;
    if (!failure) {
        a->object = *object;
        a->content_type = object->content_type;
        a->filename = filename_of(run->key, a->pool);
        a->on->done(a, NULL);
        return;
    }
    if (strcmp(failure->error_code, "FILE_NOT_FOUND") == 0
        && run->looks == 1) {
        dl_timer_set(a->env->loop, &run->again, SECOND_LOOK_MS);
        return;
    }
    a->on->done(a, failure);
}

static void on_again(dl_timer_t *timer)
{
    look(timer->baton);
}

static void look(run_t *run)
{
    const dlw_env_t *env = run->a->env;
    void *op;

    run->looks++;
    op = env->store_ops->head(env->store, run->key, run->a->pool, on_looked,
                              run);
    if (op) {
        run->op = op;
    }
}

static void *store_start(dlw_attempt_t *a)
{
    run_t *run = apr_pcalloc(a->pool, sizeof(*run));

    run->a = a;
    run->key = dl_store_key(a->conf, a->file_id, a->pool);
    run->again.fn = on_again;
    run->again.baton = run;
    look(run);
    return run->op || run->again.slot ? run : NULL;
}

static void store_abort(dlw_attempt_t *a, void *handle)
{
    run_t *run = handle;

    dl_timer_cancel(a->env->loop, &run->again);
    if (run->op) {
        a->env->store_ops->abort(a->env->store, run->op);
    }
}

static const char *store_check(const dl_config_t *conf, apr_pool_t *p)
{
    if (conf->store.kind == DL_STORE_FILE
        && !dl_store_key_safe(dl_store_key(conf, conf->file_id_max, p))) {
        return apr_psprintf(p, "DLJobKeyFormat \"%s\" makes no path below "
                            "the directory of DLJobStore; leave out empty, "
                            "\".\" and \"..\" parts", conf->key_format);
    }
    return NULL;
}

const dlw_source_ops_t dlw_source_store = {
    .name = "store",
    .check = store_check,
    .start = store_start,
    .abort = store_abort,
};
