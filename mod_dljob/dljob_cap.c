/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Caps on streams, from what the MPM and the system allow; dljob_cap.h.
 */
#include "dljob_cap.h"

#include <stdlib.h>
#include <sys/resource.h>

#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <ap_mpm.h>


APLOG_USE_MODULE(dljob);

enum {
    FACTOR_DEFAULT = 2          /* of httpd */
};

static int factor_in_force(void)
{
    const ap_directive_t *d;
    int factor = FACTOR_DEFAULT;

    for (d = ap_conftree; d; d = d->next) {
        if (!strcasecmp(d->directive, "AsyncRequestWorkerFactor")) {
            factor = atoi(d->args); /* of a fraction what is certain */
        }
    }
    return factor > 0 ? factor : 0;
}

/* The MPM keeps its factor to itself; its own directive sets it. */
static const char *raise_factor(apr_pool_t *p, apr_pool_t *ptemp,
                                server_rec *s, int factor)
{
    module *event = ap_find_linked_module("event.c");
    const command_rec *command;
    ap_directive_t directive = { .directive = "AsyncRequestWorkerFactor",
                                 .filename = "mod_dljob" };
    cmd_parms parms = { .limited = -1, .directive = &directive, .pool = p,
                        .temp_pool = ptemp, .server = s,
                        .override = RSRC_CONF };

    if (!event
        || !(command = ap_find_command("AsyncRequestWorkerFactor",
                                       event->cmds))) {
        return "this MPM has no AsyncRequestWorkerFactor";
    }
    parms.cmd = command;
    return command->AP_TAKE1(&parms, NULL, apr_itoa(ptemp, factor));
}

static void read_facts(dl_cap_facts_t *facts, int wanted)
{
    struct rlimit limit;
    int async = 0, waitio = 0;

    facts->wanted = wanted;
    ap_mpm_query(AP_MPMQ_IS_ASYNC, &async);
#ifdef AP_MPMQ_CAN_WAITIO
    ap_mpm_query(AP_MPMQ_CAN_WAITIO, &waitio);
#endif
    facts->can_park = async && waitio;
    if (ap_mpm_query(AP_MPMQ_MAX_THREADS, &facts->threads) != APR_SUCCESS
        || facts->threads < 1) {
        facts->threads = 1;
    }
    facts->factor = factor_in_force();
    facts->descriptors = getrlimit(RLIMIT_NOFILE, &limit) ? 1024
                         : limit.rlim_cur > 1000000 ? 1000000
                                                    : (long)limit.rlim_cur;
}

void dljob_cap_init(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s,
                    int wanted, dl_cap_t *cap)
{
    dl_cap_facts_t facts;
    const char *why, *err;
    int factor;

    read_facts(&facts, wanted);
    why = dl_cap_compute(&facts, cap, &factor);
    if (factor && (err = raise_factor(p, ptemp, s, factor))) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "DL0411: AsyncRequestWorkerFactor could not be raised "
                     "to %d: %s", factor, err);
        facts.wanted = -1;
        why = dl_cap_compute(&facts, cap, &factor);
        factor = 0;
    }
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                 "DL0412: streams: %d a child without a thread, %d with one "
                 "(%s)%s%s", cap->child, cap->blocking, why,
                 factor ? "; AsyncRequestWorkerFactor is now " : "",
                 factor ? apr_itoa(ptemp, factor) : "");
}
