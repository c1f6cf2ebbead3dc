/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state machine of an attempt, with a source and a store that do what
 * the test says: simulate for the real ways in, tables of its own for the
 * rest.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "dlw_task.h"

static apr_pool_t *pool;
static dl_config_t *conf;
static dlw_env_t env;
static dlw_settings_t *settings;
static dlw_task_t *task;
static char dir[64];

/* what the store was asked, and how it answers */
static struct {
    int puts, aborts, removes;
    int begins, growns, finishes;
    int answer_at_once;
    int fail;
    const char *key;
    char removed[100];
    dlw_store_done_fn *done;
    void *baton;
} store;

static int outcomes, news;

static void answer(void)
{
    static dlw_object_t object;
    dl_failure_t failure = dlw_failure("STORAGE_ERROR", "no room", NULL, 0);

    object = (dlw_object_t){.key = store.key, .size = 1};
    store.done(store.baton, store.fail ? &failure : NULL,
               store.fail ? NULL : &object);
}

static void *put(dlw_store_t *self, dlw_attempt_t *a, const char *key,
                 dlw_store_done_fn *done, void *baton)
{
    (void)self;
    store.puts++;
    store.key = apr_pstrdup(a->pool, key);
    store.done = done;
    store.baton = baton;
    if (!store.answer_at_once)
        return &store;
    answer();
    return NULL;
}

static void *store_begin(dlw_store_t *self, dlw_attempt_t *a, const char *key,
                         dlw_store_done_fn *done, void *baton)
{
    (void)self;
    store.begins++;
    store.key = apr_pstrdup(a->pool, key);
    store.done = done;
    store.baton = baton;
    return &store;
}

static void store_grown(dlw_store_t *self, void *op)
{
    (void)self;
    ck_assert_ptr_eq(op, &store);
    store.growns++;
}

static void store_finish(dlw_store_t *self, void *op)
{
    (void)self;
    ck_assert_ptr_eq(op, &store);
    store.finishes++;
}

static void store_abort(dlw_store_t *self, void *op)
{
    (void)self;
    ck_assert_ptr_eq(op, &store);
    store.aborts++;
}

static void remove_object(dlw_store_t *self, const char *key)
{
    (void)self;
    store.removes++;
    apr_cpystrn(store.removed, key, sizeof(store.removed));
}

static const dlw_store_ops_t store_ops = {
    .name = "test",
    .put = put,
    .begin_above = 1000,
    .begin = store_begin,
    .grown = store_grown,
    .finish = store_finish,
    .abort = store_abort,
    .remove = remove_object,
};

static void on_news(dlw_task_t *t)
{
    (void)t;
    news++;
}

static void on_outcome(dlw_task_t *t)
{
    ck_assert_int_eq(t->state, DLW_TASK_SETTLE);
    outcomes++;
}

static const dlw_task_on_t task_on = {.news = on_news,
                                      .outcome = on_outcome};

