/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two queues under one lock: jobs to do, jobs done; see dlw_disk.h.
 */
#include "dlw_disk.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <apr_errno.h>

#define MAX_THREADS 8
#define STACK_BYTES (1024 * 1024)

typedef struct fifo_t {
    dlw_disk_job_t *first, **end;
} fifo_t;

struct dlw_disk_t {
    dl_loop_t *loop;
    dlw_disk_run_fn *run;
    void *baton;
    int batch;
    dl_io_t io;                /* an eventfd: there are finished jobs */

    pthread_mutex_t lock;       /* guards what follows */
    pthread_cond_t work;
    fifo_t todo, finished;
    int stop;

    pthread_t threads[MAX_THREADS];
    int nthreads;
};

static void push(fifo_t *q, dlw_disk_job_t *job)
{
    job->next = NULL;
    *q->end = job;
    q->end = &job->next;
}

static dlw_disk_job_t *pop(fifo_t *q)
{
    dlw_disk_job_t *job = q->first;

    if (job && !(q->first = job->next)) {
        q->end = &q->first;
    }
    return job;
}

static void report(dlw_disk_t *d, dlw_disk_job_t **jobs, int n)
{
    static const uint64_t one = 1;
    int i, wake;

    pthread_mutex_lock(&d->lock);
    wake = !d->finished.first;
    for (i = 0; i < n; i++) {
        push(&d->finished, jobs[i]);
    }
    pthread_mutex_unlock(&d->lock);
    /* cannot fail: the counter is far from its limit */
    while (wake && write(d->io.fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
}

static void *thread_main(void *arg)
{
    dlw_disk_job_t *jobs[DLW_DISK_BATCH];
    dlw_disk_t *d = arg;

    for (;;) {
        int n = 0;

        pthread_mutex_lock(&d->lock);
        while (!d->todo.first && !d->stop) {
            pthread_cond_wait(&d->work, &d->lock);
        }
        while (!d->stop && n < d->batch && d->todo.first) {
            jobs[n++] = pop(&d->todo);
        }
        pthread_mutex_unlock(&d->lock);
        if (n == 0) {
            return NULL;
        }
        d->run(jobs, n, d->baton);
        report(d, jobs, n);
    }
}

static void on_finished(dl_io_t *io, int events)
{
    dlw_disk_t *d = io->baton;
    dlw_disk_job_t *job;
    fifo_t finished;
    uint64_t n;

    (void)events;
    if (read(io->fd, &n, sizeof(n)) < 0) {
        return;                 /* EAGAIN: another turn took them */
    }
    finished.end = &finished.first;
    finished.first = NULL;
    pthread_mutex_lock(&d->lock);
    while ((job = pop(&d->finished))) {
        push(&finished, job);
    }
    pthread_mutex_unlock(&d->lock);
    while ((job = pop(&finished))) {
        job->done(job, 0);
    }
}

void dlw_disk_submit(dlw_disk_t *d, dlw_disk_job_t *job)
{
    pthread_mutex_lock(&d->lock);
    push(&d->todo, job);
    pthread_cond_signal(&d->work);
    pthread_mutex_unlock(&d->lock);
}

static apr_status_t cleanup(void *data)
{
    dlw_disk_t *d = data;
    dlw_disk_job_t *job;
    int i;

    pthread_mutex_lock(&d->lock);
    d->stop = 1;
    pthread_cond_broadcast(&d->work);
    pthread_mutex_unlock(&d->lock);
    for (i = 0; i < d->nthreads; i++) {
        pthread_join(d->threads[i], NULL);
    }
    dl_io_set(d->loop, &d->io, 0);
    while ((job = pop(&d->finished))) {
        job->done(job, 1);
    }
    while ((job = pop(&d->todo))) {
        job->done(job, 1);
    }
    close(d->io.fd);
    pthread_cond_destroy(&d->work);
    pthread_mutex_destroy(&d->lock);
    return APR_SUCCESS;
}

/* The threads inherit a mask that blocks everything: signals are the loop's. */
static apr_status_t start_threads(dlw_disk_t *d, int n)
{
    pthread_attr_t attr;
    sigset_t all, before;
    int err = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    while (d->nthreads < n && !err) {
        err = pthread_create(&d->threads[d->nthreads], &attr, thread_main, d);
        d->nthreads += !err;
    }
    pthread_attr_destroy(&attr);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return d->nthreads > 0 ? APR_SUCCESS : err;
}

apr_status_t dlw_disk_create(dl_loop_t *loop, int threads, int batch,
                             dlw_disk_run_fn *run, void *baton,
                             apr_pool_t *p, dlw_disk_t **disk)
{
    dlw_disk_t *d = apr_pcalloc(p, sizeof(*d));
    apr_status_t rv;

    if (threads < 1 || threads > MAX_THREADS || batch < 1
        || batch > DLW_DISK_BATCH) {
        return APR_EINVAL;
    }
    d->loop = loop;
    d->run = run;
    d->baton = baton;
    d->batch = batch;
    d->todo.end = &d->todo.first;
    d->finished.end = &d->finished.first;
    d->io.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (d->io.fd < 0) {
        return errno;
    }
    d->io.fn = on_finished;
    d->io.baton = d;
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->work, NULL);
    apr_pool_cleanup_register(p, d, cleanup, apr_pool_cleanup_null);
    rv = dl_io_set(loop, &d->io, DL_IO_READ);
    if (rv == APR_SUCCESS) {
        rv = start_threads(d, threads);
    }
    *disk = d;
    return rv;
}
