/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hub reads from Redis: snapshots of jobs, a user's jobs, versions.
 *
 * Commands travel on one link and their replies come in order, so what each
 * reply is for stands in a queue of asks. An ask points to its topic, which
 * is kept until the reply has come (dljob_topic_release). After a lost link
 * the asks are forgotten and every topic is read again.
 */
#include "dljob_feed_int.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "dl_job.h"
#include "dl_links.h"
#include "dljob_hub.h"

/* jobs in the snapshot of a user's stream, less one */
#define LIST_LAST "99"

enum {
    RETRY_MS = 300              /* after an answer like LOADING */
};

typedef enum {
    ASK_STATUS,                 /* HGETALL job:status */
    ASK_FILES,                  /* HGETALL job:files, after its status */
    ASK_VERSION,
    ASK_LIST,                   /* ids of the user's jobs */
    ASK_LIST_END                /* all of them have been read */
} ask_e;

struct dljob_ask_t {
    ask_e kind;
    int greeting;
    dljob_topic_t *topic;
    apr_pool_t *pool;           /* FILES: holds job; else NULL */
    dl_job_t *job;
    dljob_ask_t *next;
    char job_id[64];
};

static void ask_free(dljob_ask_t *ask)
{
    dljob_topic_release(ask->topic);
    if (ask->pool) {
        apr_pool_destroy(ask->pool);
    }
    free(ask);
}

/* Sends one command and remembers what its reply is for. */
static dljob_ask_t *ask(dljob_feed_t *feed, dljob_topic_t *topic, ask_e kind,
                        const char *job_id, int argc, const char **argv)
{
    dljob_ask_t *a;

    if (!dljob_link_is_up(feed->reader)
        || !(a = calloc(1, sizeof(*a)))) {
        return NULL;
    }
    a->kind = kind;
    a->topic = topic;
    topic->asks++;
    apr_cpystrn(a->job_id, job_id, sizeof(a->job_id));
    *feed->asks_tail = a;
    feed->asks_tail = &a->next;
    dljob_link_send(feed->reader, argc, argv, NULL);
    return a;
}

static dljob_ask_t *ask_hash(dljob_feed_t *feed, dljob_topic_t *topic,
                             ask_e kind, const char *job_id)
{
    const char *argv[2];

    argv[0] = "HGETALL";
    argv[1] = apr_pstrcat(feed->scratch, feed->conf->key_prefix,
                          kind == ASK_FILES ? "job:files:" : "job:status:",
                          job_id, NULL);
    return ask(feed, topic, kind, job_id, 2, argv);
}

void dljob_reader_job(dljob_feed_t *feed, dljob_topic_t *topic)
{
    if (topic->reading) {
        topic->dirty = 1;
        return;
    }
    topic->dirty = 0;
    if (ask_hash(feed, topic, ASK_STATUS, topic->job_id)) {
        topic->reading = 1;
    }
    else {
        topic->dirty = 1;
    }
}

void dljob_reader_user_job(dljob_feed_t *feed, dljob_topic_t *topic,
                           const char *job_id, int greeting)
{
    dljob_ask_t *a = ask_hash(feed, topic, ASK_STATUS, job_id);

    if (a) {
        a->greeting = greeting;
    }
    else {
        dljob_topic_distrust(topic);
    }
}

/* The snapshot of a user's stream: all jobs of the list, one by one, for the
 * streams that are fresh now; one that comes later starts another. */
static void read_list(dljob_feed_t *feed, dljob_topic_t *topic)
{
    dljob_view_t *view;
    dljob_stream_t *s;
    const char *argv[4];
    int fresh = 0;

    if (topic->reading) {
        topic->dirty = 1;
        return;
    }
    topic->dirty = 0;
    for (view = topic->views; view; view = view->next) {
        for (s = view->streams; s; s = s->next) {
            fresh += s->greeting != 2;
        }
    }
    argv[0] = "ZREVRANGE";
    argv[1] = apr_pstrcat(feed->scratch, feed->conf->key_prefix, "user:jobs:",
                          topic->user, NULL);
    argv[2] = "0";
    argv[3] = LIST_LAST;
    if (!fresh) {
        return;
    }
    if (!ask(feed, topic, ASK_LIST, "", 4, argv)) {
        topic->dirty = 1;
        return;
    }
    topic->reading = 1;
    for (view = topic->views; view; view = view->next) {
        for (s = view->streams; s; s = s->next) {
            if (s->greeting == 0) {
                s->greeting = 1;
            }
        }
    }
}

