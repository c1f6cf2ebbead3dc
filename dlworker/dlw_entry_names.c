/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry names; see dlw_entry_names.h.
 */
#include "dlw_entry_names.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "dl_disposition.h"

/* What Windows opens instead of a file, whatever the extension. */
static int is_device(const char *name)
{
    static const char *const devices[] = {"con", "prn", "aux", "nul"};
    size_t len = strcspn(name, ".");

    for (int i = 0; i < 4; i++)
        if (len == 3 && strncasecmp(name, devices[i], 3) == 0)
            return 1;
    return len == 4 && name[3] >= '0' && name[3] <= '9'
           && (strncasecmp(name, "com", 3) == 0
               || strncasecmp(name, "lpt", 3) == 0);
}

static const char *harmless(const char *filename, apr_int64_t file_id,
                            apr_pool_t *p)
{
    const char *clean = dl_filename_clean(filename, p);
    char *name = clean ? apr_pstrdup(p, clean) : NULL;
    size_t len = name ? strlen(name) : 0;

    while (len > 0 && (name[len - 1] == '.' || name[len - 1] == ' '))
        name[--len] = '\0';
    if (len == 0)
        return apr_psprintf(p, "%" APR_INT64_T_FMT, file_id);
    for (char *c = name; *c; c++)
        if (strchr("<>:\"|?*", *c))
            *c = '_';
    return is_device(name) ? apr_pstrcat(p, "_", name, NULL) : name;
}

/** @return 1: nobody has had it, and now it is taken */
static int take(dlw_entry_names_t *names, const char *name)
{
    char *lower = apr_pstrdup(names->pool, name);

    for (char *c = lower; *c; c++)
        *c = (char)apr_tolower(*c);
    if (apr_hash_get(names->taken, lower, APR_HASH_KEY_STRING))
        return 0;
    apr_hash_set(names->taken, lower, APR_HASH_KEY_STRING, lower);
    return 1;
}

void dlw_entry_names_init(dlw_entry_names_t *names, apr_pool_t *p)
{
    names->pool = p;
    names->taken = apr_hash_make(p);
    take(names, DLW_ENTRY_MANIFEST);
}

const char *dlw_entry_name(dlw_entry_names_t *names, const char *filename,
                           apr_int64_t file_id)
{
    apr_pool_t *p = names->pool;
    const char *name = harmless(filename, file_id, p), *first = name;
    const char *dot = strrchr(name, '.');
    int stem = (int)(dot && dot > name ? dot - name : (long)strlen(name));

    for (int n = 1; !take(names, name); n++) {
        const char *again = n > 1 ? apr_psprintf(p, "-%d", n) : "";

        name = apr_psprintf(p, "%.*s-%" APR_INT64_T_FMT "%s%s", stem, first,
                            file_id, again, first + stem);
    }
    return name;
}
