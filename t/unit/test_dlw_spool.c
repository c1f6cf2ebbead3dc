/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spool: memory or file, bound, hash, and nothing left behind.
 */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "dlw_spool.h"

#define SHA_EMPTY \
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA_ABC \
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
/* of a million times "a" (FIPS 180-2, appendix B.3) */
#define SHA_MILLION_A \
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

static apr_pool_t *pool;
static char dir[64];

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    strcpy(dir, "/tmp/dlw-spool-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void teardown(void)
{
    apr_pool_destroy(pool);
    ck_assert_int_eq(rmdir(dir), 0);    /* nothing is left in it */
}

static void write_million(dlw_spool_t *spool)
{
    char buf[1000];

    memset(buf, 'a', sizeof(buf));
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(dlw_spool_write(spool, buf, 1000), APR_SUCCESS);
}

START_TEST(a_small_object_stays_in_memory)
{
    dlw_spool_t *spool = dlw_spool_create(dir, 100, pool);

    ck_assert_ptr_null(dlw_spool_sha256(spool));
    ck_assert_int_eq(dlw_spool_write(spool, "ab", 2), APR_SUCCESS);
    ck_assert_int_eq(dlw_spool_write(spool, "c", 1), APR_SUCCESS);
    ck_assert_int_eq(dlw_spool_end(spool), APR_SUCCESS);
    ck_assert_int_eq(dlw_spool_end(spool), APR_SUCCESS);
    ck_assert_str_eq(dlw_spool_sha256(spool), SHA_ABC);
    ck_assert_int_eq(dlw_spool_size(spool), 3);
    ck_assert_int_eq(dlw_spool_fd(spool), -1);
    ck_assert_int_eq(memcmp(dlw_spool_memory(spool), "abc", 3), 0);
    ck_assert_int_eq(dlw_spool_write(spool, "d", 1), APR_EINVAL);
}
END_TEST

START_TEST(an_empty_object_has_the_hash_of_nothing)
{
    dlw_spool_t *spool = dlw_spool_create(dir, 100, pool);

    ck_assert_int_eq(dlw_spool_end(spool), APR_SUCCESS);
    ck_assert_str_eq(dlw_spool_sha256(spool), SHA_EMPTY);
    ck_assert_int_eq(dlw_spool_size(spool), 0);
    ck_assert_ptr_nonnull(dlw_spool_memory(spool));
}
END_TEST

START_TEST(a_large_object_goes_to_a_file_without_a_name)
{
    dlw_spool_t *spool = dlw_spool_create(dir, 1000000, pool);
    char buf[10];
    apr_size_t got;

    write_million(spool);
    ck_assert_int_eq(dlw_spool_write(spool, "a", 1), APR_EINVAL);
    ck_assert_int_eq(dlw_spool_end(spool), APR_SUCCESS);
    ck_assert_str_eq(dlw_spool_sha256(spool), SHA_MILLION_A);
    ck_assert_int_ge(dlw_spool_fd(spool), 0);
    ck_assert_ptr_null(dlw_spool_memory(spool));
    ck_assert_int_eq(dlw_spool_read(spool, 999995, buf, 10, &got),
                     APR_SUCCESS);
    ck_assert_uint_eq(got, 5);
    ck_assert_int_eq(memcmp(buf, "aaaaa", 5), 0);
    ck_assert_int_eq(dlw_spool_read(spool, 1000000, buf, 10, &got),
                     APR_SUCCESS);
    ck_assert_uint_eq(got, 0);
}
END_TEST

START_TEST(what_is_dropped_takes_no_room)
{
    dlw_spool_t *spool = dlw_spool_create(dir, 1000000, pool);
    struct stat st;
    char byte;
    apr_size_t got;

    dlw_spool_drop(spool, 0, 10);       /* nothing there: no harm */
    write_million(spool);
    ck_assert_int_eq(fsync(dlw_spool_fd(spool)), 0);
    dlw_spool_drop(spool, 0, 983040);
    ck_assert_int_eq(fstat(dlw_spool_fd(spool), &st), 0);
    ck_assert_int_eq(st.st_size, 1000000);
    ck_assert_int_lt(st.st_blocks * 512, 500000);
    ck_assert_int_eq(dlw_spool_read(spool, 999999, &byte, 1, &got),
                     APR_SUCCESS);
    ck_assert_int_eq(byte, 'a');
    ck_assert_int_eq(dlw_spool_end(spool), APR_SUCCESS);
    ck_assert_str_eq(dlw_spool_sha256(spool), SHA_MILLION_A);
}
END_TEST

START_TEST(a_reset_begins_again)
{
    dlw_spool_t *spool = dlw_spool_create(dir, 1000000, pool);

    write_million(spool);
    ck_assert_int_eq(dlw_spool_end(spool), APR_SUCCESS);
    ck_assert_int_eq(dlw_spool_reset(spool), APR_SUCCESS);
    ck_assert_int_eq(dlw_spool_write(spool, "abc", 3), APR_SUCCESS);
    ck_assert_int_eq(dlw_spool_end(spool), APR_SUCCESS);
    ck_assert_str_eq(dlw_spool_sha256(spool), SHA_ABC);
}
END_TEST

static int file_of_million(void)
{
    char *path = apr_pstrcat(pool, dir, "/output", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(unlink(path), 0);
    for (int i = 0; i < 1000000 / 10; i++)
        ck_assert_int_eq(write(fd, "aaaaaaaaaa", 10), 10);
    return fd;
}

START_TEST(an_adopted_file_is_hashed_in_slices)
{
    dlw_spool_t *spool = dlw_spool_create(dir, 1000000, pool);
    int done = 0, slices = 0;

    ck_assert_int_eq(dlw_spool_adopt(spool, file_of_million()), APR_SUCCESS);
    ck_assert_int_eq(dlw_spool_end(spool), APR_EINVAL);
    for (; !done; slices++)
        ck_assert_int_eq(dlw_spool_digest(spool, 300000, &done), APR_SUCCESS);
    ck_assert_int_eq(slices, 4);
    ck_assert_int_eq(dlw_spool_end(spool), APR_SUCCESS);
    ck_assert_str_eq(dlw_spool_sha256(spool), SHA_MILLION_A);
}
END_TEST

START_TEST(an_adopted_file_keeps_to_the_bound)
{
    dlw_spool_t *spool = dlw_spool_create(dir, 999999, pool);
    int fd = file_of_million();
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    ck_assert_int_eq(dlw_spool_adopt(spool, fd), APR_EINVAL);
    ck_assert_int_eq(dlw_spool_adopt(spool, null), APR_EINVAL);
    close(null);
    close(fd);
}
END_TEST

START_TEST(a_missing_directory_is_an_error)
{
    dlw_spool_t *spool = dlw_spool_create("/nonexistent/spool", 100000, pool);
    static const char zeros[DLW_SPOOL_MEMORY + 1];

    ck_assert_int_eq(dlw_spool_write(spool, zeros, sizeof(zeros)), ENOENT);
}
END_TEST

Suite *test_dlw_spool_suite(void);

Suite *test_dlw_spool_suite(void)
{
    Suite *s = suite_create("dlw_spool");
    TCase *tc = tcase_create("spool");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_small_object_stays_in_memory);
    tcase_add_test(tc, an_empty_object_has_the_hash_of_nothing);
    tcase_add_test(tc, a_large_object_goes_to_a_file_without_a_name);
    tcase_add_test(tc, what_is_dropped_takes_no_room);
    tcase_add_test(tc, a_reset_begins_again);
    tcase_add_test(tc, an_adopted_file_is_hashed_in_slices);
    tcase_add_test(tc, an_adopted_file_keeps_to_the_bound);
    tcase_add_test(tc, a_missing_directory_is_an_error);
    suite_add_tcase(s, tc);
    return s;
}