static void setup(void)
{
    apr_pool_t *below;

    apr_pool_create(&pool, NULL);
    strcpy(dir, "/tmp/dlw-task-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    memset(&store, 0, sizeof(store));
    memset(&env, 0, sizeof(env));
    outcomes = news = 0;
    apr_pool_create(&below, pool);
    conf = dl_config_create(below);
    conf->spool = dir;
    conf->source.kind = DL_SOURCE_SIMULATE;
    conf->timeout_ms = 60000;
    settings = apr_pcalloc(below, sizeof(*settings));
    *settings = (dlw_settings_t){.refs = 1, .pool = below, .conf = conf};
    ck_assert_int_eq(dl_loop_create(pool, &env.loop), APR_SUCCESS);
    env.conf = conf;
    env.pool = pool;
    env.store_ops = &store_ops;
    task = apr_pcalloc(pool, sizeof(*task));
    task->a.env = &env;
    apr_pool_create(&task->a.pool, pool);
    task->on = &task_on;
}

static void teardown(void)
{
    ck_assert_int_eq(settings->refs, 1);        /* all were given back */
    apr_pool_destroy(pool);
    ck_assert_int_eq(rmdir(dir), 0);
}

static void begin(apr_int64_t wait_ms)
{
    dl_task_t claimed = {.file_id = 70000, .fence = 17, .attempt = 2,
                         .job_id = "job", .traceparent =
                         "00-0af7651916cd43dd8448eb211c80319c-"
                         "b7ad6b7169203331-01"};

    conf->source.min_ms = conf->source.max_ms = wait_ms;
    dlw_task_begin(task, &claimed, settings);
}

static void turns_until(dlw_task_state_e state)
{
    for (int i = 0; i < 2000 && task->state != state; i++)
        dl_loop_turn(env.loop, 20);
    ck_assert_int_eq(task->state, state);
}

START_TEST(test_source_to_store_to_settlement)
{
    begin(20);
    ck_assert_int_eq(task->state, DLW_TASK_SOURCE);
    ck_assert_str_eq(task->a.about.trace_id,
                     "0af7651916cd43dd8448eb211c80319c");
    turns_until(DLW_TASK_STORE);
    ck_assert_int_ge(news, 1);
    ck_assert_int_le(task->progress, 99);
    answer();
    ck_assert_int_eq(task->state, DLW_TASK_SETTLE);
    ck_assert_int_eq(outcomes, 1);
    ck_assert_int_eq(task->failed, 0);
    ck_assert_int_eq(strncmp(task->object.key, "files/70000.17-", 15), 0);
    ck_assert_str_eq(task->object.content_type, "text/plain");
    ck_assert_uint_eq(strlen(task->object.sha256), 64);
    dlw_task_end(task, 1);
    ck_assert_int_eq(task->state, DLW_TASK_FREE);
    ck_assert_int_eq(store.removes, 0);
}
END_TEST

START_TEST(test_all_may_happen_within_begin)
{
    store.answer_at_once = 1;
    begin(0);
    ck_assert_int_eq(task->state, DLW_TASK_SETTLE);
    ck_assert_int_eq(outcomes, 1);
    ck_assert_int_eq(task->timeout.slot, 0);
    dlw_task_end(task, 1);
}
END_TEST

START_TEST(test_a_refused_result_is_removed)
{
    store.answer_at_once = 1;
    begin(0);
    dlw_task_end(task, 0);
    ck_assert_int_eq(store.removes, 1);
    ck_assert_int_eq(strncmp(store.removed, "files/70000.17-", 15), 0);
}
END_TEST

START_TEST(test_a_store_that_fails_fails_the_attempt)
{
    store.answer_at_once = store.fail = 1;
    begin(0);
    ck_assert_int_eq(task->state, DLW_TASK_SETTLE);
    ck_assert_int_eq(task->failed, 1);
    ck_assert_str_eq(task->failure.error_code, "STORAGE_ERROR");
    dlw_task_end(task, 0);
    ck_assert_int_eq(store.removes, 0);
}
END_TEST

START_TEST(test_a_spool_that_fails_fails_the_attempt)
{
    conf->max_object = 3;
    begin(0);
    ck_assert_int_eq(task->state, DLW_TASK_SETTLE);
    ck_assert_int_eq(task->failed, 1);
    ck_assert_int_eq(store.puts, 0);
    dlw_task_end(task, 0);
}
END_TEST

START_TEST(test_time_out_in_the_source)
{
    conf->timeout_ms = 30;
    begin(60000);
    turns_until(DLW_TASK_SETTLE);
    ck_assert_str_eq(task->failure.error_code, "TIMEOUT");
    ck_assert_int_eq(task->failure.permanent, 0);
    ck_assert_int_eq(store.puts, 0);
    dlw_task_end(task, 0);
}
END_TEST

START_TEST(test_time_out_in_the_store)
{
    conf->timeout_ms = 30;
    begin(0);
    ck_assert_int_eq(task->state, DLW_TASK_STORE);
    turns_until(DLW_TASK_SETTLE);
    ck_assert_str_eq(task->failure.error_code, "TIMEOUT");
    ck_assert_int_eq(store.aborts, 1);
    answer();                           /* late: nobody listens */
    ck_assert_int_eq(outcomes, 1);
    dlw_task_end(task, 0);
}
END_TEST

START_TEST(test_abort_in_the_source_and_in_the_store)
{
    begin(60000);
    dlw_task_abort(task);
    ck_assert_int_eq(task->state, DLW_TASK_FREE);
    ck_assert_int_eq(store.aborts, 0);
    begin(0);
    ck_assert_int_eq(task->state, DLW_TASK_STORE);
    dlw_task_abort(task);
    ck_assert_int_eq(store.aborts, 1);
    ck_assert_int_eq(outcomes, 0);
    for (int i = 0; i < 5; i++)         /* no timer is left */
        dl_loop_turn(env.loop, 1);
    ck_assert_int_eq(outcomes, 0);
}
END_TEST

/* The source is at work and has got so many bytes. */
static void grow(apr_size_t bytes)
{
    static const char zeros[2000];

    ck_assert_int_eq(dlw_spool_write(task->a.spool, zeros, bytes),
                     APR_SUCCESS);
    task->a.on->grown(&task->a);
}

START_TEST(test_a_large_object_is_stored_while_it_comes)
{
    begin(60000);
    grow(1000);
    ck_assert_int_eq(store.begins, 0);
    grow(1);
    ck_assert_int_eq(store.begins, 1);
    grow(1);
    ck_assert_int_eq(store.growns, 1);
    dlw_spool_end(task->a.spool);
    task->a.on->done(&task->a, NULL);
    ck_assert_int_eq(task->state, DLW_TASK_STORE);
    ck_assert_int_eq(store.finishes, 1);
    ck_assert_int_eq(store.puts, 0);
    task->a.on->grown(&task->a);        /* late: nobody listens */
    ck_assert_int_eq(store.growns, 1);
    answer();
    ck_assert_int_eq(task->state, DLW_TASK_SETTLE);
    ck_assert_uint_eq(strlen(task->object.sha256), 64);
    dlw_task_end(task, 1);
}
END_TEST

START_TEST(test_what_is_known_to_be_large_is_begun_at_once)
{
    begin(60000);
    task->a.expected = 1001;
    grow(1);
    ck_assert_int_eq(store.begins, 1);
    dlw_task_abort(task);
    ck_assert_int_eq(store.aborts, 1);
}
END_TEST

START_TEST(test_a_source_that_begins_again_gets_another_key)
{
    const char *first;

    begin(60000);
    task->a.on->restart(&task->a);      /* nothing was begun */
    ck_assert_int_eq(store.aborts, 0);
    grow(1001);
    first = store.key;
    task->a.on->restart(&task->a);
    ck_assert_int_eq(store.aborts, 1);
    ck_assert_int_eq(dlw_spool_reset(task->a.spool), APR_SUCCESS);
    grow(1001);
    ck_assert_int_eq(store.begins, 2);
    ck_assert_str_ne(first, store.key);
    ck_assert_int_eq(dlw_store_key_fence(store.key), 17);
    dlw_task_abort(task);
    ck_assert_int_eq(store.aborts, 2);
}
END_TEST

START_TEST(test_either_of_both_may_fail)
{
    dl_failure_t failure = dlw_failure("SOURCE_ERROR", "no more", NULL, 0);

    begin(60000);
    grow(1001);
    task->a.on->done(&task->a, &failure);
    ck_assert_int_eq(task->state, DLW_TASK_SETTLE);
    ck_assert_str_eq(task->failure.error_code, "SOURCE_ERROR");
    ck_assert_int_eq(store.aborts, 1);
    dlw_task_end(task, 0);

    begin(60000);
    grow(1001);
    store.fail = 1;
    answer();
    ck_assert_int_eq(task->state, DLW_TASK_SETTLE);
    ck_assert_str_eq(task->failure.error_code, "STORAGE_ERROR");
    ck_assert_int_eq(store.aborts, 1);  /* its own failure is no abort */
    ck_assert_int_eq(outcomes, 2);
    dlw_task_end(task, 0);
    ck_assert_int_eq(store.removes, 0);
}
END_TEST

START_TEST(test_progress_never_falls_and_stops_at_99)
{
    static const int said[] = {10, 5, 50, 30, 100, 40};
    static const int want[] = {10, 10, 50, 50, 99, 99};

    begin(60000);
    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        task->a.on->progress(&task->a, said[i]);
        ck_assert_int_eq(task->progress, want[i]);
    }
    ck_assert_int_eq(news, 3);
    dlw_task_guess(task, 99);           /* the source spoke for itself */
    ck_assert_int_eq(news, 3);
    dlw_task_abort(task);
}
END_TEST

