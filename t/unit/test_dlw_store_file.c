/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file store on a real directory: whole objects or none, from memory and
 * from a spool, aborted, full, evicted.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <apr_strings.h>

#include "dlw_store.h"
#include "dlw_store_io.h"

#define BIG (3 * 1024 * 1024 + 17)

static apr_pool_t *pool, *store_pool;
static dl_loop_t *loop;
static dl_config_t conf;
static dlw_env_t env;
static dlw_store_t *store;
static char dir[64];
static int calls, last_permanent;
static char last_code[32];
static dlw_object_t last;

static int remove_path(const char *path, const struct stat *st, int type,
                       struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    apr_pool_create(&store_pool, pool);
    strcpy(dir, "/tmp/dlw-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(chmod(dir, 0755), 0);
    memset(&conf, 0, sizeof(conf));
    conf.store.kind = DL_STORE_FILE;
    conf.store.dir = dir;
    conf.key_format = "files/%{file_id}.bin";
    conf.result_ttl_s = 3600;
    ck_assert_int_eq(dl_loop_create(pool, &loop), APR_SUCCESS);
    env.loop = loop;
    env.conf = &conf;
    ck_assert_int_eq(dlw_store_file.create(&env, store_pool, &store),
                     APR_SUCCESS);
    calls = 0;
}

static void teardown(void)
{
    apr_pool_destroy(store_pool);
    apr_pool_destroy(pool);
    nftw(dir, remove_path, 8, FTW_DEPTH | FTW_PHYS);
}

static void on_done(void *baton, const dl_failure_t *failure,
                    const dlw_object_t *object)
{
    (void)baton;
    calls++;
    apr_cpystrn(last_code, failure ? failure->error_code : "",
                sizeof(last_code));
    last_permanent = failure && failure->permanent;
    if (object) {
        last = *object;
    }
}

static void wait_calls(int n)
{
    while (calls < n) {
        ck_assert_int_eq(dl_loop_turn(loop, 30000), APR_SUCCESS);
    }
    ck_assert_int_eq(calls, n);
}

static void wait_settled(void)
{
    while (dlw_store_file.pending(store) > 0) {
        ck_assert_int_eq(dl_loop_turn(loop, 30000), APR_SUCCESS);
    }
}

static dlw_attempt_t *attempt(const char *spool_dir, size_t size)
{
    dlw_attempt_t *a = apr_pcalloc(pool, sizeof(*a));
    char *bytes = apr_palloc(pool, size + 1);

    memset(bytes, 'x', size);
    a->env = &env;
    a->conf = &conf;
    a->pool = pool;
    a->content_type = "text/plain";
    a->spool = dlw_spool_create(spool_dir, 1 << 30, pool);
    ck_assert_int_eq(dlw_spool_write(a->spool, bytes, size), APR_SUCCESS);
    ck_assert_int_eq(dlw_spool_end(a->spool), APR_SUCCESS);
    return a;
}

static apr_int64_t size_of(const char *key)
{
    struct stat st;

    if (stat(apr_pstrcat(pool, dir, "/", key, NULL), &st) != 0) {
        return -1;
    }
    ck_assert_int_eq(st.st_mode & 0777, 0644);
    return st.st_size;
}

/* files below the store, whatever their names */
static int nfiles;

static int count_path(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)path;
    (void)st;
    (void)ftw;
    nfiles += type == FTW_F;
    return 0;
}

static int count_files(void)
{
    nfiles = 0;
    nftw(dir, count_path, 8, FTW_PHYS);
    return nfiles;
}

START_TEST(objects_of_every_size)
{
    /* in memory; linked from a spool beside it; copied from elsewhere */
    static const size_t sizes[] = { 0, 1, DLW_SPOOL_MEMORY, BIG, BIG };
    const char *spools[] = { dir, dir, dir, dir, "/dev/shm" };
    int i;

    for (i = 0; i < 5; i++) {
        const char *key = dlw_store_attempt_key(&conf, 70000, i, pool);
        dlw_attempt_t *a = attempt(spools[i], sizes[i]);

        ck_assert_int_eq(dlw_store_key_fence(key), i);
        ck_assert_ptr_nonnull(dlw_store_file.put(store, a, key, on_done,
                                                 NULL));
        wait_calls(2 * i + 1);
        ck_assert_str_eq(last_code, "");
        ck_assert_str_eq(last.key, key);
        ck_assert_int_eq(last.size, sizes[i]);
        ck_assert_str_eq(last.content_type, "text/plain");
        ck_assert_int_eq(size_of(key), sizes[i]);
        dlw_store_file.head(store, key, pool, on_done, NULL);
        wait_calls(2 * i + 2);
        ck_assert_int_eq(last.size, sizes[i]);
    }
    ck_assert_int_eq(count_files(), 5);
}
END_TEST

