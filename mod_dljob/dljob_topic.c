/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Topics and views; see dljob_topic.h.
 */
#include "dljob_topic.h"

#include <stdlib.h>
#include <string.h>

dljob_topic_t *dljob_topic_find(dljob_topics_t *topics, const char *channel,
                                apr_size_t len)
{
    return apr_hash_get(topics->by_channel, channel, (apr_ssize_t)len);
}

dljob_topic_t *dljob_topic_get(dljob_topics_t *topics, dljob_feed_t *feed,
                               const char *channel, const char *name,
                               int of_user)
{
    apr_size_t len = strlen(channel);
    dljob_topic_t *topic = dljob_topic_find(topics, channel, len);

    if (topic) {
        return topic;
    }
    topic = calloc(1, sizeof(*topic));
    if (!topic || !(topic->channel = strdup(channel))) {
        free(topic);
        return NULL;
    }
    topic->feed = feed;
    topic->version = -1;
    *(of_user ? &topic->user : &topic->job_id) = topic->channel + len
                                                 - strlen(name);
    apr_hash_set(topics->by_channel, topic->channel, (apr_ssize_t)len, topic);
    topics->count++;
    return topic;
}

static dljob_view_t *view_get(dljob_topic_t *topic, const char *base)
{
    dljob_view_t *view;

    for (view = topic->views; view; view = view->next) {
        if (!strcmp(view->base, base)) {
            return view;
        }
    }
    view = calloc(1, sizeof(*view));
    if (!view || !(view->base = strdup(base))) {
        free(view);
        return NULL;
    }
    view->topic = topic;
    view->next = topic->views;
    topic->views = view;
    return view;
}

int dljob_topic_join(dljob_topic_t *topic, dljob_stream_t *s)
{
    dljob_view_t *view = view_get(topic, s->base);

    if (!view) {
        return -1;
    }
    s->view = view;
    s->next = view->streams;
    s->prev = &view->streams;
    if (s->next) {
        s->next->prev = &s->next;
    }
    view->streams = s;
    return 0;
}

static void view_free(dljob_view_t *view)
{
    dljob_view_t **at = &view->topic->views;

    while (*at != view) {
        at = &(*at)->next;
    }
    *at = view->next;
    dl_event_unref(view->latest);
    free(view->base);
    free(view);
}

int dljob_topic_leave(dljob_stream_t *s)
{
    dljob_view_t *view = s->view;
    dljob_topic_t *topic = view->topic;

    *s->prev = s->next;
    if (s->next) {
        s->next->prev = s->prev;
    }
    s->view = NULL;
    if (!view->streams) {
        view_free(view);
    }
    return topic->views == NULL;
}

static void topic_free(dljob_topic_t *topic)
{
    free(topic->channel);
    free(topic);
}

void dljob_topic_drop(dljob_topics_t *topics, dljob_topic_t *topic)
{
    apr_hash_set(topics->by_channel, topic->channel, APR_HASH_KEY_STRING,
                 NULL);
    topics->count--;
    topic->feed = NULL;
    if (!topic->asks) {
        topic_free(topic);
    }
}

void dljob_topic_release(dljob_topic_t *topic)
{
    if (--topic->asks == 0 && !topic->feed) {
        topic_free(topic);
    }
}

/* A snapshot the client has already is not sent again. That none is sent
 * after a newer one is seen to by the topic, which knows when to trust. */
static int is_news(dljob_stream_t *s, const dl_event_t *event)
{
    apr_int64_t version = dl_event_version(event);

    if (version >= 0 && version == s->sent_version) {
        return 0;
    }
    s->sent_version = version;
    return 1;
}

static void deliver(dljob_stream_t *s, dl_event_t *event, int of_user)
{
    switch (s->kind) {
    case DLJOB_STREAM_EVENTS:
        if (of_user) {
            dljob_stream_push(s, event, 0);
        }
        else if (is_news(s, event)) {
            dljob_stream_push(s, event, dl_event_terminal(event));
        }
        break;
    case DLJOB_STREAM_CHANGE:
        if (dl_event_version(event) > s->sent_version) {
            dljob_stream_end(s);
        }
        break;
    case DLJOB_STREAM_END:
        if (dl_event_terminal(event)) {
            dljob_stream_end(s);
        }
        break;
    }
}

void dljob_view_deliver(dljob_view_t *view, dl_event_t *event, int greeting)
{
    int of_user = view->topic->user != NULL;
    dljob_stream_t *s;

    if (!of_user) {
        dl_event_t *old = view->latest;

        view->latest = dl_event_ref(event);
        dl_event_unref(old);
    }
    for (s = view->streams; s; s = s->next) {
        if (!greeting || s->greeting == 1) {
            deliver(s, event, of_user);
        }
    }
}

void dljob_topic_distrust(dljob_topic_t *topic)
{
    dljob_view_t *view;
    dljob_stream_t *s;

    topic->version = -1;
    for (view = topic->views; view && topic->user; view = view->next) {
        topic->dirty = 1;
        for (s = view->streams; s; s = s->next) {
            s->greeting = 0;
        }
    }
}

void dljob_topic_end(dljob_topic_t *topic)
{
    dljob_view_t *view;
    dljob_stream_t *s;

    for (view = topic->views; view; view = view->next) {
        for (s = view->streams; s; s = s->next) {
            dljob_stream_end(s);
        }
    }
}
