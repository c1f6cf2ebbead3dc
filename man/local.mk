# SPDX-License-Identifier: Apache-2.0
#
# Manual pages: dist_man_MANS += man/NAME.8 and so on.
dist_man_MANS += man/dlworker.8
