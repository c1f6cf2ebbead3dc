/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds of archives.
 */
#include "dl_bundle.h"

#include <string.h>

static const struct {
    const char *name;
    const char *content_type;
} kinds[] = {
    [DL_BUNDLE_NONE] = {"", NULL},
    [DL_BUNDLE_ZIP] = {"zip", "application/zip"},
    [DL_BUNDLE_TAR] = {"tar", "application/x-tar"},
};

const char *dl_bundle_name(dl_bundle_e bundle)
{
    return kinds[bundle].name;
}

const char *dl_bundle_content_type(dl_bundle_e bundle)
{
    return kinds[bundle].content_type;
}

dl_bundle_e dl_bundle_parse(const char *name, apr_size_t len)
{
    for (int i = DL_BUNDLE_ZIP; i <= DL_BUNDLE_TAR; i++)
        if (strlen(kinds[i].name) == len
            && memcmp(kinds[i].name, name, len) == 0)
            return (dl_bundle_e)i;
    return DL_BUNDLE_NONE;
}

dl_bundle_e dl_bundle_of_set(const char *set)
{
    const char *colon = set ? strchr(set, ':') : NULL;

    return colon ? dl_bundle_parse(set, (apr_size_t)(colon - set))
                 : DL_BUNDLE_NONE;
}
