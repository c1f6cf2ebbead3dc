/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A progress bar; see dlctl_bar.h.
 */
#include "dlctl_bar.h"

#include <string.h>

#include <apr_strings.h>

#include "dlctl_text.h"

#define BAR_MAX 40
#define BAR_MIN 10
#define FIXED 9                 /* " [", "] ", "100%", " " */

const char *dlctl_bar(const char *label, int percent, const char *note,
                      int width, apr_pool_t *p)
{
    int room = width - 1, bar, full;
    char cells[BAR_MAX + 1];

    label = dlctl_text_cut(dlctl_text_safe(label, p), room / 3, p);
    note = dlctl_text_safe(note, p);
    percent = percent < 0 ? 0 : percent > 100 ? 100 : percent;
    bar = room - FIXED - dlctl_text_width(label) - dlctl_text_width(note);
    bar = bar > BAR_MAX ? BAR_MAX : bar < BAR_MIN ? BAR_MIN : bar;
    full = bar * percent / 100;
    memset(cells, ' ', sizeof(cells));
    memset(cells, '=', full);
    if (full < bar)
        cells[full] = '>';
    cells[bar] = '\0';
    return dlctl_text_cut(apr_psprintf(p, "%s [%s] %3d%% %s", label, cells,
                                       percent, note), room, p);
}
