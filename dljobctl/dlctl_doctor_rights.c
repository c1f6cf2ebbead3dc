/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor: what the user of Redis may do.
 *
 * Redis looks at rights when a command is queued in a transaction, so each is
 * queued there and then all is discarded: nothing is run.
 */
#include "dlctl_doctor.h"

#include <string.h>

#include <apr_strings.h>

#include "dl_reply.h"

#define WORDS_MAX 6
#define KEY "{key}"             /* stands for one of the namespace */

/* What dljobctl and its scripts send, in the order of redis.acl. */
static const char *const commands[][WORDS_MAX] = {
    {"PING"}, {"TIME"}, {"INFO"},
    {"EVALSHA", "0000000000000000000000000000000000000000", "1", KEY},
    {"SCRIPT", "LOAD", "return 1"}, {"PUBLISH", KEY, "x"},
    {"PUBSUB", "NUMSUB", KEY}, {"DEL", KEY}, {"EXISTS", KEY},
    {"EXPIRE", KEY, "1"}, {"PEXPIRE", KEY, "1"}, {"TTL", KEY}, {"GET", KEY},
    {"MGET", KEY}, {"SET", KEY, "x"}, {"HDEL", KEY, "x"},
    {"HEXISTS", KEY, "x"}, {"HGET", KEY, "x"}, {"HGETALL", KEY},
    {"HMGET", KEY, "x"}, {"HSET", KEY, "x", "x"}, {"HINCRBY", KEY, "x", "1"},
    {"LLEN", KEY}, {"LPUSH", KEY, "x"}, {"LTRIM", KEY, "0", "0"},
    {"SADD", KEY, "x"}, {"SCAN", "0"}, {"SCARD", KEY}, {"SPOP", KEY},
    {"SREM", KEY, "x"}, {"SSCAN", KEY, "0"}, {"ZADD", KEY, "1", "x"},
    {"ZCARD", KEY}, {"ZCOUNT", KEY, "0", "1"}, {"ZRANDMEMBER", KEY},
    {"ZRANGE", KEY, "0", "1"}, {"ZRANGEBYSCORE", KEY, "0", "1"},
    {"ZRANK", KEY, "x"}, {"ZREM", KEY, "x"},
    {"ZREMRANGEBYSCORE", KEY, "0", "1"}, {"ZREVRANGE", KEY, "0", "1"},
    {"ZSCORE", KEY, "x"},
};

#define NCOMMANDS ((int)(sizeof(commands) / sizeof(commands[0])))

static int is_ok(dlctl_doctor_t *doctor, const char *command)
{
    redisReply *reply = dlctl_doctor_ask(doctor, 1, &command);
    int ok = reply && reply->type == REDIS_REPLY_STATUS;

    dl_reply_free(reply);
    return ok;
}

/* @return whether the user may send it */
static int may(dlctl_doctor_t *doctor, const char *const *words,
               const char *key)
{
    const char *argv[WORDS_MAX];
    redisReply *reply;
    const char *error;
    int argc = 0, allowed;

    for (; argc < WORDS_MAX && words[argc]; argc++)
        argv[argc] = strcmp(words[argc], KEY) == 0 ? key : words[argc];
    reply = dlctl_doctor_ask(doctor, argc, argv);
    error = reply ? dl_reply_error(reply) : NULL;
    allowed = !error || strncmp(error, "NOPERM", 6) != 0;
    dl_reply_free(reply);
    return allowed;
}

void dlctl_doctor_rights(dlctl_doctor_t *doctor)
{
    const char *key = apr_pstrcat(doctor->pool, doctor->conf->key_prefix,
                                  "doctor", NULL);
    const char *missing = "";

    if (!is_ok(doctor, "MULTI")) {
        dlctl_found(doctor, "rights", DLCTL_SKIPPED, "allow this user of "
                    "Redis the commands multi and discard (redis.acl)",
                    "what this user of Redis may do cannot be seen");
        return;
    }
    for (int i = 0; i < NCOMMANDS && doctor->linked; i++)
        if (!may(doctor, commands[i], key))
            missing = apr_pstrcat(doctor->pool, missing, *missing ? " " : "",
                                  commands[i][0], NULL);
    is_ok(doctor, "DISCARD");
    if (*missing)
        dlctl_found(doctor, "rights", DLCTL_ERROR, "give the user the rights "
                    "of redis.acl, for this DLJobKeyPrefix", "this user of "
                    "Redis may not use, on keys and channels of %s: %s",
                    doctor->conf->key_prefix, missing);
    else if (doctor->linked)
        dlctl_found(doctor, "rights", DLCTL_FINE, "", "this user of Redis "
                    "may do all that dljobctl does");
}
