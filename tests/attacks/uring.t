#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# io_uring does what no filter sees: under a policy that refuses the call there is no ring.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
progs=$TOP_BUILDDIR/tests/attacks/progs
[ -x "$progs/uring" ] || skip_all "tests/attacks/progs is not built"
[ "$(cat /proc/sys/kernel/io_uring_disabled 2>/dev/null || echo 0)" = 0 ] || skip_all "this kernel's io_uring is disabled"
make_busybox_rootfs "$T/b/rootfs"
cp "$progs/uring" "$T/b/rootfs/bin/"

# attack POLICY-JSON|NAME [OPTIONS]: sets $out, and $made: whether the directory is there.
attack() {
	local policy=$1
	shift
	case $policy in '{'*)
		printf '%s' "$policy" >"$T/policy.json"
		policy=$T/policy.json
		;;
	esac
	rm -rf "$T/b/rootfs/tmp/by-uring" "$T/audit"
	make_bundle "$T/b" "$(args_filter /bin/uring)"
	jrun "$@" --policy "$policy" --audit "$T/audit" run --bundle "$T/b" "jt-$$-u"
	made=no
	[ ! -d "$T/b/rootfs/tmp/by-uring" ] || made=yes
}
rules() { # RULES [DEFAULT]
	printf '{"syscalls": {"defaultAction": "SCMP_ACT_%s", "syscalls": [%s]}}' "${2-ALLOW}" "$1"
}
mkdir_='{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}'
socket_='{"names": ["socket"], "action": "SCMP_ACT_ERRNO"}'
by_name='{"names": ["io_uring_setup"], "action": "SCMP_ACT_ALLOW"}'

for policy in none default '{}' "$(rules '{"names": ["kexec_load"], "action": "SCMP_ACT_ERRNO"}')"; do
	attack "$policy"
	is "under $policy io_uring makes a directory and a socket (control)" "$out:$made" 'uring: mkdir 0, socket 1:yes' || diag "$err"
done
for policy in "$(rules "$mkdir_")" "$(rules "$socket_")" "$(rules "$mkdir_,$socket_")"; do
	attack "$policy"
	is "under $policy there is none" "$out:$made" 'uring: no ring: Function not implemented:no'
	run "$JAILRUN" --root "$ROOT" --policy "$T/policy.json" plan "$T/b"
	like "which plan says" "$out" '"io_uring": "ENOSYS: it could do (mkdir|socket), which syscalls.syscalls\[0\] refuses; to allow it, name io_uring_setup'
done
attack "$(rules "$by_name,$mkdir_")"
is "one that names io_uring_setup has it" "$out:$made" 'uring: mkdir 0, socket 1:yes'

# Of two, each decides for itself.
mkdir "$T/policies"
rules "$by_name,$mkdir_" >"$T/policies/names.json"
rules "$mkdir_" >"$T/policies/refuses.json"
rules "" >"$T/policies/all.json"
for pair in names:refuses refuses:names all:refuses names:all; do
	want='uring: no ring: Function not implemented:no'
	[ $pair = names:all ] && want='uring: mkdir 0, socket 1:yes'
	jq -n --arg dir "$T/policies" --arg f "${pair#*:}" '{policyDir: $dir, floor: $f}' >"$T/admin.json"
	rm -rf "$T/b/rootfs/tmp/by-uring"
	make_bundle "$T/b" "$(args_filter /bin/uring) | .annotations = {\"jailrun.policy\": \"${pair%:*}\"}"
	jrun --admin-config "$T/admin.json" run --bundle "$T/b" "jt-$$-u"
	made=no
	[ ! -d "$T/b/rootfs/tmp/by-uring" ] || made=yes
	is "of two policies, $pair" "$out:$made" "$want" || diag "$err"
done
done_testing
