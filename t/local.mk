# SPDX-License-Identifier: Apache-2.0
#
# "make check" runs the unit tests; ./run-tests runs everything.

if HAVE_CHECK
check_PROGRAMS += t/unit/check_all
TESTS += t/unit/check_all
t_unit_check_all_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(CHECK_CFLAGS) \
	-I$(top_srcdir)/dlworker -I$(top_srcdir)/mod_dljob \
	-I$(top_srcdir)/dljobctl -I$(top_srcdir)/t/unit \
	-DDL_TEST_SRCDIR='"$(abs_top_srcdir)"'
t_unit_check_all_LDADD = dlworker/libdlworker.la dljobctl/libdljobctl.la \
	common/libdlcommon.la $(CHECK_LIBS)

t_unit_check_all_SOURCES =
t_unit_check_all_SOURCES += t/unit/main.c
t_unit_check_all_SOURCES += t/unit/suites.h
t_unit_check_all_SOURCES += t/unit/engine_bed.c
t_unit_check_all_SOURCES += t/unit/engine_bed.h
t_unit_check_all_SOURCES += t/unit/test_script_admit.c
t_unit_check_all_SOURCES += t/unit/test_job.c
t_unit_check_all_SOURCES += t/unit/test_ops.c
t_unit_check_all_SOURCES += t/unit/test_metrics.c
t_unit_check_all_SOURCES += t/unit/test_script_bounds.c
t_unit_check_all_SOURCES += t/unit/test_script_bundle.c
t_unit_check_all_SOURCES += t/unit/test_script_callbacks.c
t_unit_check_all_SOURCES += t/unit/test_script_cancel.c
t_unit_check_all_SOURCES += t/unit/test_script_claim.c
t_unit_check_all_SOURCES += t/unit/test_script_flow.c
t_unit_check_all_SOURCES += t/unit/test_script_forget.c
t_unit_check_all_SOURCES += t/unit/test_script_limits.c
t_unit_check_all_SOURCES += t/unit/test_script_random.c
t_unit_check_all_SOURCES += t/unit/test_script_settle.c
t_unit_check_all_SOURCES += t/unit/redis_fixture.c
t_unit_check_all_SOURCES += t/unit/redis_fixture.h
t_unit_check_all_SOURCES += t/unit/redis_server.c
t_unit_check_all_SOURCES += t/unit/redis_server.h
t_unit_check_all_SOURCES += t/unit/wait.c
t_unit_check_all_SOURCES += t/unit/wait.h
t_unit_check_all_SOURCES += t/unit/test_log.c
t_unit_check_all_SOURCES += t/unit/test_lua.c
t_unit_check_all_SOURCES += t/unit/test_redis_fixture.c
t_unit_check_all_SOURCES += t/unit/test_redis_faults.c
t_unit_check_all_SOURCES += t/unit/test_redis_pool.c
t_unit_check_all_SOURCES += t/unit/test_redis_url.c
t_unit_check_all_SOURCES += t/unit/test_reply.c
t_unit_check_all_SOURCES += t/unit/test_disposition.c
t_unit_check_all_SOURCES += t/unit/test_link.c
t_unit_check_all_SOURCES += t/unit/test_sigv4.c
t_unit_check_all_SOURCES += t/unit/test_store.c
t_unit_check_all_SOURCES += t/unit/test_dlw_store_file.c
t_unit_check_all_SOURCES += t/unit/test_dlw_s3.c
t_unit_check_all_SOURCES += t/unit/test_dlw_archive.c
t_unit_check_all_SOURCES += t/unit/test_dlw_entry_names.c
t_unit_check_all_SOURCES += t/unit/test_dlw_exec.c
t_unit_check_all_SOURCES += t/unit/test_dlw_log.c
t_unit_check_all_SOURCES += t/unit/test_dlw_http_answer.c
t_unit_check_all_SOURCES += t/unit/test_dlw_redis.c
t_unit_check_all_SOURCES += t/unit/test_dlw_task.c
t_unit_check_all_SOURCES += t/unit/test_dlw_loop.c
t_unit_check_all_SOURCES += t/unit/test_dlw_spool.c
t_unit_check_all_SOURCES += t/unit/test_dlctl_args.c
t_unit_check_all_SOURCES += t/unit/test_dlctl_doctor.c
t_unit_check_all_SOURCES += t/unit/test_dlctl_text.c
t_unit_check_all_SOURCES += t/unit/test_cap.c
t_unit_check_all_SOURCES += t/unit/test_event.c
t_unit_check_all_SOURCES += t/unit/test_seats.c
t_unit_check_all_SOURCES += t/unit/test_accept.c
t_unit_check_all_SOURCES += t/unit/test_buf.c
t_unit_check_all_SOURCES += t/unit/test_cors.c
t_unit_check_all_SOURCES += t/unit/test_error.c
t_unit_check_all_SOURCES += t/unit/test_route.c
t_unit_check_all_SOURCES += t/unit/test_time.c
t_unit_check_all_SOURCES += t/unit/test_trace.c
t_unit_check_all_SOURCES += t/unit/test_uuid.c
t_unit_check_all_SOURCES += t/unit/tempdir.c
t_unit_check_all_SOURCES += t/unit/tempdir.h
t_unit_check_all_SOURCES += t/unit/test_config.c
t_unit_check_all_SOURCES += t/unit/test_conffile.c
t_unit_check_all_SOURCES += t/unit/test_directive.c
t_unit_check_all_SOURCES += t/unit/test_parse.c
t_unit_check_all_SOURCES += t/unit/test_secret.c
t_unit_check_all_SOURCES += t/unit/test_metadata.c
t_unit_check_all_SOURCES += t/fuzz/conffile.c
t_unit_check_all_SOURCES += t/fuzz/fuzz.h
t_unit_check_all_SOURCES += t/fuzz/replay.c
t_unit_check_all_SOURCES += t/unit/test_json.c
t_unit_check_all_SOURCES += t/unit/test_request.c
t_unit_check_all_SOURCES += t/unit/test_url_guard.c
t_unit_check_all_SOURCES += t/unit/test_estimate.c
t_unit_check_all_SOURCES += t/unit/test_webhook_allow.c
t_unit_check_all_SOURCES += t/unit/test_fuzz_corpus.c
t_unit_check_all_SOURCES += t/fuzz/json.c
t_unit_check_all_SOURCES += t/fuzz/message.c
t_unit_check_all_SOURCES += t/fuzz/mutate.c
t_unit_check_all_SOURCES += t/fuzz/request.c
t_unit_check_all_SOURCES += t/fuzz/url.c
t_unit_check_all_SOURCES += t/unit/test_openapi.c
t_unit_check_all_SOURCES += t/unit/test_webhook.c
t_unit_check_all_SOURCES += t/unit/hook_bed.c
t_unit_check_all_SOURCES += t/unit/hook_bed.h
t_unit_check_all_SOURCES += t/unit/test_ops_hooks.c
t_unit_check_all_SOURCES += t/unit/test_script_hooks.c
else
check-local:
	@echo "Check (libcheck) is missing: there are no unit tests to run." >&2
	@echo "Install the package \"check\" and configure again." >&2
