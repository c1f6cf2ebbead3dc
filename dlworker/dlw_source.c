/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sources by their kind.
 */
#include "dlw_source.h"

const dlw_source_ops_t *dlw_source_of(dl_source_e kind)
{
    static const dlw_source_ops_t *const sources[] = {
        [DL_SOURCE_EXEC] = &dlw_source_exec,
        [DL_SOURCE_HTTP] = &dlw_source_http,
        [DL_SOURCE_STORE] = &dlw_source_store,
        [DL_SOURCE_SIMULATE] = &dlw_source_simulate,
    };

    if ((size_t)kind >= sizeof(sources) / sizeof(sources[0]))
        return NULL;
    return sources[kind];
}
