/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks: DLJobUser.
 */
#ifndef DLJOB_USER_H
#define DLJOB_USER_H

#include "dljob.h"

/**
 * Sets call->user, "" for an anonymous caller. A name that is too long or
 * holds control characters is refused rather than mended: two users must not
 * become one.
 * @return OK; else what the handler is to return: an error was answered
 */
int dljob_user(dljob_call_t *call);

/**
 * For routes that show what belongs to a user.
 * @return OK, or what the handler is to return: 401 was answered
 */
int dljob_user_identified(dljob_call_t *call);

#endif /* DLJOB_USER_H */
