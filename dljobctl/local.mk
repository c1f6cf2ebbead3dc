# SPDX-License-Identifier: Apache-2.0
#
# The operator's program. All but main is in libdljobctl.la, which the unit
# tests link too.

noinst_LTLIBRARIES += dljobctl/libdljobctl.la
dljobctl_libdljobctl_la_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) \
	-I$(top_srcdir)/dljobctl
dljobctl_libdljobctl_la_LIBADD = common/libdlcommon.la $(CURL_LIBS)
dljobctl_libdljobctl_la_SOURCES =
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl.h
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_args.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_args.h
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_bar.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_bar.h
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_commands.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_commands.h
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_dead.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_doctor.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_doctor.h
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_doctor_conf.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_doctor_local.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_doctor_redis.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_doctor_rights.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_doctor_store.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_doctor_work.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_error.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_error.h
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_fetch.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_fetch.h
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_help.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_json.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_json.h
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_list.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_output.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_output.h
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_pages.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_pages.h
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_overview.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_overview.h
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_part.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_part.h
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_queue.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_show.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_show.h
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_show_text.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_stats.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_submit.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_table.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_table.h
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_text.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_text.h
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_top.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_tty.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_tty.h
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_wait.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_watch.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_watch.h
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_webhooks.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_worker.c
dljobctl_libdljobctl_la_SOURCES += dljobctl/dlctl_worker.h

bin_PROGRAMS += dljobctl/dljobctl
dljobctl_dljobctl_CPPFLAGS = $(dljobctl_libdljobctl_la_CPPFLAGS)
dljobctl_dljobctl_LDADD = dljobctl/libdljobctl.la common/libdlcommon.la
dljobctl_dljobctl_SOURCES = dljobctl/dlctl_main.c
