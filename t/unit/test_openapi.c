/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi.json and the table of routes name the same paths and methods.
 */
#include <check.h>
#include <string.h>
#include <strings.h>

#include <apr_pools.h>
#include <apr_strings.h>
#include <json-c/json.h>

#include "dl_route.h"

#define ID "3f2b8c1e-5d7a-4e0f-9b6c-2a1d4e8f7c90"

static const char *const METHODS[] = { "GET", "POST", "PUT", "PATCH",
                                       "DELETE" };

/* "/{jobId}/status" with an id in it. */
static const char *filled(const char *path, apr_pool_t *p)
{
    const char *brace = strchr(path, '{');

    return brace ? apr_pstrcat(p, apr_pstrmemdup(p, path,
                                                 (size_t)(brace - path)),
                               ID, strchr(brace, '}') + 1, NULL) : path;
}

/* Whether an item of the document has an operation for this method. */
static int described(json_object *item, const char *method)
{
    json_object_object_foreach(item, name, operation) {
        if (strcasecmp(name, method) == 0) {
            return json_object_is_type(operation, json_type_object);
        }
    }
    return 0;
}

START_TEST(paths_and_methods_are_the_same)
{
    json_object *doc = json_object_from_file(DL_TEST_SRCDIR
                                             "/mod_dljob/openapi.json");
    int seen[DL_ROUTE_OPENAPI + 1] = { 0 };
    json_object *paths;
    apr_pool_t *p;
    size_t i;
    int route;

    apr_pool_create(&p, NULL);
    ck_assert_ptr_nonnull(doc);
    ck_assert(json_object_object_get_ex(doc, "paths", &paths));
    json_object_object_foreach(paths, path, item) {
        for (i = 0; i < sizeof(METHODS) / sizeof(METHODS[0]); i++) {
            dl_route_t r;

            dl_route_parse(filled(path, p), METHODS[i], &r);
            ck_assert_msg((r.route != DL_ROUTE_NONE)
                          == described(item, METHODS[i]), "%s %s",
                          METHODS[i], path);
            if (r.route != DL_ROUTE_NONE) {
                seen[r.route]++;
            }
        }
    }
    for (route = DL_ROUTE_INITIATE; route <= DL_ROUTE_OPENAPI; route++) {
        ck_assert_msg(seen[route] > 0, "route %d is not described", route);
    }
    apr_pool_destroy(p);
    json_object_put(doc);
}
END_TEST

Suite *test_openapi_suite(void);

Suite *test_openapi_suite(void)
{
    Suite *s = suite_create("openapi");
    TCase *tc = tcase_create("openapi");

    tcase_add_test(tc, paths_and_methods_are_the_same);
    suite_add_tcase(s, tc);
    return s;
}
