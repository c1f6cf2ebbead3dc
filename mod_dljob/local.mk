# SPDX-License-Identifier: Apache-2.0
#
# The httpd module: a DSO that exports its module record and nothing else.

if HAVE_APXS
apache_module_LTLIBRARIES = mod_dljob.la
mod_dljob_la_CPPFLAGS = $(AM_CPPFLAGS) $(APXS_INCLUDES) $(CURL_CFLAGS) \
	-I$(top_srcdir)/mod_dljob
mod_dljob_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared \
	-export-symbols-regex '^dljob_module$$'
mod_dljob_la_LIBADD = common/libdlcommon.la $(CURL_LIBS)

mod_dljob_la_SOURCES =
mod_dljob_la_SOURCES += mod_dljob/mod_dljob.c
mod_dljob_la_SOURCES += mod_dljob/dljob_config.c
mod_dljob_la_SOURCES += mod_dljob/dljob_config.h
mod_dljob_la_SOURCES += mod_dljob/dljob.h
mod_dljob_la_SOURCES += mod_dljob/dljob_admit.c
mod_dljob_la_SOURCES += mod_dljob/dljob_admit.h
mod_dljob_la_SOURCES += mod_dljob/dljob_args.c
mod_dljob_la_SOURCES += mod_dljob/dljob_args.h
mod_dljob_la_SOURCES += mod_dljob/dljob_base.c
mod_dljob_la_SOURCES += mod_dljob/dljob_base.h
mod_dljob_la_SOURCES += mod_dljob/dljob_body.c
mod_dljob_la_SOURCES += mod_dljob/dljob_body.h
mod_dljob_la_SOURCES += mod_dljob/dljob_cancel.c
mod_dljob_la_SOURCES += mod_dljob/dljob_check.c
mod_dljob_la_SOURCES += mod_dljob/dljob_conn.c
mod_dljob_la_SOURCES += mod_dljob/dljob_conn.h
mod_dljob_la_SOURCES += mod_dljob/dljob_counts.c
mod_dljob_la_SOURCES += mod_dljob/dljob_counts.h
mod_dljob_la_SOURCES += mod_dljob/dljob_dwell.c
mod_dljob_la_SOURCES += mod_dljob/dljob_dwell.h
mod_dljob_la_SOURCES += mod_dljob/dljob_errors.c
mod_dljob_la_SOURCES += mod_dljob/dljob_errors.h
mod_dljob_la_SOURCES += mod_dljob/dljob_handler.c
mod_dljob_la_SOURCES += mod_dljob/dljob_handler.h
mod_dljob_la_SOURCES += mod_dljob/dljob_health.c
mod_dljob_la_SOURCES += mod_dljob/dljob_initiate.c
mod_dljob_la_SOURCES += mod_dljob/dljob_metrics.c
mod_dljob_la_SOURCES += mod_dljob/dljob_metrics.h
mod_dljob_la_SOURCES += mod_dljob/dljob_job.c
mod_dljob_la_SOURCES += mod_dljob/dljob_job.h
mod_dljob_la_SOURCES += mod_dljob/dljob_list.c
mod_dljob_la_SOURCES += mod_dljob/dljob_log.c
mod_dljob_la_SOURCES += mod_dljob/dljob_log.h
mod_dljob_la_SOURCES += mod_dljob/dljob_object.c
mod_dljob_la_SOURCES += mod_dljob/dljob_openapi.c
mod_dljob_la_SOURCES += mod_dljob/dljob_keys.c
mod_dljob_la_SOURCES += mod_dljob/dljob_keys.h
mod_dljob_la_SOURCES += mod_dljob/dljob_probe.c
mod_dljob_la_SOURCES += mod_dljob/dljob_probe.h
mod_dljob_la_SOURCES += mod_dljob/dljob_there.c
mod_dljob_la_SOURCES += mod_dljob/dljob_there.h
mod_dljob_la_SOURCES += mod_dljob/dljob_recent.c
mod_dljob_la_SOURCES += mod_dljob/dljob_recent.h
mod_dljob_la_SOURCES += mod_dljob/dljob_redis.c
mod_dljob_la_SOURCES += mod_dljob/dljob_redis.h
mod_dljob_la_SOURCES += mod_dljob/dljob_respond.c
mod_dljob_la_SOURCES += mod_dljob/dljob_respond.h
mod_dljob_la_SOURCES += mod_dljob/dljob_result.c
mod_dljob_la_SOURCES += mod_dljob/dljob_start.c
mod_dljob_la_SOURCES += mod_dljob/dljob_status.c
mod_dljob_la_SOURCES += mod_dljob/dljob_user.c
mod_dljob_la_SOURCES += mod_dljob/dljob_user.h

