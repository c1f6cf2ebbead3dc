/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who listens to what: a topic is one channel of Redis, a view of it one way
 * to write its snapshots (the links in a body depend on the request's base),
 * and a view has the streams. Hub thread only.
 */
#ifndef DLJOB_TOPIC_H
#define DLJOB_TOPIC_H

#include <apr_hash.h>

#include "dljob_stream.h"

typedef struct dljob_topic_t dljob_topic_t;

struct dljob_view_t {
    dljob_topic_t *topic;
    char *base;
    dl_event_t *latest;         /**< of a job's topic: the newest snapshot
                                     since it was subscribed to, or NULL */
    dljob_stream_t *streams;
    dljob_view_t *next;
};

struct dljob_topic_t {
    dljob_feed_t *feed;
    char *channel;              /**< with the key prefix */
    const char *job_id;         /**< within channel; NULL: a user's topic */
    const char *user;           /**< within channel; NULL: a job's topic */
    dljob_view_t *views;        /**< NULL: nobody listens */
    int confirmed;              /**< the server has subscribed us */
    int reading;                /**< a snapshot is being read */
    int dirty;                  /**< read (again) as soon as possible */
    int asks;                   /**< replies that still point here */
    apr_int64_t heard_ms;       /**< last message, snapshot or check */
    apr_int64_t version;        /**< newest seen; -1: none */
};

/** Topics of a feed by channel. */
typedef struct dljob_topics_t {
    apr_hash_t *by_channel;
    int count;
} dljob_topics_t;

/** The topic of a channel, or NULL. */
dljob_topic_t *dljob_topic_find(dljob_topics_t *topics, const char *channel,
                                apr_size_t len);

/**
 * The topic of a channel, made if need be. NULL without memory.
 * @param of_user  else of a job
 * @param name     the job id or the user: the end of @a channel
 */
dljob_topic_t *dljob_topic_get(dljob_topics_t *topics, dljob_feed_t *feed,
                               const char *channel, const char *name,
                               int of_user);

/** Adds a stream to the view of its base. -1 without memory. */
int dljob_topic_join(dljob_topic_t *topic, dljob_stream_t *s);

/**
 * Takes a stream out.
 * @return 1 when nobody listens any more: unsubscribe, then dljob_topic_drop
 */
int dljob_topic_leave(dljob_stream_t *s);

/** Forgets a topic without views; freed when no reply points to it. */
void dljob_topic_drop(dljob_topics_t *topics, dljob_topic_t *topic);

/** One reply less points to the topic. */
void dljob_topic_release(dljob_topic_t *topic);

/**
 * Hands an event to the streams of a view as their kind has it.
 * @param greeting  of a user's snapshot: only to streams that read for it
 */
void dljob_view_deliver(dljob_view_t *view, dl_event_t *event, int greeting);

/**
 * Changes may have been missed: whatever is read next is true, though it look
 * older, and a user's streams are to be greeted again.
 */
void dljob_topic_distrust(dljob_topic_t *topic);

/** Ends all streams of a topic: its job is no more. */
void dljob_topic_end(dljob_topic_t *topic);

#endif /* DLJOB_TOPIC_H */
