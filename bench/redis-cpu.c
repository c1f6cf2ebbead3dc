/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPU that Redis spends on a job: admission, claim, completion.
 *
 *     bench/redis-cpu [JOBS [ROUNDS]]
 *
 * Starts a redis-server of its own on a unix socket. Admissions come from 16
 * threads over two links, as from httpd; claims and completions in batches of
 * 32, as from a worker under load. One line of JSON per round and kind of
 * caller: microseconds per job of the server's process (user and system, so
 * that parsing, replies and system calls are in it) and of the scripts alone.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "dl_cmd.h"
#include "dl_jobs.h"
#include "dl_reply.h"
#include "dl_task.h"
#include "dl_uuid.h"

#define THREADS 16
#define BATCH 32
#define START_TRIES 500

typedef struct bench_t {
    apr_pool_t *p;
    dl_config_t *conf;
    const dl_scripts_t *scripts;
    dl_jobs_t *jobs;
    redisContext *c;
    char dir[32];
    char socket[64];
    pid_t pid;
    int njobs;
    int identified;
    apr_uint32_t next;          /* job to admit, taken by the threads */
} bench_t;

static void die(const char *what)
{
    fprintf(stderr, "redis-cpu: %s\n", what);
    exit(1);
}

static redisReply *ask(bench_t *b, const char *command)
{
    redisReply *r = redisCommand(b->c, command);

    if (!r || r->type == REDIS_REPLY_ERROR)
        die(r ? r->str : b->c->errstr);
    return r;
}