START_TEST(test_guesses_count_while_the_source_is_silent)
{
    begin(60000);
    dlw_task_guess(task, 30);
    dlw_task_guess(task, 20);
    ck_assert_int_eq(task->progress, 30);
    ck_assert_int_eq(news, 1);
    dlw_task_abort(task);
}
END_TEST

START_TEST(test_messages_are_cleaned_and_cut)
{
    char longest[500];

    begin(60000);
    task->a.on->message(&task->a, "a\x01\n\xff" "b \xc3\xa4");
    ck_assert_str_eq(task->message, "ab \xc3\xa4");
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    memcpy(longest + DLW_MESSAGE_MAX - 1, "\xc3\xa4", 2);
    task->a.on->message(&task->a, longest);
    ck_assert_uint_eq(strlen(task->message), DLW_MESSAGE_MAX - 1);
    dlw_task_abort(task);
}
END_TEST

START_TEST(test_a_settled_task_runs_nothing)
{
    dl_task_t claimed = {.file_id = 70000, .fence = 18, .settled = 1};

    dlw_task_begin(task, &claimed, settings);
    ck_assert_int_eq(task->state, DLW_TASK_SETTLE);
    ck_assert_int_eq(store.puts, 0);
    dlw_task_end(task, 0);
    ck_assert_int_eq(store.removes, 0);
}
END_TEST

