#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# System calls that older kernels lack, answered with ENOSYS: each either has a way round or a clear error; never half a container,
# and never another tree than the one that was asked for, as by a path that is looked up again after the roots were switched.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
need_root
need_command gcc
need_runtime
. "$TOP_SRCDIR/tests/lib/without.sh"
make_bundle "$T/b"
mkdir -p "$T/src" "$T/b/rootfs$T/src" "$T/b/rootfs/mnt"
echo ran >"$T/src/mark" && echo "the wrong tree" >"$T/b/rootfs$T/src/mark"
make_bundle "$T/b" "$(sh_filter 'cat /mnt/mark; exit 3') | .process.cwd = \"/made\" | .mounts += [{destination: \"/mnt\", type: \"bind\", source: \"$T/src\", options: [\"rbind\", \"ro\"]}]"
leftovers_begin "$T/b"
for policy in none default; do
	jrun --policy $policy run --bundle "$T/b" "jt-$$-c"
	is "policy $policy: with all calls (control)" "$rc:$out" 3:ran
	rmdir "$T/b/rootfs/made"
	for call in openat2 clone3 close_range fsopen open_tree move_mount mount_setattr pidfd_open pidfd_send_signal; do
		id=jt-$$-$call
		run "$T/without" 38 $call "$JAILRUN" --root "$ROOT" --policy $policy run --bundle "$T/b" "$id"
		case $rc in
		3)
			is "policy $policy: without $call: it runs another way" "$out" ran
			rmdir "$T/b/rootfs/made" # it stays after what has run
			;;
		1)
			unlike "policy $policy: without $call: refused, the workload did not run" "$out" ran
			like "policy $policy: without $call: the message is clear" "$err" "^jailrun: .*($call|ENOSYS|[Ff]unction not implemented)"
			;;
		*) fail "policy $policy: without $call: exit status $rc: $err" ;;
		esac
		nothing_left "policy $policy: without $call: nothing is left" "$id"
	done
done
done_testing
