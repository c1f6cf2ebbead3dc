/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysexits to failures, by a table; what is not in it is worth another try.
 */
#include "dlw_exec_status.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>

#include <apr_strings.h>

#include "dlw_attempt.h"

typedef struct meaning_t {
    int exit_code;
    const char *code;
    const char *error;
} meaning_t;

/* all of these are permanent */
static const meaning_t meanings[] = {
    {EX_USAGE, "SOURCE_ERROR", "The source was called wrongly"},
    {EX_DATAERR, "SOURCE_ERROR", "The file's data are not usable"},
    {EX_NOINPUT, "FILE_NOT_FOUND", "The file does not exist"},
    {EX_NOPERM, "SOURCE_ERROR", "The source may not read this file"},
    {EX_CONFIG, "SOURCE_ERROR", "The source is not configured for this file"},
};

static const char *with_tail(const char *what, const char *tail,
                             apr_pool_t *p)
{
    return tail ? apr_pstrcat(p, what, ": ", tail, NULL) : what;
}

int dlw_exec_status(int status, const char *tail, apr_pool_t *p,
                    dl_failure_t *failure)
{
    const char *what;

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 1;
    if (WIFSIGNALED(status)) {
        int signo = WTERMSIG(status);

        what = apr_psprintf(p, "ended by signal %d", signo);
        *failure = signo == SIGXFSZ
                       ? dlw_failure("SOURCE_ERROR",
                                     "The file is larger than allowed",
                                     with_tail(what, tail, p), 1)
                       : dlw_failure("SOURCE_ERROR",
                                     "The source ended unexpectedly",
                                     with_tail(what, tail, p), 0);
        return 0;
    }
    what = with_tail(apr_psprintf(p, "exit status %d", WEXITSTATUS(status)),
                     tail, p);
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (meanings[i].exit_code == WEXITSTATUS(status)) {
            *failure = dlw_failure(meanings[i].code, meanings[i].error, what,
                                   1);
            return 0;
        }
    }
    *failure = dlw_failure("SOURCE_ERROR", "The source failed", what, 0);
    return 0;
}
