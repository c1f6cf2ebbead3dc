/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams counted over processes: bounds, and a process that dies.
 */
#include <check.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dl_seats.h"

enum { PROCESSES = 3 };

static dl_seats_t *seats;
static dl_seats_mine_t *mine;

static void setup(void)
{
    void *mem = mmap(NULL, dl_seats_size(PROCESSES), PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert(mem != MAP_FAILED);
    seats = dl_seats_init(mem, PROCESSES);
    mine = dl_seats_join(seats);
    ck_assert_ptr_nonnull(mine);
}

static void teardown(void)
{
    munmap(seats, dl_seats_size(PROCESSES));
}

START_TEST(each_bound_holds_and_a_seat_given_back_is_free)
{
    dl_seats_limits_t limits = { 3, 2, 2 };
    dl_seat_t a, b, c, d;

    ck_assert_int_eq(dl_seats_take(seats, mine, &limits, "ann", "1", &a),
                     DL_SEATS_TAKEN);
    ck_assert_int_eq(dl_seats_take(seats, mine, &limits, "ann", "2", &b),
                     DL_SEATS_TAKEN);
    ck_assert_int_eq(dl_seats_take(seats, mine, &limits, "ann", "3", &c),
                     DL_SEATS_USER_FULL);
    ck_assert_int_eq(dl_seats_take(seats, mine, &limits, "", "2", &c),
                     DL_SEATS_TAKEN);
    ck_assert_int_eq(dl_seats_take(seats, mine, &limits, "bob", "4", &d),
                     DL_SEATS_SERVER_FULL);
    dl_seats_give(mine, &a);
    ck_assert_int_eq(dl_seats_take(seats, mine, &limits, "bob", "2", &d),
                     DL_SEATS_ADDRESS_FULL);
    ck_assert_int_eq(dl_seats_take(seats, mine, &limits, "ann", "5", &d),
                     DL_SEATS_TAKEN);
    dl_seats_give(mine, &b);
    dl_seats_give(mine, &c);
    dl_seats_give(mine, &d);
    ck_assert_int_eq(dl_seats_total(seats), 0);
}
END_TEST

START_TEST(no_bound_is_no_bound)
{
    dl_seats_limits_t none = { 0, 0, 0 };
    dl_seat_t seat;
    int i;

    for (i = 0; i < 1000; i++) {
        ck_assert_int_eq(dl_seats_take(seats, mine, &none, "u", "a", &seat),
                         DL_SEATS_TAKEN);
    }
    ck_assert_int_eq(dl_seats_of(mine), 1000);
}
END_TEST

START_TEST(a_dead_process_takes_its_seats_with_it)
{
    dl_seats_limits_t limits = { 2, 0, 0 };
    dl_seats_mine_t *again;
    dl_seat_t seat;
    int status;
    pid_t child = fork();

    if (!child) {
        dl_seats_mine_t *theirs = dl_seats_join(seats);

        _exit(theirs
              && dl_seats_take(seats, theirs, &limits, "u", "a", &seat)
                     == DL_SEATS_TAKEN
              && dl_seats_take(seats, theirs, &limits, "u", "a", &seat)
                     == DL_SEATS_TAKEN
              && dl_seats_take(seats, theirs, &limits, "u", "a", &seat)
                     == DL_SEATS_SERVER_FULL ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_int_eq(dl_seats_total(seats), 0);
    /* its record is taken over, empty */
    again = dl_seats_join(seats);
    ck_assert_ptr_nonnull(again);
    ck_assert_int_eq(dl_seats_of(again), 0);
}
END_TEST

START_TEST(there_are_only_so_many_records)
{
    int i;

    for (i = 1; i < PROCESSES; i++) {
        ck_assert_ptr_nonnull(dl_seats_join(seats));
    }
    ck_assert_ptr_null(dl_seats_join(seats));
}
END_TEST

Suite *test_seats_suite(void);

Suite *test_seats_suite(void)
{
    Suite *suite = suite_create("seats");
    TCase *tcase = tcase_create("seats");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, each_bound_holds_and_a_seat_given_back_is_free);
    tcase_add_test(tcase, no_bound_is_no_bound);
    tcase_add_test(tcase, a_dead_process_takes_its_seats_with_it);
    tcase_add_test(tcase, there_are_only_so_many_records);
    suite_add_tcase(suite, tcase);
    return suite;
}
