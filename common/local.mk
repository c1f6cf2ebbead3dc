# SPDX-License-Identifier: Apache-2.0
#
# The library of both programs: APR, hiredis, json-c, OpenSSL; no httpd.

noinst_LTLIBRARIES += common/libdlcommon.la
common_libdlcommon_la_LDFLAGS = $(AM_LDFLAGS)
common_libdlcommon_la_LIBADD = $(APR_LIBS) $(HIREDIS_SSL_LIBS) \
	$(HIREDIS_LIBS) $(JSON_C_LIBS) $(OPENSSL_LIBS)

common_libdlcommon_la_SOURCES =
common_libdlcommon_la_SOURCES += common/dl_config.h
common_libdlcommon_la_SOURCES += common/dl_cmd.c
common_libdlcommon_la_SOURCES += common/dl_cmd.h
common_libdlcommon_la_SOURCES += common/dl_job.c
common_libdlcommon_la_SOURCES += common/dl_job.h
common_libdlcommon_la_SOURCES += common/dl_job_body.c
common_libdlcommon_la_SOURCES += common/dl_jobs.c
common_libdlcommon_la_SOURCES += common/dl_jobs.h
common_libdlcommon_la_SOURCES += common/dl_jobs_admit.c
common_libdlcommon_la_SOURCES += common/dl_jobs_impl.h
common_libdlcommon_la_SOURCES += common/dl_ops.c
common_libdlcommon_la_SOURCES += common/dl_ops.h
common_libdlcommon_la_SOURCES += common/dl_ops_file.c
common_libdlcommon_la_SOURCES += common/dl_ops_lists.c
common_libdlcommon_la_SOURCES += common/dl_log.c
common_libdlcommon_la_SOURCES += common/dl_log.h
common_libdlcommon_la_SOURCES += common/dl_loop.c
common_libdlcommon_la_SOURCES += common/dl_loop.h
common_libdlcommon_la_SOURCES += common/dl_lua.h
common_libdlcommon_la_SOURCES += common/dl_redis.c
common_libdlcommon_la_SOURCES += common/dl_redis.h
common_libdlcommon_la_SOURCES += common/dl_redis_batch.c
common_libdlcommon_la_SOURCES += common/dl_redis_batch.h
common_libdlcommon_la_SOURCES += common/dl_redis_link.c
common_libdlcommon_la_SOURCES += common/dl_redis_pool.c
common_libdlcommon_la_SOURCES += common/dl_redis_pool.h
common_libdlcommon_la_SOURCES += common/dl_redis_url.c
common_libdlcommon_la_SOURCES += common/dl_redis_url.h
common_libdlcommon_la_SOURCES += common/dl_reply.c
common_libdlcommon_la_SOURCES += common/dl_reply.h
common_libdlcommon_la_SOURCES += common/dl_reply_hiredis.c
common_libdlcommon_la_SOURCES += common/dl_reply_mem.h
common_libdlcommon_la_SOURCES += common/dl_cap.c
common_libdlcommon_la_SOURCES += common/dl_cap.h
common_libdlcommon_la_SOURCES += common/dl_event.c
common_libdlcommon_la_SOURCES += common/dl_event.h
common_libdlcommon_la_SOURCES += common/dl_script.c
common_libdlcommon_la_SOURCES += common/dl_script.h
common_libdlcommon_la_SOURCES += common/dl_seats.c
common_libdlcommon_la_SOURCES += common/dl_seats.h
common_libdlcommon_la_SOURCES += common/dl_store.h
common_libdlcommon_la_SOURCES += common/dl_task.h
common_libdlcommon_la_SOURCES += common/dl_task_cmd.c
common_libdlcommon_la_SOURCES += common/dl_task_parse.c
common_libdlcommon_la_SOURCES += common/dl_disposition.c
common_libdlcommon_la_SOURCES += common/dl_disposition.h
common_libdlcommon_la_SOURCES += common/dl_hmac.c
common_libdlcommon_la_SOURCES += common/dl_hmac.h
common_libdlcommon_la_SOURCES += common/dl_link.c
common_libdlcommon_la_SOURCES += common/dl_link.h
common_libdlcommon_la_SOURCES += common/dl_links.c
common_libdlcommon_la_SOURCES += common/dl_links.h
common_libdlcommon_la_SOURCES += common/dl_sigv4.c
common_libdlcommon_la_SOURCES += common/dl_sigv4.h
common_libdlcommon_la_SOURCES += common/dl_store.c
common_libdlcommon_la_SOURCES += common/dl_uri.c
common_libdlcommon_la_SOURCES += common/dl_uri.h
common_libdlcommon_la_SOURCES += common/dl_buf.c
common_libdlcommon_la_SOURCES += common/dl_buf.h
common_libdlcommon_la_SOURCES += common/dl_error.c
common_libdlcommon_la_SOURCES += common/dl_error.h
common_libdlcommon_la_SOURCES += common/dl_random.c
common_libdlcommon_la_SOURCES += common/dl_random.h
common_libdlcommon_la_SOURCES += common/dl_request_id.c
common_libdlcommon_la_SOURCES += common/dl_request_id.h
common_libdlcommon_la_SOURCES += common/dl_time.c
common_libdlcommon_la_SOURCES += common/dl_time.h
common_libdlcommon_la_SOURCES += common/dl_trace.c
common_libdlcommon_la_SOURCES += common/dl_trace.h
common_libdlcommon_la_SOURCES += common/dl_utf8.c
common_libdlcommon_la_SOURCES += common/dl_utf8.h
common_libdlcommon_la_SOURCES += common/dl_uuid.c
common_libdlcommon_la_SOURCES += common/dl_uuid.h
common_libdlcommon_la_SOURCES += common/dl_accept.c
common_libdlcommon_la_SOURCES += common/dl_accept.h
common_libdlcommon_la_SOURCES += common/dl_cors.c
common_libdlcommon_la_SOURCES += common/dl_cors.h
common_libdlcommon_la_SOURCES += common/dl_estimate.c
common_libdlcommon_la_SOURCES += common/dl_estimate.h
common_libdlcommon_la_SOURCES += common/dl_ratelimit_headers.c
common_libdlcommon_la_SOURCES += common/dl_ratelimit_headers.h
common_libdlcommon_la_SOURCES += common/dl_route.c
common_libdlcommon_la_SOURCES += common/dl_route.h
common_libdlcommon_la_SOURCES += common/dl_conffile.c
common_libdlcommon_la_SOURCES += common/dl_conffile.h
common_libdlcommon_la_SOURCES += common/dl_config.c
common_libdlcommon_la_SOURCES += common/dl_directive.c
common_libdlcommon_la_SOURCES += common/dl_directive.h
common_libdlcommon_la_SOURCES += common/dl_directive_table.c
common_libdlcommon_la_SOURCES += common/dl_location.h
common_libdlcommon_la_SOURCES += common/dl_parse.c
common_libdlcommon_la_SOURCES += common/dl_parse.h
common_libdlcommon_la_SOURCES += common/dl_secret.c
common_libdlcommon_la_SOURCES += common/dl_secret.h
common_libdlcommon_la_SOURCES += common/dl_secret_text.c
common_libdlcommon_la_SOURCES += common/dl_set.c
common_libdlcommon_la_SOURCES += common/dl_set.h
common_libdlcommon_la_SOURCES += common/dl_set_job.c
common_libdlcommon_la_SOURCES += common/dl_set_location.c
common_libdlcommon_la_SOURCES += common/dl_set_store.c
common_libdlcommon_la_SOURCES += common/dl_words.c
common_libdlcommon_la_SOURCES += common/dl_words.h
common_libdlcommon_la_SOURCES += common/dl_idempotency_key.c
common_libdlcommon_la_SOURCES += common/dl_idempotency_key.h
common_libdlcommon_la_SOURCES += common/dl_ip.c
common_libdlcommon_la_SOURCES += common/dl_ip.h
common_libdlcommon_la_SOURCES += common/dl_json.c
common_libdlcommon_la_SOURCES += common/dl_json.h
common_libdlcommon_la_SOURCES += common/dl_json_number.c
common_libdlcommon_la_SOURCES += common/dl_media_type.c
common_libdlcommon_la_SOURCES += common/dl_media_type.h
common_libdlcommon_la_SOURCES += common/dl_request.c
common_libdlcommon_la_SOURCES += common/dl_request.h
common_libdlcommon_la_SOURCES += common/dl_url.c
common_libdlcommon_la_SOURCES += common/dl_url.h
common_libdlcommon_la_SOURCES += common/dl_url_guard.c
common_libdlcommon_la_SOURCES += common/dl_url_guard.h
common_libdlcommon_la_SOURCES += common/dl_webhook.c
common_libdlcommon_la_SOURCES += common/dl_webhook.h

