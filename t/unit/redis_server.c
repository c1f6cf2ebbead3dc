/* SPDX-License-Identifier: Apache-2.0 */
/* See redis_server.h. */
#include "redis_server.h"

#include <arpa/inet.h>
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "wait.h"

static void exec_server(const redis_server_t *server,
                        const char *const *args)
{
    const char *argv[48] = {
        "redis-server", "--port", "0", "--unixsocket", server->socket,
        "--dir", server->dir, "--save", "", "--appendonly", "no",
        "--logfile", "log"
    };
    int n = 13;

    while (args && *args && n < 47) {
        argv[n++] = *args++;
    }
    argv[n] = NULL;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(argv[0], (char *const *)argv);
    _exit(127);
}

static int answers(void *data)
{
    const redis_server_t *server = data;
    redisContext *c = redisConnectUnix(server->socket);
    redisReply *reply = NULL;

    if (c && !c->err) {
        reply = redisCommand(c, "PING");
    }
    if (reply) {
        freeReplyObject(reply);
    }
    if (c) {
        redisFree(c);
    }
    return reply != NULL;
}

void redis_server_again(redis_server_t *server, const char *const *args)
{
    unlink(server->socket);
    server->pid = fork();
    ck_assert_int_ge(server->pid, 0);
    if (server->pid == 0) {
        exec_server(server, args);
    }
    ck_assert_msg(wait_until(answers, server, WAIT_S),
                  "redis-server does not answer, see %s/log", server->dir);
}

void redis_server_start(redis_server_t *server, const char *const *args)
{
    memset(server, 0, sizeof(*server));
    strcpy(server->dir, "/tmp/dlredisXXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(server->dir));
    snprintf(server->socket, sizeof(server->socket), "%s/redis.sock",
             server->dir);
    server->addr.socket = server->socket;
    server->addr.display = server->socket;
    redis_server_again(server, args);
}

void redis_server_kill(redis_server_t *server)
{
    if (server->pid > 0) {
        kill(server->pid, SIGKILL);
        waitpid(server->pid, NULL, 0);
        server->pid = 0;
    }
}

void redis_server_remove(redis_server_t *server)
{
    DIR *dir = opendir(server->dir);
    struct dirent *entry;
    char path[400];

    redis_server_kill(server);
    while (dir && (entry = readdir(dir))) {
        snprintf(path, sizeof(path), "%s/%s", server->dir, entry->d_name);
        unlink(path);
    }
    if (dir) {
        closedir(dir);
    }
    rmdir(server->dir);
}

long long redis_server_ask(const dl_redis_addr_t *addr, const char *command)
{
    redisContext *c = redisConnectUnix(addr->socket);
    redisReply *reply;
    long long value = -1;

    ck_assert(c && !c->err);
    reply = redisCommand(c, command);
    ck_assert_ptr_nonnull(reply);
    if (reply->type == REDIS_REPLY_INTEGER) {
        value = reply->integer;
    }
    freeReplyObject(reply);
    redisFree(c);
    return value;
}

static void play(fake_server_t *fake, int fd)
{
    char bytes[65536];
    size_t len = fake->scene ? fake->scene_len ? fake->scene_len
                                               : strlen(fake->scene) : 0;

    if (recv(fd, bytes, sizeof(bytes), 0) <= 0) {
        return;
    }
    (void)!send(fd, fake->greeting, strlen(fake->greeting), MSG_NOSIGNAL);
    if (recv(fd, bytes, sizeof(bytes), 0) <= 0) {
        return;
    }
    (void)!send(fd, fake->scene, len, MSG_NOSIGNAL);
    while (!fake->close && recv(fd, bytes, sizeof(bytes), 0) > 0) {
        continue;
    }
}

static void *fake_main(void *data)
{
    fake_server_t *fake = data;
    int fd;

    while ((fd = accept(fake->listen_fd, NULL, NULL)) >= 0) {
        __atomic_fetch_add(&fake->connections, 1, __ATOMIC_RELAXED);
        play(fake, fd);
        close(fd);
    }
    return NULL;
}

void fake_server_start(fake_server_t *fake)
{
    struct sockaddr_in sa = { .sin_family = AF_INET };
    socklen_t len = sizeof(sa);

    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fake->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fake->listen_fd, 0);
    ck_assert_int_eq(bind(fake->listen_fd, (struct sockaddr *)&sa,
                          sizeof(sa)), 0);
    ck_assert_int_eq(listen(fake->listen_fd, 16), 0);
    ck_assert_int_eq(getsockname(fake->listen_fd, (struct sockaddr *)&sa,
                                 &len), 0);
    fake->addr.host = "127.0.0.1";
    fake->addr.port = ntohs(sa.sin_port);
    fake->addr.display = "fake";
    ck_assert_int_eq(pthread_create(&fake->thread, NULL, fake_main, fake),
                     0);
}

void fake_server_stop(fake_server_t *fake)
{
    shutdown(fake->listen_fd, SHUT_RDWR);
    pthread_join(fake->thread, NULL);
    close(fake->listen_fd);
}

int open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    ck_assert_ptr_nonnull(dir);
    while (readdir(dir)) {
        n++;
    }
    closedir(dir);
    return n;
}