# Streams: hub, parked connections, waiting requests.
mod_dljob_la_SOURCES += mod_dljob/dljob_block.c
mod_dljob_la_SOURCES += mod_dljob/dljob_block.h
mod_dljob_la_SOURCES += mod_dljob/dljob_cap.c
mod_dljob_la_SOURCES += mod_dljob/dljob_cap.h
mod_dljob_la_SOURCES += mod_dljob/dljob_feed.c
mod_dljob_la_SOURCES += mod_dljob/dljob_feed.h
mod_dljob_la_SOURCES += mod_dljob/dljob_feed_int.h
mod_dljob_la_SOURCES += mod_dljob/dljob_hub.c
mod_dljob_la_SOURCES += mod_dljob/dljob_hub.h
mod_dljob_la_SOURCES += mod_dljob/dljob_link.c
mod_dljob_la_SOURCES += mod_dljob/dljob_link.h
mod_dljob_la_SOURCES += mod_dljob/dljob_park.c
mod_dljob_la_SOURCES += mod_dljob/dljob_park.h
mod_dljob_la_SOURCES += mod_dljob/dljob_reader.c
mod_dljob_la_SOURCES += mod_dljob/dljob_status_page.c
mod_dljob_la_SOURCES += mod_dljob/dljob_status_page.h
mod_dljob_la_SOURCES += mod_dljob/dljob_stream.c
mod_dljob_la_SOURCES += mod_dljob/dljob_stream.h
mod_dljob_la_SOURCES += mod_dljob/dljob_stream_routes.c
mod_dljob_la_SOURCES += mod_dljob/dljob_streams.c
mod_dljob_la_SOURCES += mod_dljob/dljob_streams.h
mod_dljob_la_SOURCES += mod_dljob/dljob_topic.c
mod_dljob_la_SOURCES += mod_dljob/dljob_topic.h
mod_dljob_la_SOURCES += mod_dljob/dljob_wait.c
mod_dljob_la_SOURCES += mod_dljob/dljob_wait.h

# openapi.json as a string.
mod_dljob_la_SOURCES += mod_dljob/dljob_openapi.h
nodist_mod_dljob_la_SOURCES = mod_dljob/dljob_openapi_gen.c
BUILT_SOURCES += mod_dljob/dljob_openapi_gen.c
CLEANFILES += mod_dljob/dljob_openapi_gen.c

mod_dljob/dljob_openapi_gen.c: mod_dljob/json2c.awk mod_dljob/openapi.json
	$(AM_V_GEN)$(MKDIR_P) mod_dljob && $(AWK) -v name=dljob_openapi \
	  -f $(srcdir)/mod_dljob/json2c.awk $(srcdir)/mod_dljob/openapi.json \
	  > $@.tmp && mv -f $@.tmp $@

# httpd loads mod_dljob.so; nobody links against the module.
INSTALL_HOOKS += install-module-hook
install-module-hook:
	rm -f $(DESTDIR)$(apache_moduledir)/mod_dljob.la

UNINSTALL_HOOKS += uninstall-module-hook
uninstall-module-hook:
	rm -f $(DESTDIR)$(apache_moduledir)/mod_dljob.so
endif

EXTRA_DIST += mod_dljob/json2c.awk mod_dljob/openapi.json
