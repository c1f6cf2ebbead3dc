# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The stack of ./quickstart: where it lives, how it starts and ends.
# Sourced in the source tree's top folder; DIR, BASE_URL and API are its
# results. Many variables are used by name only, in fill() and stack_start().
# shellcheck disable=SC2034

# Every process is known by its pid and the time it was started at, so that a
# pid that was given to somebody else is left alone.
started_at() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # after the name in parentheses: state is field 3, start time field 22
    read -ra stat <<< "${stat##*) }"
    [ "${stat[0]}" != Z ] && echo "${stat[19]}"
}

remember() { echo "$1 $2 $(started_at "$2")" >> "$DIR/run/pids"; }

ours() { [ "$(started_at "$1")" = "$2" ]; }

stack_alive() {
    local pid start any=1
    while read -r _ pid start; do
        ours "$pid" "$start" || return 1
        any=0
    done < "$DIR/run/pids"
    return $any
}

stack_running() {
    local pid start
    [ -e "$DIR/run/pids" ] || return 1
    while read -r _ pid start; do
        ours "$pid" "$start" && return 0
    done < "$DIR/run/pids"
    return 1
}

# Ends workers first, so that they can hand back what they hold.
stack_stop() {
    local want name pid start stopped=1 until
    [ -n "${DIR:-}" ] && [ -e "$DIR/run/pids" ] || return 1
    for want in worker httpd redis; do
        while read -r name pid start; do
            [ "$name" = $want ] && ours "$pid" "$start" || continue
            kill -TERM "$pid" 2>/dev/null
            stopped=0
        done < "$DIR/run/pids"
        while read -r name pid start; do
            [ "$name" = $want ] || continue
            until=$((SECONDS + 10))
            while ours "$pid" "$start"; do
                [ $SECONDS -lt $until ] || kill -KILL "$pid" 2>/dev/null
                sleep 0.05
            done
        done < "$DIR/run/pids"
    done
    rm -f "$DIR/run/pids" "$DIR/stack.env"
    return $stopped
}

stack_logs() {
    local log
    for log in "$DIR"/log/{start,error,worker,redis}.log; do
        [ -s "$log" ] || continue
        echo "--- end of $log"
        tail -n 15 "$log"
    done
}

# as_user COMMAND...: as root, everything but httpd's first process runs as
# the user that httpd's children have.
choose_user() {
    local user
    RUN_USER=$(id -un) RUN_GROUP=$(id -gn) as_user=()
    [ "$(id -u)" = 0 ] || return 0
    for user in www-data apache httpd nobody; do
        id "$user" >/dev/null 2>&1 || continue
        RUN_USER=$user
        RUN_GROUP=$(id -gn "$user")
        as_user=(setpriv "--reuid=$user" "--regid=$RUN_GROUP"
                 --clear-groups --)
        return 0
    done
    echo "quickstart: no user for httpd: www-data and nobody are missing" >&2
    return 1
}

# Whether the run user gets into folder $1, which need not exist yet.
reachable() {
    local path=$1
    while [ ! -d "$path" ]; do path=$(dirname "$path"); done
    "${as_user[@]}" test -x "$path"
}