static void start_server(bench_t *b)
{
    strcpy(b->dir, "/tmp/dlbenchXXXXXX");
    if (!mkdtemp(b->dir))
        die("mkdtemp");
    snprintf(b->socket, sizeof(b->socket), "%s/redis.sock", b->dir);
    b->pid = fork();
    if (b->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!freopen("/dev/null", "w", stdout))
            _exit(127);
        execlp("redis-server", "redis-server", "--port", "0", "--unixsocket",
               b->socket, "--dir", b->dir, "--save", "", "--appendonly", "no",
               (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < START_TRIES; i++) {
        b->c = redisConnectUnix(b->socket);
        if (b->c && !b->c->err)
            return;
        redisFree(b->c);
        apr_sleep(20000);
    }
    die("redis-server does not start");
}

static void stop_server(bench_t *b)
{
    redisFree(b->c);
    kill(b->pid, SIGKILL);
    waitpid(b->pid, NULL, 0);
    unlink(b->socket);
    rmdir(b->dir);
}

/* Seconds of CPU the server has used. */
static double server_cpu(bench_t *b)
{
    redisReply *r = ask(b, "INFO cpu");
    double used = atof(strstr(r->str, "used_cpu_sys:") + 13)
        + atof(strstr(r->str, "used_cpu_user:") + 14);

    freeReplyObject(r);
    return used;
}

/* Seconds it has spent in EVALSHA. */
static double script_time(bench_t *b)
{
    redisReply *r = ask(b, "INFO commandstats");
    const char *line = strstr(r->str, "cmdstat_evalsha:");
    double used = line ? atof(strstr(line, "usec=") + 5) / 1e6 : 0;

    freeReplyObject(r);
    return used;
}

static void *APR_THREAD_FUNC admit_some(apr_thread_t *thread, void *data)
{
    bench_t *b = data;
    dl_random_t random;
    apr_pool_t *p;
    apr_uint32_t i;

    dl_random_init(&random);
    apr_pool_create(&p, NULL);
    while ((i = __atomic_fetch_add(&b->next, 1, __ATOMIC_RELAXED))
           < (apr_uint32_t)b->njobs) {
        apr_int64_t file_id = 10000 + i;
        char id[DL_UUID_LEN + 1] = "", request[DL_UUID_LEN + 1] = "";
        dl_admitted_t admitted;
        dl_admit_t a = {
            .job_id = id, .user = "", .file_ids = &file_id, .nfiles = 1,
            .total = 1, .priority = DL_PRIORITY_NORMAL,
            .request_id = request,
            .traceparent =
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        };

        dl_uuid_make(&random, id);
        dl_uuid_make(&random, request);
        if (b->identified)
            a.user = apr_psprintf(p, "user-%u", i);
        if (dl_jobs_admit(b->jobs, &a, p, &admitted) != APR_SUCCESS
            || admitted.outcome != DL_ADMIT_NEW)
            die("not admitted");
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
    (void)thread;
    return NULL;
}

static void admit_all(bench_t *b)
{
    apr_thread_t *threads[THREADS];
    apr_status_t rv;

    b->next = 0;
    for (int i = 0; i < THREADS; i++)
        if (apr_thread_create(&threads[i], NULL, admit_some, b, b->p))
            die("thread");
    for (int i = 0; i < THREADS; i++)
        apr_thread_join(&rv, threads[i]);
}

static redisReply *run(bench_t *b, dl_redis_cmd_t *cmd)
{
    redisReply *r = redisCommandArgv(b->c, cmd->argc, cmd->argv, cmd->lens);

    if (!r || r->type == REDIS_REPLY_ERROR)
        die(r ? r->str : b->c->errstr);
    return r;
}

/* Claims all. @return what was claimed, in b->p */
static dl_task_t *claim_all(bench_t *b)
{
    dl_task_t *tasks = apr_palloc(b->p, b->njobs * sizeof(*tasks));
    int n = 0;

    while (n < b->njobs) {
        dl_claim_t got;
        apr_pool_t *p;
        redisReply *r;

        apr_pool_create(&p, b->p);
        r = run(b, dl_task_claim_cmd(b->scripts, "host-1", BATCH, -1, 0, p));
        if (dl_task_claim_parse(r, p, &got) != APR_SUCCESS
            || got.tasks->nelts == 0 || n + got.tasks->nelts > b->njobs)
            die("no claim");
        freeReplyObject(r);
        memcpy(tasks + n, got.tasks->elts,
               got.tasks->nelts * sizeof(*tasks));
        n += got.tasks->nelts;
        apr_pool_destroy(p);
    }
    return tasks;
}

static void complete_all(bench_t *b, const dl_task_t *tasks)
{
    for (int from = 0; from < b->njobs; from += BATCH) {
        int n = b->njobs - from < BATCH ? b->njobs - from : BATCH;
        dl_completion_t done[BATCH] = {{0}};
        apr_pool_t *p;

        apr_pool_create(&p, b->p);
        for (int i = 0; i < n; i++) {
            const dl_task_t *t = &tasks[from + i];

            done[i].file_id = t->file_id;
            done[i].fence = t->fence;
            done[i].result = (dl_result_t){
                apr_psprintf(p, "files/%" APR_INT64_T_FMT, t->file_id),
                123456, "report.csv", "text/csv",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b785"
                "2b855", "9bb58f26192e4ba00f01e2e7b136bbd8",
                apr_psprintf(p, "/objects/files/%" APR_INT64_T_FMT
                    "?expires=1800000000&filename=report.csv&signature="
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca49599",
                    t->file_id),
                1800000000, 12 };
        }
        freeReplyObject(run(b, dl_task_complete_cmd(b->scripts, "host-1",
                                                    done, n, p)));
        apr_pool_destroy(p);
    }
}

/* Loads every script before the clock runs. */
static void load_scripts(bench_t *b)
{
    for (int i = 0; i < DL_SCRIPT_COUNT; i++)
        freeReplyObject(run(b, dl_cmd_load(b->scripts, i, b->p)));
}

static void measure(bench_t *b, int identified)
{
    double cpu[4], script[4], n = b->njobs / 1e6;
    dl_task_t *tasks;

    b->identified = identified;
    freeReplyObject(ask(b, "FLUSHALL"));
    freeReplyObject(ask(b, "CONFIG RESETSTAT"));
    cpu[0] = server_cpu(b);
    script[0] = script_time(b);
    admit_all(b);
    cpu[1] = server_cpu(b);
    script[1] = script_time(b);
    tasks = claim_all(b);
    cpu[2] = server_cpu(b);
    script[2] = script_time(b);
    complete_all(b, tasks);
    cpu[3] = server_cpu(b);
    script[3] = script_time(b);
    printf("{\"caller\":\"%s\",\"jobs\":%d,\"us_per_job\":%.1f,"
           "\"admit_us\":%.1f,\"claim_us\":%.1f,\"complete_us\":%.1f,"
           "\"script_admit_us\":%.1f,\"script_claim_us\":%.1f,"
           "\"script_complete_us\":%.1f}\n",
           identified ? "user" : "anonymous", b->njobs,
           (cpu[3] - cpu[0]) / n, (cpu[1] - cpu[0]) / n,
           (cpu[2] - cpu[1]) / n, (cpu[3] - cpu[2]) / n,
           (script[1] - script[0]) / n, (script[2] - script[1]) / n,
           (script[3] - script[2]) / n);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static bench_t b;
    dl_redis_addr_t addr = {0};
    dl_redis_pool_conf_t links = {2, 5000, 30000};
    dl_redis_pool_t *redis;
    int rounds = argc > 2 ? atoi(argv[2]) : 3;

    b.njobs = argc > 1 ? atoi(argv[1]) : 50000;
    if (b.njobs < 1 || rounds < 1)
        die("usage: redis-cpu [JOBS [ROUNDS]]");
    apr_initialize();
    apr_pool_create(&b.p, NULL);
    start_server(&b);
    b.conf = dl_config_create(b.p);
    addr.socket = b.socket;
    addr.display = b.socket;
    b.conf->redis = &addr;
    b.conf->key_prefix = "{dljob}:";
    b.conf->rate = 0;
    b.conf->max_queue = 10000000;
    b.conf->rate_limit = 100;
    b.conf->max_active = 5;
    if (dl_redis_pool_create(&addr, &links, b.p, &redis) != APR_SUCCESS
        || dl_jobs_create(b.conf, redis, b.p, &b.jobs) != APR_SUCCESS
        || dl_scripts_create(b.conf, b.p, &b.scripts) != APR_SUCCESS)
        die("cannot set up");
    load_scripts(&b);
    for (int i = 0; i < rounds; i++) {
        measure(&b, 0);
        measure(&b, 1);
    }
    stop_server(&b);
    return 0;
}
