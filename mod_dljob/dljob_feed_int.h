/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What dljob_feed.c and dljob_reader.c share; nobody else includes it.
 */
#ifndef DLJOB_FEED_INT_H
#define DLJOB_FEED_INT_H

#include "dljob_feed.h"

/** A reply that is awaited from the reader link, in order. */
typedef struct dljob_ask_t dljob_ask_t;

struct dljob_feed_t {
    const dl_config_t *conf;
    dljob_hub_t *hub;
    apr_pool_t *pool;
    apr_pool_t *scratch;        /**< cleared for every message and reply */
    dljob_link_t *subscriber;
    dljob_link_t *reader;
    dljob_topics_t topics;
    dljob_ask_t *asks;
    dljob_ask_t **asks_tail;
    dl_timer_t retry;           /**< reads what is dirty */
    int retry_set;
    int said_refused;           /**< an error reply was logged */
};

/** Logs an error reply: the first since the links came up. */
void dljob_feed_refused(dljob_feed_t *feed, const char *what,
                        const redisReply *reply);

/** Sends a snapshot that came as a message on to all views. */
void dljob_feed_forward(dljob_topic_t *topic, const dl_message_t *msg,
                        const char *payload, apr_size_t len);

/** Opens the reader link. */
void dljob_reader_open(dljob_feed_t *feed);

/** Closes it and forgets what was asked. */
void dljob_reader_close(dljob_feed_t *feed);

/** Reads what a new listener of the topic has to be sent. */
void dljob_reader_snapshot(dljob_feed_t *feed, dljob_topic_t *topic);

/** Reads the job of a topic and sends its snapshot. */
void dljob_reader_job(dljob_feed_t *feed, dljob_topic_t *topic);

/**
 * Reads one job for a user's topic.
 * @param greeting  only for streams that wait for their first snapshot
 */
void dljob_reader_user_job(dljob_feed_t *feed, dljob_topic_t *topic,
                           const char *job_id, int greeting);

/** Asks for the version of a topic's job; reads it if it is a newer one. */
void dljob_reader_check(dljob_feed_t *feed, dljob_topic_t *topic);

#endif /* DLJOB_FEED_INT_H */
