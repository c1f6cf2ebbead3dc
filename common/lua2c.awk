# SPDX-License-Identifier: Apache-2.0
#
# Turns Lua scripts into one C file: awk -f lua2c.awk FILE.lua... > out.c
#
# Each script becomes a row of dl_lua_all[] (dl_lua.h): its name (the file's,
# without folder and ending) and its text. A line "--@include lib/x.lua" is
# replaced by that file, found beside the script; once per script, so that
# files may include what they need without looking what others did. Comment
# and blank lines stay: a script's line numbers are those of its errors.

function fail(text) {
    print "lua2c.awk: " text > "/dev/stderr"
    failed = 1
    exit 1
}

function emit(line) {
    gsub(/\\/, "&&", line)
    gsub(/"/, "\\\"", line)
    print "    \"" line "\\n\""
}

function copy(path, dir, depth,    line, got, any, inner) {
    if (depth > 8)
        fail(path ": includes too deep")
    while ((got = (getline line < path)) > 0) {
        any = 1
        if (line ~ /^--@include[ \t]/) {
            inner = line
            sub(/^--@include[ \t]+/, "", inner)
            sub(/[ \t\r]+$/, "", inner)
            if (!((script, inner) in seen)) {
                seen[script, inner] = 1
                copy(dir inner, dir, depth + 1)
            }
        } else {
            emit(line)
        }
    }
    if (got < 0 || !any)
        fail(path ": cannot be read, or is empty")
    close(path)
}

BEGIN {
    print "/* Made from the Lua scripts by lua2c.awk: do not edit. */"
    print "#include <stddef.h>"
    print "#include \"dl_lua.h\"\n"
    for (i = 1; i < ARGC; i++) {
        script = ARGV[i]
        dir = script
        sub(/[^\/]*$/, "", dir)
        name[i] = substr(script, length(dir) + 1)
        sub(/\.lua$/, "", name[i])
        if (name[i] !~ /^[a-z][a-z0-9_]*$/)
            fail(script ": not a name for a script")
        print "static const char text_" name[i] "[] ="
        copy(script, dir, 0)
        print "    ;\n"
    }
    print "const dl_lua_t dl_lua_all[] = {"
    for (i = 1; i < ARGC; i++)
        print "    {\"" name[i] "\", text_" name[i] \
              ", sizeof(text_" name[i] ") - 1},"
    print "    {NULL, NULL, 0}\n};"
    exit 0
}

END {
    if (failed)
        exit 1
}