# stack_place DIR new|existing: sets DIR. By default it is build/quickstart;
# for a new stack with a number behind it while another one runs there, and
# in /var/tmp when the run user cannot get into the source tree.
stack_place() {
    local wanted=$1 purpose=$2 n=1 default=$TOP/build/quickstart
    choose_user || exit 1
    if [ -n "$wanted" ]; then
        DIR=$(realpath -m -- "$wanted")
    else
        reachable "$default" || default=/var/tmp/dljob-quickstart
        DIR=$default
    fi
    case $DIR in
        *[\"\\%\$\`@\&\|]*|*$'\n'*)
            echo "quickstart: $DIR: quotes and other special characters in" \
                "the path do not go into configuration files" >&2
            exit 1 ;;
    esac
    [ "$purpose" = new ] || return 0

    # The lock is held while this script runs: two that start at once differ.
    while :; do
        if ! mkdir -p "$DIR"; then
            exit 1
        fi
        if [ -n "$(ls -A "$DIR")" ] && [ ! -e "$DIR/.quickstart" ]; then
            echo "quickstart: $DIR is not empty, and no quickstart was there" \
                "before: choose another --dir" >&2
            exit 1
        fi
        [ -O "$DIR" ] || { echo "quickstart: $DIR is not yours" >&2; exit 1; }
        : >> "$DIR/.quickstart"
        exec 9< "$DIR/.quickstart"
        if flock -n 9 && ! stack_running; then break; fi
        if [ -n "$wanted" ]; then
            echo "quickstart: a stack runs in $DIR already; end it with" \
                "./quickstart --stop --dir $DIR" >&2
            exit 1
        fi
        n=$((n + 1))
        DIR=$default-$n
    done
    if ! reachable "$DIR"; then
        echo "quickstart: $RUN_USER cannot get into $DIR, choose another" \
            "--dir" >&2
        exit 1
    fi
}

# Ports below the range that the kernel hands out by itself.
some_port() { echo $((20000 + (RANDOM * 32768 + RANDOM) % 12000)); }

port_free() { ! (exec 8<> "/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# fill TEMPLATE FILE: replaces @NAME@ by the variable of that name.
fill() {
    local text name
    text=$(cat "conf/quickstart/$1")
    for name in $(grep -o '@[A-Z_]*@' "conf/quickstart/$1" | sort -u); do
        name=${name//@/}
        text=${text//"@$name@"/"${!name}"}
    done
    printf '%s\n' "$text" > "$2"
}

secret() { openssl rand -hex 32; }

stack_files() {
    local conf=$1 d
    ( cd "$DIR" && rm -rf run log conf secrets redis objects spool made www \
        bin download stack.env )
    chmod 755 "$DIR"
    for d in run log conf secrets redis objects spool made www bin; do
        mkdir "$DIR/$d" || return 1
    done
    cp build/dlworker/dlworker conf/quickstart-export "$DIR/bin/"
    cp -r web/dljob.js web/demo "$DIR/www/"

    REDIS_SOCKET=$DIR/run/redis.sock
    if [ ${#REDIS_SOCKET} -gt 100 ]; then
        # a socket's path is bounded: a folder with a short name
        REDIS_SOCKET=$(mktemp -d /tmp/dljobXXXXXX)/redis.sock
        [ ${#as_user[@]} = 0 ] ||
            chown "$RUN_USER:$RUN_GROUP" "${REDIS_SOCKET%/*}"
    fi
    ( umask 077
      REDIS_PASSWORD=$(secret)
      echo "$REDIS_PASSWORD" > "$DIR/secrets/redis"
      echo "link_key = $(secret)" > "$DIR/secrets/store" )
    fill dljob.conf.in "$DIR/conf/dljob.conf"
    if [ -n "$conf" ]; then
        { echo; echo "# from --conf"; cat -- "$conf"; } \
            >> "$DIR/conf/dljob.conf"
    fi
    if [ ${#as_user[@]} != 0 ]; then
        chown -R "$RUN_USER:$RUN_GROUP" \
            "$DIR"/{run,log,conf,secrets,redis,objects,spool,made}
    fi
}

# background NAME LOG COMMAND...: in a session of its own, so that Ctrl-C
# reaches the script only; sets started to the pid.
background() {
    local name=$1 log=$2
    shift 2
    setsid "$@" >> "$log" 2>&1 < /dev/null 9<&- &
    started=$!
    disown "$started"
    remember "$name" "$started"
}

# soon COMMAND...: until it succeeds, for 20 s, while process $started lives.
soon() {
    local until=$((SECONDS + 20))
    until "$@"; do
        started_at "$started" > /dev/null || return 1
        [ $SECONDS -lt $until ] || return 1
        sleep 0.05
    done
}

redis_answers() {
    REDISCLI_AUTH=$(cat "$DIR/secrets/redis") \
        redis-cli -s "$REDIS_SOCKET" ping 2>/dev/null | grep -q PONG
}

# The last try's pid does not stay in the list.
forget_last() { sed -i '$d' "$DIR/run/pids"; }

start_redis() {
    for _ in 1 2 3 4 5 6 7 8; do
        REDIS_PORT=$(some_port)
        port_free "$REDIS_PORT" || continue
        REDIS_PASSWORD=$(cat "$DIR/secrets/redis")
        ( umask 077; fill redis.conf.in "$DIR/conf/redis.conf" )
        [ ${#as_user[@]} = 0 ] ||
            chown "$RUN_USER:$RUN_GROUP" "$DIR/conf/redis.conf"
        background redis "$DIR/log/start.log" "${as_user[@]}" \
            redis-server "$DIR/conf/redis.conf"
        REDIS_PID=$started
        soon redis_answers && return 0
        kill -KILL "$REDIS_PID" 2>/dev/null
        forget_last
    done
    return 1
}

load_modules() {
    local modules=$1 m
    for m in mpm_event log_config logio unixd authn_core authz_core \
             authz_host alias dir env headers mime setenvif status; do
        [ -e "$modules/mod_$m.so" ] &&
            echo "LoadModule ${m}_module \"$modules/mod_$m.so\""
    done
}

# httpd answers, and finds Redis: with workers healthy, without them not.
httpd_answers() {
    local answer
    answer=$(curl -s --max-time 2 "$BASE_URL/health") || return 1
    [[ $answer =~ \"redis\":\ ?\"ok\" ]]
}

start_httpd() {
    local wanted=$1 apxs modules
    apxs=$(sed -n 's/^APXS = //p' build/Makefile)
    httpd=$(sed -n 's/^HTTPD = //p' build/Makefile)
    modules=$("$apxs" -q LIBEXECDIR)
    LOADMODULES=$(load_modules "$modules")
    MODULE=$TOP/build/.libs/mod_dljob.so
    TYPES=/etc/mime.types
    [ -e $TYPES ] || TYPES=/dev/null
    HTTPD_USER=$RUN_USER HTTPD_GROUP=$RUN_GROUP
    for _ in 1 2 3 4 5 6 7 8; do
        PORT=${wanted:-$(some_port)}
        if ! port_free "$PORT"; then
            [ -z "$wanted" ] && continue
            echo "quickstart: port $PORT is taken" >&2
            return 1
        fi
        BASE_URL=http://127.0.0.1:$PORT
        fill httpd.conf.in "$DIR/conf/httpd.conf"
        # Says what is wrong with a directive before anything is started.
        if ! "$httpd" -t -f "$DIR/conf/httpd.conf" \
                > "$DIR/log/configtest.log" 2>&1; then
            cat "$DIR/log/configtest.log" >&2
            return 1
        fi
        background httpd "$DIR/log/start.log" "$httpd" \
            -f "$DIR/conf/httpd.conf" -DFOREGROUND
        HTTPD_PID=$started
        soon httpd_answers && return 0
        stack_httpd_gone
        [ -z "$wanted" ] || return 1
    done
    return 1
}

stack_httpd_gone() {
    kill -TERM "$HTTPD_PID" 2>/dev/null
    while started_at "$HTTPD_PID" > /dev/null; do sleep 0.05; done
    forget_last
}

workers_answer() {
    curl -s --max-time 2 "$BASE_URL/health" |
        grep -Eq '"workers": ?"ok"'
}

start_workers() {
    local n=$1 i
    WORKER_PIDS=
    # httpd has checked the worker's directives too
    [ "$n" != 0 ] || return 0
    if ! "${as_user[@]}" "$DIR/bin/dlworker" -t -f "$DIR/conf/dljob.conf" \
            > "$DIR/log/worker-test.log" 2>&1; then
        cat "$DIR/log/worker-test.log" >&2
        return 1
    fi
    for ((i = 1; i <= n; i++)); do
        ( cd "$DIR/spool" || exit 1
          background worker "$DIR/log/worker.log" "${as_user[@]}" \
              "$DIR/bin/dlworker" -f "$DIR/conf/dljob.conf" -n "quick-$i"
          echo "$started" > "$DIR/run/worker.pid" ) || return 1
        started=$(cat "$DIR/run/worker.pid")
        WORKER_PIDS="$WORKER_PIDS${WORKER_PIDS:+ }$started"
    done
    rm -f "$DIR/run/worker.pid"
    soon workers_answer
}

# stack_start PORT WORKERS CONF
stack_start() {
    stack_files "$3" || return 1
    : > "$DIR/run/pids"
    start_redis || return 1
    start_httpd "$1" || return 1
    API=$BASE_URL/v1/download
    start_workers "$2" || return 1
    ( umask 077
      REDIS_URL=redis://default:$(cat "$DIR/secrets/redis")@127.0.0.1:$REDIS_PORT/0
      CONF=$DIR/conf/dljob.conf
      ERROR_LOG=$DIR/log/error.log WORKER_LOG=$DIR/log/worker.log
      for name in BASE_URL API REDIS_URL REDIS_SOCKET HTTPD_PID \
                  WORKER_PIDS REDIS_PID CONF ERROR_LOG WORKER_LOG DIR PORT; do
          printf '%s=%q\n' "$name" "${!name}"
      done > "$DIR/stack.env.tmp" )
    mv -f "$DIR/stack.env.tmp" "$DIR/stack.env"
}
