/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutations of a corpus; see fuzz.h.
 */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>

#define INPUT_MAX 4096

typedef struct input_t {
    size_t len;
    uint8_t bytes[INPUT_MAX];
} input_t;

static unsigned pick(unsigned bound)
{
    static uint64_t seed = 88172645463325252u;

    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return bound ? (unsigned)(seed % bound) : 0;
}

/* What breaks parsers more often than a random byte does. */
static const char *const PIECES[] = {
    "\"", "\\", "\\u0000", "\\ud800", "{", "}", "[", "]", ",", ":", "null",
    "1e99", "-", "0", ".", "@", "/", "#", "%2e", "\xff", "\xc3\xa9", "\n",
    "127.0.0.1", "0x7f", "[::1]", "localhost", ":443", "https://", "70000",
    "\"file_id\":", "\"file_ids\":[", "\"callbackUrl\":", "", " "
};

static void insert(input_t *in, const void *bytes, size_t n)
{
    size_t at = pick((unsigned)in->len + 1);

    if (in->len + n > INPUT_MAX) {
        return;
    }
    memmove(in->bytes + at + n, in->bytes + at, in->len - at);
    memcpy(in->bytes + at, bytes, n);
    in->len += n;
}

static void mutate(input_t *in)
{
    const char *piece = PIECES[pick(sizeof(PIECES) / sizeof(PIECES[0]))];
    uint8_t copy[64];
    size_t at, n;

    switch (in->len ? pick(5) : 0) {
    case 0:
        insert(in, piece, strlen(piece));
        return;
    case 1:
        in->bytes[pick((unsigned)in->len)] ^= (uint8_t)(1u << pick(8));
        return;
    case 2:
        in->bytes[pick((unsigned)in->len)] = (uint8_t)pick(256);
        return;
    case 3:
        at = pick((unsigned)in->len);
        n = pick((unsigned)(in->len - at) + 1);
        memmove(in->bytes + at, in->bytes + at + n, in->len - at - n);
        in->len -= n;
        return;
    default:
        at = pick((unsigned)in->len);
        n = in->len - at;
        n = pick((unsigned)(n > sizeof(copy) ? sizeof(copy) : n) + 1);
        memcpy(copy, in->bytes + at, n);
        insert(in, copy, n);
    }
}

static void mutate_file(const char *path, fuzz_target_fn *target, int rounds)
{
    FILE *f = fopen(path, "rb");
    static input_t original, changed;
    uint8_t *exact;
    int round, k;

    if (f == NULL) {
        perror(path);
        abort();
    }
    original.len = fread(original.bytes, 1, INPUT_MAX, f);
    fclose(f);
    for (round = 0; round < rounds; round++) {
        changed = original;
        for (k = 1 + (int)pick(4); k > 0; k--) {
            mutate(&changed);
        }
        /* of its very size: a sanitizer sees what reads past it */
        exact = malloc(changed.len ? changed.len : 1);
        memcpy(exact, changed.bytes, changed.len);
        target(exact, changed.len);
        free(exact);
    }
}

int fuzz_mutations(const char *name, fuzz_target_fn *target, int rounds)
{
    char path[4096];
    struct dirent **entries;
    int n, i, ran = 0;

    snprintf(path, sizeof(path), "%s/t/fuzz/corpus/%s", DL_TEST_SRCDIR, name);
    n = scandir(path, &entries, NULL, alphasort);
    for (i = 0; i < n; i++) {
        if (entries[i]->d_name[0] != '.') {
            snprintf(path, sizeof(path), "%s/t/fuzz/corpus/%s/%s",
                     DL_TEST_SRCDIR, name, entries[i]->d_name);
            mutate_file(path, target, rounds);
            ran += rounds;
        }
        free(entries[i]);
    }
    if (n >= 0) {
        free(entries);
    }
    return ran;
}
