/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal: its size, a line that is drawn over again, a whole screen
 * with keys, and that it is as it was whatever ends the program.
 */
#ifndef DLCTL_TTY_H
#define DLCTL_TTY_H

#include "dlctl_table.h"

/** Columns and lines of a descriptor's terminal; 80 and 24 when it does not
 *  say. @param lines  may be NULL */
int dlctl_tty_size(int fd, int *lines);

/**
 * Makes SIGINT, SIGTERM, SIGHUP and SIGQUIT restore the terminal before they
 * end the program, at once, wherever it waits; SIGTSTP too, and SIGCONT takes
 * the screen again.
 */
void dlctl_tty_signals(void);

/** Draws over the last line of stderr, which must be a terminal; the cursor
 *  stays there. */
void dlctl_tty_line(const char *text);

/** Ends that line, so that what follows stands below it. */
void dlctl_tty_line_end(void);

/** Removes that line. */
void dlctl_tty_line_clear(void);

/** Takes stdin (keys as they come, not shown) and the whole screen of
 *  stdout. @return 0, or -1: it is no terminal */
int dlctl_tty_screen(void);

/** Gives both back. */
void dlctl_tty_screen_end(void);

/** Whether they are taken. */
int dlctl_tty_has_screen(void);

/**
 * Waits for a key.
 * @return it; 0 when @a ms are over, -1 at the end of the input
 */
int dlctl_tty_key(int ms);

/** Prints a table to stdout, cut where stdout is a terminal that ends. */
void dlctl_tty_print(const dlctl_table_t *table);

/** Waits. */
void dlctl_tty_wait(int ms);

#endif /* DLCTL_TTY_H */
