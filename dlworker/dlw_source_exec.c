/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source `exec`: a command writes the file to its stdout or to
 * $DLJOB_OUTPUT, and talks on fd 3.
 *
 * A run lives in the attempt's pool; the process behind it (dlw_children)
 * may outlive it by the moment a SIGTERM takes.
 */
#include "dlw_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "dlw_children.h"
#include "dlw_exec_args.h"
#include "dlw_exec_lines.h"
#include "dlw_exec_status.h"
#include "dlw_rundir.h"

#define CHUNK 65536
#define READS_A_TURN 4
#define DIGEST_A_TURN (2 * 1024 * 1024)

/* how long stdout may stay open when the command itself has ended */
#define LINGER_MS 2000

typedef struct exec_run_t exec_run_t;

/** One pipe from the child. */
typedef struct exec_pipe_t {
    exec_run_t *run;
    dl_io_t io;                /* fd -1: ended */
    void (*take)(exec_run_t *run, const char *data, apr_size_t len);
} exec_pipe_t;

struct exec_run_t {
    dlw_attempt_t *a;
    dl_loop_t *loop;
    dlw_child_t *child;
    const char *output;         /* $DLJOB_OUTPUT */
    exec_pipe_t out, err, say;
    dlw_exec_lines_t lines;
    dlw_exec_tail_t tail;
    dl_timer_t linger;
    dl_defer_t digest;
    int exited;
    int over;                   /* done() called or aborted */
};

static void pipe_close(exec_pipe_t *pipe)
{
    if (pipe->io.fd < 0)
        return;
    dl_io_set(pipe->run->loop, &pipe->io, 0);
    close(pipe->io.fd);
    pipe->io.fd = -1;
}

/** Ends the run for its attempt: nothing of the loop points here any more. */
static void run_close(exec_run_t *run)
{
    run->over = 1;
    pipe_close(&run->out);
    pipe_close(&run->err);
    pipe_close(&run->say);
    dl_timer_cancel(run->loop, &run->linger);
    dl_defer_cancel(run->loop, &run->digest);
}

static void run_end(exec_run_t *run, const dl_failure_t *failure)
{
    run_close(run);
    if (run->child && run->exited)
        dlw_child_release(run->child);
    else if (run->child)
        dlw_child_abandon(run->child);
    run->child = NULL;
    run->a->on->done(run->a, failure);
}

static const char *stderr_tail(exec_run_t *run)
{
    return dlw_exec_tail_text(&run->tail, run->a->pool);
}

static void run_fail(exec_run_t *run, const char *error, const char *why,
                     int permanent)
{
    const char *tail = stderr_tail(run);
    dl_failure_t failure = dlw_failure(
        "SOURCE_ERROR", error,
        tail ? apr_pstrcat(run->a->pool, why, ": ", tail, NULL) : why,
        permanent);

    run_end(run, &failure);
}

/** @return 1 when the spool took it; else the run is over */
static int spooled(exec_run_t *run, apr_status_t rv)
{
    char why[120];

    if (rv == APR_SUCCESS)
        return 1;
    if (rv == APR_EINVAL) {
        run_fail(run, "The file is larger than allowed",
                 "more than DLJobMaxObject", 1);
    }
    else {
        apr_strerror(rv, why, sizeof(why));
        run_fail(run, "The file could not be kept",
                 apr_pstrcat(run->a->pool, "DLJobSpool: ", why, NULL), 0);
    }
    return 0;
}

/* --- what the child writes --------------------------------------------- */

static void take_out(exec_run_t *run, const char *data, apr_size_t len)
{
    spooled(run, dlw_spool_write(run->a->spool, data, len));
}

static void take_err(exec_run_t *run, const char *data, apr_size_t len)
{
    dlw_exec_tail_add(&run->tail, data, len);
}

