/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a command can end: exit status and log code of each kind of failure.
 */
#ifndef DLCTL_ERROR_H
#define DLCTL_ERROR_H

#include "dl_log.h"

/** Exit statuses, those of sysexits.h where it has one. Documented in
 *  dljobctl(1); scripts depend on them. */
typedef enum {
    DLCTL_OK = 0,
    DLCTL_FAILED = 1,           /**< a job failed; doctor found errors */
    DLCTL_NOT_FOUND = 2,        /**< no such job, file, letter, worker */
    DLCTL_USAGE = 64,
    DLCTL_DATA = 65,            /**< a key was used for something else; a file
                                     is not what its SHA-256 says */
    DLCTL_REDIS = 69,           /**< Redis is not available */
    DLCTL_CANT_CREATE = 73,     /**< the output cannot be written */
    DLCTL_TRANSFER = 74,        /**< a download failed */
    DLCTL_LATER = 75,           /**< timed out, or refused for now */
    DLCTL_NO_PERMISSION = 77,   /**< Redis does not let this user */
    DLCTL_CONFIG = 78           /**< dljob.conf is wrong */
} dlctl_exit_e;

/**
 * Says on stderr what is wrong, "dljobctl: SENTENCE (DL09xx)".
 * @param status  any but OK and FAILED
 * @return @a status, to be returned
 */
dlctl_exit_e dlctl_error(dlctl_exit_e status, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/**
 * The sink of the program's log: the same form on stderr.
 * @param baton  the dlctl_t, whose error it sets
 */
void dlctl_error_sink(void *baton, dl_log_level_e level, const char *code,
                      const dl_log_about_t *about, const char *message);

#endif /* DLCTL_ERROR_H */
