/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many streams at once, for tests and benchmarks: one thread, epoll, loopback.
 *
 *   streams [-t] [-s N] [-r] [-c N] [-u SOCKET|-p PORT] [-C CHANNEL]
 *           [-e MODE] [-n SECONDS] PORT BASE < ids
 *
 * Opens GET BASE/<id>/stream for each line of standard input and says what it
 * sees on standard output, a line whenever a number changed:
 *   open=N refused=N events=N terminal=N closed=N again=N bytes=N
 * open: streams that are open now; again: opened once more after an end
 * without a terminal event (-r, as an EventSource does: after the time of
 * "retry:", with Last-Event-ID). Ends when standard input's writer sends
 * SIGTERM, or when the work of -e is done.
 *
 *   -t       over TLS, no verification
 *   -s N     the first N read one byte a second
 *   -c N     churn: open and break N streams at random moments (RST,
 *            half-close, in the handshake, in mid-event), 64 at a time
 *   -u -C    publishes to Redis at SOCKET on channels CHANNEL<id>
 *   -p PORT -C  publishes by HTTP: POST CHANNEL<id>, for servers that have no
 *            Redis
 *   -e once  one event on each channel at once: total and worst time
 *   -e RATE  RATE events a second for SECONDS (5), one channel after the
 *            other: percentiles of the time from PUBLISH to arrival
 */
#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

double now_s(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void die(const char *what)
{
    fprintf(stderr, "streams: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void watch(run_t *run, client_t *c, unsigned events)
{
    struct epoll_event ev = { .events = events, .data.ptr = c };

    if (epoll_ctl(run->epoll, c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
                  c->fd, &ev)) {
        die("epoll_ctl");
    }
    c->watched = 1;
}

void client_open(run_t *run, client_t *c)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((unsigned short)run->port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) {
        die("socket");
    }
    if (c->slow) {
        int small = 2048;

        setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    }
    if (connect(c->fd, (void *)&to, sizeof(to)) && errno != EINPROGRESS) {
        die("connect");
    }
    c->state = CONNECTING;
    c->used = 0;
    c->watched = 0;
    if (run->tls) {
        c->ssl = SSL_new(run->tls);
        SSL_set_fd(c->ssl, c->fd);
        SSL_set_connect_state(c->ssl);
    }
    run->pending++;
    watch(run, c, EPOLLOUT);
}

void client_close(run_t *run, client_t *c)
{
    if (c->state == CONNECTING || c->state == ASKED) {
        run->pending--;
    }
    if (c->state == OPEN) {
        run->open--;
        run->closed++;
    }
    if (c->ssl) {
        SSL_free(c->ssl);
        c->ssl = NULL;
    }
    close(c->fd);
    c->fd = -1;
    c->state = c->terminal || !run->reopen ? DONE : WAITING;
    c->due_s = now_s() + c->retry_s;
}

static ssize_t put(client_t *c, const char *data, size_t len)
{
    int n;

    if (!c->ssl) {
        return write(c->fd, data, len);
    }
    n = SSL_write(c->ssl, data, (int)len);
    if (n <= 0) {
        int why = SSL_get_error(c->ssl, n);

        errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE
                    ? EAGAIN : ECONNRESET;
        return -1;
    }
    return n;
}

static ssize_t take(client_t *c, char *data, size_t len)
{
    int n;

    if (!c->ssl) {
        return read(c->fd, data, len);
    }
    n = SSL_read(c->ssl, data, (int)len);
    if (n <= 0) {
        int why = SSL_get_error(c->ssl, n);

        errno = EAGAIN;
        return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE
                   ? -1 : 0;
    }
    return n;
}

static void ask(run_t *run, client_t *c)
{
    char text[512];
    int n = snprintf(text, sizeof(text),
                     "GET %s/%s/stream HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                     "Accept: text/event-stream\r\nConnection: close\r\n"
                     "%s%s%s\r\n",
                     run->base, c->id, run->port,
                     c->last_id[0] ? "Last-Event-ID: " : "", c->last_id,
                     c->last_id[0] ? "\r\n" : "");

    if (put(c, text, (size_t)n) == n) {
        c->state = ASKED;
        watch(run, c, EPOLLIN);
    }
    else if (errno != EAGAIN) {
        client_close(run, c);
    }
    else {
        watch(run, c, EPOLLIN | EPOLLOUT);
    }
}

/* One line of an answer or a stream, without its end. */
static void on_line(run_t *run, client_t *c, char *line)
{
    if (c->state == ASKED) {
        int status = strncmp(line, "HTTP/1.1 ", 9) ? 0 : atoi(line + 9);

        if (status) {
            c->status = status;
        }
        else if (!*line) {
            run->pending--;
            if (c->status == 200) {
                c->state = OPEN;
                run->open++;
                run->again += c->opened;
                c->opened = 1;
            }
            else {
                run->refused += c->status == 503;
                c->terminal = 1; /* an EventSource gives up */
                c->state = REFUSED;
            }
        }
        return;
    }
    if (!strncmp(line, "retry: ", 7)) {
        c->retry_s = atof(line + 7) / 1000;
    }
    else if (!strncmp(line, "id: ", 4)) {
        snprintf(c->last_id, sizeof(c->last_id), "%.20s", line + 4);
    }
    else if (!strncmp(line, "data: ", 6)) {
        run->events++;
        if (strstr(line, "\"status\":\"completed\"")
            || strstr(line, "\"status\":\"cancelled\"")
            || strstr(line, "\"status\":\"failed\"")) {
            c->terminal = 1;
            run->terminal++;
        }
        publisher_arrived(run, c, line);
    }
}

static void on_bytes(run_t *run, client_t *c)
{
    char *from = c->buf, *end;

    while ((end = memchr(from, '\n', c->used - (size_t)(from - c->buf)))) {
        *end = '\0';
        if (end > from && end[-1] == '\r') {
            end[-1] = '\0';
        }
        on_line(run, c, from);
        from = end + 1;
    }
    c->used -= (size_t)(from - c->buf);
    memmove(c->buf, from, c->used);
    if (c->used == sizeof(c->buf)) {
        c->used = 0;            /* longer than any line we look at */
    }
}

static void on_client(run_t *run, client_t *c, unsigned events)
{
    ssize_t n;

    if (c->state == CONNECTING) {
        int err = 0;
        socklen_t len = sizeof(err);

        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len);
        if (err) {
            client_close(run, c);
        }
        else {
            ask(run, c);
        }
        return;
    }
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        || c->slow_until > now_s()) {
        return;
    }
    do {
        n = take(c, c->buf + c->used,
                 c->slow && c->state == OPEN ? 1 : sizeof(c->buf) - c->used);
        if (n > 0) {
            c->used += (size_t)n;
            run->bytes += (unsigned long)n;
            on_bytes(run, c);
            if (c->state == REFUSED) {
                client_close(run, c);
                return;
            }
        }
        else if (n == 0 || errno != EAGAIN) {
            client_close(run, c);
            return;
        }
        if (c->slow && c->state == OPEN) {
            c->slow_until = now_s() + 1;
            epoll_ctl(run->epoll, EPOLL_CTL_DEL, c->fd, NULL);
            c->watched = 0;
            return;
        }
    } while (n > 0 && c->ssl && SSL_pending(c->ssl));
}

