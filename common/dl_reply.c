/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser of dl_reply.h: one pass finds the end of a reply and how much
 * memory it takes, a second one fills a single block.
 *
 * The block: header, all elements in order, all vectors of element pointers,
 * all text. Its order is that of the bytes, so both passes go straight on.
 */
#include <stdlib.h>
#include <string.h>

#include "dl_reply.h"
#include "dl_reply_mem.h"

/* Reads a number that ends at end (exclusive). 1: it is one. */
static int parse_int(const char *s, const char *end, apr_int64_t *value)
{
    int negative = s < end && *s == '-';
    apr_uint64_t bound = negative ? (apr_uint64_t)APR_INT64_MAX + 1
                                  : (apr_uint64_t)APR_INT64_MAX;
    apr_uint64_t n = 0;

    s += negative;
    if (s >= end || end - s > 19) {
        return 0;
    }
    for (; s < end; s++) {
        unsigned digit = (unsigned char)*s - '0';

        /* 19 digits cannot overflow 64 bits without sign. */
        if (digit > 9) {
            return 0;
        }
        n = n * 10 + digit;
    }
    if (n > bound) {
        return 0;
    }
    *value = negative ? (apr_int64_t)(0 - n) : (apr_int64_t)n;
    return 1;
}

/* The CR of the line at s, NULL when it has not come yet. */
static const char *line_end(const char *s, apr_size_t len)
{
    const char *cr = memchr(s, '\r', len);

    return cr && (apr_size_t)(cr - s) + 2 <= len ? cr : NULL;
}

/* Accounts for $N or *N; 1: seen, 0: more bytes needed, -1: malformed. */
static int scan_counted(dl_reply_scan_t *scan, const char *buf,
                        apr_size_t len, const char *cr)
{
    apr_size_t body = (apr_size_t)(cr + 2 - buf);
    apr_int64_t n;

    if (!parse_int(buf + scan->pos + 1, cr, &n) || n < -1) {
        return -1;
    }
    if (buf[scan->pos] == '*') {
        if (n > DL_REPLY_MAX_NODES) {
            return -1;
        }
        scan->open += n > 0 ? (apr_size_t)n : 0;
        scan->pos = body;
        return 1;
    }
    if (n < 0) {
        scan->pos = body;
        return 1;
    }
    if (body + (apr_size_t)n > DL_REPLY_MAX_BYTES) {
        return -1;
    }
    if (len < body + (apr_size_t)n + 2) {
        scan->need = body + (apr_size_t)n + 2;
        return 0;
    }
    if (buf[body + n] != '\r' || buf[body + n + 1] != '\n') {
        return -1;
    }
    scan->text += (apr_size_t)n + 1;
    scan->pos = body + (apr_size_t)n + 2;
    return 1;
}

dl_reply_scan_e dl_reply_scan(dl_reply_scan_t *scan, const char *buf,
                              apr_size_t len)
{
    if (scan->nodes == 0) {
        scan->open = 1;
    }
    scan->need = 0;
    while (scan->open > 0) {
        const char *line = buf + scan->pos;
        const char *cr;
        apr_int64_t n;
        int seen = 1;

        if (scan->pos >= len) {
            return DL_REPLY_MORE;
        }
        if (scan->pos > DL_REPLY_MAX_BYTES
            || scan->nodes + scan->open > DL_REPLY_MAX_NODES
            || memchr("$*:+-", *line, 5) == NULL) {
            return DL_REPLY_BAD;
        }
        cr = line_end(line, len - scan->pos);
        if (cr == NULL) {
            return len - scan->pos > DL_REPLY_MAX_LINE ? DL_REPLY_BAD
                                                       : DL_REPLY_MORE;
        }
        if (cr[1] != '\n') {
            return DL_REPLY_BAD;
        }
        if (*line == '$' || *line == '*') {
            seen = scan_counted(scan, buf, len, cr);
        }
        else if (*line == ':' && !parse_int(line + 1, cr, &n)) {
            seen = -1;
        }
        else {
            scan->text += *line == ':' ? 0 : (apr_size_t)(cr - line);
            scan->pos = (apr_size_t)(cr + 2 - buf);
        }
        if (seen <= 0) {
            return seen < 0 ? DL_REPLY_BAD : DL_REPLY_MORE;
        }
        scan->open--;
        scan->nodes++;
    }
    return DL_REPLY_WHOLE;
}

/* A build in progress: cursors into the block. */
typedef struct build_t {
    const char *at;             /* in the bytes received */
    redisReply **vectors;
    char *text;
    int depth;
    apr_size_t left[DL_REPLY_MAX_DEPTH];
    redisReply **slot[DL_REPLY_MAX_DEPTH];
} build_t;

static void build_text(build_t *b, redisReply *node, int type,
                       const char *from, apr_size_t len)
{
    node->type = type;
    node->str = b->text;
    node->len = len;
    memcpy(b->text, from, len);
    b->text[len] = '\0';
    b->text += len + 1;
}

