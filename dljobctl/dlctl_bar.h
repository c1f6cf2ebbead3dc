/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A progress bar as one line of text. Pure.
 */
#ifndef DLCTL_BAR_H
#define DLCTL_BAR_H

#include <apr_pools.h>

/**
 * "70000 [=======>            ]  35% processing".
 * @param label    before the bar; cut to a third of the width
 * @param percent  0 to 100, others count as the nearer end
 * @param note     behind it; what does not fit is cut
 * @param width    columns of the terminal; the line is shorter by one, so
 *                 that the cursor stays on it
 */
const char *dlctl_bar(const char *label, int percent, const char *note,
                      int width, apr_pool_t *p);

#endif /* DLCTL_BAR_H */
