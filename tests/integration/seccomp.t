#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# linux.seccomp of config.json, and the syscall rules of a policy, in the same shape.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
syscalls() { # RULES
	printf '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": %s}' "$1"
}
for POLICY in none default; do
	in_sh 'mkdir /tmp/d && echo made; rmdir /tmp/d'
	is "$POLICY: mkdir without a filter (control)" "$out" made
	in_sh 'mkdir /tmp/d' ".linux.seccomp = $(syscalls '[{"names": ["mkdir","mkdirat"], "action": "SCMP_ACT_ERRNO"}]')"
	like "$POLICY: errno, EPERM by default" "$err" 'Operation not permitted'
	in_sh 'mkdir /tmp/d' ".linux.seccomp = $(syscalls '[{"names": ["mkdir","mkdirat","no_such_call"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]')"
	like "$POLICY: errnoRet" "$err" 'No space left'
	in_sh 'ulimit -c 0; sh -c "mkdir /tmp/d"; echo $?' ".linux.seccomp = $(syscalls '[{"names": ["mkdir","mkdirat"], "action": "SCMP_ACT_KILL_PROCESS"}]')"
	is "$POLICY: kill is SIGSYS" "$out" 159
	in_sh 'chmod 700 /tmp; chmod 711 /tmp && echo changed' ".linux.seccomp = $(syscalls '[{"names": ["chmod"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "value": 448, "op": "SCMP_CMP_EQ"}]}]')"
	like "$POLICY: an argument rule refuses that value" "$err" 'Operation not permitted'
	is "$POLICY: and no other" "$out" changed
	in_sh 'mkdir /tmp/d' ".process.capabilities = {} | .process.user.uid = 1000 | .process.noNewPrivileges = false | .linux.seccomp = $(syscalls '[{"names": ["mkdir","mkdirat"], "action": "SCMP_ACT_ERRNO"}]')"
	like "$POLICY: a user without root and without no_new_privs gets the filter too" "$err" 'Operation not permitted'
	in_sh 'grep Seccomp: /proc/self/status' ".linux.seccomp = $(syscalls '[]')"
	like "$POLICY: a filter is loaded" "$out" 'Seccomp:.*2'
done
like "none: no filter where none is asked for" "$(POLICY=none in_sh 'grep Seccomp: /proc/self/status'; echo "$out")" 'Seccomp:.*0'
# The second run takes the compiled filter from the cache.
POLICY=none in_sh 'mkdir /tmp/d' ".linux.seccomp = $(syscalls '[{"names": ["mkdir","mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]')"
like "from the cache: the same" "$err" 'No space left'

cat >"$T/policy.json" <<'POLICY'
{
	"description": "no directories",
	"syscalls": {
		"defaultAction": "SCMP_ACT_ALLOW",
		"syscalls": [{ "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1 }]
	}
}
POLICY
make_bundle "$T/b" "$(sh_filter 'mkdir /tmp/d')"
jrun --policy "$T/policy.json" --audit "$T/audit" run --bundle "$T/b" "jt-$$-p"
like "policy: mkdir is refused" "$err" 'Operation not permitted'
like "policy: the denial names rule, syscall, exe and pid" \
	"$(jq -r 'select(.syscall | startswith("mkdir")) | (has("rule") and has("exe") and has("pid") and has("arguments") or has("args")) | tostring' "$T/audit" | head -n 1)" true ||
	diag "$(cat "$T/audit")"
cat >"$T/kill.json" <<'POLICY'
{ "on_violation": "kill", "syscalls": { "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{ "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO" }] } }
POLICY
make_bundle "$T/b" "$(sh_filter 'sh -c "mkdir /tmp/d; echo survived"; echo "status $?"')"
jrun --policy "$T/kill.json" run --bundle "$T/b" "jt-$$-p"
unlike "on_violation kill: the offender is gone" "$err$out" 'Operation not permitted'
make_bundle "$T/b" "$(args_filter /bin/true)"
for text in '{"exce": {"allow": []}}' '{"exec": {"allow": [1]}}' '[]' '{' '{"limits": {"processes": 0.5}}' '{"network": {}}'; do
	printf '%s' "$text" >"$T/bad.json"
	jrun --policy "$T/bad.json" run --bundle "$T/b" "jt-$$-p"
	is "the policy $text is refused" "$rc" 1
	like "and its file is named" "$err" 'bad\.json'
done
printf '{"exce": {"allow": []}}' >"$T/bad.json"
jrun --policy "$T/bad.json" run --bundle "$T/b" "jt-$$-p"
like "an unknown key: the nearest known one is named" "$err" "exec"
jrun --policy nosuchpolicy run --bundle "$T/b" "jt-$$-p"
is "a policy that is not there is refused" "$rc" 1
like "by name" "$err" nosuchpolicy
done_testing
