/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks. httpd has authenticated; DLJobUser says which of the things it
 * found out is the user.
 */
#include "dljob_user.h"

#include "dljob_respond.h"

int dljob_user(dljob_call_t *call)
{
    switch (dljob_config_user(call->r, &call->user)) {
    case APR_SUCCESS:
        return OK;
    case APR_EINVAL:
        call->user = "";
        dljob_errorf(call, DL_ERROR_FORBIDDEN,
                     "The user name is longer than %d bytes or holds control "
                     "characters", DLJOB_USER_MAX);
        return DONE;
    default:
        call->user = "";
        dljob_error(call, DL_ERROR_INTERNAL, NULL);
        return DONE;
    }
}

int dljob_user_identified(dljob_call_t *call)
{
    if (*call->user) {
        return OK;
    }
    dljob_error(call, DL_ERROR_UNAUTHENTICATED, NULL);
    return DONE;
}
