# SPDX-License-Identifier: Apache-2.0
#
# The worker. What can be tested without a process of its own is in
# libdlworker.la, which the unit tests link too; dlw_main.c is the rest.

noinst_LTLIBRARIES += dlworker/libdlworker.la
dlworker_libdlworker_la_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) \
	-I$(top_srcdir)/dlworker
dlworker_libdlworker_la_LIBADD = common/libdlcommon.la $(CURL_LIBS)
dlworker_libdlworker_la_SOURCES =
dlworker_libdlworker_la_SOURCES += dlworker/dlw_attempt.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_attempt.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_children.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_children.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_exec_args.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_exec_args.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_exec_lines.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_exec_lines.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_exec_status.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_exec_status.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_rundir.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_rundir.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_source_exec.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_source_simulate.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_warden.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_warden.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_audit.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_beat.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_checks.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_checks.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_claim.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_control.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_life.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_link.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_link.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_log.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_log.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_notify.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_notify.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_redis.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_redis.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_settings.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_settings.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_settle.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_slots.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_source.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_task.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_task.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_worker.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_worker.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_clock.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_clock.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_loop.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_options.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_options.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_source.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_spool.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_spool.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_store.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_curl.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_curl.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_disk.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_disk.h
dlworker_libdlworker_la_SOURCES += dlworker/dlw_store.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_store_evict.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_store_file.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_store_io.c
dlworker_libdlworker_la_SOURCES += dlworker/dlw_store_io.h

sbin_PROGRAMS += dlworker/dlworker
dlworker_dlworker_CPPFLAGS = $(dlworker_libdlworker_la_CPPFLAGS)
dlworker_dlworker_LDADD = dlworker/libdlworker.la common/libdlcommon.la
dlworker_dlworker_SOURCES =
dlworker_dlworker_SOURCES += dlworker/dlw_main.c
