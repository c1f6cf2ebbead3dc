/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where secrets come from; see dl_secret.h. Reading is here, what the text of
 * a credentials or webhook file means is in dl_secret_text.c.
 */
#include "dl_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_time.h>

#include "dl_words.h"

#define EXEC_DEADLINE_S 10

extern char **environ;

/* It may be the secret itself, written where its place was asked for. */
static const char *check_path(const char *path)
{
    return *path == '/' ? NULL
                        : "a secret is not written here but named: write "
                          "file:/PATH, exec:/PATH or env:NAME";
}

const char *dl_secret_shown(const char *reference, apr_pool_t *p)
{
    return strncmp(reference, "exec:", 5) == 0
               ? apr_pstrmemdup(p, reference, strcspn(reference, " \t"))
               : reference;
}

static const char *cannot_read(const char *path, int error, apr_pool_t *p)
{
    const char *remedy =
        error == ENOENT ? "create it or correct the path"
        : error == EACCES ? "let the program's group read it (chgrp, "
                            "chmod 0640) and enter its directory"
                          : "correct the path";

    return apr_psprintf(p, "cannot read %s: %s; %s", path, strerror(error),
                        remedy);
}

/** @param exec  1: a program, which others may read */
static const char *check_mode(const char *path, const struct stat *st,
                              int exec, apr_pool_t *p)
{
    /* the group may read a secret (0640), nothing more */
    int mode = st->st_mode & 07777;
    int forbidden = exec ? 0022 : 0026;
    const char *who;

    if (!S_ISREG(st->st_mode)) {
        return apr_psprintf(p, "%s is not a regular file; name the file "
                            "itself", path);
    }
    if ((mode & forbidden) == 0) {
        return NULL;
    }
    who = mode & 0002   ? "writable by everybody"
          : mode & 0020 ? "writable by its group"
                        : "readable by everybody";
    return apr_psprintf(p, "%s is %s (mode %04o); run: chmod %s '%s'", path,
                        who, mode, exec ? "go-w" : "g-w,o-rwx", path);
}

/**
 * Reads from @a fd until its end or @a deadline (0: none).
 * @return NULL, or the second half of a sentence
 */
static const char *read_all(int fd, apr_time_t deadline, apr_pool_t *p,
                            const char **text, apr_size_t *len)
{
    char *buf = apr_palloc(p, DL_SECRET_MAX + 1);
    apr_size_t n = 0;

    while (n <= DL_SECRET_MAX) {
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        apr_time_t left = deadline - apr_time_now();
        ssize_t got;

        if (deadline != 0 && left <= 0) {
            return "did not end within 10s; mend or replace the program";
        }
        if (deadline != 0
            && poll(&wait, 1, (int)apr_time_as_msec(left) + 1) <= 0) {
            continue;
        }
        got = read(fd, buf + n, DL_SECRET_MAX + 1 - n);
        if (got == 0) {
            *text = buf;
            *len = n;
            return NULL;
        }
        if (got < 0 && errno != EINTR) {
            return apr_pstrcat(p, "cannot be read: ", strerror(errno), NULL);
        }
        n += got > 0 ? (apr_size_t)got : 0;
    }
    return "holds more than 64K, so it is no secret; correct the reference";
}

/**
 * Opens what systemd has read as root and handed on: "LoadCredential=NAME:FILE"
 * or "LoadCredential=dljob:DIRECTORY", see systemd.exec(5).
 * @return -1 with errno as it was before: there is none
 */
static int open_credential(const char *path, apr_pool_t *p)
{
    static const char *const PREFIX[] = {"/", "/dljob_"};
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    const char *name = strrchr(path, '/') + 1;
    int error = errno;
    int fd = -1;
    size_t i;

    for (i = 0; dir != NULL && fd < 0 && i < 2; i++) {
        fd = open(apr_pstrcat(p, dir, PREFIX[i], name, NULL),
                  O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    }
    errno = error;
    return fd;
}

/** @param any_mode  1: whoever may read or write it */
static const char *read_file(const char *path, int any_mode, apr_pool_t *p,
                             const char **text, apr_size_t *len)
{
    const char *error = check_path(path);
    struct stat st;
    int fd;

    if (error != NULL) {
        return error;
    }
    /* a FIFO must not hold up the start: it is refused below */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == EACCES) {
        fd = open_credential(path, p);
    }
    if (fd < 0) {
        return cannot_read(path, errno, p);
    }
    if (fstat(fd, &st) != 0) {
        error = cannot_read(path, errno, p);
    }
    else if (!any_mode || !S_ISREG(st.st_mode)) {
        error = check_mode(path, &st, 0, p);
    }
    if (error == NULL) {
        error = read_all(fd, 0, p, text, len);
        if (error != NULL) {
            error = apr_pstrcat(p, path, " ", error, NULL);
        }
    }
    close(fd);
    return error;
}

