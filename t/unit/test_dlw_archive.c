/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an archive's bytes say of its entries: names that are not ASCII, and
 * sizes beyond what the old fields hold. (What the usual tools read in one:
 * stages 40 and 49.)
 */
#include <check.h>
#include <string.h>

#include "dlw_archive.h"

#define GIB (INT64_C(1024) * 1024 * 1024)
#define ENDS 4096

static apr_pool_t *pool;

/* The first and the last bytes of what comes. */
typedef struct ends_t {
    unsigned char first[ENDS], last[ENDS];
    apr_int64_t size;
    apr_int64_t max;            /* then there is no room */
} ends_t;

static ends_t ends;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    memset(&ends, 0, sizeof(ends));
    ends.max = 100 * GIB;
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static apr_status_t keep(void *baton, const void *data, apr_size_t len)
{
    ends_t *e = baton;
    const char *bytes = data;

    if ((apr_int64_t)len > e->max - e->size)
        return APR_ENOSPC;
    for (apr_size_t i = len > ENDS ? len - ENDS : 0; i < len; i++)
        e->last[(e->size + (apr_int64_t)i) % ENDS] = (unsigned char)bytes[i];
    for (apr_size_t i = 0; i < len && e->size + (apr_int64_t)i < ENDS; i++)
        e->first[e->size + (apr_int64_t)i] = (unsigned char)bytes[i];
    e->size += (apr_int64_t)len;
    return APR_SUCCESS;
}

/* A number of @a bytes, the lowest first, at @a offset of the archive. */
static apr_uint64_t number(apr_int64_t offset, int bytes)
{
    apr_uint64_t value = 0;

    if (offset < 0)
        offset += ends.size;
    ck_assert_int_ge(offset, 0);
    for (int i = bytes - 1; i >= 0; i--) {
        apr_int64_t at = offset + i;

        ck_assert(at < ENDS || at >= ends.size - ENDS);
        value = value << 8 | (at < ENDS ? ends.first[at]
                                        : ends.last[at % ENDS]);
    }
    return value;
}

static void write_zeros(dlw_archive_t *archive, apr_int64_t size)
{
    static const char zeros[256 * 1024];

    while (size > 0) {
        apr_size_t len = size < (apr_int64_t)sizeof(zeros) ? (apr_size_t)size
                                                           : sizeof(zeros);

        ck_assert_int_eq(dlw_archive_data(archive, zeros, len), APR_SUCCESS);
        size -= (apr_int64_t)len;
    }
}

static dlw_archive_t *begin(dl_bundle_e kind)
{
    dlw_archive_t *archive = dlw_archive_create(kind, keep, &ends, pool);

    ck_assert_ptr_nonnull(archive);
    return archive;
}

static void entry(dlw_archive_t *archive, const char *name, apr_int64_t size)
{
    ck_assert_int_eq(dlw_archive_entry(archive, name, size), APR_SUCCESS);
    write_zeros(archive, size);
}

#define SIZES_FOLLOW 0x0008
#define UTF8_NAME 0x0800
#define LOCAL 0x04034b50
#define FOLLOWING 0x08074b50
#define CENTRAL 0x02014b50
#define ZIP64_END 0x06064b50
#define END 0x06054b50

/* What says how long the first entry is: its local head, or, with flag 3,
 * what follows its bytes. Then libarchive 3.7 leaves the head's fields zero
 * (APPNOTE 4.4.4), and 3.6 fills both. */
static void check_local_size(apr_int64_t size)
{
    apr_uint64_t in_head = size < 4 * GIB ? (apr_uint64_t)size : 0xffffffff;
    int bytes = size < 4 * GIB ? 4 : 8;
    apr_int64_t behind = 30 + (apr_int64_t)(number(26, 2) + number(28, 2))
                         + size;

    ck_assert_uint_eq(number(18, 4), number(22, 4));
    if (number(6, 2) & SIZES_FOLLOW) {
        ck_assert_uint_eq(number(behind, 4), FOLLOWING);
        ck_assert_uint_eq(number(behind + 8, bytes), (apr_uint64_t)size);
        ck_assert_uint_eq(number(behind + 8 + bytes, bytes),
                          (apr_uint64_t)size);
        if (number(22, 4) == 0)
            return;
    }
    ck_assert_uint_eq(number(22, 4), in_head);
}

