/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands: one table with their options and help, and the functions
 * behind it, each in a file of its family.
 */
#ifndef DLCTL_COMMANDS_H
#define DLCTL_COMMANDS_H

#include "dlctl.h"

/** All commands, in the order of the help. */
extern const dlctl_command_t dlctl_commands[];

/** Options that stand with every command. */
extern const dlctl_option_t dlctl_global[];

/** Prints the overview, of the commands of @a group ("dead") or all (NULL). */
void dlctl_help_overview(const char *group);

/** Prints the usage of one command. */
void dlctl_help_command(const dlctl_command_t *command);

/* What the commands do; each returns the program's exit status and has said
 * what went wrong. */

/** Figures of the whole. */
dlctl_exit_e dlctl_stats(dlctl_t *ctl);
/** The same, live. */
dlctl_exit_e dlctl_top(dlctl_t *ctl);
/** Workers and their load. */
dlctl_exit_e dlctl_workers(dlctl_t *ctl);
/** Jobs, newest first. */
dlctl_exit_e dlctl_list(dlctl_t *ctl);
/** A job or a file with all there is about it. */
dlctl_exit_e dlctl_show(dlctl_t *ctl);
/** Asks for files, waits for them and downloads them. */
dlctl_exit_e dlctl_submit(dlctl_t *ctl);
/** Waits for jobs to end. */
dlctl_exit_e dlctl_wait(dlctl_t *ctl);
/** Cancels jobs, whosever they are. */
dlctl_exit_e dlctl_cancel(dlctl_t *ctl);
/** Another try for dead letters. */
dlctl_exit_e dlctl_retry(dlctl_t *ctl);
/** Dead letters in short. */
dlctl_exit_e dlctl_dead_list(dlctl_t *ctl);
/** A dead letter whole. */
dlctl_exit_e dlctl_dead_show(dlctl_t *ctl);
/** Removes dead letters. */
dlctl_exit_e dlctl_dead_purge(dlctl_t *ctl);
/** Webhooks that wait or were given up. */
dlctl_exit_e dlctl_webhooks_list(dlctl_t *ctl);
/** Sends them again. */
dlctl_exit_e dlctl_webhooks_replay(dlctl_t *ctl);
/** Begins nothing more. */
dlctl_exit_e dlctl_pause(dlctl_t *ctl);
/** Goes on. */
dlctl_exit_e dlctl_resume(dlctl_t *ctl);
/** Lets workers finish and end. */
dlctl_exit_e dlctl_drain(dlctl_t *ctl);
/** Looks for what is wrong. */
dlctl_exit_e dlctl_doctor(dlctl_t *ctl);
/** Prints the help of a command. */
dlctl_exit_e dlctl_help(dlctl_t *ctl);

#endif /* DLCTL_COMMANDS_H */
