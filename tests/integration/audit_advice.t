#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The advice of a denial, taken by its words: what was refused goes through then. And what the kernel would kill without a word, a call of an
# ABI that is not there, is told.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command jq busybox cc
need_runtime
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
cc -static -o "$ROOTFS/bin/int80" "$TOP_SRCDIR/tests/properties/int80.c" && cc -static -pthread -o "$ROOTFS/bin/call" "$TOP_SRCDIR/tests/lib/seccomp_call.c" || exit 1
n=0
# under POLICY SCRIPT
under() {
	[ ! -e "$T/audit" ] || cat "$T/audit" >>"$T/all"
	rm -f "$T/audit"
	printf '%s' "$1" >"$T/policy.json"
	make_bundle "$T/b" "$(sh_filter "$2")"
	n=$((n + 1))
	jrun --policy "$T/policy.json" --audit "$T/audit" run --bundle "$T/b" "jt-$$-a$n"
}
# told FILTER: of the lines
told() { jq -rc "$1" "$T/audit" 2>/dev/null; }
# advised RULE POLICY SCRIPT ADVICE POLICY-AFTER
advised() {
	under "$2" "$3"
	is "$1: it is refused, and the advice" "$(told "select(.rule == \"$1\") | .allow" | head -n 1)" "$4" || diag "$out$err$(told .)"
	is "$1: each line names the call" "$(told 'select(has("syscall") or has("address") or .path | not)')" ""
	under "$5" "$3"
	is "$1: done so, it goes through" "$rc:$(told .)" "0:" || diag "$out$err"
}
advised limits '{"limits":{"processes":2}}' 'sleep 0 & sleep 0 & wait; [ "$(ls / | cat | cat | wc -l)" -gt 0 ]' "raise limits.processes" '{"limits":{"processes":20}}'
advised limits '{"limits":{"threads":0}}' 'call 39 | grep -q "^[0-9]"' "raise limits.threads" '{"limits":{"threads":1}}'
# The kernel asks by the cgroup.
if grep -q ' cgroup2 ' /proc/mounts; then
	advised network.connect '{"network":{"connect":{"allow":[]}}}' 'nc 127.0.0.1 9 2>&1 | grep -q refused' "name the address and port in network.connect.allow" \
		'{"network":{"connect":{"allow":["127.0.0.1:9"]}}}'
else
	skip "network.connect" "no cgroup v2 tree is mounted"
fi
advised files '{"files":{"list":["/"]}}' 'call 304 -1 0 0 | grep -q "^-"' \
	"take files out of the policy: a file that is opened by its handle has no path to judge by" '{}'
advised network.families '{"network":{"families":["inet"]}}' 'call 41 1 1 0 | grep -q "^[0-9]"' "name the family in network.families" \
	'{"network":{"families":["inet","unix"]}}'
advised signals.to_init '{"signals":{"to_init":"refuse"}}' 'kill -CONT 1' 'set signals.to_init to "forward"' '{"signals":{"to_init":"forward"}}'
advised exec '{"exec":{"allow":["/bin/busybox","/bin/sh"]}}' 'int80 || call 39' 'name it in exec.allow' '{"exec":{"allow":["/bin/busybox","/bin/sh","/bin/int80"]},"syscalls":{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"]}}'
advised 'syscalls.syscalls[0]' '{"syscalls":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["sync"],"action":"SCMP_ACT_KILL"}]}}' 'sync' \
	'put a rule with SCMP_ACT_ALLOW for the call before this one in syscalls.syscalls, or take this one out' \
	'{"syscalls":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["sync"],"action":"SCMP_ACT_ALLOW"},{"names":["sync"],"action":"SCMP_ACT_KILL"}]}}'