START_TEST(put_again_replaces_whole)
{
    dlw_store_file.put(store, attempt(dir, BIG), "files/a", on_done, NULL);
    wait_calls(1);
    dlw_store_file.put(store, attempt(dir, 5), "files/a", on_done, NULL);
    wait_calls(2);
    ck_assert_str_eq(last_code, "");
    ck_assert_int_eq(size_of("files/a"), 5);
    ck_assert_int_eq(count_files(), 1);
}
END_TEST

START_TEST(many_at_once)
{
    dlw_attempt_t *a = attempt(dir, 100);
    int i;

    for (i = 0; i < 300; i++) {
        dlw_store_file.put(store, a, apr_psprintf(pool, "f/%d/o", i), on_done,
                           NULL);
    }
    wait_calls(300);
    ck_assert_int_eq(count_files(), 300);
    for (i = 0; i < 300; i++) {
        dlw_store_file.remove(store, apr_psprintf(pool, "f/%d/o", i));
    }
    wait_settled();
    ck_assert_int_eq(count_files(), 0);
}
END_TEST

START_TEST(aborted_puts_leave_nothing)
{
    int i;

    for (i = 0; i < 40; i++) {
        void *op = dlw_store_file.put(store, attempt("/dev/shm",
                                                     i & 1 ? BIG : 10),
                                      apr_psprintf(pool, "f/%d", i), on_done,
                                      NULL);

        if (i % 3 == 0) {       /* sometimes when it is under way */
            dl_loop_turn(loop, 0);
        }
        if (calls == 0) {
            dlw_store_file.abort(store, op);
        }
        else {                  /* done already: as a late cancel does */
            dlw_store_file.remove(store, apr_psprintf(pool, "f/%d", i));
            calls = 0;
        }
    }
    wait_settled();
    ck_assert_int_eq(calls, 0);
    ck_assert_int_eq(count_files(), 0);
}
END_TEST

START_TEST(missing_and_unsafe)
{
    dlw_store_file.head(store, "files/none", pool, on_done, NULL);
    wait_calls(1);
    ck_assert_str_eq(last_code, "FILE_NOT_FOUND");
    dlw_store_file.head(store, "", pool, on_done, NULL);
    wait_calls(2);
    ck_assert_str_eq(last_code, "STORAGE_ERROR");
    ck_assert_ptr_null(dlw_store_file.put(store, attempt(dir, 1), "../x",
                                          on_done, NULL));
    wait_calls(3);
    ck_assert_str_eq(last_code, "STORAGE_ERROR");
    dlw_store_file.remove(store, "files/none");
    wait_settled();
}
END_TEST

START_TEST(store_that_is_gone)
{
    conf.store.dir = apr_pstrcat(pool, dir, "/none", NULL);
    dlw_store_file.probe(store, pool, on_done, NULL);
    wait_calls(1);
    ck_assert_str_eq(last_code, "STORAGE_ERROR");
    dlw_store_file.put(store, attempt(dir, 1), "a", on_done, NULL);
    wait_calls(2);
    ck_assert_str_eq(last_code, "STORAGE_ERROR");
    conf.store.dir = dir;
    dlw_store_file.probe(store, pool, on_done, NULL);
    wait_calls(3);
    ck_assert_str_eq(last_code, "");
    ck_assert_int_eq(count_files(), 0);
}
END_TEST

static void put_aged(const char *key, int size, int age_s)
{
    const char *path = apr_pstrcat(pool, dir, "/", key, NULL);
    struct timeval t[2];
    int fd = open(path, O_CREAT | O_WRONLY, 0644);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, size), 0);
    close(fd);
    gettimeofday(&t[0], NULL);
    t[0].tv_sec -= age_s;
    t[1] = t[0];
    ck_assert_int_eq(utimes(path, t), 0);
}

