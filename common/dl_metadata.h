/* SPDX-License-Identifier: Apache-2.0 */
/*
 * S3 keys from where a program runs: the environment, the metadata service
 * of an EC2 instance (IMDSv2), that of a container (ECS, EKS Pod Identity).
 *
 * Pure: what to ask next, and what an answer means; who asks is the
 * program's own (dlw_keys.c, dljob_keys.c). Sources: Amazon EC2 User Guide,
 * "Use IMDSv2"; AWS SDKs Reference Guide, "Container credential provider".
 */
#ifndef DL_METADATA_H
#define DL_METADATA_H

#include "dl_keys.h"

/** An answer may have so many bytes. */
#define DL_METADATA_MAX 65536

/** Where to ask, from DLJobCredentials and the environment. */
struct dl_metadata_conf_t {
    int instance;               /**< IMDSv2, else a container's */
    const char *url;            /**< imds: its origin; container: all of it */
    const char *token;          /**< container: value of Authorization, or
                                     NULL; a secret */
    const char *token_file;     /**< container: file with it, or NULL; read
                                     each time, as it is replaced */
};

/**
 * Reads DLJobCredentials: "env:", "imds:", "container:", or a file, program
 * or variable with lines (dl_secret.h).
 *
 * env: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN. imds:
 * AWS_EC2_METADATA_SERVICE_ENDPOINT. container:
 * AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI, and
 * AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE or _TOKEN.
 * @return NULL, or one sentence with reason and remedy, in @a p
 */
const char *dl_metadata_credentials(const char *reference, apr_pool_t *p,
                                    dl_credentials_t *credentials);

/** A conversation with a service. */
typedef struct dl_metadata_t {
    const dl_metadata_conf_t *conf;
    apr_pool_t *pool;
    int step;
    const char *token;          /**< of IMDSv2 */
    const char *method;         /**< to ask next; NULL: set is complete */
    const char *url;
    const char *header;         /**< a whole line, or NULL; a secret */
    dl_key_set_t set;
} dl_metadata_t;

/**
 * Begins. @param p  holds everything
 * @return NULL, or why not (container: its token file)
 */
const char *dl_metadata_begin(dl_metadata_t *m,
                              const dl_metadata_conf_t *conf, apr_pool_t *p);

/**
 * Takes an answer; then ask again, unless m->method is NULL.
 * @return NULL, or why it is of no use: no byte of the answer is in it
 */
const char *dl_metadata_answer(dl_metadata_t *m, long status,
                               const char *body, apr_size_t len);

#endif /* DL_METADATA_H */
