# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# The lanes of ./run-tests: which stage runs next and where, and how it has
# ended. run-tests sets STAGES, LOGS, jobs and waiting (stages not yet begun).

declare -A name_of=()       # process that leads a stage's session -> stage
declare -A lane_of=()       # the same -> lane, 1 and up
declare -A began_of=()      # the same -> $SECONDS when it began
declare -A kind_of=()       # stage -> see know_kind
declare -A try_of=()        # stage -> how often it has been run again

# said STAGE PATTERN: the first match's group in the head of a stage.
said() {
    sed -n "20q; s,^[#/ ]*$2,\\1,p" "$STAGES/$1" | head -n 1
}

# know_kind STAGE: computes, or waits or alone where its head says so.
know_kind() {
    kind_of[$1]=$(said "$1" '\(waits\|alone\)$')
    : "${kind_of[$1]:=computes}"
}

limit_of() {
    local limit
    limit=$(said "$1" 'time limit: \([0-9]*\).*')
    echo "${limit:-900}"
}

# pick LANE: takes the stage that this lane runs next out of waiting, into
# name. Lane 1 prefers what computes, the others what waits. One that is out of
# these helps the other from its end, so that a long stage is not the last to
# begin. What wants to be alone comes last. One lane keeps to the order of the
# names.
pick() {
    local i n best='' rank best_rank=9 want=waits
    [ "$1" != 1 ] || want=computes
    for i in "${!waiting[@]}"; do
        n=${waiting[i]}
        [ -n "${kind_of[$n]:-}" ] || know_kind "$n"
        case ${kind_of[$n]} in
            alone) rank=3 ;;
            "$want") rank=1 ;;
            *) rank=2 ;;
        esac
        [ "$jobs" != 1 ] || rank=1
        [ $rank -lt $best_rank ] || [ $rank$best_rank = 22 ] || continue
        [ $rank != 3 ] || [ ${#name_of[@]} = 0 ] || continue
        best=$i best_rank=$rank
        [ $rank != 1 ] || break
    done
    [ -n "$best" ] || return 1
    name=${waiting[best]}
    unset "waiting[best]"
}

# fill_lanes: starts what may run now.
fill_lanes() {
    local lane name
    for ((lane = 1; lane <= jobs; lane++)); do
        [[ " ${lane_of[*]} " != *" $lane "* ]] || continue
        pick "$lane" || continue
        try_of[$name]=0
        start_stage "$lane" "$name"
    done
}

# start_stage LANE NAME: in a session of its own, its output into its log. All
# its processes can be told by DLJOB_TEST_STAGE in their environment, and the
# lane's number keeps ports of two lanes apart.
start_stage() {
    local lane=$1 name=$2 pid
    DLJOB_TEST_STAGE="$name.$$" DLJOB_TEST_LANE=$lane/$jobs \
        DLJOB_TEST_TRY=${try_of[$name]} \
        setsid --wait timeout --kill-after=15 "$(limit_of "$name")" \
        "$STAGES/$name" > "$LOGS/$name.log" 2>&1 < /dev/null &
    pid=$!
    name_of[$pid]=$name lane_of[$pid]=$lane began_of[$pid]=$SECONDS
}

# Processes that the stage NAME with the session SID has left behind:
# leftovers NAME SID. A zombie is nobody's work.
leftovers() {
    local pid state
    { ps -o pid= --sid "$2" 2>/dev/null
      grep -lsaz "^DLJOB_TEST_STAGE=$1\\.$$\$" /proc/[0-9]*/environ \
          2>/dev/null | cut -d/ -f3
    } | tr -d ' ' | sort -un | while read -r pid; do
        state=$(ps -o state= -p "$pid" 2>/dev/null)
        [ -n "$state" ] && [ "${state# }" != Z ] && echo "$pid"
    done
}

none_left() { left=$(leftovers "$@"); [ -z "$left" ]; }

# CPU in ticks of the stages that have ended, without what went its own way
# (daemons).
cpu_ticks() {
    local fields
    read -r -a fields < "/proc/$$/stat"
    echo $((fields[15] + fields[16]))
}

# reap_stage: waits until a stage ends; sets name, lane, stage_passed,
# stage_failed, took_s and cpu_s.
reap_stage() {
    local pid='' rc before line left=''
    before=$(cpu_ticks)
    wait -n -p pid "${!name_of[@]}"
    rc=$?
    name=${name_of[$pid]} lane=${lane_of[$pid]}
    took_s=$((SECONDS - began_of[$pid]))
    cpu_s=$((($(cpu_ticks) - before) / $(getconf CLK_TCK)))
    local log=$LOGS/$name.log
    # What is just ending gets two seconds to do so.
    wait_until 2 none_left "$name" "$pid"
    unset "name_of[$pid]" "lane_of[$pid]" "began_of[$pid]"
    line=$(tail -n 1 "$log")
    if [[ $line =~ ^#\ ([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        stage_passed=${BASH_REMATCH[1]} stage_failed=${BASH_REMATCH[2]}
        if [ $rc != 0 ] && [ "$stage_failed" = 0 ]; then
            echo "exit status $rc, though no check failed" >> "$log"
            stage_failed=1
        fi
        [ "$stage_passed" != 0 ] || [ "$stage_failed" != 0 ] ||
            stage_failed=1
    else
        [ $rc = 124 ] &&
            echo "time limit of $(limit_of "$name") s" >> "$log"
        echo "died without its count line, exit status $rc" >> "$log"
        stage_passed=0 stage_failed=1
    fi
    if [ -n "$left" ]; then
        echo "left running, ended now:" >> "$log"
        for pid in $left; do
            ps -o pid=,args= -p "$pid" >> "$log" 2>/dev/null
            kill -KILL "$pid" 2>/dev/null
        done
        stage_failed=$((stage_failed + 1))
    fi
}

# tell_stage NAME: what came of it, and the end of its log when that is bad.
tell_stage() {
    printf '%-24s %4d passed, %d failed  (%d s, CPU %d s)\n' "$1" \
        "$stage_passed" "$stage_failed" "$took_s" "$cpu_s"
    [ "$stage_failed" != 0 ] || return 0
    echo "--- end of build/test-logs/$1.log"
    grep -E '^not ok|^FAIL|:[FE]:' "$LOGS/$1.log" | head -n 20
    grep -vE '^ok ' "$LOGS/$1.log" | tail -n 50
    echo "---"
}

# kill_left NAME SID: kills what a stage has left behind; fails as long as
# there was something.
kill_left() {
    local left
    none_left "$@" && return 0
    # shellcheck disable=SC2086
    kill -KILL $left 2>/dev/null
    return 1
}

# end_stages: ends what runs and waits for it, kills what stays.
end_stages() {
    local pid
    for pid in "${!name_of[@]}"; do
        # its session may just be about to begin
        kill -TERM -- "-$pid" 2>/dev/null || kill -TERM "$pid" 2>/dev/null
    done
    for pid in "${!name_of[@]}"; do
        wait "$pid"
        wait_until 5 kill_left "${name_of[$pid]}" "$pid"
    done
    name_of=() lane_of=() began_of=()
}
