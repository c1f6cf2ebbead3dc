/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Short words for what happens to webhooks, on a bed of the engine.
 */
#ifndef HOOK_BED_H
#define HOOK_BED_H

#include "dl_hook.h"
#include "dl_ops.h"
#include "engine_bed.h"

/** How often a hook is sent here. */
#define HOOK_TRIES 10

/** A completed job with this callbackUrl, of file 70000 and on. @return its
 *  id */
const char *hook_ended(bed_t *bed, const char *url);

dl_hook_claim_t hook_claim(bed_t *bed, int n);

/** Claims one, which must be there and alone. */
dl_hook_t hook_take(bed_t *bed);

/** @return 1 taken, 0 stale */
int hook_settle(bed_t *bed, const dl_hook_t *hook, dl_hook_e outcome,
                apr_int64_t wait_ms, int status, const char *error);

/** Lets the time of all hooks come, and all leases end. */
void hook_pass_time(bed_t *bed);

#endif /* HOOK_BED_H */
