/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From Redis to the streams: subscriptions and messages; what has to be read
 * is dljob_reader.c's. See dljob_feed.h.
 */
#include "dljob_feed.h"

#include <string.h>

#include <apr_strings.h>

#include "dl_event.h"
#include "dl_log.h"
#include "dljob_feed_int.h"
#include "dljob_hub.h"

enum {
    CHECK_MS = 1000             /* at least between two checks of a topic */
};

static void subscribe(dljob_feed_t *feed, const char *verb,
                      const char *channel)
{
    const char *argv[2];

    argv[0] = verb;
    argv[1] = channel;
    dljob_link_send(feed->subscriber, 2, argv, NULL);
}

/* A change has been heard of: as a snapshot, or as a hint to read one. */
static void on_message(dljob_feed_t *feed, dljob_topic_t *topic,
                       const char *payload, apr_size_t len)
{
    dl_message_t msg;

    if (dl_message_read(payload, len, &msg)) {
        return;
    }
    topic->heard_ms = dljob_hub_clock_ms();
    if (msg.forward && (!msg.terminal || topic->user)) {
        dljob_feed_forward(topic, &msg, payload, len);
    }
    else if (topic->job_id) {
        dljob_reader_job(feed, topic);
    }
    else if (msg.job_id[0]) {
        dljob_reader_user_job(feed, topic, msg.job_id, 0);
    }
}

void dljob_feed_forward(dljob_topic_t *topic, const dl_message_t *msg,
                        const char *payload, apr_size_t len)
{
    apr_pool_t *scratch = topic->feed->scratch;
    dl_event_info_t info = { 0 };
    dljob_view_t *view;

    if (topic->job_id) {
        if (msg->version >= 0 && msg->version <= topic->version) {
            return;             /* overtaken by a snapshot that was read */
        }
        if (msg->version >= 0) {
            topic->version = msg->version;
        }
    }
    info.job_id = topic->job_id ? topic->job_id : msg->job_id;
    info.version = msg->version;
    info.name = msg->terminal ? msg->status : "progress";
    info.terminal = msg->terminal;
    info.with_id = topic->job_id != NULL;
    apr_pool_clear(scratch);
    for (view = topic->views; view; view = view->next) {
        apr_size_t n = len;
        const char *body = dl_message_body(msg, payload, info.job_id,
                                           view->base, scratch, &n);
        dl_event_t *event = dl_event_create(&info, body, n);

        if (event) {
            dljob_view_deliver(view, event, 0);
            dl_event_unref(event);
        }
    }
}

static void on_confirmed(dljob_feed_t *feed, const char *channel,
                         apr_size_t len)
{
    dljob_topic_t *topic = dljob_topic_find(&feed->topics, channel, len);

    if (topic) {
        topic->confirmed = 1;
        dljob_topic_distrust(topic);
        dljob_reader_snapshot(feed, topic);
    }
}

void dljob_feed_refused(dljob_feed_t *feed, const char *what,
                        const redisReply *reply)
{
    if (!feed->said_refused) {
        feed->said_refused = 1;
        dl_log(DL_LOG_WARN, "DL0404", NULL,
               "Redis refuses %s for streams: %s", what, reply->str);
    }
}

static void on_pushed(void *baton, const redisReply *reply)
{
    dljob_feed_t *feed = baton;
    const redisReply *kind, *channel, *payload;

    if (reply->type == REDIS_REPLY_ERROR) {
        dljob_feed_refused(feed, "to subscribe", reply);
    }
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) {
        return;
    }
    kind = reply->element[0];
    channel = reply->element[1];
    payload = reply->element[2];
    if (kind->type != REDIS_REPLY_STRING
        || channel->type != REDIS_REPLY_STRING) {
        return;
    }
    if (kind->len == 7 && payload->type == REDIS_REPLY_STRING
        && !memcmp(kind->str, "message", 7)) {
        dljob_topic_t *topic = dljob_topic_find(&feed->topics, channel->str,
                                                (apr_size_t)channel->len);

        if (topic) {
            on_message(feed, topic, payload->str, (apr_size_t)payload->len);
        }
    }
    else if (kind->len == 9 && !memcmp(kind->str, "subscribe", 9)) {
        on_confirmed(feed, channel->str, (apr_size_t)channel->len);
    }
}

