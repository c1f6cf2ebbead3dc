# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The one place where tests written in shell wait: for a condition, by a
# deadline.

# wait_until SECONDS COMMAND...: until the command succeeds; fails after
# SECONDS.
wait_until() {
    local until=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $until ] || return 1
        sleep 0.05
    done
}

# gone PID...: none of them runs any more.
gone() {
    local pid state
    for pid in "$@"; do
        state=$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$pid/status" \
            2>/dev/null)
        [ -z "$state" ] || [ "$state" = Z ] || return 1
    done
}