START_TEST(eviction_takes_the_oldest_of_ours)
{
    atomic_int aborted = 0;
    dlw_store_swept_t swept;

    put_aged("70000", 1000, 90000);             /* not a worker's */
    put_aged("70001.1-a1b2c3", 1000, 9000);     /* oldest of ours */
    put_aged("70002.2-a1b2c3.zip", 1000, 8000);
    put_aged("70003.3-a1b2c3", 1000, 60);       /* its result stands */
    put_aged(".dljob-1-1", 1000, 90000);        /* an unfinished write */
    put_aged(".dljob-1-2", 1000, 60);           /* perhaps going on */
    ck_assert_int_eq(dlw_store_io_sweep(dir, 0, 3600, &aborted, &swept),
                     APR_SUCCESS);
    ck_assert_int_eq(swept.leftovers, 1);
    ck_assert_int_eq(swept.evicted, 0);
    ck_assert_int_eq(swept.bytes, 5000);
    ck_assert_int_eq(dlw_store_io_sweep(dir, 4500, 3600, &aborted, &swept),
                     APR_SUCCESS);
    ck_assert_int_eq(swept.evicted, 1);
    ck_assert_int_eq(size_of("70001.1-a1b2c3"), -1);
    ck_assert_int_eq(size_of("70002.2-a1b2c3.zip"), 1000);
    ck_assert_int_eq(dlw_store_io_sweep(dir, 1, 3600, &aborted, &swept),
                     APR_SUCCESS);
    ck_assert_int_eq(swept.bytes, 3000);
    ck_assert_int_eq(size_of("70000"), 1000);
    ck_assert_int_eq(size_of("70003.3-a1b2c3"), 1000);
}
END_TEST

/* A command may give its output any time (cp -p): the object's age counts
 * from when it is stored, or it would go while its result stands. */
START_TEST(eviction_counts_from_the_storing)
{
    static const struct timespec old[2] = { { 1000000, 0 }, { 1000000, 0 } };
    dlw_attempt_t *a = attempt(dir, BIG);
    atomic_int aborted = 0;
    dlw_store_swept_t swept;

    ck_assert_int_ge(dlw_spool_fd(a->spool), 0);
    ck_assert_int_eq(futimens(dlw_spool_fd(a->spool), old), 0);
    dlw_store_file.put(store, a, "70001.1-a1b2c3", on_done, NULL);
    wait_calls(1);
    ck_assert_str_eq(last_code, "");
    ck_assert_int_eq(dlw_store_io_sweep(dir, 1, 3600, &aborted, &swept),
                     APR_SUCCESS);
    ck_assert_int_eq(swept.evicted, 0);
    ck_assert_int_eq(size_of("70001.1-a1b2c3"), BIG);
}
END_TEST

START_TEST(a_full_store_makes_room_or_says_so)
{
    conf.store.max_bytes = 10000;
    put_aged("70001.1-a1b2c3", 6000, 9000);
    dlw_store_file.put(store, attempt(dir, 3000), "a", on_done, NULL);
    wait_calls(1);
    ck_assert_str_eq(last_code, "");
    ck_assert_int_eq(size_of("70001.1-a1b2c3"), 6000);
    dlw_store_file.put(store, attempt(dir, 3000), "b", on_done, NULL);
    wait_calls(2);
    ck_assert_str_eq(last_code, "");
    ck_assert_int_eq(size_of("70001.1-a1b2c3"), -1);
    dlw_store_file.put(store, attempt(dir, 8000), "c", on_done, NULL);
    wait_calls(3);
    ck_assert_str_eq(last_code, "STORAGE_ERROR");
    ck_assert_int_eq(count_files(), 2);
}
END_TEST

/* As packages set it up: the directory belongs to the worker and to httpd's
 * group, of which the worker is no member. */
