# SPDX-License-Identifier: Apache-2.0
#
# The httpd module: a DSO that exports its module record and nothing else.

if HAVE_APXS
apache_module_LTLIBRARIES = mod_dljob.la
mod_dljob_la_CPPFLAGS = $(AM_CPPFLAGS) $(APXS_INCLUDES) \
	-I$(top_srcdir)/mod_dljob
mod_dljob_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared \
	-export-symbols-regex '^dljob_module$$'
mod_dljob_la_LIBADD = common/libdlcommon.la

mod_dljob_la_SOURCES =
mod_dljob_la_SOURCES += mod_dljob/mod_dljob.c
mod_dljob_la_SOURCES += mod_dljob/dljob_config.c
mod_dljob_la_SOURCES += mod_dljob/dljob_config.h

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
install-data-hook: install-module-hook
install-module-hook:
	rm -f $(DESTDIR)$(apache_moduledir)/mod_dljob.la

uninstall-hook: uninstall-module-hook
uninstall-module-hook:
	rm -f $(DESTDIR)$(apache_moduledir)/mod_dljob.so
endif

EXTRA_DIST += mod_dljob/json2c.awk mod_dljob/openapi.json
