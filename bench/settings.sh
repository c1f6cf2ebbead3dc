# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What both programs of a benchmark read: every limit off.

# write_settings DIR REDIS_PORT
write_settings() {
    local source='simulate 0ms 0ms'
    [ "${BENCH_SOURCE:-simulate}" = simulate ] || source=$BENCH_SOURCE
    mkdir -p "$1/objects/files" "$1/spool" "$1/static"
    [ "$(id -u)" != 0 ] || chmod 755 "$1"
    (umask 077; echo "link_key = benchmark-benchmark-benchmark" > "$1/secret")
    cat > "$1/dljob.conf" <<END
DLJobRedis redis://127.0.0.1:$2
DLJobStore file:$1/objects
DLJobCredentials $1/secret
DLJobRateLimit off
DLJobMaxActive off
DLJobMaxQueue off
DLJobRate off
DLJobSource $source
DLJobSpool $1/spool
DLJobWorkerLog $1/worker.log
END
}