/* Opens what is due, never too many at once: the listen queue is short. */
static void open_more(run_t *run)
{
    double now = now_s();
    int i;

    if (run->pending >= PENDING_MAX && !run->slow) {
        return;
    }
    for (i = 0; i < run->count; i++) {
        client_t *c = &run->clients[i];

        if (run->pending < PENDING_MAX && c->state == WAITING
            && c->due_s <= now) {
            client_open(run, c);
        }
        else if (c->slow && c->state == OPEN && !c->watched
                 && c->slow_until <= now) {
            watch(run, c, EPOLLIN);
        }
    }
}

static void say(run_t *run)
{
    char line[256];

    snprintf(line, sizeof(line), "open=%d refused=%d events=%lu terminal=%d "
             "closed=%d again=%d bytes=%lu", run->open, run->refused,
             run->events, run->terminal, run->closed, run->again, run->bytes);
    if (strcmp(line, run->said)) {
        memcpy(run->said, line, sizeof(line));
        puts(line);
        fflush(stdout);
    }
}

void run_turn(run_t *run, int ms)
{
    struct epoll_event events[256];
    int n = epoll_wait(run->epoll, events, 256, ms);
    double now = now_s();
    int i;

    for (i = 0; i < n; i++) {
        if (events[i].data.ptr) {
            on_client(run, events[i].data.ptr, events[i].events);
        }
        else {
            publisher_drain(run);
        }
    }
    if (now >= run->next_look_s) {
        run->next_look_s = now + 0.02;
        open_more(run);
        say(run);
    }
}

static void read_ids(run_t *run)
{
    char line[128];

    while (fgets(line, sizeof(line), stdin)) {
        client_t *c;

        line[strcspn(line, "\r\n")] = '\0';
        if (!*line) {
            continue;
        }
        if (run->count % 1024 == 0) {
            run->clients = realloc(run->clients, sizeof(*run->clients)
                                       * (size_t)(run->count + 1024));
            if (!run->clients) {
                die("memory");
            }
        }
        c = &run->clients[run->count];
        memset(c, 0, sizeof(*c));
        snprintf(c->id, sizeof(c->id), "%.60s", line);
        c->fd = -1;
        c->state = WAITING;
        c->retry_s = 3;
        c->slow = run->count < run->slow;
        run->count++;
    }
}

static void setup(run_t *run)
{
    struct rlimit limit;

    signal(SIGPIPE, SIG_IGN);
    if (!getrlimit(RLIMIT_NOFILE, &limit)) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    run->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (run->epoll < 0) {
        die("epoll");
    }
}

int main(int argc, char **argv)
{
    run_t run = { .seconds = 5 };
    const char *measure = NULL;
    int churn = 0;
    int count;
    int opt;

    while ((opt = getopt(argc, argv, "ts:rc:u:p:C:e:n:")) != -1) {
        switch (opt) {
        case 't':
            run.tls = SSL_CTX_new(TLS_client_method());
            break;
        case 's':
            run.slow = atoi(optarg);
            break;
        case 'r':
            run.reopen = 1;
            break;
        case 'c':
            churn = atoi(optarg);
            break;
        case 'u':
            run.redis = optarg;
            break;
        case 'p':
            run.http_port = atoi(optarg);
            break;
        case 'C':
            run.channel = optarg;
            break;
        case 'e':
            measure = optarg;
            break;
        case 'n':
            run.seconds = atoi(optarg);
            break;
        default:
            return 64;
        }
    }
    if (argc - optind != 2) {
        fprintf(stderr, "usage: streams [options] PORT BASE < ids\n");
        return 64;
    }
    run.port = atoi(argv[optind]);
    run.base = argv[optind + 1];
    setup(&run);
    read_ids(&run);
    count = run.count;
    if (!churn && !measure) {
        for (;;) {
            run_turn(&run, 20);
        }
    }
    opt = churn ? churn_run(&run, churn) : publisher_run(&run, measure);
    for (int i = 0; i < count; i++) {
        SSL_free(run.clients[i].ssl);
    }
    SSL_CTX_free(run.tls);
    free(run.clients);
    return opt;
}
