# SPDX-License-Identifier: Apache-2.0
#
# Programs for measuring: built by name only ("make bench/redis-cpu").

EXTRA_PROGRAMS += bench/redis-cpu
CLEANFILES += bench/redis-cpu
bench_redis_cpu_SOURCES = bench/redis-cpu.c
bench_redis_cpu_LDADD = common/libdlcommon.la
