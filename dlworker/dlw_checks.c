/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at source, spool, store and Redis.
 */
#include "dlw_checks.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "dl_log.h"
#include "dl_reply.h"

const char *dlw_check_local(const dl_config_t *conf, apr_pool_t *p)
{
    const dlw_source_ops_t *source = dlw_source_of(conf->source.kind);
    struct stat st;

    if (!source)
        return "DLJobSource is not set: say where files come from";
    if (stat(conf->spool, &st) != 0)
        return apr_psprintf(p, "DLJobSpool %s: %s; make the directory",
                            conf->spool, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return apr_psprintf(p, "DLJobSpool %s: not a directory",
                            conf->spool);
    if (access(conf->spool, W_OK | X_OK) != 0)
        return apr_psprintf(p, "DLJobSpool %s: the worker's user may not "
                            "write there; change its owner", conf->spool);
    return source->check(conf, p);
}

static void on_probed(void *baton, const dl_failure_t *failure,
                      const dlw_object_t *object)
{
    (void)object;
    if (failure)
        dl_log(DL_LOG_WARN, "DL0505", NULL, "DLJobStore cannot be used now: "
               "%s (%s); tasks will be tried all the same", failure->error,
               failure->detail ? failure->detail : "-");
    apr_pool_destroy(baton);
}

void dlw_check_store(dlw_worker_t *worker)
{
    apr_pool_t *p;

    apr_pool_create(&p, worker->pool);
    worker->env.store_ops->probe(worker->env.store, p, on_probed, p);
}

/** CONFIG GET answers ["name", "value"]. */
static const char *setting(const redisReply *reply)
{
    return reply && reply->type == REDIS_REPLY_ARRAY
               ? dl_reply_str_at(reply, 1, NULL) : NULL;
}

static void on_policy(void *baton, const redisReply *reply)
{
    const char *policy = setting(reply);

    (void)baton;
    if (policy && strcmp(policy, "noeviction") != 0)
        dl_log(DL_LOG_WARN, "DL0225", NULL, "Redis may throw jobs away: "
               "maxmemory-policy is %s; set it to noeviction", policy);
}

static void on_appendonly(void *baton, const redisReply *reply)
{
    const char *on = setting(reply);

    (void)baton;
    if (on && strcmp(on, "no") == 0)
        dl_log(DL_LOG_WARN, "DL0226", NULL, "Redis loses jobs when it "
               "crashes: appendonly is no; set it to yes");
}

void dlw_check_redis(dlw_worker_t *worker)
{
    dlw_redis_command(worker->redis, 3,
                      (const char *[]){"CONFIG", "GET", "maxmemory-policy"},
                      on_policy, NULL);
    dlw_redis_command(worker->redis, 3,
                      (const char *[]){"CONFIG", "GET", "appendonly"},
                      on_appendonly, NULL);
}