# The Lua scripts: one line per script; lib/*.lua are pulled in by them.
dl_lua =
dl_lua += common/lua/admit.lua
dl_lua += common/lua/audit.lua
dl_lua += common/lua/beat.lua
dl_lua += common/lua/cancel.lua
dl_lua += common/lua/claim.lua
dl_lua += common/lua/complete.lua
dl_lua += common/lua/fail.lua
dl_lua += common/lua/link.lua
dl_lua += common/lua/list.lua
dl_lua += common/lua/purge.lua
dl_lua += common/lua/release.lua
dl_lua += common/lua/retry.lua
dl_lua_lib =
dl_lua_lib += common/lua/lib/base.lua
dl_lua_lib += common/lua/lib/beats.lua
dl_lua_lib += common/lua/lib/bury.lua
dl_lua_lib += common/lua/lib/claims.lua
dl_lua_lib += common/lua/lib/create.lua
dl_lua_lib += common/lua/lib/estimate.lua
dl_lua_lib += common/lua/lib/lose.lua
dl_lua_lib += common/lua/lib/notify.lua
dl_lua_lib += common/lua/lib/queue.lua
dl_lua_lib += common/lua/lib/raise.lua
dl_lua_lib += common/lua/lib/settle.lua
dl_lua_lib += common/lua/lib/show.lua
dl_lua_lib += common/lua/lib/stats.lua
dl_lua_lib += common/lua/lib/unsettled.lua
dl_lua_lib += common/lua/lib/unusual.lua
dl_lua_lib += common/lua/lib/waiter.lua

nodist_common_libdlcommon_la_SOURCES = common/dl_lua_gen.c
BUILT_SOURCES += common/dl_lua_gen.c
CLEANFILES += common/dl_lua_gen.c
EXTRA_DIST += common/lua/KEYS.md
EXTRA_DIST += common/lua2c.awk $(dl_lua) $(dl_lua_lib)

# $(dl_lua) is named below by its source folder, so that a build out of tree
# and make's own search for prerequisites agree.
common/dl_lua_gen.c: common/lua2c.awk $(dl_lua) $(dl_lua_lib)
	$(AM_V_GEN)$(MKDIR_P) common && cd $(srcdir) && \
	$(AWK) -f common/lua2c.awk $(dl_lua) < /dev/null \
	  > $(abs_builddir)/$@.tmp && mv -f $(abs_builddir)/$@.tmp \
	  $(abs_builddir)/$@
