/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of directives: names, arguments, bounds, defaults and what the
 * manual says. man/mkconfman.c prints dljob.conf(5) from it.
 */
#include "dl_directive.h"

#include <stddef.h>

#include "dl_set.h"

/* From the first member to the end of the last one. */
#define SPAN(type, first, last) \
    offsetof(type, first), \
    offsetof(type, last) + sizeof(((type *)0)->last) - offsetof(type, first)
#define CONF(first, last) SPAN(dl_config_t, first, last)
#define LOC(first, last) SPAN(dl_location_t, first, last)

#define SECOND APR_INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define KIB APR_INT64_C(1024)
#define TIB (KIB * KIB * KIB * KIB)

const dl_directive_t dl_directives[] = {
    /* --- both programs --------------------------------------------------- */
    { "DLJobRedis", "URL [password=SECRET]", DL_SCOPE_BOTH, 1, 2,
      dl_set_redis, CONF(redis, redis), 0, 0, 1, NULL,
      "Where Redis is: redis://[user:password@]host[:port][/db] or "
      "unix:/path[?db=N][&user=NAME]. A password is better given as "
      "password=SECRET. For TLS let stunnel listen on loopback. Required." },
    { "DLJobKeyPrefix", "PREFIX", DL_SCOPE_BOTH, 1, 1, dl_set_key_prefix,
      CONF(key_prefix, key_prefix), 0, 0, 0, "{dljob}:",
      "What the names of all Redis keys and channels begin with. Programs "
      "with the same prefix share jobs; the braces keep the keys in one slot "
      "of a Redis Cluster. May be empty (\"\")." },
    { "DLJobStore", "file:/DIR [max=SIZE] | s3://BUCKET [endpoint=URL] "
      "[region=NAME] [style=path|virtual] [public=URL] [class=NAME] "
      "[sse=AES256|aws:kms] [ca=FILE]", DL_SCOPE_BOTH, 1, 8, dl_set_store,
      CONF(store, store), 0, 0, 0, NULL,
      "Where prepared objects are kept. file: is a directory that httpd "
      "itself serves from, bounded by max=. s3: is a bucket of any "
      "S3-compatible service: endpoint= is its address (default: AWS), "
      "public= the address that links point to when clients reach it "
      "by another name, style= how the bucket is written into the URL, "
      "ca= a file of certificates to trust. Required." },
    { "DLJobCredentials", "SECRET | env: | imds: | container:",
      DL_SCOPE_BOTH, 1, 1, dl_set_credentials,
      CONF(credentials, credentials), 0, 0, 0, NULL,
      "The keys of the store, as lines NAME = VALUE: access_key, secret_key "
      "and perhaps session_token for s3; link_key (at least 16 bytes), which "
      "signs links, for file, and while it is changed link_key_old, whose "
      "links are still accepted. For s3 also env: (AWS_ACCESS_KEY_ID, "
      "AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN of the environment), imds: "
      "(the role of an EC2 instance, by IMDSv2) and container: (the role of "
      "an ECS task or EKS pod). Each process asks these services by itself "
      "and again before its keys end; a link ends with the keys that signed "
      "it." },
    { "DLJobKeyFormat", "FORMAT", DL_SCOPE_BOTH, 1, 1, dl_set_key_format,
      CONF(key_format, key_format), 0, 0, 0, "files/%{file_id}",
      "The key of a file's object in the store. Must hold %{file_id}." },
    { "DLJobURLExpiry", "DURATION", DL_SCOPE_BOTH, 1, 1, dl_set_seconds,
      CONF(url_expiry_s, url_expiry_s), 10 * SECOND, 7 * DAY, 0, "1h",
      "How long a signed link is good. A link that is handed out has at "
      "least half of it left." },
    { "DLJobPublicURL", "URL", DL_SCOPE_BOTH, 1, 1, dl_set_public_url,
      CONF(public_url, public_url), 0, 0, 0, NULL,
      "The address of the API as clients see it, such as "
      "https://www.example.com/v1/download. Without it links are made from "
      "the request." },
    { "DLJobFileIds", "LOW-HIGH", DL_SCOPE_BOTH, 1, 1, dl_set_file_ids,
      CONF(file_id_min, file_id_max), 0, APR_INT64_C(9007199254740991), 0,
      "10000-100000000", "The file ids that may be asked for." },
    { "DLJobMaxFiles", "NUMBER", DL_SCOPE_BOTH, 1, 1, dl_set_int,
      CONF(max_files, max_files), 1, 1000, 0, "1000",
      "How many files one job may have." },
    { "DLJobAttempts", "NUMBER", DL_SCOPE_BOTH, 1, 1, dl_set_int,
      CONF(attempts, attempts), 1, 20, 0, "3",
      "How often the preparation of a file is tried before it is failed for "
      "good." },
    { "DLJobBackoff", "DURATION", DL_SCOPE_BOTH, 1, 1, dl_set_ms,
      CONF(backoff_ms, backoff_ms), 100, HOUR, 0, "5s",
      "The wait before the second attempt; it doubles with each further one, "
      "give or take a tenth." },
    { "DLJobTimeout", "DURATION", DL_SCOPE_BOTH, 1, 1, dl_set_ms,
      CONF(timeout_ms, timeout_ms), SECOND, DAY, 0, "5m",
      "How long one attempt may take." },
    { "DLJobMaxLost", "NUMBER", DL_SCOPE_BOTH, 1, 1, dl_set_int,
      CONF(max_lost, max_lost), 1, 100, 0, "3",
      "How many workers may be lost while they prepare a file before it is "
      "failed as WORKER_LOST. A lost worker spends no attempt." },
    { "DLJobResultTTL", "DURATION", DL_SCOPE_BOTH, 1, 1, dl_set_seconds,
      CONF(result_ttl_s, result_ttl_s), SECOND, 30 * DAY, 0, "1h",
      "How long a prepared file is reused for further jobs." },
    { "DLJobJobTTL", "DURATION", DL_SCOPE_BOTH, 1, 1, dl_set_seconds,
      CONF(job_ttl_s, job_ttl_s), MINUTE, 30 * DAY, 0, "24h",
      "How long a job can be asked for after its end." },
    { "DLJobRateLimit", "NUMBER/DURATION | off", DL_SCOPE_BOTH, 1, 1,
      dl_set_rate_limit, CONF(rate_limit, rate_window_s), 1, 1000000, 0,
      "100/60s",
      "How many jobs a caller may create in a window. Requests that find an "
      "existing job cost nothing. The window is 1s to 1h." },
    { "DLJobMaxActive", "NUMBER | off", DL_SCOPE_BOTH, 1, 1,
      dl_set_int_or_off, CONF(max_active, max_active), 1, 1000000, 0, "5",
      "How many unfinished jobs a user may have." },
    { "DLJobMaxQueue", "NUMBER | off", DL_SCOPE_BOTH, 1, 1,
      dl_set_int_or_off, CONF(max_queue, max_queue), 1, 10000000, 0, "10000",
      "How many files may wait for a worker; beyond, callers get 503." },
    { "DLJobPriority", "USER... | * | off", DL_SCOPE_BOTH, 1, -1,
      dl_set_priority, CONF(priority_users, priority_users), 0, 0, 0, "off",
      "Who may ask for priority \"high\": the users named, everybody (*), or "
      "nobody." },
    { "DLJobWebhookSecret", "SECRET [SECRET]", DL_SCOPE_BOTH, 1, 2,
      dl_set_webhook_secret, CONF(webhook_secrets, webhook_secrets), 0, 0, 0,
      NULL,
      "What webhooks are signed with: \"whsec_\" and base64, one a line, "
      "newest first. All of them sign, so that receivers can be moved from "
      "one to the next." },
    { "DLJobWebhookAllow", "[http://]{HOST | *.DOMAIN | ADDRESS[/BITS]}"
      "[:PORT | :*] ... | off", DL_SCOPE_BOTH, 1, -1,
      dl_set_webhook_allow, CONF(webhook_allow, webhook_allow), 0, 0, 0,
      "off",
      "Receivers of webhooks that are allowed although they are not public, "
      "on another port than 443 and 8443 (:* is any), or without TLS "
      "(http://, port 80 unless one is written)." },

    /* --- the worker ------------------------------------------------------ */
    { "DLJobSource", "exec /PATH ARGUMENT... | http URL [headers=FILE] "
      "[connect=DURATION] [idle=DURATION] [redirects=NUMBER] [ca=FILE] | "
      "store | simulate MIN MAX", DL_SCOPE_WORKER, 1, -1, dl_set_source,
      CONF(source, source), 0, 0, 0, NULL,
      "Where a file's bytes come from. exec runs a program, without a shell, "
      "with %{file_id} replaced in its arguments; http gets a URL that holds "
      "%{file_id}, with the request headers of a file (\"Name: value\", read "
      "anew each time), connected within connect= (10s), given up after "
      "idle= (60s) without a byte, following redirects= (5); store finds the "
      "object in the store already; simulate waits and makes a small one, for "
      "demonstrations. Required for dlworker." },
    { "DLJobConcurrency", "NUMBER", DL_SCOPE_WORKER, 1, 1, dl_set_int,
      CONF(concurrency, concurrency), 1, 1000, 0, "5",
      "How many files one worker prepares at a time." },
    { "DLJobRate", "NUMBER/s | off", DL_SCOPE_WORKER, 1, 1, dl_set_rate,
      CONF(rate, rate), 1, 1000000, 0, "10/s",
      "How many preparations all workers of a prefix together begin a "
      "second." },
    { "DLJobSpool", "DIR", DL_SCOPE_WORKER, 1, 1, dl_set_path,
      CONF(spool, spool), 0, 0, 0, "/var/lib/dljob/spool",
      "Where files lie while they are prepared. For a file store best on "
      "the same file system." },
    { "DLJobMaxObject", "SIZE", DL_SCOPE_WORKER, 1, 1, dl_set_size,
      CONF(max_object, max_object), KIB, 5 * TIB, 0, "5G",
      "How large a prepared file may be." },
    { "DLJobLease", "DURATION", DL_SCOPE_WORKER, 1, 1, dl_set_ms,
      CONF(lease_ms, lease_ms), 3 * SECOND, HOUR, 0, "30s",
      "How long a file stays with a worker that gives no sign of life. It is "
      "renewed three times in that time." },
    { "DLJobDrain", "DURATION", DL_SCOPE_WORKER, 1, 1, dl_set_ms,
      CONF(drain_ms, drain_ms), 0, HOUR, 0, "30s",
      "How long a worker that is told to stop lets its files finish; the "
      "rest is handed back." },
    { "DLJobWorkerLog", "stderr | FILE [error|warn|info|debug]",
      DL_SCOPE_WORKER, 1, 2, dl_set_worker_log,
      CONF(worker_log, worker_log_level), 0, 0, 0, "stderr info",
      "Where the worker logs and how much. SIGHUP opens the file again." },

    { "DLJobWebhookRetry", "DURATION... | off", DL_SCOPE_WORKER, 1, -1,
      dl_set_webhook_retry, CONF(webhook_retry, webhook_retry), 100, 7 * DAY,
      0, "5s 5m 30m 2h 5h 10h 14h 20h 24h",
      "The waits after failed tries to deliver a webhook, give or take a "
      "tenth, and longer where the receiver's Retry-After says so. After the "
      "last one it is given up: dljobctl webhooks lists it for seven days "
      "and sends it again." },
    { "DLJobWebhookCA", "FILE", DL_SCOPE_WORKER, 1, 1, dl_set_path,
      CONF(webhook_ca, webhook_ca), 0, 0, 0, NULL,
      "Certificates that receivers of webhooks may be vouched for by, "
      "instead of those that the system trusts." },

    /* --- a location (httpd) ---------------------------------------------- */
    { "DLJobUser", "EXPRESSION", DL_SCOPE_LOCATION, 1, 1, dl_set_user,
      LOC(user, user), 0, 0, 0, "%{REMOTE_USER}",
      "An httpd expression that says who the caller is; an empty result "
      "means anonymous. Users never see each other's jobs." },
    { "DLJobStream", "on | off", DL_SCOPE_LOCATION, 1, 1, dl_set_flag,
      LOC(stream, stream), 0, 0, 0, "on",
      "Whether clients may hold an event stream open." },
    { "DLJobMaxStreams", "auto | NUMBER [user=NUMBER|off] "
      "[address=NUMBER|off]", DL_SCOPE_LOCATION, 1, 3, dl_set_max_streams,
      LOC(max_streams, max_streams_address), 1, 1000000, 0,
      "auto",
      "How many streams the server, one identified user and one client "
      "address may hold; auto is what the MPM holds without harm. What is left "
      "out is auto, user=100, address=off. Beyond, clients get 503 and poll." },
    { "DLJobHeartbeat", "DURATION", DL_SCOPE_LOCATION, 1, 1, dl_set_ms,
      LOC(heartbeat_ms, heartbeat_ms), SECOND, 5 * MINUTE, 0, "15s",
      "How often a silent stream gets a comment, so that proxies keep it." },
    { "DLJobStreamTimeout", "DURATION", DL_SCOPE_LOCATION, 1, 1, dl_set_ms,
      LOC(stream_timeout_ms, stream_timeout_ms), 5 * SECOND, DAY, 0, "10m",
      "How long a stream may live, give or take a tenth; clients connect "
      "again by themselves." },
    { "DLJobStartWait", "DURATION", DL_SCOPE_LOCATION, 1, 1, dl_set_ms,
      LOC(start_wait_ms, start_wait_ms), 0, 5 * MINUTE, 0, "25s",
      "How long the old POST start waits for a result before it answers "
      "202." },
    { "DLJobCORSOrigin", "ORIGIN... [credentials] | * | off",
      DL_SCOPE_LOCATION, 1, -1, dl_set_cors,
      LOC(cors, cors), 0, 0, 0, "off",
      "Which other sites' pages may use the API, and whether with their "
      "visitors' cookies." },
    { "DLJobSunset", "YYYY-MM-DD | HTTP-DATE | off", DL_SCOPE_LOCATION, 1, 1,
      dl_set_sunset, LOC(sunset, sunset), 0, 0, 0, "off",
      "When POST start goes away, for its Sunset header (RFC 8594)." },

    { NULL, NULL, DL_SCOPE_BOTH, 0, 0, NULL, 0, 0, 0, 0, 0, NULL, NULL }
};

#define COUNT (sizeof(dl_directives) / sizeof(dl_directives[0]) - 1)
_Static_assert(COUNT <= DL_DIRECTIVES_MAX, "dl_set_mask_t has too few bits");
