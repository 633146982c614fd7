#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The property table as root: README.md.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_root
need_command jq python3 busybox strace cc unshare ip
need_runtime
TEST_TMP=$T "$TOP_SRCDIR/tests/properties/run" root
exit
