/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of commands. dljobctl(1) says the same at length; a test compares
 * the two.
 */
#include "dlctl_commands.h"

#include <stddef.h>

#define END {NULL, 0, NULL, NULL}
#define TIMEOUT {"timeout", 0, "DURATION", \
                 "give up waiting after so long (exit status 75)"}

const dlctl_option_t dlctl_global[] = {
    {"file", 'f', "FILE", "read FILE instead of " DLCTL_FILE},
    {"directive", 'D', "DIRECTIVE",
     "a directive to read after the file; may be repeated"},
    {"json", 0, NULL, "print one JSON document"},
    {"help", 'h', NULL, "print the help of the command"},
    {"version", 'V', NULL, "print the version"},
    END
};

static const dlctl_option_t none[] = {END};

static const dlctl_option_t top[] = {
    {"interval", 'i', "DURATION", "between two looks (2s)"},
    {"count", 'n', "NUMBER",
     "end after so many looks (terminal: never; else: 1)"},
    END
};

static const dlctl_option_t list[] = {
    {"user", 'u', "USER", "jobs of this user alone; \"\": of nobody"},
    {"status", 's', "STATUS",
     "queued, processing, completed, failed or cancelled"},
    {"limit", 'l', "NUMBER", "at most so many, 1 to 1000 (20)"},
    {"cursor", 'c', "CURSOR", "go on where an earlier list ended"},
    END
};

static const dlctl_option_t submit[] = {
    {"user", 'u', "USER", "as this user; without: anonymous"},
    {"priority", 'p', "PRIORITY", "high, normal or low (normal)"},
    {"idempotency-key", 'k', "KEY",
     "the same key again finds the same job (24 h)"},
    {"bundle", 'b', "KIND", "zip or tar: one archive of the files"},
    {"wait", 'w', NULL, "wait until the job has ended"},
    {"output", 'o', "PATH",
     "wait, then download there: a file, a directory, or \"-\""},
    {"force", 0, NULL, "replace files that are there"},
    {"url", 0, "URL",
     "the API's address, for a file store (DLJobPublicURL)"},
    TIMEOUT,
    END
};

static const dlctl_option_t wait_options[] = {TIMEOUT, END};

static const dlctl_option_t retry[] = {
    {"all-dead", 'a', NULL, "all dead letters there are now"},
    END
};

static const dlctl_option_t dead_list[] = {
    {"limit", 'l', "NUMBER", "at most so many, 1 to 5000 (20)"},
    END
};

static const dlctl_option_t purge[] = {
    {"all", 'a', NULL, "all dead letters there are now"},
    {"older-than", 0, "DURATION", "with --all: only those that died so "
     "long ago"},
    END
};

static const dlctl_option_t webhooks[] = {
    {"dead", 'd', NULL, "those that were given up"},
    {"limit", 'l', "NUMBER", "at most so many, 1 to 5000 (20)"},
    END
};

static const dlctl_option_t replay[] = {
    {"all-dead", 'a', NULL, "all that were given up"},
    END
};

static const dlctl_option_t drain[] = {
    {"all", 'a', NULL, "all workers"},
    {"wait", 'w', NULL, "wait until they have ended"},
    TIMEOUT,
    END
};

const dlctl_command_t dlctl_commands[] = {
    {"stats", "", 0, 0, "figures: queues, workers, counters", none, NULL,
     dlctl_stats},
    {"top", "", 0, 0, "the same with workers and running tasks, live", top,
     "On a terminal the screen is drawn again at each interval; q ends it,\n"
     "any other key looks at once. Elsewhere each look is printed below the\n"
     "one before, with --json one document a line.", dlctl_top},
    {"workers", "", 0, 0, "workers, what they do, when they were heard of",
     none, NULL, dlctl_workers},
    {"list", "", 0, 0, "jobs, newest first", list,
     "Without --user all jobs of the namespace are looked at, which walks\n"
     "all keys of Redis.", dlctl_list},
    {"show", "JOB-ID|FILE-ID", 1, 1,
     "a job or a file: tasks, lease, attempts, dead letter", none, NULL,
     dlctl_show},
    {"submit", "FILE-ID...", 1, -1, "ask for files", submit,
     "Prints the job's id. With --wait or --output the exit status is 1 when\n"
     "the job fails, is cancelled, or lacks some of its files. A download\n"
     "that breaks off goes on where it ended, also in the next call, and\n"
     "its SHA-256 is checked.", dlctl_submit},
    {"wait", "JOB-ID...", 1, 1000, "wait until jobs have ended", wait_options,
     "The exit status is 1 when one of them fails, is cancelled, or lacks\n"
     "some of its files.", dlctl_wait},
    {"cancel", "JOB-ID...", 1, 1000, "cancel jobs, whosever they are", none,
     NULL, dlctl_cancel},
    {"retry", "[FILE-ID...]", 0, -1, "give dead letters another try", retry,
     "Each becomes a new job of the same user.", dlctl_retry},
    {"dead list", "", 0, 0, "dead letters, newest first", dead_list, NULL,
     dlctl_dead_list},
    {"dead show", "FILE-ID", 1, 1, "a dead letter with its last error", none,
     NULL, dlctl_dead_show},
    {"dead retry", "[FILE-ID...]", 0, -1, "the same as retry", retry,
     "Each becomes a new job of the same user.", dlctl_retry},
    {"dead purge", "[FILE-ID...]", 0, -1, "remove dead letters", purge, NULL,
     dlctl_dead_purge},
    {"webhooks list", "", 0, 0, "webhooks not delivered yet", webhooks, NULL,
     dlctl_webhooks_list},
    {"webhooks replay", "[JOB-ID...]", 0, -1, "send webhooks again", replay,
     "Whatever became of them before: given up, waiting, or delivered.",
     dlctl_webhooks_replay},
    {"pause", "", 0, 0, "workers begin nothing more; what runs goes on",
     none, NULL, dlctl_pause},
    {"resume", "", 0, 0, "workers go on", none, NULL, dlctl_resume},
    {"drain", "[WORKER]", 0, 1,
     "let a worker finish, hand back the rest, and end", drain, NULL,
     dlctl_drain},
    {"doctor", "", 0, 0, "look for what is wrong and say what to do", none,
     "The exit status is 1 when there are errors.", dlctl_doctor},
    {"help", "[COMMAND]", 0, 2, "print the help of a command", none, NULL,
     dlctl_help},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL}
};
