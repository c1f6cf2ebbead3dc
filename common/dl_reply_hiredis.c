/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions for hiredis' reader that take a reply's memory from an arena of
 * its own: for the links of event loops, where hiredis parses. See
 * dl_reply.h.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dl_reply.h"
#include "dl_reply_mem.h"

/* First memory of a reply: enough for most; an array gets more by count. */
#define FIRST_SIZE      256
#define PER_ELEMENT     (sizeof(redisReply) + sizeof(redisReply *) + 24)
#define CHUNK_MAX       (1024 * 1024)

static size_t round_up(size_t size)
{
    return (size + 15) & ~(size_t)15;
}

/* Memory of the reply that the task belongs to; a root gets new memory. */
static void *take(dl_reply_head_t *head, size_t size)
{
    void *mem;

    size = round_up(size);
    if ((size_t)(head->end - head->at) < size) {
        size_t next = head->size < CHUNK_MAX ? head->size * 2 : CHUNK_MAX;
        dl_reply_chunk_t *chunk;

        next = next < size ? size : next;
        chunk = malloc(sizeof(*chunk) + next);
        if (chunk == NULL) {
            return NULL;
        }
        chunk->next = head->chunks;
        chunk->size = next;
        head->chunks = chunk;
        head->size = next;
        head->at = (char *)(chunk + 1);
        head->end = head->at + next;
    }
    mem = head->at;
    head->at += size;
    return mem;
}

/* A new arena with room for the root and for size bytes more. */
static dl_reply_head_t *arena(size_t size)
{
    dl_reply_head_t *head;

    size = round_up(size < FIRST_SIZE ? FIRST_SIZE : size)
           + round_up(sizeof(redisReply));
    head = malloc(sizeof(*head) + size);
    if (head) {
        head->chunks = NULL;
        head->size = size;
        head->at = (char *)(head + 1);
        head->end = head->at + size;
    }
    return head;
}

/*
 * A zeroed element with extra bytes behind it, hung into its parent. A root
 * lies right behind its header, for dl_reply_free(); room is what its
 * elements are likely to need.
 */
static redisReply *element(const redisReadTask *task, int type, size_t extra,
                           size_t room)
{
    dl_reply_head_t *head;
    redisReply *reply;

    if (task->parent == NULL) {
        head = arena(extra + room);
    }
    else {
        const redisReadTask *root = task->parent;

        while (root->parent) {
            root = root->parent;
        }
        head = (dl_reply_head_t *)root->obj - 1;
    }
    if (head == NULL) {
        return NULL;
    }
    reply = take(head, sizeof(*reply) + extra);
    if (reply == NULL) {
        return NULL;
    }
    memset(reply, 0, sizeof(*reply));
    reply->type = type;
    if (task->parent) {
        redisReply *parent = task->parent->obj;

        parent->element[task->idx] = reply;
    }
    return reply;
}

static void *create_string(const redisReadTask *task, char *str, size_t len)
{
    redisReply *reply = len > DL_REPLY_MAX_BYTES
                        ? NULL : element(task, task->type, len + 1, 0);

    if (reply) {
        reply->str = (char *)(reply + 1);
        reply->len = len;
        memcpy(reply->str, str, len);
        reply->str[len] = '\0';
    }
    return reply;
}

/* 1.0 widened it, and knows the types of RESP3. */
#if HIREDIS_MAJOR >= 1
typedef size_t elements_t;
#else
typedef int elements_t;
#endif

static void *create_array(const redisReadTask *task, elements_t elements)
{
    size_t count = elements > 0 ? (size_t)elements : 0;
    size_t vector = count * sizeof(redisReply *);
    /* What is announced is not believed beyond a page: it may never come. */
    size_t room = (count < 64 ? count : 64) * PER_ELEMENT;
    redisReply *reply;

    if (count > DL_REPLY_MAX_NODES) {
        return NULL;
    }
    reply = element(task, REDIS_REPLY_ARRAY, vector, room);
    if (reply && count > 0) {
        reply->elements = count;
        reply->element = memset(reply + 1, 0, vector);
    }
    return reply;
}

static void *create_integer(const redisReadTask *task, long long value)
{
    redisReply *reply = element(task, REDIS_REPLY_INTEGER, 0, 0);

    if (reply) {
        reply->integer = value;
    }
    return reply;
}

static void *create_nil(const redisReadTask *task)
{
    return element(task, REDIS_REPLY_NIL, 0, 0);
}

#if HIREDIS_MAJOR >= 1
/*
 * Nobody asks for RESP3, but a server may send it, and without a function
 * hiredis makes the type a pointer. A double is kept as its text.
 */
static void *create_double(const redisReadTask *task, double value, char *str,
                           size_t len)
{
    (void)value;
    return create_string(task, str, len);
}

static void *create_bool(const redisReadTask *task, int value)
{
    return create_integer(task, value != 0);
}
#endif

static void free_object(void *reply)
{
    dl_reply_free(reply);
}

static const redisReplyObjectFunctions functions = {
    .createString = create_string,
    .createArray = create_array,
    .createInteger = create_integer,
    .createNil = create_nil,
#if HIREDIS_MAJOR >= 1
    .createDouble = create_double,
    .createBool = create_bool,
#endif
    .freeObject = free_object
};

void dl_reply_use(redisReader *reader)
{
    /* hiredis only reads the table; its member merely lacks the const. */
    reader->fn = (redisReplyObjectFunctions *)(uintptr_t)&functions;
}
