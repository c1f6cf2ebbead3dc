/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a request of httpd to the function that answers it: what must hold
 * for a route (method, Accept, content type, body, user) is checked here
 * once, so that no route can forget it.
 */
#include "dljob_handler.h"

#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>

#include "dl_media_type.h"
#include "dl_request_id.h"
#include "dl_uuid.h"
#include "dljob_base.h"
#include "dljob_body.h"
#include "dljob_conn.h"
#include "dljob_dwell.h"
#include "dljob_keys.h"
#include "dljob_respond.h"
#include "dljob_user.h"

APLOG_USE_MODULE(dljob);

enum {
    BODY = 1,                   /* takes a body of JSON */
    JSON = 2,                   /* answers with JSON: 406 if not wanted */
    EVENTS = 4,                 /* answers with events: the same */
    USER = 8,                   /* wants to know who asks */
    REDIS = 16                  /* needs the engine */
};

static const struct {
    dljob_route_fn *answer;
    int needs;
} routes[] = {
    [DL_ROUTE_INITIATE] = { dljob_initiate, BODY | JSON | USER | REDIS },
    [DL_ROUTE_STATUS] = { dljob_status, JSON | USER | REDIS },
    [DL_ROUTE_STREAM] = { dljob_stream, EVENTS | USER | REDIS },
    [DL_ROUTE_USER_STREAM] = { dljob_user_stream, EVENTS | USER | REDIS },
    [DL_ROUTE_RESULT] = { dljob_result, USER | REDIS },
    [DL_ROUTE_CANCEL] = { dljob_cancel, JSON | USER | REDIS },
    [DL_ROUTE_LIST] = { dljob_list, JSON | USER | REDIS },
    [DL_ROUTE_CHECK] = { dljob_check, BODY | JSON | USER },
    [DL_ROUTE_START] = { dljob_start, BODY | JSON | USER | REDIS },
    [DL_ROUTE_OBJECT] = { dljob_object, 0 },
    [DL_ROUTE_OPENAPI] = { dljob_openapi_get, JSON }
};

dljob_call_t *dljob_call_of(request_rec *r)
{
    return ap_get_module_config(r->request_config, &dljob_module);
}

/* The client's own id where it is harmless, else one of ours. */
static const char *request_id(dljob_call_t *call)
{
    const char *id = apr_table_get(call->r->headers_in, "X-Request-ID");
    char *made;

    if (id && dl_request_id_valid(id)) {
        return id;
    }
    made = apr_palloc(call->pool, DL_UUID_LEN + 1);
    dl_uuid_make(call->random, made);
    return made;
}

static dljob_call_t *make_call(request_rec *r, dljob_kind_e kind,
                               apr_ssize_t base_len)
{
    const dljob_server_conf_t *server = dljob_config_server(r->server);
    dljob_call_t *call = apr_pcalloc(r->pool, sizeof(*call));

    call->r = r;
    call->pool = r->pool;
    call->kind = kind;
    call->engine = server->engine;
    call->conf = &server->conf;
    call->location = &dljob_config_dir(r)->location;
    call->user = "";
    call->random = dljob_conn_random(r);
    if (base_len >= 0) {
        call->base_len = base_len;
        call->path = r->uri + base_len;
    }
    dl_accept_read(apr_table_get(r->headers_in, "Accept"), &call->accept);
    call->request_id = request_id(call);
    r->log_id = call->request_id;
    ap_set_module_config(r->request_config, &dljob_module, call);
    return call;
}

dljob_call_t *dljob_call_get(request_rec *r)
{
    dljob_call_t *call = dljob_call_of(r);
    dljob_kind_e kind;

    if (!call && !dljob_base_kind(r, &kind)) {
        call = make_call(r, kind, dljob_base_len(r));
    }
    return call;
}

int dljob_translate(request_rec *r)
{
    apr_ssize_t base_len;
    dljob_kind_e kind;

    if (dljob_base_kind(r, &kind)) {
        return DECLINED;
    }
    /* A rewrite may have turned the request away from the location that has
     * been found for it, and the next walk finds another. */
    base_len = dljob_base_len(r);
    if (base_len < 0) {
        return DECLINED;
    }
    make_call(r, kind, base_len);
    /* Other modules expect one; no file is called so. */
    r->filename = apr_pstrdup(r->pool, "dljob:");
    return OK;
}

int dljob_map_to_storage(request_rec *r)
{
    return dljob_call_of(r) ? OK : DECLINED;
}