Suite *test_dlw_task_suite(void);

Suite *test_dlw_task_suite(void)
{
    Suite *s = suite_create("dlw_task");
    TCase *tc = tcase_create("states");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_source_to_store_to_settlement);
    tcase_add_test(tc, test_all_may_happen_within_begin);
    tcase_add_test(tc, test_a_refused_result_is_removed);
    tcase_add_test(tc, test_a_store_that_fails_fails_the_attempt);
    tcase_add_test(tc, test_a_spool_that_fails_fails_the_attempt);
    tcase_add_test(tc, test_time_out_in_the_source);
    tcase_add_test(tc, test_time_out_in_the_store);
    tcase_add_test(tc, test_abort_in_the_source_and_in_the_store);
    tcase_add_test(tc, test_a_large_object_is_stored_while_it_comes);
    tcase_add_test(tc, test_what_is_known_to_be_large_is_begun_at_once);
    tcase_add_test(tc, test_a_source_that_begins_again_gets_another_key);
    tcase_add_test(tc, test_either_of_both_may_fail);
    tcase_add_test(tc, test_progress_never_falls_and_stops_at_99);
    tcase_add_test(tc, test_guesses_count_while_the_source_is_silent);
    tcase_add_test(tc, test_messages_are_cleaned_and_cut);
    tcase_add_test(tc, test_a_settled_task_runs_nothing);
    suite_add_tcase(s, tc);
    return s;
}
