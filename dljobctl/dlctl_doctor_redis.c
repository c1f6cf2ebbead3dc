/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor: Redis, its version, memory, persistence, clock.
 */
#include "dlctl_doctor.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "dl_cmd.h"
#include "dl_reply.h"
#include "dl_time.h"
#include "dlctl_text.h"

#define CONNECT_US 5000000
#define REPLY_US 5000000
#define SKEW_WARNING_MS 5000
#define SKEW_ERROR_MS 60000
#define VERSION_MIN 7

redisReply *dlctl_doctor_ask(dlctl_doctor_t *doctor, int argc,
                             const char *const *argv)
{
    dl_redis_cmd_t *cmd = dl_cmd_make(argc, doctor->pool);
    redisReply *reply = NULL;

    for (int i = 0; i < argc; i++)
        dl_cmd_adds(cmd, argv[i]);
    if (!doctor->linked
        || dl_redis_link_call(&doctor->link, cmd, dl_clock_us() + REPLY_US,
                              &reply) != APR_SUCCESS) {
        doctor->linked = 0;
        return NULL;
    }
    return reply;
}

const char *dlctl_doctor_info_line(const char *info, const char *name,
                                   apr_pool_t *p)
{
    apr_size_t len = strlen(name);
    const char *line = info;

    while (line && *line) {
        if (strncmp(line, name, len) == 0 && line[len] == ':') {
            line += len + 1;
            return apr_pstrmemdup(p, line, strcspn(line, "\r\n"));
        }
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return NULL;
}

/* ---- what INFO says */

static void look_at_version(dlctl_doctor_t *doctor, const char *version)
{
    if (!version)
        return;
    if (atoi(version) < VERSION_MIN)
        dlctl_found(doctor, "version", DLCTL_ERROR, "install Redis 7.0 or "
                    "later", "Redis %s is too old: the scripts need 7.0",
                    version);
    else
        dlctl_found(doctor, "version", DLCTL_FINE, "", "Redis %s", version);
}

static void look_at_role(dlctl_doctor_t *doctor, const char *role)
{
    if (role && strcmp(role, "master") != 0)
        dlctl_found(doctor, "version", DLCTL_ERROR, "point DLJobRedis at the "
                    "master", "this Redis is a replica: it takes no jobs");
}

static void look_at_memory(dlctl_doctor_t *doctor, const char *info)
{
    apr_pool_t *p = doctor->pool;
    const char *policy = dlctl_doctor_info_line(info, "maxmemory_policy", p);
    const char *text = dlctl_doctor_info_line(info, "maxmemory", p);
    apr_int64_t max = text ? apr_atoi64(text) : 0, used;

    text = dlctl_doctor_info_line(info, "used_memory", p);
    used = text ? apr_atoi64(text) : 0;
    if (policy && strcmp(policy, "noeviction") != 0)
        dlctl_found(doctor, "memory", DLCTL_ERROR, "CONFIG SET "
                    "maxmemory-policy noeviction, and the same in redis.conf",
                    "Redis may throw jobs away: maxmemory-policy is %s",
                    policy);
    else if (policy)
        dlctl_found(doctor, "memory", DLCTL_FINE, "", "maxmemory-policy is "
                    "noeviction, %s in use", dlctl_text_size(used, p));
    if (max > 0 && used >= max)
        dlctl_found(doctor, "memory", DLCTL_ERROR, "raise maxmemory",
                    "Redis is full: %s of %s; no job is admitted",
                    dlctl_text_size(used, p), dlctl_text_size(max, p));
    else if (max > 0 && used > max / 10 * 9)
        dlctl_found(doctor, "memory", DLCTL_WARNING, "raise maxmemory",
                    "Redis is nearly full: %s of %s",
                    dlctl_text_size(used, p), dlctl_text_size(max, p));
}

static int says(const char *info, const char *name, const char *value,
                apr_pool_t *p)
{
    const char *line = dlctl_doctor_info_line(info, name, p);

    return line && strcmp(line, value) == 0;
}

static void look_at_persistence(dlctl_doctor_t *doctor, const char *info)
{
    apr_pool_t *p = doctor->pool;

    if (!dlctl_doctor_info_line(info, "aof_enabled", p))
        return;
    if (says(info, "aof_last_write_status", "err", p))
        dlctl_found(doctor, "persistence", DLCTL_ERROR, "make room on the "
                    "disk of Redis and see its log",
                    "Redis cannot write its append-only file");
    else if (says(info, "rdb_last_bgsave_status", "err", p))
        dlctl_found(doctor, "persistence", DLCTL_ERROR, "make room on the "
                    "disk of Redis and see its log",
                    "Redis cannot write its snapshot, and may refuse writes");
    else if (says(info, "aof_enabled", "0", p))
        dlctl_found(doctor, "persistence", DLCTL_WARNING, "CONFIG SET "
                    "appendonly yes, and the same in redis.conf",
                    "Redis loses jobs when it crashes: appendonly is no");
    else
        dlctl_found(doctor, "persistence", DLCTL_FINE, "", "appendonly is "
                    "yes");
}

void dlctl_doctor_info(dlctl_doctor_t *doctor, const char *info)
{
    apr_pool_t *p = doctor->pool;

    look_at_version(doctor, dlctl_doctor_info_line(info, "redis_version",
                                                   p));
    look_at_role(doctor, dlctl_doctor_info_line(info, "role", p));
    look_at_memory(doctor, info);
    look_at_persistence(doctor, info);
}

static void look_at_info(dlctl_doctor_t *doctor)
{
    const char *argv[] = {"INFO"};
    redisReply *reply = dlctl_doctor_ask(doctor, 1, argv);
    const char *info = dl_reply_str(reply, NULL);

    if (info && reply->type == REDIS_REPLY_STRING)
        dlctl_doctor_info(doctor, info);
    else
        dlctl_found(doctor, "version", DLCTL_SKIPPED, "allow this user of "
                    "Redis the command info (redis.acl)", "version, memory "
                    "and persistence of Redis cannot be seen: %s",
                    reply && dl_reply_error(reply) ? dl_reply_error(reply)
                                                   : "no answer");
    dl_reply_free(reply);
}

/* ---- the clock */

static void look_at_clock(dlctl_doctor_t *doctor)
{
    const char *argv[] = {"TIME"};
    apr_int64_t start_us = dl_clock_us(), s = 0, us = 0, half_ms, off_ms;
    redisReply *reply = dlctl_doctor_ask(doctor, 1, argv);
    const char *text;

    half_ms = (dl_clock_us() - start_us) / 2000;
    if (!dl_reply_int_at(reply, 0, &s) || !dl_reply_int_at(reply, 1, &us)) {
        dl_reply_free(reply);
        return;
    }
    dl_reply_free(reply);
    off_ms = dl_time_now_ms() - half_ms - (s * 1000 + us / 1000);
    text = dlctl_text_duration(off_ms < 0 ? -off_ms : off_ms, doctor->pool);
    if (off_ms > SKEW_WARNING_MS || off_ms < -SKEW_WARNING_MS)
        dlctl_found(doctor, "clock", off_ms > SKEW_ERROR_MS
                    || off_ms < -SKEW_ERROR_MS ? DLCTL_ERROR : DLCTL_WARNING,
                    "set both by NTP", "this host's clock is %s %s that of "
                    "Redis: links end at wrong times", text,
                    off_ms < 0 ? "behind" : "ahead of");
    else
        dlctl_found(doctor, "clock", DLCTL_FINE, "", "this host's clock and "
                    "that of Redis differ by %s", text);
}

void dlctl_doctor_redis(dlctl_doctor_t *doctor)
{
    const dl_redis_addr_t *addr = doctor->conf->redis;
    apr_int64_t start_us = dl_clock_us();
    dl_redis_link_t *link = &doctor->link;

    dl_redis_link_init(link, REPLY_US);
    if (!addr)                  /* said of the configuration */
        return;
    if (dl_redis_link_open(link, addr, start_us + CONNECT_US)
        != APR_SUCCESS) {
        dlctl_found(doctor, "redis", DLCTL_ERROR,
                    link->kind == DL_REDIS_CONFIG
                    ? "correct user, password or database of DLJobRedis"
                    : "start redis-server, or correct DLJobRedis; see that "
                      "this user may use its socket",
                    "Redis at %s does not answer: %s", addr->display,
                    link->message);
        return;
    }
    doctor->linked = 1;
    dlctl_found(doctor, "redis", DLCTL_FINE, "", "Redis at %s answers within "
                "%d ms", addr->display,
                (int)((dl_clock_us() - start_us) / 1000) + 1);
    look_at_info(doctor);
    look_at_clock(doctor);
}