/* Every topic anew; each is read again once its subscription is confirmed,
 * so that a change during the outage is found. */
static void on_subscriber_up(void *baton)
{
    dljob_feed_t *feed = baton;
    apr_hash_index_t *hi;

    feed->said_refused = 0;
    for (hi = apr_hash_first(NULL, feed->topics.by_channel); hi;
         hi = apr_hash_next(hi)) {
        dljob_topic_t *topic = apr_hash_this_val(hi);

        topic->confirmed = 0;
        subscribe(feed, "SUBSCRIBE", topic->channel);
    }
}

static void on_subscriber_down(void *baton)
{
    (void)baton;
}

dljob_feed_t *dljob_feed_create(const dl_config_t *conf, dljob_hub_t *hub,
                                apr_pool_t *p)
{
    dljob_feed_t *feed = apr_pcalloc(p, sizeof(*feed));

    feed->conf = conf;
    feed->hub = hub;
    feed->pool = p;
    apr_pool_create(&feed->scratch, p);
    apr_pool_tag(feed->scratch, "dljob_feed_scratch");
    feed->topics.by_channel = apr_hash_make(p);
    feed->asks_tail = &feed->asks;
    return feed;
}

void dljob_feed_open(dljob_feed_t *feed)
{
    static const dljob_link_events_t events = {
        on_subscriber_up, on_pushed, on_subscriber_down
    };

    feed->subscriber = dljob_link_create(dljob_hub_loop(feed->hub),
                                         feed->conf->redis, &events, feed,
                                         "subscriber", feed->pool);
    dljob_reader_open(feed);
}

void dljob_feed_close(dljob_feed_t *feed)
{
    dljob_link_close(feed->subscriber);
    dljob_reader_close(feed);
}

int dljob_feed_join(dljob_stream_t *s)
{
    dljob_feed_t *feed = s->feed;
    int of_user = !s->job_id[0];
    const char *name = of_user ? s->user : s->job_id;
    dljob_topic_t *topic;
    const char *channel;
    int first;

    apr_pool_clear(feed->scratch);
    channel = apr_pstrcat(feed->scratch, feed->conf->key_prefix,
                          of_user ? "user:" : "job:", name, NULL);
    topic = dljob_topic_get(&feed->topics, feed, channel, name, of_user);
    if (!topic) {
        return -1;
    }
    first = !topic->views;
    if (dljob_topic_join(topic, s)) {
        if (first) {
            dljob_topic_drop(&feed->topics, topic);
        }
        return -1;
    }
    if (first) {
        subscribe(feed, "SUBSCRIBE", topic->channel);
    }
    else if (topic->job_id && s->view->latest && topic->confirmed) {
        dljob_view_deliver(s->view, s->view->latest, 0);
    }
    else if (topic->confirmed) {
        dljob_reader_snapshot(feed, topic);
    }
    return 0;
}

void dljob_feed_leave(dljob_stream_t *s)
{
    dljob_topic_t *topic = s->view->topic;
    dljob_feed_t *feed = topic->feed;

    if (dljob_topic_leave(s)) {
        subscribe(feed, "UNSUBSCRIBE", topic->channel);
        dljob_topic_drop(&feed->topics, topic);
    }
}

void dljob_feed_check(dljob_stream_t *s)
{
    dljob_topic_t *topic = s->view->topic;
    apr_int64_t now_ms = dljob_hub_clock_ms();

    if (topic->job_id && now_ms - topic->heard_ms >= CHECK_MS) {
        topic->heard_ms = now_ms;
        dljob_reader_check(topic->feed, topic);
    }
}

void dljob_feed_each(dljob_feed_t *feed, void (*fn)(dljob_stream_t *s))
{
    apr_hash_index_t *hi;

    for (hi = apr_hash_first(NULL, feed->topics.by_channel); hi;
         hi = apr_hash_next(hi)) {
        dljob_topic_t *topic = apr_hash_this_val(hi);
        dljob_view_t *view;
        dljob_stream_t *s;

        for (view = topic->views; view; view = view->next) {
            for (s = view->streams; s; s = s->next) {
                fn(s);
            }
        }
    }
}

void dljob_feed_stats(const dljob_feed_t *feed, int *topics, int *up)
{
    *topics = feed->topics.count;
    *up = feed->subscriber && dljob_link_is_up(feed->subscriber)
          && dljob_link_is_up(feed->reader);
}
