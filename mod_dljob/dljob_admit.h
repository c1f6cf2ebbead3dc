/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Admission of a request, shared by /initiate and /start.
 */
#ifndef DLJOB_ADMIT_H
#define DLJOB_ADMIT_H

#include "dl_request.h"
#include "dljob.h"

/** The headers and body of the request, for dl_request.h. */
void dljob_admit_in(dljob_call_t *call, dl_request_in_t *in);

/**
 * Asks the engine. RateLimit headers are set; a refusal is answered.
 * @return OK and @a admitted with a job; else what the handler is to return
 */
int dljob_admit(dljob_call_t *call, const dl_request_t *request,
                dl_admitted_t *admitted);

#endif /* DLJOB_ADMIT_H */