void dljob_reader_snapshot(dljob_feed_t *feed, dljob_topic_t *topic)
{
    apr_pool_clear(feed->scratch);
    if (topic->job_id) {
        dljob_reader_job(feed, topic);
    }
    else {
        read_list(feed, topic);
    }
}

void dljob_reader_check(dljob_feed_t *feed, dljob_topic_t *topic)
{
    const char *argv[3];

    if (topic->reading) {
        return;
    }
    apr_pool_clear(feed->scratch);
    argv[0] = "HGET";
    argv[1] = apr_pstrcat(feed->scratch, feed->conf->key_prefix,
                          "job:status:", topic->job_id, NULL);
    argv[2] = "version";
    ask(feed, topic, ASK_VERSION, topic->job_id, 3, argv);
}

/* Writes a job's snapshot in the way of each view and hands it out. */
static void send_job(dljob_feed_t *feed, dljob_topic_t *topic, dl_job_t *job,
                     int greeting, apr_pool_t *p)
{
    dl_event_info_t info = { 0 };
    dljob_view_t *view;

    if (topic->job_id) {
        if (job->version < topic->version) {
            return;             /* overtaken by a message */
        }
        topic->version = job->version;
    }
    topic->heard_ms = dljob_hub_clock_ms();
    info.job_id = job->id;
    info.version = job->version;
    info.terminal = dl_job_state_terminal(job->state);
    info.name = info.terminal ? dl_job_state_name(job->state) : "progress";
    info.with_id = topic->job_id != NULL;
    dl_links_refresh(feed->conf, job, apr_time_sec(apr_time_now()), p);
    for (view = topic->views; view; view = view->next) {
        dl_job_links_t links = { view->base, NULL };
        apr_size_t len;
        const char *body = dl_job_body(job, &links, p, &len);
        dl_event_t *event = dl_event_create(&info, body, len);

        if (event) {
            dljob_view_deliver(view, event, greeting);
            dl_event_unref(event);
        }
    }
}

/* A job's topic has been read: look again if something changed meanwhile. */
static void job_read(dljob_feed_t *feed, dljob_topic_t *topic)
{
    topic->reading = 0;
    if (topic->feed && topic->dirty) {
        dljob_reader_job(feed, topic);
    }
}

static void take_status(dljob_feed_t *feed, dljob_ask_t *a,
                        const redisReply *reply)
{
    dljob_topic_t *topic = a->topic;
    apr_pool_t *p = feed->scratch;
    dl_job_t *job = NULL;
    dljob_ask_t *files;

    if (reply->type == REDIS_REPLY_ARRAY && reply->elements) {
        apr_pool_create(&p, feed->pool);
        dl_job_read(a->job_id, reply, NULL, p, &job);
    }
    if (job && dl_job_has_files(job) && topic->feed
        && (files = ask_hash(feed, topic, ASK_FILES, a->job_id))) {
        files->pool = p;
        files->job = job;
        files->greeting = a->greeting;
        return;
    }
    if (topic->feed && job && !dl_job_has_files(job)) {
        send_job(feed, topic, job, a->greeting, p);
    }
    else if (topic->feed && job && topic->user) {
        dljob_topic_distrust(topic);    /* its files cannot be asked for */
    }
    else if (topic->feed && topic->job_id && !job
             && reply->type == REDIS_REPLY_ARRAY) {
        dljob_topic_end(topic);
    }
    if (p != feed->scratch) {
        apr_pool_destroy(p);
    }
    if (topic->job_id) {
        job_read(feed, topic);
    }
}

static void take_files(dljob_feed_t *feed, dljob_ask_t *a,
                       const redisReply *reply)
{
    dljob_topic_t *topic = a->topic;

    if (topic->feed) {
        dl_job_read_files(a->job, reply, a->pool);
        send_job(feed, topic, a->job, a->greeting, a->pool);
    }
    if (topic->job_id) {
        job_read(feed, topic);
    }
}

static void take_version(dljob_feed_t *feed, dljob_ask_t *a,
                         const redisReply *reply)
{
    dljob_topic_t *topic = a->topic;

    if (!topic->feed) {
        return;
    }
    if (reply->type == REDIS_REPLY_NIL
        || (reply->type == REDIS_REPLY_STRING
            && apr_atoi64(reply->str) != topic->version)) {
        dljob_topic_distrust(topic);
        dljob_reader_job(feed, topic);
    }
}

