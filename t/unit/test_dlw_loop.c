/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's loop: order of timers, deferred calls, removal in mid-turn.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "dl_loop.h"

static apr_pool_t *pool;
static dl_loop_t *loop;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    ck_assert_int_eq(dl_loop_create(pool, &loop), APR_SUCCESS);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static int fired[1000];
static int nfired;

static void on_timer(dl_timer_t *timer)
{
    fired[nfired++] = *(int *)timer->baton;
}

static void turns_until(int n)
{
    for (int i = 0; i < 10000 && nfired < n; i++)
        ck_assert_int_eq(dl_loop_turn(loop, 50), APR_SUCCESS);
    ck_assert_int_eq(nfired, n);
}

START_TEST(timers_fire_in_order_of_their_due_time)
{
    enum { N = 500 };
    static dl_timer_t timers[N];
    static int due[N];

    srand(7);
    for (int i = 0; i < N; i++) {
        due[i] = rand() % 40;
        timers[i] = (dl_timer_t){.fn = on_timer, .baton = &due[i]};
        dl_timer_set(loop, &timers[i], due[i]);
    }
    for (int i = 0; i < N; i += 3)      /* moved */
        dl_timer_set(loop, &timers[i], due[i] = rand() % 40);
    for (int i = 1; i < N; i += 5)      /* taken out, some twice */
        dl_timer_cancel(loop, &timers[i]);
    dl_timer_cancel(loop, &timers[1]);
    turns_until(N - 100);
    for (int i = 1; i < nfired; i++)
        ck_assert_int_le(fired[i - 1], fired[i]);
}
END_TEST

static void on_timer_again(dl_timer_t *timer)
{
    nfired++;
    dl_timer_set(loop, timer, 0);
}

START_TEST(a_timer_that_sets_itself_does_not_hold_the_turn)
{
    dl_timer_t timer = {.fn = on_timer_again};

    dl_timer_set(loop, &timer, 0);
    ck_assert_int_eq(dl_loop_turn(loop, 0), APR_SUCCESS);
    ck_assert_int_eq(nfired, 1);
    ck_assert_int_eq(dl_loop_turn(loop, 0), APR_SUCCESS);
    ck_assert_int_eq(nfired, 2);
}
END_TEST

static dl_defer_t first, second, third;

static void on_first(dl_defer_t *defer)
{
    (void)defer;
    fired[nfired++] = 1;
    dl_defer_cancel(loop, &second);
    dl_defer(loop, &first);            /* next turn */
}

static void on_other(dl_defer_t *defer)
{
    fired[nfired++] = *(int *)defer->baton;
}

START_TEST(deferred_calls_run_once_each_and_may_cancel_each_other)
{
    int two = 2, three = 3;

    first = (dl_defer_t){.fn = on_first};
    second = (dl_defer_t){.fn = on_other, .baton = &two};
    third = (dl_defer_t){.fn = on_other, .baton = &three};
    dl_defer(loop, &first);
    dl_defer(loop, &second);
    dl_defer(loop, &third);
    dl_defer(loop, &third);
    dl_loop_turn(loop, -1);
    ck_assert_int_eq(nfired, 2);
    ck_assert_int_eq(fired[0], 1);
    ck_assert_int_eq(fired[1], 3);
    dl_loop_turn(loop, -1);            /* does not wait: first is due */
    ck_assert_int_eq(nfired, 3);
}
END_TEST

static dl_io_t left, right;

static void on_either(dl_io_t *io, int events)
{
    ck_assert_int_ne(events & DL_IO_READ, 0);
    nfired++;
    dl_io_set(loop, io == &left ? &right : &left, 0);
}

START_TEST(events_of_a_watch_taken_out_are_not_delivered)
{
    int a[2], b[2];

    ck_assert_int_eq(pipe2(a, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(b, O_CLOEXEC), 0);
    left = (dl_io_t){.fd = a[0], .fn = on_either};
    right = (dl_io_t){.fd = b[0], .fn = on_either};
    ck_assert_int_eq(dl_io_set(loop, &left, DL_IO_READ), APR_SUCCESS);
    ck_assert_int_eq(dl_io_set(loop, &right, DL_IO_READ), APR_SUCCESS);
    ck_assert_int_eq(write(a[1], "x", 1), 1);
    ck_assert_int_eq(write(b[1], "x", 1), 1);
    dl_loop_turn(loop, -1);
    ck_assert_int_eq(nfired, 1);
}
END_TEST

static void on_signal(void *baton, int signo)
{
    *(int *)baton = signo;
    dl_loop_stop(loop);
}

START_TEST(signals_come_through_the_loop)
{
    int got = 0;

    ck_assert_int_eq(dl_loop_signal(loop, SIGHUP, on_signal, &got),
                     APR_SUCCESS);
    ck_assert_int_eq(dl_loop_signal(loop, SIGUSR1, on_signal, &got),
                     APR_SUCCESS);
    raise(SIGUSR1);
    ck_assert_int_eq(dl_loop_run(loop), APR_SUCCESS);
    ck_assert_int_eq(got, SIGUSR1);
    raise(SIGHUP);
    ck_assert_int_eq(dl_loop_run(loop), APR_SUCCESS);
    ck_assert_int_eq(got, SIGHUP);
}
END_TEST

Suite *test_dlw_loop_suite(void);

Suite *test_dlw_loop_suite(void)
{
    Suite *s = suite_create("dlw_loop");
    TCase *tc = tcase_create("loop");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, timers_fire_in_order_of_their_due_time);
    tcase_add_test(tc, a_timer_that_sets_itself_does_not_hold_the_turn);
    tcase_add_test(tc, deferred_calls_run_once_each_and_may_cancel_each_other);
    tcase_add_test(tc, events_of_a_watch_taken_out_are_not_delivered);
    tcase_add_test(tc, signals_come_through_the_loop);
    suite_add_tcase(s, tc);
    return s;
}
