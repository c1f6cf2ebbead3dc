/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One try to deliver a webhook: body, signature, POST, answer.
 *
 * Knows nothing of Redis; what follows from the answer is dlw_hooks.c's. All
 * on the loop's thread.
 */
#ifndef DLW_HOOK_H
#define DLW_HOOK_H

#include "dl_hook.h"
#include "dlw_attempt.h"
#include "dlw_settings.h"

typedef struct dlw_hook_t dlw_hook_t;

typedef struct dlw_hook_answer_t {
    int status;                 /**< of HTTP; 0: there was no answer */
    apr_int64_t retry_after_s;  /**< the receiver's wish; 0: none */
    const char *error;          /**< one line for the operator, printable
                                     ASCII, neither secrets nor the URL in
                                     it; NULL: 2xx. Good during the call */
} dlw_hook_answer_t;

/** The try has ended; once, never from within dlw_hook_send(). */
typedef void dlw_hook_done_fn(void *baton, const dlw_hook_answer_t *answer);

/**
 * Begins a try.
 *
 * The connection is a fresh one, to an address that the guard has seen: it is
 * asked for the very address that is connected to, after the resolver and
 * before the socket exists, so a name that changes its mind changes nothing.
 *
 * @param settings  must outlive the try
 * @param hook      its job's links are signed anew; must outlive the try
 * @param p         of the try: lives until done() or dlw_hook_abort()
 * @return NULL, or why nothing can be sent (as dlw_hook_answer_t.error);
 *         then there is no try
 */
const char *dlw_hook_send(const dlw_env_t *env, const dlw_settings_t *settings,
                          const dl_hook_t *hook, apr_pool_t *p,
                          dlw_hook_done_fn *done, void *baton,
                          dlw_hook_t **out);

/** Ends a try at once; done() is not called any more. */
void dlw_hook_abort(dlw_hook_t *try);

#endif /* DLW_HOOK_H */
