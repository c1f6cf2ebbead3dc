/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random histories: clients, workers, late and repeated messages in any
 * order. After every few steps the audit must find nothing to repair; no job
 * changes after its end; when the work is done nothing is left behind.
 *
 * DLTEST_SEED=N runs one history; a failure prints its seed.
 */
#include <stdlib.h>

#include "engine_bed.h"

#define SEEDS 24
#define STEPS 400
#define FILES 7
#define JOBS_MAX STEPS
#define HELD_MAX 64

typedef struct seen_t {
    dl_admit_t request;         /**< as it was sent */
    const char *id;             /**< the job that answered it */
    dl_job_state_e end;
    apr_int64_t end_version;    /**< 0: has not ended yet */
} seen_t;

typedef struct world_t {
    bed_t bed;
    unsigned seed;
    seen_t jobs[JOBS_MAX];
    int njobs;
    dl_task_t held[HELD_MAX];   /**< what workers believe to hold */
    int nheld;
} world_t;

static world_t w;

static int below(int n)
{
    return (int)(rand_r(&w.seed) % (unsigned)n);
}

static const char *const users[] = {"", "ann", "bob", "cid"};
static const char *const workers[] = {"w1", "w2", "w3"};

static void admit(void)
{
    seen_t *seen = &w.jobs[w.njobs];
    dl_admit_t *a = &seen->request;
    apr_int64_t *ids = apr_palloc(w.bed.p, FILES * sizeof(*ids));
    dl_admitted_t out;

    *a = bed_request(&w.bed, users[below(4)], 0);
    a->file_ids = ids;
    a->nfiles = 0;
    if (below(3) == 0) {
        for (int i = 0; i < FILES; i++)
            if (below(3) == 0)
                ids[a->nfiles++] = 70000 + i;
    }
    if (a->nfiles == 0)
        ids[a->nfiles++] = 70000 + below(FILES);
    a->total = a->nfiles;
    if (below(4) == 0)
        a->bundle = below(2) ? DL_BUNDLE_ZIP : DL_BUNDLE_TAR;
    a->priority = (dl_priority_e)below(3);
    if (below(4) == 0)
        a->idempotency_key = apr_psprintf(w.bed.p, "k%d", below(5));
    if (below(4) == 0)
        a->callback_url = "https://example.org/";
    out = bed_send(&w.bed, a);
    if (!out.job)
        return;
    seen->id = out.job->id;
    seen->end_version = 0;
    w.njobs++;
}

static void admit_again(void)
{
    if (w.njobs > 0) {
        seen_t *seen = &w.jobs[below(w.njobs)];
        dl_admitted_t out = bed_send(&w.bed, &seen->request);

        if (out.outcome == DL_ADMIT_NEW)
            ck_assert_str_eq(out.job->id, seen->request.job_id);
    }
}

static void claim(void)
{
    const char *worker = workers[below(3)];
    apr_int64_t own = below(12) == 0 ? 0 : -1;
    dl_claim_t got = bed_claim_as(&w.bed, worker, 1 + below(4), own,
                                  below(2));

    for (int i = 0; i < got.tasks->nelts; i++) {
        w.held[w.nheld % HELD_MAX] = APR_ARRAY_IDX(got.tasks, i, dl_task_t);
        w.nheld++;
    }
}

/* One that some worker holds, or held once. */
static dl_task_t *held(void)
{
    int n = w.nheld < HELD_MAX ? w.nheld : HELD_MAX;

    return n ? &w.held[below(n)] : NULL;
}

static void work(void)
{
    dl_task_t *t = held();

    if (!t)
        return;
    switch (below(8)) {
    case 0:
        bed_fail(&w.bed, t, "SOURCE_ERROR", 0, NULL);
        break;
    case 1:
        bed_fail(&w.bed, t, "FILE_NOT_FOUND", 1, NULL);
        break;
    case 2:
        bed_release(&w.bed, t);
        break;
    case 3:
    case 4:
        bed_complete(&w.bed, t);
        break;
    default:
        bed_beat(&w.bed, t, below(101));
    }
}

static void cancel(void)
{
    if (w.njobs > 0) {
        seen_t *seen = &w.jobs[below(w.njobs)];

        bed_cancel(&w.bed, seen->id, seen->request.user);
    }
}

