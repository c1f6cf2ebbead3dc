/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A resolver that a test controls: preloaded (LD_PRELOAD) it answers for
 * names under .test by the file $DLTEST_HOSTS; everything else goes to the
 * system's.
 *
 *     flip.test 127.0.0.5 127.0.0.1       one, then the other, in turn
 *     both.test 127.0.0.1,127.0.0.5       both at once
 *     hang.test hang                      never answers
 *
 * Each answer is a line "NAME ADDRESSES" appended to $DLTEST_HOSTS.log.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMES 64

typedef int resolve_fn(const char *, const char *, const struct addrinfo *,
                       struct addrinfo **);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int turns[NAMES];

static resolve_fn *real(void)
{
    resolve_fn *fn;

    *(void **)&fn = dlsym(RTLD_NEXT, "getaddrinfo");
    return fn;
}

/* The next answer for a name. @return 0 when there is none */
static int look_up(const char *path, const char *name, char *answer)
{
    char line[512], *words[NAMES], *save, *word;
    FILE *in = fopen(path, "re");
    int found = 0, row = 0;

    while (in && !found && row < NAMES && fgets(line, sizeof(line), in)) {
        int n = 0;

        for (word = strtok_r(line, " \n", &save); word && n < NAMES;
             word = strtok_r(NULL, " \n", &save))
            words[n++] = word;
        if (n > 1 && strcmp(words[0], name) == 0) {
            pthread_mutex_lock(&lock);
            strcpy(answer, words[1 + turns[row]++ % (n - 1)]);
            pthread_mutex_unlock(&lock);
            found = 1;
        }
        row++;
    }
    if (in)
        fclose(in);
    return found;
}

static void note(const char *path, const char *name, const char *answer)
{
    char log[512], line[512];
    int fd, len;

    snprintf(log, sizeof(log), "%s.log", path);
    len = snprintf(line, sizeof(line), "%s %s\n", name, answer);
    fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd >= 0) {
        if (write(fd, line, (size_t)len) != len)
            abort();
        close(fd);
    }
}

int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **res)
{
    const char *path = getenv("DLTEST_HOSTS");
    size_t len = node ? strlen(node) : 0;
    struct addrinfo numeric = {0}, **end = res;
    char answer[512], *save, *address;

    if (!path || len < 5 || strcmp(node + len - 5, ".test") != 0)
        return real()(node, service, hints, res);
    if (!look_up(path, node, answer))
        return EAI_NONAME;
    note(path, node, answer);
    if (strcmp(answer, "hang") == 0) {
        for (;;)
            pause();
    }
    numeric.ai_socktype = hints ? hints->ai_socktype : SOCK_STREAM;
    numeric.ai_flags = AI_NUMERICHOST;
    *res = NULL;
    for (address = strtok_r(answer, ",", &save); address;
         address = strtok_r(NULL, ",", &save)) {
        if (real()(address, service, &numeric, end) != 0)
            continue;
        while (*end)
            end = &(*end)->ai_next;
    }
    return *res ? 0 : EAI_NONAME;
}
