/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork, watch, kill, reap.
 *
 * The leader of a group is reaped only when the group is done with: until
 * then its number cannot be taken by another process, so that a signal to the
 * group never meets a stranger.
 */
#include "dlw_children.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_errno.h>

#include "dlw_rundir.h"
#include "dlw_warden.h"

#define KILL_AFTER_MS 1500
#define CHILD_FILES 1024        /* the usual soft limit; ours is higher */

struct dlw_child_t {
    dlw_children_t *children;
    dlw_child_t *next;
    dlw_child_t **prev;
    pid_t pid;
    char *dir;
    dlw_child_exit_fn *on_exit; /* NULL: told already, or abandoned */
    void *baton;
    int exited;
    int abandoned;
    dl_timer_t kill_timer;
};

struct dlw_children_t {
    dl_loop_t *loop;
    dlw_rundir_t *rundir;
    dlw_warden_t *warden;
    dlw_child_t *first;
    int dying;
};

static void child_gone(dlw_child_t *child)
{
    dlw_children_t *children = child->children;

    kill(-child->pid, SIGKILL);
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    dlw_warden_drop(children->warden, child->pid);
    dl_timer_cancel(children->loop, &child->kill_timer);
    dlw_rundir_remove(child->dir);
    if (child->abandoned)
        children->dying--;
    *child->prev = child->next;
    if (child->next)
        child->next->prev = child->prev;
    free(child->dir);
    free(child);
}

/** Some child has ended: which, and with what, without reaping it yet. */
static void on_sigchld(void *baton, int signo)
{
    dlw_children_t *children = baton;
    dlw_child_t *child, *next;

    (void)signo;
    for (child = children->first; child; child = next) {
        siginfo_t info = {0};

        next = child->next;
        if (child->exited
            || waitid(P_PID, (id_t)child->pid, &info,
                      WEXITED | WNOHANG | WNOWAIT) != 0
            || info.si_pid != child->pid)
            continue;
        child->exited = 1;
        if (child->abandoned) {
            child_gone(child);
        }
        else if (child->on_exit) {
            dlw_child_exit_fn *on_exit = child->on_exit;

            child->on_exit = NULL;
            on_exit(child->baton, info.si_code == CLD_EXITED
                                      ? info.si_status << 8
                                      : info.si_status);
        }
    }
}

static apr_status_t children_cleanup(void *data)
{
    dlw_children_t *children = data;

    while (children->first)
        child_gone(children->first);
    dl_loop_signal(children->loop, SIGCHLD, NULL, NULL);
    return APR_SUCCESS;
}

apr_status_t dlw_children_create(dl_loop_t *loop, const char *spool,
                                 apr_pool_t *p, dlw_children_t **out)
{
    dlw_children_t *children = apr_pcalloc(p, sizeof(*children));
    apr_status_t rv = dlw_rundir_create(spool, p, &children->rundir);

    if (rv == APR_SUCCESS)
        rv = dlw_warden_create(children->rundir->path, p, &children->warden);
    if (rv == APR_SUCCESS)
        rv = dl_loop_signal(loop, SIGCHLD, on_sigchld, children);
    if (rv != APR_SUCCESS)
        return rv;
    children->loop = loop;
    apr_pool_cleanup_register(p, children, children_cleanup,
                              apr_pool_cleanup_null);
    *out = children;
    return APR_SUCCESS;
}

char *dlw_children_dir(dlw_children_t *children, apr_int64_t file_id)
{
    return dlw_rundir_task(children->rundir, file_id);
}

/* --- the child's side of fork ------------------------------------------ */

static void limit(int what, rlim_t value)
{
    struct rlimit limit = {value, value};
    struct rlimit old;

    if (getrlimit(what, &old) == 0 && old.rlim_max < value)
        limit.rlim_cur = limit.rlim_max = old.rlim_max;
    setrlimit(what, &limit);
}

/** The soft limit of open files as programs expect it; they may raise it. */
static void limit_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0
        && limit.rlim_cur > CHILD_FILES) {
        limit.rlim_cur = CHILD_FILES;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void signals_as_new(void)
{
    sigset_t none;

    for (int signo = 1; signo < NSIG; signo++)
        signal(signo, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/** The ends of pipes to 1, 2 and 3, by way of numbers that do not meet. */
static int place(const dlw_child_spec_t *spec)
{
    int null = open("/dev/null", O_RDONLY);
    int from[4] = {null, spec->out, spec->err, spec->say};

    for (int i = 0; i < 4; i++)
        if ((from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 10)) < 0)
            return -1;
    for (int i = 0; i < 4; i++)
        if (dup2(from[i], i) < 0)
            return -1;
    return close_range(4, ~0U, 0);
}

static void become(const dlw_child_spec_t *spec, pid_t worker)
{
    static const char sorry[] = "dlworker: the command cannot be run: ";
    const char *why;
    int err = spec->err;

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != worker)    /* it died before that */
        _exit(126);
    signals_as_new();
    umask(077);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, (rlim_t)spec->max_file);
    if (place(spec) == 0) {
        err = 2;
        limit_files();          /* now that the worker's many are closed */
        if (chdir(spec->dir) == 0)
            execve(spec->argv[0], (char *const *)spec->argv,
                   (char *const *)spec->env);
    }
    why = strerror(errno);
    if (write(err, sorry, sizeof(sorry) - 1) < 0
        || write(err, why, strlen(why)) < 0)
        _exit(127);
    _exit(126);
}

/* --- the worker's side ------------------------------------------------- */

apr_status_t dlw_child_start(dlw_children_t *children,
                             const dlw_child_spec_t *spec, char *dir,
                             dlw_child_exit_fn *on_exit, void *baton,
                             dlw_child_t **out)
{
    dlw_child_t *child = calloc(1, sizeof(*child));
    pid_t worker = getpid();
    pid_t pid = child ? fork() : -1;

    if (pid == 0)
        become(spec, worker);
    if (pid < 0) {
        apr_status_t rv = errno;

        dlw_rundir_remove(dir);
        free(dir);
        free(child);
        return rv;
    }
    setpgid(pid, pid);          /* whoever of the two comes first */
    dlw_warden_add(children->warden, pid);
    child->children = children;
    child->pid = pid;
    child->dir = dir;
    child->on_exit = on_exit;
    child->baton = baton;
    child->prev = &children->first;
    child->next = children->first;
    if (child->next)
        child->next->prev = &child->next;
    children->first = child;
    *out = child;
    return APR_SUCCESS;
}

void dlw_child_release(dlw_child_t *child)
{
    child_gone(child);
}

static void on_kill_timer(dl_timer_t *timer)
{
    dlw_child_t *child = timer->baton;

    kill(-child->pid, SIGKILL);
}

void dlw_child_abandon(dlw_child_t *child)
{
    child->on_exit = NULL;
    child->abandoned = 1;
    child->children->dying++;
    if (child->exited) {
        child_gone(child);
        return;
    }
    kill(-child->pid, SIGTERM);
    kill(-child->pid, SIGCONT); /* a stopped one could not hear it */
    child->kill_timer.fn = on_kill_timer;
    child->kill_timer.baton = child;
    dl_timer_set(child->children->loop, &child->kill_timer, KILL_AFTER_MS);
}

int dlw_children_dying(const dlw_children_t *children)
{
    return children->dying;
}
