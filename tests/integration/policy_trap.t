#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SCMP_ACT_TRAP and on_violation "trap": the workload's own handler gets the call's number, under both engines; of two policies, and
# beside linux.seccomp, the stricter holds.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
[ -x "$TOP_BUILDDIR/tests/attacks/progs/sigsys" ] || skip_all "tests/attacks/progs is not built"
make_busybox_rootfs "$T/b/rootfs"
cp "$TOP_BUILDDIR/tests/attacks/progs/sigsys" "$T/b/rootfs/bin/"
n=0

# trapped RULE [ENGINE-KEY [FILTER [SCRIPT]]]
trapped() {
	printf '{"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdirat"], %s}]}%s}' "$1" "${2-}" >"$T/policy.json"
	make_bundle "$T/b" "$(sh_filter "${4-sigsys}") | ${3-.}"
	rm -f "$T/audit"
	jrun --policy "$T/policy.json" --audit "$T/audit" run --bundle "$T/b" "jt-$$-t$((n += 1))"
}
trace=', "exec": {"allow": ["/"]}'
handled='^sig 31 code 1 errno %s arch (c000003e|c00000b7) mkdirat
result 7
made 0$'
trapped '"action": "SCMP_ACT_LOG"' "$trace"
like "control: the call is made" "$out" "made 1"
rm -rf "$T/b/rootfs/tmp/made"
for engine in "" "$trace"; do
	name=${engine:+trace}
	trapped '"action": "SCMP_ACT_ERRNO", "errnoRet": 5, "on_violation": "trap"' "$engine"
	# shellcheck disable=SC2059 # a pattern
	like "${name:-notify}: the handler gets the call" "$out" "${handled//%s/5}" || diag "$rc $err"
	trapped '"action": "SCMP_ACT_TRAP"' "$engine" . 'sigsys block; echo $?'
	is "${name:-notify}: a signal that is blocked kills" "$out" 159 || diag "$err"
done
is "trace reports it" "$(jq -r '[.rule, .syscall, .action, .args[2]] | join(" ")' "$T/audit")" 'syscalls.syscalls[0] mkdirat trap 0x1c0'
trapped '"action": "SCMP_ACT_TRAP", "mode": "watch"' "$trace"
is "one that only watches: it is said, and the call is made" "$(jq -r '[.mode, .action] | join(" ")' "$T/audit"):${out##*$'\n'}" 'watch trap:made 1'
rm -rf "$T/b/rootfs/tmp/made"
trapped '"action": "SCMP_ACT_ERRNO"' "" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdirat"], action: "SCMP_ACT_TRAP"}]}'
like "linux.seccomp traps what the policy refuses" "$out" "${handled//%s/0}" || diag "$err"
mkdir -p "$T/policies"
cp "$T/policy.json" "$T/policies/lid.json"
printf '{"floor": "lid", "policyDir": "%s"}' "$T/policies" >"$T/admin.json"
printf '{"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdirat"], "action": "SCMP_ACT_TRAP"}]}}' >"$T/policies/own.json"
make_bundle "$T/b" "$(args_filter /bin/sigsys) | .annotations = {\"jailrun.policy\": \"own\"}"
jrun --admin-config "$T/admin.json" run --bundle "$T/b" "jt-$$-f"
like "a trap goes before the floor's errno" "$out" "${handled//%s/0}" || diag "$err"
trapped '"action": "SCMP_ACT_TRAP"}, {"names": ["sendmsg"], "action": "SCMP_ACT_TRAP"' ""
like "what jailrun itself needs cannot be trapped" "$rc $err" '^1 .*traps sendmsg'
printf '{"on_violation": "trap"}' >"$T/policy.json"
jrun --policy "$T/policy.json" run --bundle "$T/b" "jt-$$-e"
like "trap is for rules on calls" "$rc $err" '^1 .*"trap" is for system calls'
done_testing
