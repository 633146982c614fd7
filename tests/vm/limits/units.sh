# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # of the list in ../limits.t
# The unit tests that want a tree with every controller; they make their cgroups themselves.
if [ "$manager" = cgroupfs ]; then
	for name in tree update living; do unit_test $name; done
fi
