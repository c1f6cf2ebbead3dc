/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of a stream: made once, sent to many, freed by the last.
 *
 * The wire form follows the WHATWG HTML standard, section 9.2 (server-sent
 * events). Pure: knows neither sockets nor Redis.
 */
#ifndef DL_EVENT_H
#define DL_EVENT_H

#include <apr_pools.h>

/** One event, immutable but for its reference count; any thread. */
typedef struct dl_event_t dl_event_t;

/** What an event is. */
typedef struct dl_event_info_t {
    const char *job_id;         /**< whose snapshot; at most 63 bytes kept */
    apr_int64_t version;        /**< the job's version, or -1: not known */
    const char *name;           /**< "progress", "completed" …; no line end */
    int terminal;               /**< nothing follows it */
    int with_id;                /**< write the version as "id:" */
} dl_event_info_t;

/**
 * Makes an event with one reference.
 * @param body  one line; a CR or LF in it is written as a space, so that a
 *              hostile payload cannot forge a field or a second event
 * @return NULL without memory
 */
dl_event_t *dl_event_create(const dl_event_info_t *info, const char *body,
                            apr_size_t len);

/** Takes one more reference; returns @a event. */
dl_event_t *dl_event_ref(dl_event_t *event);

/** Gives a reference back; the last frees. NULL is ignored. */
void dl_event_unref(dl_event_t *event);

/**
 * The bytes to send.
 * @param named  with its "event:" line, else without (EventSource.onmessage)
 */
const char *dl_event_text(const dl_event_t *event, int named,
                          apr_size_t *len);

/** The job's version that the event shows; whether it is the job's last. */
apr_int64_t dl_event_version(const dl_event_t *event);
int dl_event_terminal(const dl_event_t *event);

/** Whether both are snapshots of one job, so that the newer supersedes. */
int dl_event_same_job(const dl_event_t *a, const dl_event_t *b);

/** What a message of Pub/Sub says about itself. */
typedef struct dl_message_t {
    apr_int64_t version;        /**< -1: not said */
    int forward;                /**< a snapshot: send on its body */
    int terminal;               /**< its status is terminal */
    char job_id[64];            /**< "" : not said */
    char status[16];            /**< "" : not said */
    const char *cut;            /**< in the payload: ,"version":N, which no
                                     job body has; NULL: there is none */
    apr_size_t cut_len;
} dl_message_t;

/**
 * Looks into a payload without parsing it: a snapshot has a "status" and no
 * "reread" member. Scripts write keys without spaces and escape quotes in
 * values, so a member's text cannot be mistaken for a member.
 * @return 0, or -1 when it is no JSON object
 */
int dl_message_read(const char *payload, apr_size_t len, dl_message_t *msg);

/**
 * The job body that a snapshot's payload stands for: without the version,
 * and with the job's links.
 * @param msg     of that payload; it is one to forward
 * @param job_id  as a channel or message names it: no '"' and no '\\'
 * @param base    as of dl_job_links_t
 * @param len     in: of the payload; out: of the body
 */
const char *dl_message_body(const dl_message_t *msg, const char *payload,
                            const char *job_id, const char *base,
                            apr_pool_t *p, apr_size_t *len);

#endif /* DL_EVENT_H */
