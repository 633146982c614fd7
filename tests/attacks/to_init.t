#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Signals to PID 1 from inside, in every way that there is: under to_init "refuse" none comes to be forwarded.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
progs=$TOP_BUILDDIR/tests/attacks/progs
[ -x "$progs/signal_init" ] || skip_all "tests/attacks/progs is not built"
make_busybox_rootfs "$T/b/rootfs"
cp "$progs/signal_init" "$T/b/rootfs/bin/"

# attack POLICY-JSON
attack() {
	printf '%s' "$1" >"$T/policy.json"
	rm -f "$T/audit"
	make_bundle "$T/b" "$(args_filter /bin/signal_init)"
	RUN_TIMEOUT=30 jrun --policy "$T/policy.json" --audit "$T/audit" run --bundle "$T/b" "jt-$$-s"
}
for more in '' ', "limits": {"processes": 100}'; do
	attack "{\"signals\": {\"to_init\": \"forward\"}$more}"
	diag "forward$more: $out"
	for way in kill tkill queue queue-as-outside proc-fd setown setown_ex-pid setown_ex-tid setown-group setown_ex-group fiosetown siocspgrp; do
		like "forward$more: $way comes (control)" "$out" "[ ]${way}[ .]" || diag "$err"
	done
	for way in clone-parent orphan group; do
		unlike "forward$more: $way does not: the kernel sees to it" "$out" "[ ]${way}[ .]"
	done
	attack "{\"signals\": {\"to_init\": \"refuse\"}$more}"
	is "refuse$more: none comes" "$out" "signal_init:." || diag "$err"
	for call in kill tkill rt_sigqueueinfo fcntl ioctl; do
		like "refuse$more: $call is reported" "$(cat "$T/audit")" "\"rule\":\"signals.to_init\"[^"$'\n'"]*\"syscall\":\"$call\""
	done
done
done_testing
