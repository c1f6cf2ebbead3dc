/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publishes events and measures how long each takes to its client.
 */
#include "streams.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    NUMBERS = 98                /* an event's number is its progress */
};

typedef struct publisher_t {
    int fd;
    double *delays;             /* ms */
    size_t count;
    size_t room;
    size_t published;
    char out[1 << 20];
    size_t used;
} publisher_t;

static void connect_http(run_t *run, publisher_t *p)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((unsigned short)
                                                    run->http_port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (p->fd < 0 || connect(p->fd, (void *)&to, sizeof(to))) {
        die("publisher");
    }
}

static void connect_redis(run_t *run, publisher_t *p)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };

    snprintf(to.sun_path, sizeof(to.sun_path), "%s", run->redis);
    p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (p->fd < 0 || connect(p->fd, (void *)&to, sizeof(to))) {
        die("Redis");
    }
}

static void connect_publisher(run_t *run, publisher_t *p)
{
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };

    if (run->http_port) {
        connect_http(run, p);
    }
    else {
        connect_redis(run, p);
    }
    if (epoll_ctl(run->epoll, EPOLL_CTL_ADD, p->fd, &ev)) {
        die("epoll_ctl");
    }
}

static void flush(publisher_t *p)
{
    size_t done = 0;

    while (done < p->used) {
        ssize_t n = write(p->fd, p->out + done, p->used - done);

        if (n <= 0) {
            die("PUBLISH");
        }
        done += (size_t)n;
    }
    p->used = 0;
}

static void publish(run_t *run, client_t *c)
{
    publisher_t *p = run->publisher;
    char channel[256], body[128];
    int number = 1 + c->seq++ % NUMBERS;
    int clen = snprintf(channel, sizeof(channel), "%s%s", run->channel, c->id);
    int blen = snprintf(body, sizeof(body),
                        "{\"progress\":%d,\"status\":\"processing\"}", number);

    if (p->used + 512 > sizeof(p->out)) {
        flush(p);
    }
    if (run->http_port) {
        p->used += (size_t)snprintf(p->out + p->used, 512,
                                    "POST %s HTTP/1.1\r\nHost: x\r\n"
                                    "Content-Length: %d\r\n\r\n%s",
                                    channel, blen, body);
    }
    else {
        p->used += (size_t)snprintf(p->out + p->used, 512,
                                    "*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%s\r\n"
                                    "$%d\r\n%s\r\n", clen, channel, blen, body);
    }
    c->sent_s[number] = now_s();
    p->published++;
}

void publisher_arrived(run_t *run, client_t *c, const char *line)
{
    publisher_t *p = run->publisher;
    const char *at = strstr(line, "\"progress\":");
    int number = at ? atoi(at + 11) : 0;

    if (!p || c->slow || number < 1 || number > NUMBERS
        || c->sent_s[number] == 0) {
        return;
    }
    if (p->count == p->room) {
        p->room = p->room ? p->room * 2 : 4096;
        p->delays = realloc(p->delays, p->room * sizeof(*p->delays));
        if (!p->delays) {
            die("memory");
        }
    }
    p->delays[p->count++] = (now_s() - c->sent_s[number]) * 1000;
    c->sent_s[number] = 0;
}

void publisher_drain(run_t *run)
{
    char scrap[65536];

    while (recv(run->publisher->fd, scrap, sizeof(scrap), MSG_DONTWAIT) > 0) {
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double percentile(const publisher_t *p, double share)
{
    return p->count ? p->delays[(size_t)(share * (double)(p->count - 1))] : 0;
}

/* Waits until @a want events have come, 30 s at most. */
static void wait_events(run_t *run, size_t want)
{
    double until = now_s() + 30;

    while (run->publisher->count < want && now_s() < until) {
        run_turn(run, 20);
    }
}

static size_t listeners(const run_t *run)
{
    size_t n = 0;
    int i;

    for (i = 0; i < run->count; i++) {
        n += run->clients[i].state == OPEN && !run->clients[i].slow;
    }
    return n;
}

static void at_once(run_t *run)
{
    publisher_t *p = run->publisher;
    double start = now_s();
    int i;

    for (i = 0; i < run->count; i++) {
        if (run->clients[i].state == OPEN) {
            publish(run, &run->clients[i]);
        }
    }
    flush(p);
    wait_events(run, listeners(run));
    printf("{\"streams\":%d,\"delivered\":%zu,\"total_ms\":%.1f}\n",
           run->open, p->count, (now_s() - start) * 1000);
}

static void paced(run_t *run, double rate)
{
    publisher_t *p = run->publisher;
    double start = now_s(), now;
    size_t fast = 0;
    int next = 0;

    while ((now = now_s()) < start + run->seconds) {
        while ((double)p->published < (now - start) * rate) {
            client_t *c = &run->clients[next++ % run->count];

            if (c->state == OPEN) {
                publish(run, c);
                fast += !c->slow;
            }
            else {
                p->published++;
            }
        }
        flush(p);
        run_turn(run, 0);
    }
    wait_events(run, fast);
    qsort(p->delays, p->count, sizeof(*p->delays), by_value);
    printf("{\"streams\":%d,\"published\":%zu,\"delivered\":%zu,"
           "\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
           run->open, fast, p->count, percentile(p, 0.5),
           percentile(p, 0.99), percentile(p, 1));
}

int publisher_run(run_t *run, const char *measure)
{
    publisher_t *p = calloc(1, sizeof(*p));
    double until = now_s() + 120;

    if (!p) {
        die("memory");
    }
    connect_publisher(run, p);
    while (now_s() < until && run->open + run->refused < run->count) {
        run_turn(run, 20);
    }
    /* each has had its snapshot, where the server sends one */
    until = now_s() + 5;
    while (now_s() < until
           && run->events < (unsigned long)(run->open - run->slow)) {
        run_turn(run, 20);
    }
    run->publisher = p;
    if (strcmp(measure, "once")) {
        paced(run, atof(measure));
    }
    else {
        at_once(run);
    }
    fflush(stdout);
    free(p->delays);
    free(p);
    return 0;
}
