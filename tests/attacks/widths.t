#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Bits of an argument that the kernel does not take: above 32 of an int, above 16 of a mode, and of registers in 64-bit programs that make
# the calls of i386. A rule on what is below cannot be got round by them.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command jq
need_runtime
widths=$TOP_BUILDDIR/tests/attacks/progs/widths
[ -x "$widths" ] || skip_all "tests/attacks/progs is not built"
make_busybox_rootfs "$T/b/rootfs"
cp "$widths" "$T/b/rootfs/bin/widths"

rules=$("$widths" rules)
calls=$(jq length <<<"$rules")
jq '{syscalls: {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], syscalls: .}}' <<<"$rules" >"$T/notify.json"
jq '. + {limits: {processes: 100}}' "$T/notify.json" >"$T/trace.json"
for engine in notify trace; do
	jq 'del(.syscalls.syscalls)' "$T/$engine.json" >"$T/$engine-open.json"
done
how_many() { # HOW VERDICT
	grep -c " $1 .*: $2\$" "$T/out"
}
# attack NAME FILTER POLICY: runs it; nothing of it may get through.
attack() {
	POLICY=$3 in_container "$(args_filter /bin/widths) | $2"
	is "$1: it ran" "$rc" 0 || diag "$err"
	is "$1: plain values are refused" "$(how_many plain through) $(how_many plain refused)" "0 $((calls + on_i386))" || diag "$(grep 'plain.*through' "$T/out")"
	is "$1: with bits on top too" "$(how_many on-top through)" 0 || diag "$(grep 'on-top.*through' "$T/out")"
	is "$1: other values are not" "$(how_many other refused)" 0 || diag "$(grep 'other.*refused' "$T/out")"
	unlike "$1: no directory" "$out" 'made a directory'
}
# control NAME FILTER POLICY: without the rules every way is open.
control() {
	POLICY=$3 in_container "$(args_filter /bin/widths) | $2"
	is "$1: it ran (control)" "$rc" 0 || diag "$err"
	is "$1: every call goes through (control)" "$(grep -c ': refused$' "$T/out") $(how_many plain through)" "0 $((calls + on_i386))"
	ok "$1: with bits on top (control)" test "$(how_many on-top through)" -gt $((3 * calls))
	like "$1: and the kernel does not look at them (control)" "$out" 'made a directory of mode 755'
}
on_i386=0
! grep -q '^lseek-i386' < <("$widths") || on_i386=1

for uid in 0 1000; do
	user=".process.user = {uid: $uid, gid: $uid} | $docker_caps"
	for engine in notify trace; do
		attack "$engine, uid $uid" "$user" "$T/$engine.json"
		control "$engine, uid $uid" "$user" "$T/$engine-open.json"
	done
	# The same rules as linux.seccomp.
	profile=".linux.seccomp = $(jq -c .syscalls "$T/notify.json")"
	attack "linux.seccomp, uid $uid" "$user | $profile" none
	attack "linux.seccomp under a policy, uid $uid" "$user | $profile" default
	control "no linux.seccomp, uid $uid" "$user" none
done
done_testing
