# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For the tests of the installed packages, each a script that counts checks.
# They change the machine they run on.

set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$top/t/lib/wait.sh"
export DEBIAN_FRONTEND=noninteractive
packages=(dljob-tools dlworker libapache2-mod-dljob)
# shellcheck disable=SC2034
api=http://localhost/v1/download
# shellcheck disable=SC2034
ann=(curl -s -S -u ann:secret -H 'Content-Type: application/json')
work=${AUTOPKGTEST_TMP:-$(mktemp -d)}
passed=0
failed=0

pass() { passed=$((passed + 1)); echo "ok - $1"; }
fail() { failed=$((failed + 1)); echo "not ok - $1"; }

# check TEXT COMMAND...: what it prints is shown when it fails.
check() {
    local text=$1
    shift
    if "$@" > "$work/said" 2>&1; then
        pass "$text"
    else
        fail "$text"
        tail -n 25 "$work/said"
    fi
}

# not COMMAND...
not() { ! "$@"; }

finish() {
    [ "$failed" = 0 ] || journalctl --no-pager -n 40 -u dlworker -u apache2
    echo "# $passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" != 0 ]
    exit
}

# fetch_packages DIR: the packages under test, as files.
fetch_packages() {
    mkdir -p "$1"
    (cd "$1" && apt-get -qq -o APT::Sandbox::User=root download \
        "${packages[@]}")
}

# serve: as README has it, unless that was done before.
serve() {
    systemctl --quiet is-active dlworker && return
    fetch_packages "$work/guide"
    (cd "$work/guide" && "$top/t/tools/guide" "$top/README.md" > guide.sh &&
        bash guide.sh) > "$work/guide.log" 2>&1 || {
        tail -n 25 "$work/guide.log"
        fail "README's guide"
        finish
    }
}

# field NAME < JSON: the first string or number of that name.
field() {
    echo "$(sed -n 's/.*"'"$1"'":"\?\([^",}]*\).*/\1/p' | head -n 1)"
}

# submit FILE-ID: prints the id of the job.
submit() {
    "${ann[@]}" -d "{\"file_id\":$1}" "$api/initiate" | field jobId
}

status_of() { "${ann[@]}" "$api/status/$1" | field status; }
is_status() { [ "$(status_of "$1")" = "$2" ]; }

# downloads JOB-ID: its file comes and has the sum that the job tells.
downloads() {
    local sum
    sum=$("${ann[@]}" "$api/status/$1" | field sha256)
    [ -n "$sum" ] &&
        [ "$("${ann[@]}" -L "$api/$1" | sha256sum | cut -d' ' -f1)" = "$sum" ]
}