START_TEST(test_zip_names)
{
    dlw_archive_t *zip = begin(DL_BUNDLE_ZIP);
    apr_int64_t central;

    entry(zip, "r\xc3\xa9sum\xc3\xa9.csv", 5);
    ck_assert_int_eq(dlw_archive_close(zip), APR_SUCCESS);
    ck_assert_uint_eq(number(0, 4), LOCAL);
    ck_assert_uint_eq(number(6, 2) & UTF8_NAME, UTF8_NAME);
    ck_assert_uint_eq(number(8, 2), 0);         /* stored */
    check_local_size(5);
    ck_assert_uint_eq(number(26, 2), 12);
    ck_assert_int_eq(memcmp(ends.first + 30, "r\xc3\xa9sum\xc3\xa9.csv", 12),
                     0);
    ck_assert_uint_eq(number(-22, 4), END);
    ck_assert_uint_eq(number(-12, 2), 1);       /* entries */
    central = (apr_int64_t)number(-6, 4);
    ck_assert_uint_eq(number(central, 4), CENTRAL);
    ck_assert_uint_eq(number(central + 8, 2) & UTF8_NAME, UTF8_NAME);
    ck_assert_uint_eq(number(central + 20, 4), 5);  /* as stored */
    ck_assert_uint_eq(number(central + 24, 4), 5);
    ck_assert_uint_eq(number(central + 42, 4), 0);  /* the local head */
}
END_TEST

START_TEST(test_zip_beyond_4_gib)
{
    apr_int64_t big = 4 * GIB + 12345, end, central;
    dlw_archive_t *zip = begin(DL_BUNDLE_ZIP);

    entry(zip, "big", big);
    entry(zip, "b", 3);
    ck_assert_int_eq(dlw_archive_close(zip), APR_SUCCESS);
    ck_assert_int_gt(ends.size, big);

    ck_assert_uint_eq(number(4, 2), 45);        /* zip64 needed */
    check_local_size(big);
    ck_assert_uint_eq(number(-22, 4), END);
    ck_assert_uint_eq(number(-6, 4), 0xffffffff);
    end = (apr_int64_t)number(-22 - 20 + 8, 8); /* by its locator */
    ck_assert_uint_eq(number(end, 4), ZIP64_END);
    ck_assert_uint_eq(number(end + 32, 8), 2);
    central = (apr_int64_t)number(end + 48, 8);
    ck_assert_int_gt(central, big);
    ck_assert_uint_eq(number(central, 4), CENTRAL);
    ck_assert_uint_eq(number(central + 24, 4), 0xffffffff);
    /* the extra fields follow the name: one of them has the size */
    for (apr_int64_t at = central + 46 + 3;; at += 4 + number(at + 2, 2)) {
        ck_assert_int_lt(at, central + 46 + 3 + number(central + 30, 2));
        if (number(at, 2) == 1) {
            ck_assert_uint_eq(number(at + 4, 8), (apr_uint64_t)big);
            break;
        }
    }
}
END_TEST

/* Octal digits of a tar end at 8 GiB. */
START_TEST(test_tar_beyond_8_gib)
{
    dlw_archive_t *tar = begin(DL_BUNDLE_TAR);

    ck_assert_int_eq(dlw_archive_entry(tar, "big", 9 * GIB), APR_SUCCESS);
    write_zeros(tar, 1024 * 1024);  /* so that the head is written */
    ck_assert_ptr_nonnull(memmem(ends.first, ENDS, " size=9663676416\n", 17));
}
END_TEST

/* Left in the middle of an entry: nothing more is written, and nothing stays
 * in memory (under ASan). */
START_TEST(test_left)
{
    for (int kind = DL_BUNDLE_ZIP; kind <= DL_BUNDLE_TAR; kind++) {
        dlw_archive_t *archive = begin((dl_bundle_e)kind);
        apr_int64_t before;

        ck_assert_int_eq(dlw_archive_entry(archive, "a", 9 * GIB),
                         APR_SUCCESS);
        write_zeros(archive, 1024 * 1024);
        before = ends.size;
        apr_pool_clear(pool);
        ck_assert_int_eq(ends.size, before);
    }
}
END_TEST

START_TEST(test_no_room)
{
    for (int kind = DL_BUNDLE_ZIP; kind <= DL_BUNDLE_TAR; kind++) {
        dlw_archive_t *archive = begin((dl_bundle_e)kind);
        static const char bytes[200 * 1024];

        ends.size = 0;
        ends.max = 100 * 1024;
        ck_assert_int_eq(dlw_archive_entry(archive, "a", sizeof(bytes)),
                         APR_SUCCESS);
        ck_assert_int_eq(dlw_archive_data(archive, bytes, sizeof(bytes)),
                         APR_ENOSPC);
        ck_assert_int_eq(dlw_archive_close(archive), APR_ENOSPC);
        apr_pool_clear(pool);
    }
}
END_TEST

Suite *test_dlw_archive_suite(void);
Suite *test_dlw_archive_suite(void)
{
    Suite *s = suite_create("dlw_archive");
    TCase *tc = tcase_create("dlw_archive");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_zip_names);
    tcase_add_test(tc, test_zip_beyond_4_gib);
    tcase_add_test(tc, test_tar_beyond_8_gib);
    tcase_add_test(tc, test_left);
    tcase_add_test(tc, test_no_room);
    suite_add_tcase(s, tc);
    return s;
}
