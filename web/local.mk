# SPDX-License-Identifier: Apache-2.0
#
# Browser client and pages.