endif

EXTRA_DIST += t/unit/sigv4_vectors.json
EXTRA_DIST += t/fuzz/corpus t/fuzz/driver.c t/fuzz/run

check_PROGRAMS += t/tools/store_drive
t_tools_store_drive_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) \
	-I$(top_srcdir)/dlworker
t_tools_store_drive_LDADD = dlworker/libdlworker.la common/libdlcommon.la
t_tools_store_drive_SOURCES = t/tools/store_drive.c

# Many streams at once: stage 65 and bench/streams.
if HAVE_APXS
# httpd before 2.4.63: its answer to a question, and what its headers lack.
check_LTLIBRARIES += t/tools/mod_before_waitio.la
t_tools_mod_before_waitio_la_CPPFLAGS = $(AM_CPPFLAGS) $(APXS_INCLUDES)
t_tools_mod_before_waitio_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version \
	-shared -rpath /nowhere
t_tools_mod_before_waitio_la_SOURCES = t/tools/mod_before_waitio.c
check_LTLIBRARIES += t/tools/libbefore_waitio.la
t_tools_libbefore_waitio_la_CPPFLAGS = $(AM_CPPFLAGS) $(APXS_INCLUDES) \
	-I$(top_srcdir)/mod_dljob -include $(top_srcdir)/t/tools/before_waitio.h
t_tools_libbefore_waitio_la_SOURCES = mod_dljob/dljob_park.c \
	mod_dljob/dljob_cap.c t/tools/before_waitio.h
endif

check_PROGRAMS += t/tools/streams
t_tools_streams_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS)
t_tools_streams_LDADD = $(OPENSSL_LIBS)
t_tools_streams_SOURCES = t/tools/streams.c t/tools/streams.h \
	t/tools/streams_publish.c t/tools/streams_churn.c