static void take_list(dljob_feed_t *feed, dljob_ask_t *a,
                      const redisReply *reply)
{
    const char *argv[2];
    size_t i;

    if (a->topic->feed && reply->type == REDIS_REPLY_ARRAY) {
        for (i = reply->elements; i-- > 0;) {
            if (reply->element[i]->type == REDIS_REPLY_STRING
                && reply->element[i]->len < 64) {
                dljob_reader_user_job(feed, a->topic,
                                      reply->element[i]->str, 1);
            }
        }
    }
    argv[0] = "PING";           /* echoes its argument */
    argv[1] = "end";
    if (!ask(feed, a->topic, ASK_LIST_END, "", 2, argv)) {
        a->topic->reading = 0;
    }
}

static void take_list_end(dljob_feed_t *feed, dljob_topic_t *topic)
{
    dljob_view_t *view;
    dljob_stream_t *s;

    topic->reading = 0;
    if (!topic->feed) {
        return;
    }
    for (view = topic->views; view; view = view->next) {
        for (s = view->streams; s; s = s->next) {
            if (s->greeting == 1) {
                s->greeting = 2;
            }
        }
    }
    if (topic->dirty && !feed->retry_set) {
        read_list(feed, topic);
    }
}

/* LOADING, BUSY and the like: the topic stays dirty until an answer comes. */
static void read_later(dljob_feed_t *feed, dljob_ask_t *a,
                       const redisReply *reply)
{
    dljob_feed_refused(feed, "to read", reply);
    a->topic->dirty = 1;
    if (a->topic->user) {
        dljob_topic_distrust(a->topic);
    }
    if (a->topic->job_id || a->kind == ASK_LIST || a->kind == ASK_LIST_END) {
        a->topic->reading = 0;
    }
    if (!feed->retry_set) {
        feed->retry_set = 1;
        dl_timer_set(dljob_hub_loop(feed->hub), &feed->retry, RETRY_MS);
    }
}

static void on_retry(dl_timer_t *timer)
{
    dljob_feed_t *feed = timer->baton;
    apr_hash_index_t *hi;

    feed->retry_set = 0;
    for (hi = apr_hash_first(NULL, feed->topics.by_channel); hi;
         hi = apr_hash_next(hi)) {
        dljob_topic_t *topic = apr_hash_this_val(hi);

        if (topic->dirty && topic->confirmed && !topic->reading) {
            dljob_reader_snapshot(feed, topic);
        }
    }
}

static void on_reply(void *baton, const redisReply *reply)
{
    dljob_feed_t *feed = baton;
    dljob_ask_t *a = feed->asks;

    if (!a) {
        return;
    }
    feed->asks = a->next;
    if (!feed->asks) {
        feed->asks_tail = &feed->asks;
    }
    apr_pool_clear(feed->scratch);
    if (reply->type == REDIS_REPLY_ERROR) {
        read_later(feed, a, reply);
        ask_free(a);
        return;
    }
    switch (a->kind) {
    case ASK_STATUS:
        take_status(feed, a, reply);
        break;
    case ASK_FILES:
        take_files(feed, a, reply);
        break;
    case ASK_VERSION:
        take_version(feed, a, reply);
        break;
    case ASK_LIST:
        take_list(feed, a, reply);
        break;
    case ASK_LIST_END:
        take_list_end(feed, a->topic);
        break;
    }
    ask_free(a);
}

static void on_up(void *baton)
{
    dljob_feed_t *feed = baton;
    apr_hash_index_t *hi;

    for (hi = apr_hash_first(NULL, feed->topics.by_channel); hi;
         hi = apr_hash_next(hi)) {
        dljob_topic_t *topic = apr_hash_this_val(hi);

        if (topic->confirmed) {
            dljob_reader_snapshot(feed, topic);
        }
    }
}

static void on_down(void *baton)
{
    dljob_feed_t *feed = baton;
    dljob_ask_t *a;

    while ((a = feed->asks)) {
        feed->asks = a->next;
        a->topic->reading = 0;
        if (a->topic->user) {
            dljob_topic_distrust(a->topic);
        }
        ask_free(a);
    }
    feed->asks_tail = &feed->asks;
}

void dljob_reader_open(dljob_feed_t *feed)
{
    static const dljob_link_events_t events = { on_up, on_reply, on_down };

    feed->retry.fn = on_retry;
    feed->retry.baton = feed;
    feed->reader = dljob_link_create(dljob_hub_loop(feed->hub),
                                     feed->conf->redis, &events, feed,
                                     "reader", feed->pool);
}

void dljob_reader_close(dljob_feed_t *feed)
{
    dl_timer_cancel(dljob_hub_loop(feed->hub), &feed->retry);
    dljob_link_close(feed->reader);
    on_down(feed);
}
