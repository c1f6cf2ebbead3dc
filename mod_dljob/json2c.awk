# SPDX-License-Identifier: Apache-2.0
#
# Turns a JSON file into a C string: awk -v name=NAME -f json2c.awk FILE
#
# Defines const char NAME[] and const size_t NAME_len. Indentation is left
# out (a JSON string has no line break), the rest stays as it is.

BEGIN {
    print "/* Made by json2c.awk: do not edit. */"
    print "#include <stddef.h>"
    print "#include \"dljob_openapi.h\"\n"
    print "const char " name "[] ="
}

{
    sub(/^[ ]+/, "")
    gsub(/\\/, "&&")
    gsub(/"/, "\\\"")
    # no trigraphs, whatever the compiler thinks of them
    gsub(/\?\?/, "?\" \"?")
    print "    \"" $0 "\\n\""
}

END {
    print "    ;\n"
    print "const size_t " name "_len = sizeof(" name ") - 1;"
}
