#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# jailrun policy diff: what becomes possible, and what impossible.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_runtime
need_command jq
mkdir "$T/policies"
written() { printf '%s' "$2" >"$T/policies/$1.json"; }
rule() { printf '{"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [%s]}}' "$1"; }
written none "$(rule '')"
written mkdir "$(rule '{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}')"
written enosys "$(rule '{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}')"
written order "$(rule '{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}, {"names": ["mkdir"], "action": "SCMP_ACT_KILL"}')"
written log "$(rule '{"names": ["mkdir"], "action": "SCMP_ACT_LOG"}')"
written both "$(rule '{"names": ["mkdir", "rmdir"], "action": "SCMP_ACT_ERRNO"}')"
written arg "$(rule '{"names": ["socket"], "action": "SCMP_ACT_KILL", "args": [{"index": 0, "value": 16, "op": "SCMP_CMP_EQ"}]}')"
written least "$(rule '{"names": ["setuid"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 100, "op": "SCMP_CMP_LT"}]}')"
written least1 "$(rule '{"names": ["setuid"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 101, "op": "SCMP_CMP_LT"}]}')"
written bit "$(rule '{"names": ["umask"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 64, "valueTwo": 64, "op": "SCMP_CMP_MASKED_EQ"}]}')"
written exec1 '{"exec": {"allow": ["/usr/", "/bin/*"]}}'
written exec2 '{"exec": {"allow": ["/usr/bin/", "/bin/*", "/bin/sh"], "deny": ["/usr/bin/gdb"]}}'
written exec3 '{"exec": {"allow": ["/bin/*", "/usr/"], "memfd": true}}'
written net1 '{"network": {"connect": {"allow": ["10.0.0.0/8:443"]}}}'
written net2 '{"network": {"connect": {"allow": ["10.1.0.0/16:443", "tcp:10.0.0.0/8:443"]}}}'
written net3 '{"network": {"connect": {"allow": ["tcp:10.0.0.0/8:443", "udp:10.0.0.0/8:443"]}}}'
written lim1 '{"limits": {"processes": 5, "threads": 3}}'
written lim2 '{"limits": {"processes": 7, "threads": 2}}'
written lim3 '{"limits": {"processes": 5}}'
written kill '{"on_violation": "kill", "limits": {"processes": 5}}'
written prot1 '{"signals": {"protect": ["/bin/a", "/bin/b"]}}'
written prot2 '{"signals": {"protect": ["/bin/b", "/bin/c"]}}'
if [ "$(id -u)" = 0 ]; then chown -R 0:0 "$T/policies"; fi
# What follows from a refusal in other ways: io_uring, multiplexed calls.
other='io_uring_setup, io_uring_enter\|socketcall('
# A|B|LINES of the difference, without ABIs; none: the same
while IFS='|' read -r a b want; do
	run "$JAILRUN" --policy-dir "$T/policies" policy diff "$a" "$b"
	is "diff $a $b" "$rc:$(grep -v "$other" "$T/out" | sed 's/ \[[^]]*\]:/:/' | tr '\n' ';')" "$([ -z "$want" ] && echo 0 || echo 1):$want" || diag "$err"
done <<'ROWS'
none|none|
none|mkdir|- syscall mkdir: allow -> errno EPERM;
mkdir|none|+ syscall mkdir: errno EPERM -> allow;
mkdir|enosys|~ syscall mkdir: errno EPERM -> errno ENOSYS;
enosys|order|
none|log|~ syscall mkdir: allow -> log;
log|both|- syscall mkdir: log -> errno EPERM;- syscall rmdir: allow -> errno EPERM;
none|both|- syscall mkdir, rmdir: allow -> errno EPERM;
none|arg|- syscall socket(0x10): allow -> kill;
least|least1|- syscall setuid(0x64): allow -> errno EPERM;
none|bit|- syscall umask(0x40): allow -> errno EPERM;
exec1|exec2|- exec /usr/: allow -> errno EACCES;- exec /usr/bin/gdb: allow -> errno EACCES;
exec2|exec2|
exec1|exec3|+ key exec.memfd: not said -> true;
net1|net2|- connect udp:10.0.0.0:443: allow -> errno EPERM;- connect udp:10.255.255.255:443: allow -> errno EPERM;
net1|net3|
lim1|lim2|+ key limits.processes: 5 -> 7;- key limits.threads: 3 -> 2;
lim1|lim3|+ key limits.threads: 3 -> not said;
prot1|prot2|+ key signals.protect: "/bin/a": there -> not there;- key signals.protect: "/bin/c": not there -> there;
ROWS
run "$JAILRUN" --policy-dir "$T/policies" policy diff none both
like "io_uring goes with what it could do" "$rc:$out" '^1:.*- syscall io_uring_setup, io_uring_enter, io_uring_register: allow -> errno ENOSYS'
run "$JAILRUN" --policy-dir "$T/policies" policy diff lim3 kill
like "a refusal that kills" "$rc:$out" '^1:~ syscall [^:]*pidfd_open\(0x1\)[^:]*: errno EPERM -> kill.~ key on_violation: not said -> "kill"$'
run "$JAILRUN" policy diff default none
like "none is no policy" "$rc:$out" '^2:'
run "$JAILRUN" --policy-dir "$T/policies" policy diff --format json mkdir arg
is "as JSON" "$rc:$(jq -c '[.from, .to, .same, (.changes[] | select(.name | test("io_uring|socketcall|mkdir") | not) | [.change, .kind, .name, .from, .to])]' "$T/out")" \
	'1:["mkdir","arg",false,["-","syscall","socket(0x10)","allow","kill"]]'
run "$JAILRUN" policy diff --format json default default
is "as JSON: the same" "$rc:$(jq -c '[.same, .changes]' "$T/out")" '0:[true,[]]'
if [ "$(uname -m)" = x86_64 ]; then
	written native '{"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]}}'
	if [ "$(id -u)" = 0 ]; then chown 0:0 "$T/policies/native.json"; fi
	run "$JAILRUN" --policy-dir "$T/policies" policy diff none native
	is "an ABI less" "$rc:$out" "1:- syscall all of this ABI [x32]: allow -> kill"
fi
for arguments in default "default nosuch" "default default default" "--format x default default"; do
	# shellcheck disable=SC2086 # words
	run "$JAILRUN" policy diff $arguments
	is "a mistake: $arguments" "$rc:$out" "2:"
done
done_testing
