#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `profile: report`: what linux.seccomp refuses is refused as before, and stands on the audit stream, under both engines, by `exec` too.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command jq busybox
need_runtime
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
# umask is refused by a number, mkdir by name with an errno of its own, chroot with ENOSYS, as a call that the kernel lacks.
profile='.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
	{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 28},
	{names: ["chmod", "fchmodat"], action: "SCMP_ACT_ERRNO", args: [{index: 1, value: 63, op: "SCMP_CMP_EQ"}]},
	{names: ["rmdir"], action: "SCMP_ACT_ERRNO"},
	{names: ["chroot"], action: "SCMP_ACT_ERRNO", errnoRet: 38}]}'
script='mkdir /x; : >/f; chmod 77 /f && echo not; chmod 700 /f && echo may; chroot / true; rmdir /none'
policy() { # MORE
	printf '{"name": "p", "profile": "report"%s}' "${1-}" >"$T/policy.json"
}
refuse() {
	rm -f "$T/audit"
	make_bundle "$T/b" "$(sh_filter "$script") | $profile${1:+ | $1}"
	n=$((${n-0} + 1))
	jrun --policy "$T/policy.json" --audit "$T/audit" run --bundle "$T/b" "jt-$$-p$n"
}
# The lines, without who did it.
lines() {
	jq -r 'select(.rule == "linux.seccomp") | "\(.policy) \(.syscall) \(.action) \(.args | length)"' "$T/audit" 2>/dev/null
}

silent() {
	printf '{"name": "p"}' >"$T/policy.json"
	refuse
}
silent
is "control: refused, and nobody says so" "$rc|$out|$(lines)" "1|may|"
plain=$err
for engine in notify trace; do
	case $engine in
	notify) policy ;;
	trace) policy ', "limits": {"processes": 50}' ;;
	esac
	ok "$engine: plan says that it is reported" jq -e '.jail.profile | startswith("reported")' \
		<<<"$("$JAILRUN" --policy "$T/policy.json" plan --bundle "$T/b")"
	refuse
	is "$engine: the program sees the same" "$rc|$out|$err" "1|may|$plain"
	is "$engine: three lines, and none for ENOSYS" "$(lines)" "p mkdir ENOSPC 6
p chmod EPERM 6
p rmdir EPERM 6"
	like "$engine: and where it can be changed" "$(jq -r .allow "$T/audit" | head -n 1)" '^allow the call in linux.seccomp'
	is "$engine: who it was" "$(jq -r .comm "$T/audit" | xargs)" "mkdir chmod rmdir"
done

# The policy's own rules hold beside it, and cannot open what the profile closes.
policy ', "syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["rmdir"], "action": "SCMP_ACT_ALLOW"},
	{"names": ["sync"], "action": "SCMP_ACT_ERRNO", "errnoRet": 5}, {"names": ["mkdir"], "action": "SCMP_ACT_LOG"}]}'
script='rmdir /none; sync; mkdir /x'
refuse
is "of both filters the profile speaks first" "$(jq -r '"\(.rule) \(.syscall) \(.action)"' "$T/audit")" "linux.seccomp rmdir EPERM
syscalls.syscalls[1] sync EIO
linux.seccomp mkdir ENOSPC"
like "and the program gets its errno" "$err" 'mkdir: .*No space left'
policy ', "syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["kill"], "action": "SCMP_ACT_ERRNO", "errnoRet": 5}]}'
# shellcheck disable=SC2016 # the container's shell's
script='kill -0 $$; mkdir /x'
refuse
is "a rule of the policy's is reported as ever" "$(jq -r '"\(.rule) \(.syscall) \(.action)"' "$T/audit")" "syscalls.syscalls[0] kill EIO
linux.seccomp mkdir ENOSPC"

# What a rule makes of the arguments is asked of the profile as well.
policy ', "syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["chmod", "fchmodat"], "action": "SCMP_ACT_ALLOW",
	"set": {"args": [{"index": 1, "value": 63}]}}]}'
script='rm -f /f; : >/f; chmod 700 /f || stat -c %a /f'
refuse '.linux.seccomp.syscalls += [{names: ["fchmodat"], action: "SCMP_ACT_ERRNO", args: [{index: 1, value: 63, op: "SCMP_CMP_EQ"}]}]'
is "arguments that are set are no way round it" "$out|$(lines)" "644|p chmod EPERM 6"

# A process of exec is under the same filter.
policy
rm -f "$T/audit"
make_bundle "$T/b" "$(args_filter /bin/sleep 1000) | $profile"
jrun --policy "$T/policy.json" --audit "$T/audit" run --detach --bundle "$T/b" "jt-$$-e"
is "a container for exec" "$rc" 0
jrun exec "jt-$$-e" mkdir /x
like "exec: refused" "$rc $err" '^1 .*No space left'
is "exec: reported" "$(lines)" "p mkdir ENOSPC 6"
jr delete --force "jt-$$-e"

# What cannot be had together is an error.
policy
refuse '.linux.seccomp.syscalls += [{names: ["swapoff"], action: "SCMP_ACT_LOG"}]'
like "SCMP_ACT_LOG of the profile" "$rc $err" '^1 .*profile: SCMP_ACT_LOG in linux.seccomp goes to the kernel.s log'
refuse '.linux.seccomp.syscalls += [{names: ["swapoff"], action: "SCMP_ACT_NOTIFY"}] | .linux.seccomp.listenerPath = "/none"'
like "an agent" "$rc $err" '^1 .*profile: linux.seccomp gives calls to an agent'
refuse '.linux.seccomp.syscalls += [{names: ["swapoff"], action: "SCMP_ACT_TRACE"}]'
like "SCMP_ACT_TRACE: no tracer's word goes before the policy's" "$rc $err" '^1 .*profile: SCMP_ACT_TRACE in linux.seccomp gives calls to a tracer'
printf '{"name": "p", "profile": "loud"}' >"$T/policy.json"
refuse
like "a word that is none" "$rc $err" 'profile: line 1: must be one of silent, report, not "loud"'
silent
policy
script='echo fine'
refuse 'del(.linux.seccomp)'
is "without a profile there is nothing to report" "$rc $out" "0 fine"
done_testing
