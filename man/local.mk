# SPDX-License-Identifier: Apache-2.0
#
# Manual pages. dljob.conf(5) is printed by a program from the table of
# directives; the others get the log codes from log-codes.tsv.

noinst_PROGRAMS += man/mkconfman
man_mkconfman_SOURCES = man/mkconfman.c
man_mkconfman_LDADD = common/libdlcommon.la

dl_log_pages = man/dljobctl.1 man/dlworker.8 man/mod_dljob.8
man_MANS += man/dljob.conf.5 $(dl_log_pages)
CLEANFILES += man/dljob.conf.5 $(dl_log_pages)
EXTRA_DIST += man/log-codes.awk man/log-codes.tsv
EXTRA_DIST += man/dljobctl.1.in man/dlworker.8.in man/mod_dljob.8.in

man/dljob.conf.5: man/mkconfman$(EXEEXT)
	$(AM_V_GEN)man/mkconfman$(EXEEXT) > $@.tmp && mv -f $@.tmp $@

man/dljobctl.1: man/dljobctl.1.in
man/dlworker.8: man/dlworker.8.in
man/mod_dljob.8: man/mod_dljob.8.in
$(dl_log_pages): man/log-codes.tsv man/log-codes.awk
	$(AM_V_GEN)$(MKDIR_P) man && $(AWK) -v version='$(VERSION)' \
	  -f $(srcdir)/man/log-codes.awk $(srcdir)/man/log-codes.tsv \
	  $(srcdir)/$@.in > $@.tmp && mv -f $@.tmp $@