/* The path as it was sent must hold nothing that decoding hides. */
static int raw_path_ok(request_rec *r)
{
    const char *raw = r->unparsed_uri;
    const char *query;

    if (*raw != '/') {          /* "GET http://host/path" */
        raw = strstr(raw, "://");
        raw = raw ? strchr(raw + 3, '/') : NULL;
        if (!raw) {
            return 0;
        }
    }
    query = strchr(raw, '?');
    return dl_route_raw_ok(query ? apr_pstrmemdup(r->pool, raw, query - raw)
                                 : raw);
}

static void route(dljob_call_t *call)
{
    request_rec *r = call->r;

    dl_route_parse(call->path, r->method, &call->route);
    if (!raw_path_ok(r)) {
        call->route.route = DL_ROUTE_NONE;
        call->route.error = DL_ERROR_NOT_FOUND;
    }
}

/* Whether the body is said to be JSON; answers when it is not. */
static int media_ok(dljob_call_t *call)
{
    apr_table_t *headers = call->r->headers_in;
    const char *wrong = dl_media_type_check(
        apr_table_get(headers, "Content-Type"),
        apr_table_get(headers, "Content-Encoding"), call->pool);

    if (wrong) {
        dljob_error(call, DL_ERROR_UNSUPPORTED_MEDIA_TYPE, wrong);
    }
    return !wrong;
}

/* What the route needs. @return OK, or what the handler returns */
static int prepare(dljob_call_t *call, int needs)
{
    int rc = OK;

    if (((needs & JSON) && !dl_accept_json_ok(&call->accept))
        || ((needs & EVENTS) && !call->accept.stream)) {
        dljob_error(call, DL_ERROR_NOT_ACCEPTABLE, NULL);
        return DONE;
    }
    if ((needs & BODY) && !media_ok(call)) {
        return DONE;
    }
    if (needs & BODY) {
        rc = dljob_body(call);
    }
    if (rc == OK && (needs & USER)) {
        rc = dljob_user(call);
    }
    if (rc == OK && (needs & REDIS) && !call->engine) {
        const char *why = dljob_config_server(call->r->server)->unusable;

        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, call->r,
                      "DL0308: this server cannot serve jobs: %s",
                      why ? why : "its engine could not be made");
        dljob_error(call, DL_ERROR_REDIS_UNAVAILABLE, NULL);
        rc = DONE;
    }
    return rc;
}

int dljob_call_route(dljob_call_t *call)
{
    return routes[call->route.route].answer(call);
}

static int preflight(dljob_call_t *call)
{
    apr_table_setn(call->r->headers_out, "Allow", call->route.allow);
    return dljob_send_empty(call, HTTP_NO_CONTENT);
}

static int answer(dljob_call_t *call)
{
    int needs, rc;

    route(call);
    if (call->route.route == DL_ROUTE_NONE) {
        if (call->route.error == DL_ERROR_METHOD_NOT_ALLOWED) {
            apr_table_setn(call->r->headers_out, "Allow", call->route.allow);
        }
        return dljob_error(call, call->route.error, NULL);
    }
    if (call->route.route == DL_ROUTE_PREFLIGHT) {
        return preflight(call);
    }
    needs = routes[call->route.route].needs;
    rc = prepare(call, needs);
    return rc == OK ? dljob_call_route(call) : rc;
}

/* Handlers of one page, for those who watch. */
static int answer_page(dljob_call_t *call)
{
    if (call->r->method_number != M_GET) {
        apr_table_setn(call->r->headers_out, "Allow", "GET, HEAD");
        return dljob_error(call, DL_ERROR_METHOD_NOT_ALLOWED, NULL);
    }
    return call->kind == DLJOB_HEALTH ? dljob_health(call)
                                      : dljob_metrics(call);
}

int dljob_preflight(request_rec *r)
{
    dljob_call_t *call;

    if (r->method_number != M_OPTIONS
        || !apr_table_get(r->headers_in, "Access-Control-Request-Method")) {
        return DECLINED;
    }
    call = dljob_call_get(r);
    if (!call || call->kind != DLJOB_API || !call->path
        || !call->location->cors.origins) {
        return DECLINED;
    }
    route(call);
    if (call->route.route != DL_ROUTE_PREFLIGHT) {
        return DECLINED;
    }
    preflight(call);
    return DONE;
}

int dljob_handler(request_rec *r)
{
    dljob_call_t *call;

    if (!r->handler || strncmp(r->handler, "dljob", 5)) {
        return DECLINED;
    }
    call = dljob_call_get(r);
    if (!call) {
        return DECLINED;
    }
    dljob_keys_refresh(call);
    dljob_dwell_request(r);
    if (call->kind != DLJOB_API) {
        return answer_page(call);
    }
    if (!call->path) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "DL0309: SetHandler dljob belongs into a <Location> "
                      "without wildcards or a <LocationMatch>");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return answer(call);
}
