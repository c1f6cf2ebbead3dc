/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replays a corpus; see fuzz.h.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_MAX (1024 * 1024)

static int replay_file(const char *path, fuzz_target_fn *target)
{
    uint8_t *data = malloc(INPUT_MAX);
    FILE *f = fopen(path, "rb");
    size_t len;

    if (data == NULL || f == NULL) {
        perror(path);
        abort();
    }
    len = fread(data, 1, INPUT_MAX, f);
    fclose(f);
    target(data, len);
    free(data);
    return 1;
}

int fuzz_replay(const char *name, fuzz_target_fn *target)
{
    char path[4096];
    DIR *dir;
    struct dirent *entry;
    int n = 0;

    snprintf(path, sizeof(path), "%s/t/fuzz/corpus/%s", DL_TEST_SRCDIR, name);
    dir = opendir(path);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof(path), "%s/t/fuzz/corpus/%s/%s",
                     DL_TEST_SRCDIR, name, entry->d_name);
            n += replay_file(path, target);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return n;
}
