#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The property table as a user without privileges, in user namespaces of a single id: README.md.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_root
need_command jq python3 busybox setpriv
need_runtime
setpriv --reuid 54321 --regid 54321 --clear-groups --inh-caps=-all --bounding-set=-all unshare -Ur true 2>/dev/null ||
	skip_all "this host lets no user make a user namespace"
TEST_TMP=$T "$TOP_SRCDIR/tests/properties/run" user
exit