static void on_line(void *baton, const char *word, const char *rest)
{
    dlw_attempt_t *a = baton;
    const char *value;

    if (strcmp(word, "progress") == 0) {
        int percent = dlw_exec_percent(rest);

        if (percent >= 0)
            a->on->progress(a, percent);
    }
    else if (strcmp(word, "message") == 0) {
        a->on->message(a, rest);
    }
    else if (strcmp(word, "filename") == 0) {
        /* a child may say it again and again: memory only for a new one */
        if ((!a->filename || strcmp(a->filename, rest) != 0)
            && (value = dlw_exec_filename(rest, a->pool)))
            a->filename = value;
    }
    else if (strcmp(word, "type") == 0) {
        if ((!a->content_type || strcmp(a->content_type, rest) != 0)
            && (value = dlw_exec_type(rest, a->pool)))
            a->content_type = value;
    }
}

static void take_say(exec_run_t *run, const char *data, apr_size_t len)
{
    dlw_exec_lines_feed(&run->lines, data, len, on_line, run->a);
}

/** Reads what is there, at most @a reads chunks. */
static void pipe_read(exec_pipe_t *pipe, int reads)
{
    exec_run_t *run = pipe->run;
    char buf[CHUNK];

    while (reads-- > 0 && pipe->io.fd >= 0) {
        ssize_t n = read(pipe->io.fd, buf, sizeof(buf));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0)
            pipe_close(pipe);
        else
            pipe->take(run, buf, (apr_size_t)n);
    }
}

/* --- the end ----------------------------------------------------------- */

static void run_finish(exec_run_t *run)
{
    if (spooled(run, dlw_spool_end(run->a->spool)))
        run_end(run, NULL);
}

static void on_digest(dl_defer_t *defer)
{
    exec_run_t *run = defer->baton;
    int done = 0;

    if (!spooled(run, dlw_spool_digest(run->a->spool, DIGEST_A_TURN, &done)))
        return;
    if (done)
        run_finish(run);
    else
        dl_defer(run->loop, &run->digest);
}

/** Takes $DLJOB_OUTPUT if the child made one. @return 1 when it did */
static int took_output(exec_run_t *run)
{
    int fd = open(run->output, O_RDONLY | O_NOFOLLOW | O_NONBLOCK
                                   | O_CLOEXEC);
    apr_status_t rv;

    if (fd < 0)
        return 0;
    pipe_close(&run->out);
    rv = dlw_spool_reset(run->a->spool);
    if (rv == APR_SUCCESS)
        rv = dlw_spool_adopt(run->a->spool, fd);
    if (rv != APR_SUCCESS)
        close(fd);
    if (spooled(run, rv))
        dl_defer(run->loop, &run->digest);
    return 1;
}

static void on_linger(dl_timer_t *timer)
{
    run_fail(timer->baton, "The source failed",
             "the command ended, but something it started still holds its "
             "stdout", 0);
}

static void on_exit_ok(exec_run_t *run)
{
    dlw_exec_lines_end(&run->lines, on_line, run->a);
    if (took_output(run))
        return;
    if (run->out.io.fd < 0)
        run_finish(run);
    else                        /* a pipe full at most, then its end */
        dl_timer_set(run->loop, &run->linger, LINGER_MS);
}

static void on_child_exit(void *baton, int status)
{
    exec_run_t *run = baton;
    dl_failure_t failure;

    run->exited = 1;
    pipe_read(&run->err, READS_A_TURN);
    pipe_read(&run->say, READS_A_TURN);
    if (dlw_exec_status(status, stderr_tail(run), run->a->pool, &failure))
        on_exit_ok(run);
    else
        run_end(run, &failure);
}

static void on_pipe(dl_io_t *io, int events)
{
    exec_pipe_t *pipe = io->baton;
    exec_run_t *run = pipe->run;

    (void)events;
    pipe_read(pipe, READS_A_TURN);
    if (!run->over && run->exited && pipe == &run->out && io->fd < 0)
        run_finish(run);
}

