/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz targets: each feeds one parser with bytes, and must neither crash nor
 * leak, whatever they are. The unit tests replay corpus/NAME through them;
 * "t/fuzz/run NAME" looks for more with libFuzzer.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/** For a target: says what does not hold and ends the process. */
#define FUZZ_MUST(condition, what)              \
    do {                                        \
        if (!(condition)) {                     \
            fprintf(stderr, "fuzz: %s\n", what); \
            abort();                            \
        }                                       \
    } while (0)

/** One input; any length, need not end with NUL. */
typedef void fuzz_target_fn(const uint8_t *data, size_t len);

/** dljob.conf (dl_conffile_text); never runs programs (exec:). */
fuzz_target_fn fuzz_conffile;

/** JSON bodies (dl_json_check), compared with json-c. */
fuzz_target_fn fuzz_json;

/** Messages of Pub/Sub, and the events made of them (dl_event.h). */
fuzz_target_fn fuzz_message;

/** Bodies of initiate (dl_request_initiate). */
fuzz_target_fn fuzz_request;

/** Callback URLs (dl_url_guard_check), compared with libcurl and libc. */
fuzz_target_fn fuzz_url;

/**
 * Feeds each file of t/fuzz/corpus/@a name to @a target.
 * @return how many there were
 */
int fuzz_replay(const char *name, fuzz_target_fn *target);

/**
 * Feeds @a rounds mutations of each file of t/fuzz/corpus/@a name to
 * @a target: a small fuzzer with a fixed seed, the same everywhere.
 * @return how many inputs there were
 */
int fuzz_mutations(const char *name, fuzz_target_fn *target, int rounds);

#endif /* FUZZ_H */
