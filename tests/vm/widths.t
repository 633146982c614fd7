#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The widths of arguments against the declarations of another kernel than the host's.
. "$(cd "$(dirname "$0")/../.." && pwd)/tests/lib/common.sh"
. "$TOP_SRCDIR/tests/vm/lib.sh"
need_command qemu-system-x86_64 python3 busybox
JAILRUN_MUST_WORK=1 TEST_TMP=/run exec "$TOP_SRCDIR/tests/vm/run" --kernel "$kernel" --timeout 300 -- "$TOP_SRCDIR/tests/integration/widths.t"
