/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor: what its checks share. Each says what it found, and where
 * something is wrong what to do.
 */
#ifndef DLCTL_DOCTOR_H
#define DLCTL_DOCTOR_H

#include "dl_redis.h"
#include "dlctl.h"

typedef enum {
    DLCTL_FINE,
    DLCTL_WARNING,              /**< works, but may not for long */
    DLCTL_ERROR,                /**< does not work, or loses jobs */
    DLCTL_SKIPPED               /**< cannot be told from here */
} dlctl_level_e;

typedef struct dlctl_finding_t {
    const char *check;          /**< "persistence" */
    dlctl_level_e level;
    const char *message;
    const char *remedy;         /**< "" when the message has it, or none is
                                     needed */
} dlctl_finding_t;

typedef struct dlctl_doctor_t {
    dlctl_t *ctl;
    apr_pool_t *pool;
    apr_array_header_t *findings;   /**< of dlctl_finding_t */
    const dl_config_t *conf;
    dl_redis_link_t link;       /**< open while linked */
    int linked;
} dlctl_doctor_t;

/** Notes a finding. @param remedy  "" when there is none */
void dlctl_found(dlctl_doctor_t *doctor, const char *check,
                 dlctl_level_e level, const char *remedy,
                 const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/**
 * Reads the configuration past its errors, each of which is a finding.
 * @return 0, or -1: there is nothing to go on with
 */
int dlctl_doctor_conf(dlctl_doctor_t *doctor);

/** Spool and source, on this host. */
void dlctl_doctor_local(dlctl_doctor_t *doctor);

/** A directory that the worker writes to. @param need  bytes that it should
 *  have room for. @return whether it can be written to from here */
int dlctl_doctor_dir(dlctl_doctor_t *doctor, const char *check,
                     const char *directive, const char *dir,
                     apr_int64_t need);

/** The store: reached, written to, removed from. */
void dlctl_doctor_store(dlctl_doctor_t *doctor);

/** Redis: opens the link, then looks at version, memory and so on. */
void dlctl_doctor_redis(dlctl_doctor_t *doctor);

/** What INFO says. Pure but for the findings. */
void dlctl_doctor_info(dlctl_doctor_t *doctor, const char *info);

/** A line "name:value" of INFO, or NULL. Pure. */
const char *dlctl_doctor_info_line(const char *info, const char *name,
                                   apr_pool_t *p);

/** Which commands the user of Redis may not send. */
void dlctl_doctor_rights(dlctl_doctor_t *doctor);

/** A call on the link. @return the reply, to be freed; NULL: none */
redisReply *dlctl_doctor_ask(dlctl_doctor_t *doctor, int argc,
                             const char *const *argv);

/** Workers, queues, dead letters; Redis must answer. */
void dlctl_doctor_work(dlctl_doctor_t *doctor);

#endif /* DLCTL_DOCTOR_H */
