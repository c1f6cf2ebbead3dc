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
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT
                                        | JSON_TOKENER_VALIDATE_UTF8);
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