/* --- the beginning ----------------------------------------------------- */

/** Makes a pipe and watches its reading end. @return the writing end, -1 */
static int pipe_open(exec_run_t *run, exec_pipe_t *pipe,
                     void (*take)(exec_run_t *, const char *, apr_size_t))
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) != 0)
        return -1;
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    pipe->io.fd = fds[0];
    pipe->io.fn = on_pipe;
    pipe->io.baton = pipe;
    pipe->take = take;
    if (dl_io_set(run->loop, &pipe->io, DL_IO_READ) != APR_SUCCESS) {
        close(fds[1]);
        return -1;
    }
    return fds[1];
}

static apr_status_t launch(exec_run_t *run)
{
    dlw_attempt_t *a = run->a;
    dlw_child_spec_t spec = {.max_file = a->conf->max_object};
    char *dir = dlw_children_dir(a->env->children, a->file_id);
    apr_status_t rv;

    if (!dir)
        return errno;
    run->output = apr_pstrcat(a->pool, dir, "/output", NULL);
    spec.dir = apr_pstrdup(a->pool, dir);
    spec.argv = dlw_exec_argv(a);
    spec.env = dlw_exec_env(a, environ, spec.dir, run->output);
    spec.out = pipe_open(run, &run->out, take_out);
    spec.err = pipe_open(run, &run->err, take_err);
    spec.say = pipe_open(run, &run->say, take_say);
    if (spec.out < 0 || spec.err < 0 || spec.say < 0) {
        rv = errno;
        dlw_rundir_remove(dir);
        free(dir);
    }
    else {
        rv = dlw_child_start(a->env->children, &spec, dir, on_child_exit,
                             run, &run->child);
    }
    if (spec.out >= 0)
        close(spec.out);
    if (spec.err >= 0)
        close(spec.err);
    if (spec.say >= 0)
        close(spec.say);
    return rv;
}

static void *exec_start(dlw_attempt_t *a)
{
    exec_run_t *run = apr_pcalloc(a->pool, sizeof(*run));
    apr_status_t rv;

    run->a = a;
    run->loop = a->env->loop;
    run->linger = (dl_timer_t){.fn = on_linger, .baton = run};
    run->digest = (dl_defer_t){.fn = on_digest, .baton = run};
    run->out = run->err = run->say = (exec_pipe_t){.run = run,
                                                   .io = {.fd = -1}};
    rv = launch(run);
    if (rv != APR_SUCCESS) {
        char why[120];

        apr_strerror(rv, why, sizeof(why));
        run_fail(run, "The source could not be started",
                 apr_pstrdup(a->pool, why), 0);
        return NULL;
    }
    return run;
}

static void exec_abort(dlw_attempt_t *a, void *data)
{
    exec_run_t *run = data;

    (void)a;
    run_close(run);
    if (run->child)
        dlw_child_abandon(run->child);
    run->child = NULL;
}

static const char *exec_detail(dlw_attempt_t *a, void *data)
{
    (void)a;
    return stderr_tail(data);
}

static int exec_pending(const dlw_env_t *env)
{
    return env->children ? dlw_children_dying(env->children) : 0;
}

static const char *exec_check(const dl_config_t *conf, apr_pool_t *p)
{
    const char *path = conf->source.argv[0];
    struct stat st;

    if (stat(path, &st) != 0)
        return apr_psprintf(p, "DLJobSource exec %s: %s; give the full path "
                            "of a program", path, strerror(errno));
    if (!S_ISREG(st.st_mode) || access(path, X_OK) != 0)
        return apr_psprintf(p, "DLJobSource exec %s: not executable by the "
                            "worker's user; chmod +x it", path);
    return NULL;
}

const dlw_source_ops_t dlw_source_exec = {
    .name = "exec",
    .check = exec_check,
    .start = exec_start,
    .abort = exec_abort,
    .detail = exec_detail,
    .pending = exec_pending,
};
