/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of a namespace: what dljob.conf says, read by both programs.
 *
 * One table (dl_directive.h) fills this struct for httpd and for dlworker.
 * Strings live in the pool the configuration was made in. Durations in
 * milliseconds end in _ms, in seconds in _s.
 */
#ifndef DL_CONFIG_H
#define DL_CONFIG_H

#include <apr_pools.h>
#include <apr_tables.h>

typedef enum {
    DL_STORE_NONE,
    DL_STORE_FILE,
    DL_STORE_S3
} dl_store_e;

typedef enum {
    DL_SOURCE_NONE,
    DL_SOURCE_EXEC,
    DL_SOURCE_HTTP,
    DL_SOURCE_STORE,
    DL_SOURCE_SIMULATE
} dl_source_e;

typedef enum {
    DL_PRIORITY_HIGH,
    DL_PRIORITY_NORMAL,
    DL_PRIORITY_LOW
} dl_priority_e;

/** Where Redis is, from DLJobRedis (see dl_redis_url.h for the forms). */
typedef struct dl_redis_addr_t {
    const char *host;           /**< NULL: a unix socket */
    int port;
    const char *socket;         /**< path of a unix socket or NULL */
    const char *user;           /**< ACL user or NULL */
    const char *password;       /**< or NULL; a secret, never logged */
    int db;
    int tls;                    /**< rediss:// */
    const char *display;        /**< for logs: no user, no password */
} dl_redis_addr_t;

/** DLJobStore. */
typedef struct dl_store_conf_t {
    dl_store_e kind;
    const char *dir;            /**< file: absolute directory */
    const char *bucket;         /**< s3 */
    const char *endpoint;       /**< s3: http://host[:port], no path */
    const char *region;
    int virtual_host;           /**< s3: style=virtual */
    const char *public_endpoint;/**< s3: links point here; NULL: endpoint */
    const char *storage_class;  /**< s3: class=… or NULL */
    const char *sse;            /**< s3: sse=AES256|aws:kms or NULL */
    const char *ca_file;        /**< s3: ca=/path.pem or NULL */
    apr_int64_t max_bytes;      /**< file: max=10G; 0: no bound */
} dl_store_conf_t;

/** Keys that a metadata service gives (dl_keys.h, dl_metadata.h). */
typedef struct dl_keys_t dl_keys_t;
typedef struct dl_metadata_conf_t dl_metadata_conf_t;

/** DLJobCredentials: read once, by root where httpd does it. */
typedef struct dl_credentials_t {
    const char *access_key;     /**< s3 */
    const char *secret_key;     /**< s3 */
    const char *session_token;  /**< s3, or NULL */
    const char *link_key;       /**< file store: signs links, >= 16 bytes */
    const char *link_key_old;   /**< still accepted while rotating, or NULL */
    const dl_metadata_conf_t *metadata; /**< imds:, container:; else NULL */
    dl_keys_t *keys;            /**< with metadata: s3 keys of this process,
                                     not yet there at first */
} dl_credentials_t;

/** DLJobSource. */
typedef struct dl_source_conf_t {
    dl_source_e kind;
    const char *const *argv;    /**< exec: program and arguments, NULL-ended */
    const char *url;            /**< http: template with %{file_id} */
    const char *headers;        /**< http: file of request headers or NULL;
                                     read at each attempt */
    const char *ca_file;        /**< http: ca=/path.pem or NULL */
    apr_int64_t connect_ms;     /**< http: 10000 */
    apr_int64_t idle_ms;        /**< http: 60000 without a byte */
    int redirects;              /**< http: 5 are followed */
    apr_int64_t min_ms;         /**< simulate */
    apr_int64_t max_ms;         /**< simulate */
} dl_source_conf_t;

typedef struct dl_config_t {
    /* both programs */
    const dl_redis_addr_t *redis;
    const char *key_prefix;             /**< "{dljob}:" */
    dl_store_conf_t store;
    dl_credentials_t credentials;
    const char *key_format;             /**< "files/%{file_id}" */
    apr_int64_t url_expiry_s;           /**< 3600 */
    const char *public_url;             /**< NULL: from the request */
    apr_int64_t file_id_min;            /**< 10000 */
    apr_int64_t file_id_max;            /**< 100000000 */
    int max_files;                      /**< 1000 */
    int attempts;                       /**< 3 */
    apr_int64_t backoff_ms;             /**< 5000 */
    apr_int64_t timeout_ms;             /**< 300000, one attempt */
    int max_lost;                       /**< 3 */
    apr_int64_t result_ttl_s;           /**< 3600 */
    apr_int64_t job_ttl_s;              /**< 86400, from a job's end */
    int rate_limit;                     /**< 100; 0: off */
    apr_int64_t rate_window_s;          /**< 60 */
    int max_active;                     /**< 5; 0: off */
    int max_queue;                      /**< 10000; 0: off */
    const apr_array_header_t *priority_users; /**< of const char *; who may
                                             say "high"; NULL: nobody;
                                             one "*": everybody */
    const apr_array_header_t *webhook_secrets; /**< of const char *, newest
                                                   first; NULL: none */
    const apr_array_header_t *webhook_allow;   /**< of const char * or NULL */

    /* dlworker */
    dl_source_conf_t source;
    int concurrency;                    /**< 5 */
    int rate;                           /**< 10 starts a second; 0: off */
    const char *spool;                  /**< directory */
    apr_int64_t max_object;             /**< bytes, 5 GiB */
    apr_int64_t lease_ms;               /**< 30000 */
    apr_int64_t drain_ms;               /**< 30000 */
    const char *worker_log;             /**< NULL: stderr; else a file */
    int worker_log_level;               /**< a dl_log_level_e */
    const apr_array_header_t *webhook_retry;   /**< of apr_int64_t, ms: the
                                             waits between tries */
    const char *webhook_ca;             /**< file of certificates to trust
                                             in receivers; NULL: the system's */
} dl_config_t;

/**
 * A configuration with every default set.
 * @param p  owns the struct and its strings
 */
dl_config_t *dl_config_create(apr_pool_t *p);

/**
 * What only the whole can tell: a store without credentials, a lease shorter
 * than three renewals, a missing source (for the worker) …
 * @param for_worker  also demand what only dlworker needs
 * @return NULL, or a message that names directive, reason and remedy
 */
const char *dl_config_check(const dl_config_t *conf, int for_worker,
                            apr_pool_t *p);

#endif /* DL_CONFIG_H */
