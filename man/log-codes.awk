# SPDX-License-Identifier: Apache-2.0
#
# Fills a manual page: a line "@log-codes 01 02 05@" becomes the codes DL01xx,
# DL02xx and DL05xx of log-codes.tsv with message and remedy, and @VERSION@
# the version.
#
#   awk -v version=V -f log-codes.awk log-codes.tsv page.8.in

function plain(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    gsub(/'/, "\\(aq", text)
    sub(/^\./, "\\\\\\&.", text)
    return text
}

function put_codes(ranges,    i, code) {
    for (i = 1; i <= n; i++) {
        code = codes[i]
        if (index(ranges " ", " " substr(code, 3, 2) " "))
            printf ".TP\n.BR %s \" (%s)\"\n%s.\n.br\n%s.\n", code,
                level[code], plain(message[code]), plain(remedy[code])
    }
}

FNR == 1 { file++ }
file == 1 && !/^#/ && NF {
    split($0, column, "\t")
    codes[++n] = column[1]
    level[column[1]] = column[2]
    message[column[1]] = column[3]
    remedy[column[1]] = column[4]
}
file == 2 && /^@log-codes .*@$/ {
    ranges = $0
    sub(/^@log-codes/, "", ranges)
    sub(/@$/, "", ranges)
    put_codes(ranges)
    next
}
file == 2 { gsub(/@VERSION@/, version); print }
