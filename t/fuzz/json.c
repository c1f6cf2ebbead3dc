/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON reader against json-c: what ours takes, json-c in its strict mode
 * takes too, and writes in a form that ours takes again.
 */
#include <string.h>

#include <apr_strings.h>
#include <json-c/json.h>

#include "dl_json.h"
#include "fuzz.h"

/* More than 18 digits in a row, or bytes beyond ASCII. */
static int is_unusual(const char *text, size_t size)
{
    int digits = 0;

    for (size_t i = 0; i < size; i++) {
        digits = text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
        if (digits > 18 || (unsigned char)text[i] >= 0x80) {
            return 1;
        }
    }
    return 0;
}

/* The strict mode of json-c 0.18 refuses integers beyond 64 bits, and takes
 * a byte beyond ASCII for a control character (its issue 875). Both are JSON
 * (RFC 8259, 6 and 7): there, its usual mode reads texts that have them. */
static int flags_for(const char *text, size_t size)
{
    static const char PROBE[] = "[\"\xc3\xa9\",123456789012345678901]";
    struct json_tokener *tokener;
    int flags = JSON_TOKENER_STRICT;

    if (is_unusual(text, size)) {
        tokener = json_tokener_new();
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
        json_object_put(json_tokener_parse_ex(tokener, PROBE,
                                              sizeof(PROBE) - 1));
        if (json_tokener_get_error(tokener) != json_tokener_success) {
            flags = 0;
        }
        json_tokener_free(tokener);
    }
    return flags | JSON_TOKENER_VALIDATE_UTF8;
}

void fuzz_json(const uint8_t *data, size_t size)
{
    struct json_tokener *tokener;
    json_object *object;
    const char *text;
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    text = apr_pmemdup(p, data, size);
    if (size < 65536 && !dl_json_check(text, size, p)) {
        tokener = json_tokener_new_ex(DL_JSON_DEPTH + 1);
        json_tokener_set_flags(tokener, flags_for(text, size));
        object = json_tokener_parse_ex(tokener, text, (int)size);
        /* a number may go on for all it knows: end it */
        if (json_tokener_get_error(tokener) == json_tokener_continue) {
            object = json_tokener_parse_ex(tokener, " ", 1);
        }
        FUZZ_MUST(json_tokener_get_error(tokener) == json_tokener_success,
                  json_tokener_error_desc(json_tokener_get_error(tokener)));
        text = json_object_to_json_string(object);
        FUZZ_MUST(!dl_json_check(text, strlen(text), p),
                  "what json-c wrote is refused");
        json_object_put(object);
        json_tokener_free(tokener);
    }
    apr_pool_destroy(p);
}
