# SPDX-License-Identifier: Apache-2.0
#
# Configuration to start from, units and examples.
