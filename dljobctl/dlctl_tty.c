/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal; see dlctl_tty.h.
 *
 * Signal handlers restore it themselves and then let the signal do what it
 * does: tcsetattr, write and raise are async-signal-safe (POSIX.1-2017,
 * 2.4.3), and the program may be waiting for Redis for seconds.
 */
#include "dlctl_tty.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "dl_redis.h"

#define ENTER "\033[?1049h\033[?25l\033[H\033[2J"
#define LEAVE "\033[?25h\033[?1049l"

/* For the handlers; its words are written before its flags. */
static struct {
    volatile sig_atomic_t screen;   /* taken: to be given back */
    volatile sig_atomic_t line;     /* the cursor stands behind a line */
    struct termios before;
    struct termios keys;
} terminal;

static void put(int fd, const char *s, size_t len)
{
    ssize_t n = write(fd, s, len);

    (void)n;                    /* nothing can be done about it */
}

static void restore(void)
{
    if (terminal.screen) {
        tcsetattr(STDIN_FILENO, TCSANOW, &terminal.before);
        put(STDOUT_FILENO, LEAVE, sizeof(LEAVE) - 1);
    }
    if (terminal.line)
        put(STDERR_FILENO, "\n", 1);
}

static void on_end(int signo)
{
    restore();
    terminal.screen = terminal.line = 0;
    signal(signo, SIG_DFL);
    raise(signo);
}

/* Stops for real, then goes on here. */
static void on_stop(int signo)
{
    int saved = errno;
    sigset_t mask, old;

    restore();
    signal(signo, SIG_DFL);
    sigemptyset(&mask);
    sigaddset(&mask, signo);
    sigprocmask(SIG_UNBLOCK, &mask, &old);
    raise(signo);

    sigprocmask(SIG_SETMASK, &old, NULL);
    signal(signo, on_stop);
    if (terminal.screen) {
        tcsetattr(STDIN_FILENO, TCSANOW, &terminal.keys);
        put(STDOUT_FILENO, ENTER, sizeof(ENTER) - 1);
    }
    errno = saved;
}

void dlctl_tty_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction act, old;

    memset(&act, 0, sizeof(act));
    act.sa_handler = on_end;
    act.sa_flags = SA_RESETHAND | SA_NODEFER;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        /* what nohup has set to be ignored stays ignored */
        if (sigaction(signals[i], NULL, &old) == 0
            && old.sa_handler != SIG_IGN)
            sigaction(signals[i], &act, NULL);
    act.sa_handler = on_stop;
    act.sa_flags = SA_RESTART;
    sigaction(SIGTSTP, &act, NULL);
}

int dlctl_tty_size(int fd, int *lines)
{
    struct winsize size = {0};

    if (ioctl(fd, TIOCGWINSZ, &size) != 0)
        memset(&size, 0, sizeof(size));
    if (lines)
        *lines = size.ws_row > 0 ? size.ws_row : 24;
    return size.ws_col > 0 ? size.ws_col : 80;
}

void dlctl_tty_print(const dlctl_table_t *table)
{
    fputs(dlctl_table_text(table, isatty(STDOUT_FILENO)
                                      ? dlctl_tty_size(STDOUT_FILENO, NULL)
                                      : 0), stdout);
}

void dlctl_tty_line(const char *text)
{
    terminal.line = 1;
    fprintf(stderr, "\r%s\033[K", text);
    fflush(stderr);
}

void dlctl_tty_line_end(void)
{
    if (terminal.line)
        fputs("\n", stderr);
    terminal.line = 0;
}

void dlctl_tty_line_clear(void)
{
    if (terminal.line)
        fputs("\r\033[K", stderr);
    terminal.line = 0;
}

int dlctl_tty_screen(void)
{
    if (!isatty(STDOUT_FILENO)
        || tcgetattr(STDIN_FILENO, &terminal.before) != 0)
        return -1;
    terminal.keys = terminal.before;
    terminal.keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    terminal.keys.c_cc[VMIN] = 1;
    terminal.keys.c_cc[VTIME] = 0;
    terminal.screen = 1;
    tcsetattr(STDIN_FILENO, TCSANOW, &terminal.keys);
    put(STDOUT_FILENO, ENTER, sizeof(ENTER) - 1);
    return 0;
}

void dlctl_tty_screen_end(void)
{
    if (terminal.screen) {
        terminal.screen = 0;
        tcsetattr(STDIN_FILENO, TCSANOW, &terminal.before);
        put(STDOUT_FILENO, LEAVE, sizeof(LEAVE) - 1);
    }
}

int dlctl_tty_has_screen(void)
{
    return terminal.screen;
}

int dlctl_tty_key(int ms)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    unsigned char key;

    if (poll(&in, 1, ms) <= 0)
        return 0;
    return read(STDIN_FILENO, &key, 1) == 1 ? key : -1;
}

void dlctl_tty_wait(int ms)
{
    apr_int64_t until_us = dl_clock_us() + (apr_int64_t)ms * 1000;
    apr_int64_t left_us;

    while ((left_us = until_us - dl_clock_us()) > 0)
        poll(NULL, 0, (int)((left_us + 999) / 1000));
}