/* Fills one element from bytes that the scan has checked; 0: too deep. */
static int build_node(build_t *b, redisReply *node)
{
    const char *line = b->at;
    const char *cr = rawmemchr(line, '\r');
    apr_int64_t n = 0;

    b->at = cr + 2;
    if (*line == '+' || *line == '-') {
        build_text(b, node, *line == '+' ? REDIS_REPLY_STATUS
                                         : REDIS_REPLY_ERROR,
                   line + 1, (apr_size_t)(cr - line - 1));
        return 1;
    }
    parse_int(line + 1, cr, &n);
    if (*line == ':') {
        node->type = REDIS_REPLY_INTEGER;
        node->integer = n;
    }
    else if (n < 0) {
        node->type = REDIS_REPLY_NIL;
    }
    else if (*line == '$') {
        build_text(b, node, REDIS_REPLY_STRING, b->at, (apr_size_t)n);
        b->at += n + 2;
    }
    else {
        node->type = REDIS_REPLY_ARRAY;
        node->elements = (apr_size_t)n;
        if (n > 0) {
            if (b->depth == DL_REPLY_MAX_DEPTH) {
                return 0;
            }
            node->element = b->vectors;
            b->slot[b->depth] = b->vectors;
            b->left[b->depth++] = (apr_size_t)n;
            b->vectors += n;
        }
    }
    return 1;
}

redisReply *dl_reply_build(const dl_reply_scan_t *scan, const char *buf)
{
    apr_size_t nodes = scan->nodes * sizeof(redisReply);
    apr_size_t vectors = (scan->nodes - 1) * sizeof(redisReply *);
    dl_reply_head_t *head = malloc(sizeof(*head) + nodes + vectors
                                   + scan->text);
    redisReply *node, *root;
    apr_size_t i;
    build_t b;

    if (head == NULL) {
        return NULL;
    }
    head->chunks = NULL;
    root = node = (redisReply *)(head + 1);
    memset(root, 0, nodes);
    b.at = buf;
    b.vectors = (redisReply **)(root + scan->nodes);
    b.text = (char *)b.vectors + vectors;
    b.depth = 0;
    for (i = 0; i < scan->nodes; i++, node++) {
        while (b.depth > 0 && b.left[b.depth - 1] == 0) {
            b.depth--;
        }
        if (b.depth > 0) {
            b.left[b.depth - 1]--;
            *b.slot[b.depth - 1]++ = node;
        }
        if (!build_node(&b, node)) {
            free(head);
            return NULL;
        }
    }
    return root;
}

void dl_reply_free(redisReply *reply)
{
    dl_reply_head_t *head;

    if (reply == NULL) {
        return;
    }
    head = (dl_reply_head_t *)reply - 1;
    while (head->chunks) {
        dl_reply_chunk_t *chunk = head->chunks;

        head->chunks = chunk->next;
        free(chunk);
    }
    free(head);
}

const char *dl_reply_str(const redisReply *reply, apr_size_t *len)
{
    if (reply == NULL || (reply->type != REDIS_REPLY_STRING
                          && reply->type != REDIS_REPLY_STATUS)) {
        return NULL;
    }
    if (len) {
        *len = reply->len;
    }
    return reply->str;
}

int dl_reply_int(const redisReply *reply, apr_int64_t *value)
{
    if (reply && reply->type == REDIS_REPLY_INTEGER) {
        *value = reply->integer;
        return 1;
    }
    return reply && reply->type == REDIS_REPLY_STRING
           && parse_int(reply->str, reply->str + reply->len, value);
}

apr_size_t dl_reply_count(const redisReply *reply)
{
    return reply && reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
}

const redisReply *dl_reply_at(const redisReply *reply, apr_size_t i)
{
    return i < dl_reply_count(reply) ? reply->element[i] : NULL;
}

const char *dl_reply_str_at(const redisReply *reply, apr_size_t i,
                            apr_size_t *len)
{
    return dl_reply_str(dl_reply_at(reply, i), len);
}

int dl_reply_int_at(const redisReply *reply, apr_size_t i,
                    apr_int64_t *value)
{
    return dl_reply_int(dl_reply_at(reply, i), value);
}

const redisReply *dl_reply_field(const redisReply *reply, const char *name)
{
    apr_size_t count = dl_reply_count(reply), want = strlen(name), i, len;

    for (i = 0; i + 1 < count; i += 2) {
        const char *have = dl_reply_str(reply->element[i], &len);

        if (have && len == want && memcmp(have, name, want) == 0) {
            return reply->element[i + 1];
        }
    }
    return NULL;
}

const char *dl_reply_error(const redisReply *reply)
{
    return reply && reply->type == REDIS_REPLY_ERROR ? reply->str : NULL;
}
