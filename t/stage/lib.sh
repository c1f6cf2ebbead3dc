# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For the stages written in bash: counts checks and prints the last line.
#
#   . "$(dirname "$0")/lib.sh"
#   check "what holds" command args...
#   finish
#
# run-tests sets TOP (source), BUILD (build tree) and LOGS. By hand, a stage
# finds them itself.

set -u
TOP=${TOP:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
BUILD=${BUILD:-$TOP/build}
LOGS=${LOGS:-$BUILD/test-logs}
export TOP BUILD LOGS
mkdir -p "$LOGS"
cd "$TOP" || exit 1

passed=0
failed=0

# pass TEXT / fail TEXT: count one check by hand.
pass() { passed=$((passed + 1)); echo "ok - $1"; }
fail() { failed=$((failed + 1)); echo "not ok - $1"; }

# check TEXT COMMAND...: one check, passed when the command succeeds.
check() {
    local text=$1
    shift
    if "$@"; then pass "$text"; else fail "$text"; fi
}

# not_run WHAT WHY: a part that this machine cannot run; run-tests says so once
# more at its end.
not_run() { echo "# not run: $1: $2"; }

# count_from FILE: adds the counts of FILE's last "# N passed, N failed".
count_from() {
    local line p f
    line=$(grep -E '^# [0-9]+ passed, [0-9]+ failed$' "$1" | tail -1)
    if [ -z "$line" ]; then fail "$1: no count"; return 1; fi
    read -r _ p _ f _ <<< "$line"
    passed=$((passed + p))
    failed=$((failed + f))
    [ "$f" = 0 ]
}

# run_fault PATH: one test of t/fault, its output in $LOGS; what failed and
# what it has to say beside its checks is shown.
run_fault() {
    local name=${1##*/} log
    log=$LOGS/$name.log
    # what the first try said is kept
    [ "${DLJOB_TEST_TRY:-0}" = 0 ] || log=$LOGS/$name.again.log
    echo "== $name"
    "$1" > "$log" 2>&1
    grep -v '^ok' "$log"
    count_from "$log"
}

# finish: the line run-tests reads, and the matching exit status.
finish() {
    echo "# $passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" != 0 ]
    exit
}
