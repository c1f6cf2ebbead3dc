/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /{jobId}/stream and /stream where no stream can be held: the client
 * polls, which every one of ours can.
 */
#include "dljob_job.h"
#include "dljob_respond.h"
#include "dljob_user.h"

int dljob_stream(dljob_call_t *call)
{
    dl_job_t *job;
    int rc = dljob_job_get(call, &job);

    return rc == OK ? dljob_error(call, DL_ERROR_STREAMS_EXHAUSTED, NULL)
                    : rc;
}

int dljob_user_stream(dljob_call_t *call)
{
    int rc = dljob_user_identified(call);

    return rc == OK ? dljob_error(call, DL_ERROR_STREAMS_EXHAUSTED, NULL)
                    : rc;
}
