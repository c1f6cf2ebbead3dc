/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One struct per connection, in its pool; see dljob_conn.h.
 */
#include "dljob_conn.h"

#include <http_config.h>

#include "dljob.h"

dljob_conn_t *dljob_conn_of(const conn_rec *c)
{
    return c->master ? NULL
                     : ap_get_module_config(c->conn_config, &dljob_module);
}

int dljob_conn_create(conn_rec *c, void *socket)
{
    (void)socket;
    if (!c->master) {
        ap_set_module_config(c->conn_config, &dljob_module,
                             apr_pcalloc(c->pool, sizeof(dljob_conn_t)));
    }
    return OK;
}

dl_random_t *dljob_conn_random(request_rec *r)
{
    dljob_conn_t *conn = dljob_conn_of(r->connection);
    dl_random_t *random;

    if (conn) {
        return &conn->random;
    }
    random = apr_palloc(r->pool, sizeof(*random));
    dl_random_init(random);
    return random;
}
