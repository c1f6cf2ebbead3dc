/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file on its way: PATH.part, its length, its SHA-256, its end.
 */
#ifndef DLCTL_PART_H
#define DLCTL_PART_H

#include <openssl/evp.h>

#include "dlctl.h"

typedef struct dlctl_part_t {
    const char *path;           /**< of the whole; NULL: stdout */
    const char *name;           /**< of the part */
    int fd;
    apr_int64_t at;             /**< bytes there are */
    EVP_MD_CTX *sha;            /**< over them */
    int error;                  /**< errno of a write that failed, or 0 */
} dlctl_part_t;

/**
 * Opens it; what an earlier call has left there is read and kept when
 * @a keep, else thrown away.
 * @param path  NULL: stdout
 */
dlctl_exit_e dlctl_part_open(dlctl_part_t *part, const char *path, int keep,
                             apr_pool_t *p);

/** Appends. @return 0, or -1: see part->error */
int dlctl_part_write(dlctl_part_t *part, const char *data, apr_size_t len);

/** Begins anew. @return 0, or -1: it is stdout, and bytes have left */
int dlctl_part_rewind(dlctl_part_t *part);

/** The SHA-256 of all so far, which ends the sum. @param hex  65 bytes */
void dlctl_part_sum(dlctl_part_t *part, char *hex);

/** Makes it durable and gives it its name; without @a force not over a file
 *  that is there. */
dlctl_exit_e dlctl_part_finish(dlctl_part_t *part, int force);

/** Removes it. */
void dlctl_part_remove(dlctl_part_t *part);

/** Closes it, wherever it is. */
void dlctl_part_close(dlctl_part_t *part);

#endif /* DLCTL_PART_H */
