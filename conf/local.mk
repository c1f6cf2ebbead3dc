# SPDX-License-Identifier: Apache-2.0
#
# Configuration to start from and units of systemd.

# What both programs read. An installation over another leaves it alone.
dljobconfdir = $(sysconfdir)/dljob
EXTRA_DIST += conf/settings/dljob.conf
INSTALL_HOOKS += install-settings-hook
install-settings-hook:
	$(MKDIR_P) $(DESTDIR)$(dljobconfdir)
	test -e $(DESTDIR)$(dljobconfdir)/dljob.conf || \
	  $(INSTALL_DATA) $(srcdir)/conf/settings/dljob.conf \
	    $(DESTDIR)$(dljobconfdir)/dljob.conf

# What is as it was delivered goes; what was edited stays.
UNINSTALL_HOOKS += uninstall-settings-hook
uninstall-settings-hook:
	! cmp -s $(srcdir)/conf/settings/dljob.conf \
	    $(DESTDIR)$(dljobconfdir)/dljob.conf || \
	  rm -f $(DESTDIR)$(dljobconfdir)/dljob.conf

# Examples for httpd: the packages put them where their httpd looks.
dljobexampledir = $(docdir)/examples
dist_dljobexample_DATA = conf/dljob.load conf/dljob.conf conf/offer.conf
dist_dljobexample_DATA += conf/examples/aws-alb.md
dist_dljobexample_DATA += conf/examples/basic-auth.conf
dist_dljobexample_DATA += conf/examples/cloudflare.md
dist_dljobexample_DATA += conf/examples/nginx.conf
dist_dljobexample_DATA += conf/examples/openidc.conf
dist_dljobexample_DATA += conf/examples/remoteip.conf
dist_dljobexample_DATA += conf/logrotate conf/prometheus-alerts.yml
dist_dljobexample_DATA += conf/redis.acl
dist_dljobexample_SCRIPTS = conf/quickstart-export

# Units: the parts they share are written once.
systemdunitdir = $(prefix)/lib/systemd/system
nodist_systemdunit_DATA = conf/dlworker.service conf/dlworker@.service
EXTRA_DIST += conf/dlworker.service.in conf/dlworker@.service.in \
	conf/dlworker.hardening
CLEANFILES += conf/dlworker.service conf/dlworker@.service

conf/dlworker.service: conf/dlworker.service.in conf/dlworker.hardening
conf/dlworker@.service: conf/dlworker@.service.in conf/dlworker.hardening
$(nodist_systemdunit_DATA): Makefile
	$(AM_V_GEN)$(MKDIR_P) conf && sed \
	  -e '/^@include hardening@/{' \
	  -e 'r $(srcdir)/conf/dlworker.hardening' -e 'd' -e '}' \
	  '$(srcdir)/$@.in' | sed -e 's|@sbindir[@]|$(sbindir)|' \
	  -e 's|@sysconfdir[@]|$(sysconfdir)|' > '$@.tmp' && mv -f '$@.tmp' '$@'

# Where bash-completion looks.
bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = conf/completion/dljobctl
