# SPDX-License-Identifier: Apache-2.0
#
# Configuration to start from, units and examples.

# What both programs read; never overwritten by a second installation.
dljobconfdir = $(sysconfdir)/dljob
dist_dljobconf_DATA =
