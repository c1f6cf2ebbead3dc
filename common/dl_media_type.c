/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content-Type and Content-Encoding of request bodies.
 */
#include "dl_media_type.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#define JSON "application/json"
#define BLANK " \t"
#define SHOWN_MAX 100

/* Whether the parameters allow UTF-8; s is "" or begins with ";". */
static int charset_ok(const char *s)
{
    while (*s == ';') {
        apr_size_t name, value;

        s++;
        s += strspn(s, BLANK);
        name = strcspn(s, "=; \t");
        if (s[name] == '=' && name == 7 && strncasecmp(s, "charset", 7) == 0) {
            const char *v = s + 8;

            v += *v == '"';
            value = strcspn(v, "\"; \t");
            if (value != 5 || strncasecmp(v, "utf-8", 5) != 0) {
                return 0;
            }
        }
        s += strcspn(s, ";");
    }
    return 1;
}

const char *dl_media_type_check(const char *content_type,
                                const char *content_encoding, apr_pool_t *p)
{
    const char *rest;
    apr_size_t n = sizeof(JSON) - 1;

    if (content_encoding && strcasecmp(content_encoding, "identity") != 0) {
        return apr_psprintf(p, "Content-Encoding: %.*s is not supported; "
                            "send the body as it is", SHOWN_MAX,
                            content_encoding);
    }
    if (!content_type || !*content_type) {
        return "Content-Type: it is missing; the request body must be "
               JSON;
    }
    /* the spelling that nearly everybody sends */
    if (strcmp(content_type, JSON) == 0) {
        return NULL;
    }
    if (strncasecmp(content_type, JSON, n) == 0) {
        rest = content_type + n;
        rest += strspn(rest, BLANK);
        if (*rest == '\0' || *rest == ';') {
            return charset_ok(rest) ? NULL
                : "Content-Type: the charset must be utf-8";
        }
    }
    return apr_psprintf(p, "Content-Type: %.*s is not supported; the request "
                        "body must be " JSON, SHOWN_MAX, content_type);
}
