/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts of the Lua scripts, as lua2c.awk compiled them in.
 *
 * dl_script.c puts a head of constants before them; nobody else needs this.
 */
#ifndef DL_LUA_H
#define DL_LUA_H

#include <stddef.h>

typedef struct dl_lua_t {
    const char *name;           /**< file name without folder and ending */
    const char *text;           /**< includes resolved, NUL-terminated */
    size_t len;                 /**< of text, without the NUL */
} dl_lua_t;

/** All scripts in the order of common/local.mk; ends with a NULL name. */
extern const dl_lua_t dl_lua_all[];

#endif /* DL_LUA_H */
