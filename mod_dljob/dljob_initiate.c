/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /initiate.
 */
#include "dljob_admit.h"
#include "dljob_job.h"
#include "dljob_respond.h"

static const char *message_of(dl_admit_e outcome)
{
    switch (outcome) {
    case DL_ADMIT_IDEMPOTENT:
        return "Existing job found for this idempotency key";
    case DL_ADMIT_DUPLICATE:
        return "Duplicate request detected, returning existing job";
    case DL_ADMIT_ACTIVE:
        return "Existing job in progress";
    case DL_ADMIT_REUSED:
        return "Reusing existing completed job";
    default:
        return NULL;
    }
}

int dljob_initiate(dljob_call_t *call)
{
    dl_request_in_t in;
    dl_request_t request;
    dl_admitted_t admitted;
    int rc;

    dljob_admit_in(call, &in);
    if (!dl_request_initiate(call->conf, call->engine->guard, &in,
                             call->pool, &request)) {
        return dljob_error(call, request.error, request.message);
    }
    rc = dljob_admit(call, &request, &admitted);
    if (rc != OK) {
        return rc;
    }
    dljob_job_links(call, admitted.job);
    return dljob_job_send(call,
                          admitted.outcome == DL_ADMIT_NEW
                          && !dl_job_state_terminal(admitted.job->state)
                              ? HTTP_ACCEPTED : HTTP_OK,
                          admitted.job, message_of(admitted.outcome));
}