START_TEST(a_group_that_is_not_the_workers)
{
    enum { WORKER = 65533, HTTPD = 65532 };
    static const size_t sizes[] = { 1, BIG };
    struct stat st;
    int i;

    if (geteuid() == 0) {
        ck_assert_int_eq(chown(dir, WORKER, HTTPD), 0);
        ck_assert_int_eq(chmod(dir, 02750), 0);
        ck_assert_int_eq(setgroups(0, NULL), 0);
        ck_assert_int_eq(setgid(WORKER), 0);
        ck_assert_int_eq(setuid(WORKER), 0);
    }
    else {
        ck_assert_int_eq(chmod(dir, 02750), 0);
    }
    ck_assert_int_eq(stat(dir, &st), 0);
    for (i = 0; i < 2; i++) {
        struct stat made;
        const char *key = dlw_store_attempt_key(&conf, 70000, i, pool);

        /* the spool has the worker's own group */
        ck_assert_ptr_nonnull(dlw_store_file.put(store,
                                                 attempt("/tmp", sizes[i]),
                                                 key, on_done, NULL));
        wait_calls(i + 1);
        ck_assert_str_eq(last_code, "");
        ck_assert_int_eq(stat(apr_pstrcat(pool, dir, "/", key, NULL), &made),
                         0);
        ck_assert_int_eq(made.st_size, sizes[i]);
        ck_assert_int_eq(made.st_gid, st.st_gid);
        ck_assert_int_eq(made.st_mode & 07777, 0640);
        ck_assert_int_eq(stat(apr_pstrcat(pool, dir, "/files", NULL), &made),
                         0);
        ck_assert_int_eq(made.st_gid, st.st_gid);
        ck_assert_int_eq(made.st_mode & 07777, 02750);
    }
}
END_TEST

START_TEST(without_nameless_files)
{
    atomic_int aborted = 0;
    dlw_store_put_t put = { dir, "a/b", "bytes", -1, 5, &aborted, 1 };

    ck_assert_int_eq(dlw_store_io_put(&put), APR_SUCCESS);
    ck_assert_int_eq(size_of("a/b"), 5);
    put.data = "other bytes";
    put.size = 11;
    ck_assert_int_eq(dlw_store_io_put(&put), APR_SUCCESS);
    ck_assert_int_eq(size_of("a/b"), 11);
    aborted = 1;
    put.key = "a/c";
    ck_assert_int_eq(dlw_store_io_put(&put), APR_EINTR);
    aborted = 0;
    put.data = NULL;            /* a descriptor that cannot be read */
    ck_assert_int_ne(dlw_store_io_put(&put), APR_SUCCESS);
    ck_assert_int_eq(count_files(), 1);
}
END_TEST

START_TEST(no_room_for_it)
{
    struct rlimit limit = { 1024 * 1024, 1024 * 1024 };
    dlw_attempt_t *a = attempt("/dev/shm", BIG);

    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    dlw_store_file.put(store, a, "files/a", on_done, NULL);
    wait_calls(1);
    ck_assert_str_eq(last_code, "STORAGE_ERROR");
    ck_assert_int_eq(last_permanent, 0);
    ck_assert_int_eq(count_files(), 0);
    dlw_store_file.put(store, attempt(dir, 9), "files/a", on_done, NULL);
    wait_calls(2);
    ck_assert_str_eq(last_code, "");
}
END_TEST

START_TEST(the_end_comes_in_the_middle)
{
    int i;

    for (i = 0; i < 50; i++) {
        void *op = dlw_store_file.put(
            store, attempt("/dev/shm", i & 1 ? BIG : 10),
            apr_psprintf(pool, "f/%d", i), on_done, NULL);

        if (i % 5 == 0) {
            dlw_store_file.abort(store, op);
        }
        dlw_store_file.remove(store, "none");
    }
    apr_pool_clear(store_pool);
    ck_assert_int_eq(calls, 0);
}
END_TEST

Suite *test_dlw_store_file_suite(void);

Suite *test_dlw_store_file_suite(void)
{
    Suite *s = suite_create("dlw_store_file");
    TCase *t = tcase_create("dlw_store_file");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, objects_of_every_size);
    tcase_add_test(t, put_again_replaces_whole);
    tcase_add_test(t, many_at_once);
    tcase_add_test(t, aborted_puts_leave_nothing);
    tcase_add_test(t, missing_and_unsafe);
    tcase_add_test(t, store_that_is_gone);
    tcase_add_test(t, eviction_takes_the_oldest_of_ours);
    tcase_add_test(t, eviction_counts_from_the_storing);
    tcase_add_test(t, a_full_store_makes_room_or_says_so);
    tcase_add_test(t, a_group_that_is_not_the_workers);
    tcase_add_test(t, without_nameless_files);
    tcase_add_test(t, no_room_for_it);
    tcase_add_test(t, the_end_comes_in_the_middle);
    suite_add_tcase(s, t);
    return s;
}
