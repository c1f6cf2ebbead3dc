/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libFuzzer calls; built by t/fuzz/run with FUZZ_TARGET defined.
 */
#include "fuzz.h"

#include <apr_general.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return apr_initialize() != APR_SUCCESS;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    FUZZ_TARGET(data, len);
    return 0;
}