/** Starts @a argv with stdout into a pipe. @return its pid or -1 (errno). */
static pid_t start(char *const *argv, int *fd)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int ends[2];
    pid_t pid = -1;
    int rc;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
    rc = posix_spawn(&pid, argv[0], &actions, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (rc != 0) {
        close(ends[0]);
        errno = rc;
        return -1;
    }
    *fd = ends[0];
    return pid;
}

/** Waits for @a pid; after @a deadline its group is killed. */
static int wait_for(pid_t pid, apr_time_t deadline)
{
    int status = -1;

    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (apr_time_now() >= deadline) {
            kill(-pid, SIGKILL);
        }
        poll(NULL, 0, 5);
    }
    return status;
}

static const char *read_exec(const char *command, apr_pool_t *p,
                             const char **text, apr_size_t *len)
{
    apr_array_header_t *words;
    const char *error = dl_words(command, p, &words);
    const char *path;
    apr_time_t deadline = apr_time_now() + apr_time_from_sec(EXEC_DEADLINE_S);
    struct stat st;
    int fd = -1;
    int status;
    pid_t pid;

    if (error == NULL && words->nelts == 0) {
        error = "exec: names no program; write exec:/PATH ARGUMENTS";
    }
    if (error != NULL) {
        return error;
    }
    path = APR_ARRAY_IDX(words, 0, const char *);
    *(const char **)apr_array_push(words) = NULL;
    error = check_path(path);
    if (error == NULL && stat(path, &st) != 0) {
        error = cannot_read(path, errno, p);
    }
    if (error == NULL) {
        error = check_mode(path, &st, 1, p);
    }
    if (error != NULL) {
        return error;
    }
    pid = start((char *const *)words->elts, &fd);
    if (pid < 0) {
        return apr_psprintf(p, "cannot run %s: %s; is it executable?", path,
                            strerror(errno));
    }
    error = read_all(fd, deadline, p, text, len);
    close(fd);
    status = wait_for(pid, error != NULL ? 0 : deadline);
    if (error != NULL) {
        return apr_pstrcat(p, path, " ", error, NULL);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return apr_psprintf(p, "%s ended with %s %d; run it by hand to see "
                            "why", path,
                            WIFEXITED(status) ? "status" : "signal",
                            WIFEXITED(status) ? WEXITSTATUS(status)
                                              : WTERMSIG(status));
    }
    return NULL;
}

static const char *read_env(const char *name, apr_pool_t *p,
                            const char **text, apr_size_t *len)
{
    const char *value = getenv(name);

    if (*name == '\0' || value == NULL) {
        return apr_psprintf(p, "env:%s is not set in the environment; set it "
                            "for this program", name);
    }
    *text = value;
    *len = strlen(value);
    if (*len > DL_SECRET_MAX) {
        return apr_psprintf(p, "env:%s holds more than 64K, so it is no "
                            "secret; correct the name", name);
    }
    return NULL;
}

/** Cuts off line feeds at the end; refuses what is no text. */
static const char *take_text(const char *reference, const char *text,
                             apr_size_t len, apr_pool_t *p,
                             const char **secret)
{
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r')) {
        len--;
    }
    if (len == 0) {
        return apr_psprintf(p, "%s is empty; put the secret there",
                            dl_secret_shown(reference, p));
    }
    if (memchr(text, '\0', len) != NULL) {
        return apr_psprintf(p, "%s holds a NUL byte, so it is no text; "
                            "correct the reference",
                            dl_secret_shown(reference, p));
    }
    *secret = apr_pstrmemdup(p, text, len);
    return NULL;
}

const char *dl_secret_read(const char *reference, apr_pool_t *p,
                           const char **secret)
{
    const char *text = NULL;
    apr_size_t len = 0;
    const char *error;

    if (strncmp(reference, "exec:", 5) == 0) {
        error = read_exec(reference + 5, p, &text, &len);
    }
    else if (strncmp(reference, "env:", 4) == 0) {
        error = read_env(reference + 4, p, &text, &len);
    }
    else {
        error = read_file(reference + (strncmp(reference, "file:", 5) ? 0 : 5),
                          0, p, &text, &len);
    }
    return error != NULL ? error : take_text(reference, text, len, p, secret);
}

const char *dl_secret_read_mounted(const char *path, apr_pool_t *p,
                                   const char **secret)
{
    const char *text = NULL;
    apr_size_t len = 0;
    const char *error = read_file(path, 1, p, &text, &len);

    return error != NULL ? error : take_text(path, text, len, p, secret);
}