# Many of the same, and what is learnt.
under '{"syscalls":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["sync"],"action":"SCMP_ACT_ERRNO"}]}}' 'i=0; while [ $i -lt 20 ]; do sync; i=$((i+1)); done'
ok "more of the same: a line says how many" [ -n "$(told 'select(.more)')" ]
under '{"mode":"learn","exec":{"allow":["/bin/"]}}' 'cat /etc/hosts'
under '{"exec":{"allow":["/"]},"syscalls":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["sync"],"action":"SCMP_ACT_TRAP"}]}}' 'sync; :'
is "a trap is told as one" "$(told .action)" trap
under '{}' ''
fits audit "all lines are as docs/audit.schema.json says" "$T/all"
ok "of each kind one (control)" jq -se 'any(.[]; .more) and any(.[]; .learns) and any(.[]; .action) and any(.[]; .path)' "$T/all"
printf '{"time":"2026-01-31T12:00:00.123456Z","container":"c","policy":"p","rule":"exec","engine":"trace","action":"EACCES"}' >"$T/good"
for wrong in '.rule = "exec it"' '.syscall = "read"' 'del(.action)' '.action = "no"' '.other = 1' '.lost = 1' '.time = "now"'; do
	jq "$wrong" "$T/good" >"$T/bad"
	run /usr/bin/python3 "$TOP_SRCDIR/tests/lib/fits.py" "$TOP_SRCDIR/docs/audit.schema.json" "$T/good" "$T/bad"
	ok "and no other: $wrong" [ "$rc" != 0 ]
done
# ---- calls of an ABI that is not there ----
if [ "$(uname -m)" != x86_64 ]; then
	skip "calls of other ABIs" "knows those of x86_64 alone"
	done_testing
fi
line='[.rule, .syscall, .nr, .arch, .comm, .action, .allow] | join(" ")'
trace='{"exec":{"allow":["/"]}}'
native='{"syscalls":{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64"]}}'
for policy in "$trace" "$native"; do
	for mode in enforce watch; do # watching lets nothing of it through
		with=$(jq -c --arg m "$mode" '.mode = $m' <<<"$policy")
		under "$with" 'int80'
		is "x86, $with: killed" "$rc:$out" "137:" || diag "$err$(told .)"
		is "x86, $with: and told" "$(told "select(.rule == \"syscalls.architectures\") | $line")" \
			"syscalls.architectures getpid 20 x86 int80 kill name the ABI in syscalls.architectures"
	done
	under "$policy" 'call 0x40000027'
	is "x32, $policy: killed" "$rc:$out" "137:" || diag "$err$(told .)"
	like "x32, $policy: and told" "$(told "$line")" "^syscalls.architectures getpid 1073741863 .* call kill name the ABI"
	under "$policy" 'call 39'
	like "the host's own ABI, $policy: goes through" "$rc:$out:$(told .)" '^0:[0-9]+.alive:$'
	under "$(jq -c '.syscalls += {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]}' <<<"$policy")" 'int80; call 0x40000027'
	is "named in syscalls.architectures, $policy: they go through" "$rc:$(told .)" "0:" || diag "$out$err"
done
# Where calls go to an agent its answer would go before the engine's: the kernel kills then.
printf '%s' "$trace" >"$T/policy.json"
make_bundle "$T/b" '.process.args = ["/bin/true"] | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/none", syscalls: [{names: ["sync"], action: "SCMP_ACT_NOTIFY"}]}'
is "beside an agent nobody is asked" "$("$JAILRUN" --policy "$T/policy.json" plan "$T/b" 2>/dev/null | jq '[.jail.rules[] | select(.rule == "syscalls.architectures")] | length')" 0
make_bundle "$T/b" '.process.args = ["/bin/true"]'
is "jailrun plan shows it" "$("$JAILRUN" --policy "$T/policy.json" plan "$T/b" 2>/dev/null | jq -c '[.jail.rules[] | select(.rule == "syscalls.architectures") | .syscall, .abis, .does]')" \
	'["any",["SCMP_ARCH_X86","SCMP_ARCH_X32"],"kill"]'

done_testing
