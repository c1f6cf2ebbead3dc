/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dlworker: reads its options and runs the loop.
 */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("dlworker " DL_VERSION);
        return 0;
    }
    fputs("usage: dlworker --version\n", stderr);
    return 64;
}