static int bundles(void)
{
    return atoi(bed_redis(&w.bed, "GET {t}:queue:bundles"));
}

/* The next attempt of a task is due, or its lease is over. */
static void run_out(const char *zset, apr_int64_t task)
{
    bed_redis(&w.bed, "ZADD {t}:queue:%s XX 1 %s", zset,
              apr_psprintf(w.bed.p, "%" APR_INT64_T_FMT, task));
}

static void time_passes(void)
{
    int made = bundles();

    run_out(below(2) ? "delayed" : "lease",
            made && below(2) ? DL_BUNDLE_FIRST_ID + 1 + below(made)
                             : 70000 + below(FILES));
    if (below(3) == 0)
        bed_redis(&w.bed, "DEL {t}:result:file:%d:completed",
                  70000 + below(FILES));
}

static void check_ends(void)
{
    for (int i = 0; i < w.njobs; i++) {
        dl_job_t *job = bed_get(&w.bed, w.jobs[i].id);

        if (w.jobs[i].end_version > 0) {
            ck_assert_int_eq(job->state, w.jobs[i].end);
            ck_assert_int_eq(job->version, w.jobs[i].end_version);
        }
        else if (dl_job_state_terminal(job->state)) {
            w.jobs[i].end = job->state;
            w.jobs[i].end_version = job->version;
        }
        ck_assert_str_eq(job->user, w.jobs[i].request.user);
    }
}

/* Everything is worked off; then nothing may be left. */
static void finish(void)
{
    for (int round = 0; round < 100; round++) {
        dl_claim_t got;

        for (int i = 0; i < FILES; i++) {
            run_out("delayed", 70000 + i);
            run_out("lease", 70000 + i);
        }
        for (int i = bundles(); i > 0; i--) {
            run_out("delayed", DL_BUNDLE_FIRST_ID + i);
            run_out("lease", DL_BUNDLE_FIRST_ID + i);
        }
        got = bed_claim(&w.bed, "last", 10);
        for (int i = 0; i < got.tasks->nelts; i++)
            bed_complete(&w.bed, &APR_ARRAY_IDX(got.tasks, i, dl_task_t));
        if (got.tasks->nelts == 0)
            break;
    }
    check_ends();
    for (int i = 0; i < w.njobs; i++)
        ck_assert_int_gt(w.jobs[i].end_version, 0);
    ck_assert_str_eq(bed_redis(&w.bed, "EXISTS {t}:queue:wait "
                               "{t}:queue:delayed {t}:queue:lease "
                               "{t}:queue:suspect"), "0");
    ck_assert_str_eq(bed_redis(&w.bed, "KEYS {t}:task:*"), "");
    for (int i = 1; i < 4; i++)
        ck_assert_str_eq(bed_redis(&w.bed, "ZCOUNT {t}:user:jobs:%s "
                                   "9000000000000 +inf", users[i]), "0");
    ck_assert_int_eq(bed_audit(&w.bed), 0);
}

static void history(unsigned seed)
{
    memset(&w, 0, sizeof(w));
    w.seed = seed;
    fprintf(stderr, "# history %u\n", seed);
    bed_open(&w.bed);
    for (int step = 1; step <= STEPS; step++) {
        int what = below(20);

        if (what < 6 && w.njobs < JOBS_MAX)
            admit();
        else if (what < 7)
            admit_again();
        else if (what < 10)
            claim();
        else if (what < 16)
            work();
        else if (what < 18)
            cancel();
        else
            time_passes();
        if (step % 20 == 0) {
            ck_assert_int_eq(bed_audit(&w.bed), 0);
            check_ends();
        }
    }
    finish();
    bed_close(&w.bed);
}

START_TEST(test_history)
{
    const char *seed = getenv("DLTEST_SEED");

    history(seed ? (unsigned)strtoul(seed, NULL, 10) : (unsigned)_i + 1);
}
END_TEST

Suite *test_script_random_suite(void);

Suite *test_script_random_suite(void)
{
    Suite *s = suite_create("script_random");
    TCase *tc = tcase_create("random");

    tcase_add_loop_test(tc, test_history, 0, SEEDS);
    suite_add_tcase(s, tc);
    return s;
}
