/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Downloads one file: into PATH.part first, which takes the file's name when
 * it is whole and its SHA-256 is right. One that broke off goes on from where
 * it is, in this call or the next.
 */
#ifndef DLCTL_FETCH_H
#define DLCTL_FETCH_H

#include "dlctl.h"

typedef struct dlctl_fetch_t {
    const char *url;            /**< http, https or file; a secret */
    const char *path;           /**< where to; NULL: stdout */
    const char *label;          /**< before the progress bar */
    const char *sha256;         /**< 64 hex digits, or NULL: not known */
    apr_int64_t size;           /**< bytes, -1: not known */
    const char *ca_file;        /**< or NULL */
    int force;                  /**< replace a file that is there */
    int bar;                    /**< draw one on stderr */
    apr_int64_t bytes;          /**< set: how long the file is */
    apr_int64_t moved;          /**< set: how much of it came in this call */
} dlctl_fetch_t;

/** Downloads it. @return DLCTL_OK; what else is said already: DLCTL_TRANSFER,
 *  DLCTL_CANT_CREATE, DLCTL_DATA (its SHA-256 is another) */
dlctl_exit_e dlctl_fetch(dlctl_t *ctl, dlctl_fetch_t *fetch);

#endif /* DLCTL_FETCH_H */
