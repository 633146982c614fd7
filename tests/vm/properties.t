#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The rows of the property table that need a machine with every controller of cgroup v2. Run on any host it starts the machine and itself in it.
. "$(cd "$(dirname "$0")/../.." && pwd)/tests/lib/common.sh"
if [ ! -e /.jailrun-vm ]; then
	need_command qemu-system-x86_64 python3 busybox jq
	need_runtime
	TEST_TMP=/run "$TOP_SRCDIR/tests/vm/run" --smp 2 --timeout 800 -- "$TOP_SRCDIR/tests/vm/properties.t"
	exit
fi
"$TOP_SRCDIR/tests/properties/run" vm
exit
