/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The warden: reads the numbers of process groups from a pipe until the pipe
 * ends with the worker.
 */
#include "dlw_warden.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_errno.h>

#include "dlw_rundir.h"

struct dlw_warden_t {
    pid_t pid;
    int fd;
};

/* --- in the warden's process ------------------------------------------- */

typedef struct groups_t {
    pid_t *pgid;
    size_t n, size;
} groups_t;

/** A positive number is a group that began, a negative one that is gone. */
static void note(groups_t *groups, pid_t word)
{
    if (word > 0) {
        if (groups->n == groups->size) {
            size_t size = groups->size ? groups->size * 2 : 64;
            pid_t *pgid = realloc(groups->pgid, size * sizeof(*pgid));

            if (!pgid)
                return;
            groups->pgid = pgid;
            groups->size = size;
        }
        groups->pgid[groups->n++] = word;
        return;
    }
    for (size_t i = 0; i < groups->n; i++) {
        if (groups->pgid[i] == -word) {
            groups->pgid[i] = groups->pgid[--groups->n];
            return;
        }
    }
}

/** Signals meant for the worker's session must not end the warden first. */
static void be_deaf(void)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE,
                                  SIGUSR1, SIGUSR2, SIGTSTP};

    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        signal(signals[i], SIG_IGN);
}

static void watch(int fd, const char *rundir)
{
    groups_t groups = {0};
    pid_t words[64];
    ssize_t n;

    do {
        n = read(fd, words, sizeof(words)); /* whole words: PIPE_BUF */
        for (ssize_t i = 0; i < n / (ssize_t)sizeof(words[0]); i++)
            note(&groups, words[i]);
    } while (n > 0 || (n < 0 && errno == EINTR));
    for (size_t i = 0; i < groups.n; i++)
        kill(-groups.pgid[i], SIGKILL);
    free(groups.pgid);
    dlw_rundir_remove(rundir);
}

static void run_warden(int fd, const char *rundir)
{
    int null = open("/dev/null", O_RDWR);

    setpgid(0, 0);
    be_deaf();
    prctl(PR_SET_NAME, "dlworker-warden");
    if (chdir("/") != 0)
        _exit(1);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    if (fd != 3)
        dup2(fd, 3);
    close_range(4, ~0U, 0);
    watch(3, rundir);
    _exit(0);
}

/* --- in the worker ----------------------------------------------------- */

static apr_status_t warden_cleanup(void *data)
{
    dlw_warden_t *warden = data;

    close(warden->fd);
    while (waitpid(warden->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return APR_SUCCESS;
}

apr_status_t dlw_warden_create(const char *rundir, apr_pool_t *p,
                               dlw_warden_t **out)
{
    dlw_warden_t *warden = apr_pcalloc(p, sizeof(*warden));
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) != 0)
        return errno;
    warden->pid = fork();
    if (warden->pid == 0) {
        close(fds[1]);
        run_warden(fds[0], rundir);
    }
    close(fds[0]);
    if (warden->pid < 0) {
        close(fds[1]);
        return errno;
    }
    fcntl(fds[1], F_SETFL, O_NONBLOCK);
    warden->fd = fds[1];
    apr_pool_cleanup_register(p, warden, warden_cleanup,
                              apr_pool_cleanup_null);
    *out = warden;
    return APR_SUCCESS;
}

/** A full pipe or a dead warden costs only what it would have done. */
static void tell(dlw_warden_t *warden, pid_t word)
{
    ssize_t n = write(warden->fd, &word, sizeof(word));

    (void)n;
}

void dlw_warden_add(dlw_warden_t *warden, pid_t pgid)
{
    tell(warden, pgid);
}

void dlw_warden_drop(dlw_warden_t *warden, pid_t pgid)
{
    tell(warden, -pgid);
}
