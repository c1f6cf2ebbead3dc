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

/** One input; any length, need not end with NUL. */
typedef void fuzz_target_fn(const uint8_t *data, size_t len);

/** dljob.conf (dl_conffile_text); never runs programs (exec:). */
fuzz_target_fn fuzz_conffile;

/**
 * Feeds each file of t/fuzz/corpus/@a name to @a target.
 * @return how many there were
 */
int fuzz_replay(const char *name, fuzz_target_fn *target);

#endif /* FUZZ_H */
