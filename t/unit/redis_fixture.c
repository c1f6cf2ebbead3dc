/* SPDX-License-Identifier: Apache-2.0 */
#include "redis_fixture.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_time.h>

#define START_DEADLINE_S 30

static struct {
    pid_t pid;
    char dir[64];
    char socket[96];
    char log[96];
    dl_redis_addr_t addr;
} fixture;

static void exec_server(void)
{
    int fd = open(fixture.log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd >= 0) {
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
    }
    /* a test program that is killed takes its server along */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execlp("redis-server", "redis-server", "--port", "0",
           "--unixsocket", fixture.socket, "--unixsocketperm", "700",
           "--dir", fixture.dir, "--save", "", "--appendonly", "no",
           "--daemonize", "no", (char *)NULL);
    _exit(127);
}

static int answers(void)
{
    redisContext *c = redisConnectUnix(fixture.socket);
    redisReply *reply = NULL;
    int ok = 0;

    if (c && !c->err)
        reply = redisCommand(c, "PING");
    ok = reply && reply->type == REDIS_REPLY_STATUS;
    if (reply)
        freeReplyObject(reply);
    if (c)
        redisFree(c);
    return ok;
}

int redis_fixture_start(void)
{
    apr_time_t deadline = apr_time_now() + apr_time_from_sec(START_DEADLINE_S);

    strcpy(fixture.dir, "/tmp/dlunitXXXXXX");
    if (!mkdtemp(fixture.dir)) {
        perror("redis_fixture: mkdtemp");
        return -1;
    }
    snprintf(fixture.socket, sizeof(fixture.socket), "%s/redis.sock",
             fixture.dir);
    snprintf(fixture.log, sizeof(fixture.log), "%s/log", fixture.dir);
    fixture.addr.socket = fixture.socket;
    fixture.addr.display = fixture.socket;

    fixture.pid = fork();
    if (fixture.pid == 0)
        exec_server();
    while (fixture.pid > 0 && apr_time_now() < deadline) {
        if (answers())
            return 0;
        if (waitpid(fixture.pid, NULL, WNOHANG) == fixture.pid) {
            fixture.pid = -1;
            break;
        }
        poll(NULL, 0, 10);
    }
    fprintf(stderr, "redis_fixture: redis-server did not start; is it "
            "installed? Its output is in %s\n", fixture.log);
    if (fixture.pid > 0)
        kill(fixture.pid, SIGKILL);
    return -1;
}

void redis_fixture_stop(void)
{
    if (fixture.pid > 0) {
        kill(fixture.pid, SIGCONT);
        kill(fixture.pid, SIGKILL);
        waitpid(fixture.pid, NULL, 0);
        fixture.pid = 0;
    }
    unlink(fixture.socket);
    unlink(fixture.log);
    rmdir(fixture.dir);
}

const char *redis_fixture_socket(void)
{
    return fixture.socket;
}

const dl_redis_addr_t *redis_fixture_addr(void)
{
    return &fixture.addr;
}

pid_t redis_fixture_pid(void)
{
    return fixture.pid;
}

redisContext *redis_fixture_connect(void)
{
    redisContext *c = redisConnectUnix(fixture.socket);

    ck_assert_ptr_nonnull(c);
    ck_assert_msg(c->err == 0, "redis: %s", c->errstr);
    return c;
}

void redis_fixture_flush(void)
{
    redisContext *c = redis_fixture_connect();
    redisReply *reply = redisCommand(c, "FLUSHALL");

    ck_assert_ptr_nonnull(reply);
    ck_assert_int_eq(reply->type, REDIS_REPLY_STATUS);
    freeReplyObject(reply);
    redisFree(c);
}
