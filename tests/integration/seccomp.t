#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# linux.seccomp of config.json, and the syscall rules of a policy, in the same shape.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command musl-gcc
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

# Each action as a program sees it: call NR prints what the second of its two threads got, and "alive" when the first lives on.
musl-gcc -std=gnu11 -D_GNU_SOURCE -Wall -Werror -O1 -static -o "$T/call" "$TOP_SRCDIR/tests/lib/seccomp_call.c" || fail "a program to make calls with"
cp "$T/call" "$T/b/rootfs/bin/call"
# acts ACTION-AND-ERRNO [COMMAND]: what becomes of personality (135), which nothing else calls here.
acts() {
	in_container "$(args_filter /bin/sh -c "ulimit -c 0; ${2-call 135 0xffffffff}; echo status \$?") | .linux.seccomp = $(syscalls "[{\"names\": [\"personality\"], \"action\": $1}]")"
	tr '\n' ' ' <<<"$out"
}
for POLICY in none default; do
	is "$POLICY: ALLOW" "$(acts '"SCMP_ACT_ALLOW"')" '0 alive status 0 '
	is "$POLICY: LOG lets it go on" "$(acts '"SCMP_ACT_LOG"')" '0 alive status 0 '
	is "$POLICY: ERRNO" "$(acts '"SCMP_ACT_ERRNO"')" '-1 alive status 0 '
	is "$POLICY: ERRNO with errnoRet" "$(acts '"SCMP_ACT_ERRNO", "errnoRet": 28')" '-28 alive status 0 '
	is "$POLICY: the last errno" "$(acts '"SCMP_ACT_ERRNO", "errnoRet": 4095')" '-4095 alive status 0 '
	is "$POLICY: errno 0 is success" "$(acts '"SCMP_ACT_ERRNO", "errnoRet": 0')" '0 alive status 0 '
	is "$POLICY: TRACE without a tracer is ENOSYS" "$(acts '"SCMP_ACT_TRACE", "errnoRet": 7')" '-38 alive status 0 '
	is "$POLICY: KILL ends the thread alone" "$(acts '"SCMP_ACT_KILL"')" 'alive status 0 '
	is "$POLICY: KILL_THREAD too" "$(acts '"SCMP_ACT_KILL_THREAD"')" 'alive status 0 '
	like "$POLICY: KILL_PROCESS ends both" "$(acts '"SCMP_ACT_KILL_PROCESS"')" 'status 159 $'
	unlike "$POLICY: both" "$out" alive
	like "$POLICY: TRAP is SIGSYS" "$(acts '"SCMP_ACT_TRAP"')" 'status 159 $'
	like "$POLICY: which can be caught" "$(acts '"SCMP_ACT_TRAP"' 'CATCH=1 call 135')" '^SIGSYS of call 135.* alive status 0 $'
done
# The actions as the default: what is not named.
allow_all='"names": ["execve","brk","arch_prctl","set_tid_address","mmap","mprotect","munmap","rt_sigprocmask","rt_sigaction","clone","nanosleep","clock_nanosleep","write","writev","ioctl","exit","exit_group","futex","madvise","fstat","rt_sigreturn"], "action": "SCMP_ACT_ALLOW"'
by_default() { # DEFAULT [NR]
	in_container "$(args_filter /bin/call "${2-102}") | .linux.seccomp = {defaultAction: $1, architectures: [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X32\"], syscalls: [{$allow_all}, {names: [\"getpgid\"], action: \"SCMP_ACT_KILL_PROCESS\"}]}"
	printf '%s %s' "$(tr '\n' ' ' <<<"$out")" "$rc"
}
POLICY=none
is "by default: ERRNO" "$(by_default '"SCMP_ACT_ERRNO"')" '-1 alive  0'
is "by default: with defaultErrnoRet" "$(by_default '"SCMP_ACT_ERRNO", defaultErrnoRet: 13')" '-13 alive  0'
is "by default: LOG" "$(by_default '"SCMP_ACT_LOG"')" '0 alive  0'
is "by default: TRACE" "$(by_default '"SCMP_ACT_TRACE", defaultErrnoRet: 3')" '-38 alive  0'
is "by default: KILL" "$(by_default '"SCMP_ACT_KILL"')" 'alive  0'
is "by default: KILL_PROCESS" "$(by_default '"SCMP_ACT_KILL_PROCESS"')" '  159'
is "by default: TRAP" "$(by_default '"SCMP_ACT_TRAP"')" '  159'
# A call that is newer than all of the profile's is not there; one that is older gets the default. The last in the profile: 233 is epoll_ctl.
allow_all=${allow_all/\"names\": [/\"names\": [\"epoll_ctl\",}
is "older than the profile" "$(by_default '"SCMP_ACT_ERRNO"' 232)" '-1 alive  0'
is "newer: ENOSYS" "$(by_default '"SCMP_ACT_ERRNO"' 234)" '-38 alive  0'
is "newer: ENOSYS whatever the default" "$(by_default '"SCMP_ACT_KILL_PROCESS"' 234)" '-38 alive  0'
is "but where that lets calls through" "$(by_default '"SCMP_ACT_LOG"' 234)" '-22 alive  0' # the kernel's own answer to tgkill

# Each operator, of the mode of chmod (448 is 0700, 457 is 0711): what it refuses, and what it does not.
while read -r op value two refused passes; do
	in_sh "touch /tmp/f; chmod $refused /tmp/f || echo refused; chmod $passes /tmp/f && echo passed" ".linux.seccomp = $(syscalls "[{\"names\": [\"chmod\"], \"action\": \"SCMP_ACT_ERRNO\", \"args\": [{\"index\": 1, \"value\": $value, \"valueTwo\": $two, \"op\": \"SCMP_CMP_$op\"}]}]")"
	is "operator $op" "$out" $'refused\npassed' || diag "$err"
done <<'OPERATORS'
NE 448 0 711 700
LT 457 0 700 711
LE 448 0 700 711
EQ 448 0 700 711
GE 457 0 711 700
GT 448 0 711 700
MASKED_EQ 73 73 711 700
OPERATORS
two='{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": %d, "value": 2, "op": "SCMP_CMP_EQ"}'
both() { # INDEX ARGUMENT...: getpgid is not asked about; the call is dup2 with bad numbers: EBADF where it is let through
	local rule
	# shellcheck disable=SC2059
	rule=$(printf "$two" "$1")
	shift
	in_container "$(args_filter /bin/call 33 "$@") | .linux.seccomp = $(syscalls "[{\"names\": [\"dup2\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 99, \"args\": [$rule]}]")"
	head -n 1 <<<"$out"
}
is "conditions on two arguments hold together" "$(both 1 1 2) $(both 1 1 1) $(both 1 999 2)" '-99 1 -9'
is "on the same argument they are alternatives" "$(both 0 1 999) $(both 0 2 999) $(both 0 999 2)" '-99 -99 -9'

# Each flag in the call that loads the filter.
if command -v strace >/dev/null; then
	for flag in LOG SPEC_ALLOW TSYNC; do
		make_bundle "$T/b" "$(args_filter /bin/true) | .linux.seccomp = $(syscalls '[]') | .linux.seccomp.flags = [\"SECCOMP_FILTER_FLAG_$flag\"]"
		run strace -f -e trace=seccomp -o "$T/strace" "$JAILRUN" --root "$ROOT" --policy none run --bundle "$T/b" "jt-$$-f"
		is "flag $flag: the container runs" "$rc" 0 || diag "$err"
		case $flag in
		TSYNC) like "flag $flag: one thread needs none" "$(cat "$T/strace")" 'SET_MODE_FILTER, 0, \{' ;;
		*) like "flag $flag: is given to the kernel" "$(cat "$T/strace")" "SET_MODE_FILTER, SECCOMP_FILTER_FLAG_$flag, \\{" ;;
		esac
	done
else
	skip "flags in the call" "no strace"
fi
in_container "$(args_filter /bin/true) | .linux.seccomp = $(syscalls '[]') | .linux.seccomp.flags = [\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]"
like "WAIT_KILLABLE_RECV without an agent is refused" "$err" 'linux\.seccomp\.flags\[0\]: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV .*SCMP_ACT_NOTIFY'
is "features: this kernel takes all flags that are known" "$(jr features | jq -c '.linux.seccomp | .knownFlags == .supportedFlags and (.knownFlags | length) == 4')" true

# Every architecture of the specification.
for arch in X86 X86_64 X32 ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE S390 S390X PARISC PARISC64 RISCV64 LOONGARCH64 M68K SH SHEB; do
	in_sh 'mkdir /tmp/d || echo refused' ".linux.seccomp = ($(syscalls '[{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]') | .architectures = [\"SCMP_ARCH_$arch\"])"
	if jr features | jq -e ".linux.seccomp.archs | index(\"SCMP_ARCH_$arch\")" >/dev/null; then
		is "architecture $arch" "$out" refused || diag "$err"
	else
		like "architecture $arch: libseccomp does not know it" "$err" "linux\\.seccomp\\.architectures\\[0\\]: libseccomp [0-9.]+, .*SCMP_ARCH_$arch"
	fi
done
# errnoRet where it means nothing.
for action in ALLOW LOG KILL KILL_PROCESS KILL_THREAD TRAP NOTIFY; do
	in_container "$(args_filter /bin/true) | .linux.seccomp = $(syscalls "[{\"names\": [\"mkdir\"], \"action\": \"SCMP_ACT_$action\", \"errnoRet\": 1}]")"
	like "errnoRet with SCMP_ACT_$action is refused" "$err" 'linux\.seccomp\.syscalls\[0\]\.errnoRet'
	in_container "$(args_filter /bin/true) | .linux.seccomp = {defaultAction: \"SCMP_ACT_$action\", defaultErrnoRet: 1}"
	like "and defaultErrnoRet" "$err" 'linux\.seccomp\.defaultErrnoRet'
done

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
