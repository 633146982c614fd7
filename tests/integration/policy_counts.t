#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# limits.syscalls and limits.execs: a call goes on as often as the policy says and no more, whoever makes it and by which engine.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command jq
need_runtime
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
mkdir "$T/policies"
printf '{"policyDir": "%s", "floor": "floor"}' "$T/policies" >"$T/admin.json"
printf '{}' >"$T/policies/floor.json"
# counted JSON SCRIPT [FILTER]: under this policy and the floor; $made: how many directories there are of it
counted() {
	printf '%s' "$1" >"$T/policies/own.json"
	rm -rf "$T/audit" "$T/rootfs/made"
	mkdir -m 777 "$T/rootfs/made"
	make_bundle "$T/b" "$(sh_filter "cd /made; $2") | .annotations = {\"jailrun.policy\": \"own\"} | ${3-.}"
	n=$((${n:-0} + 1))
	jrun --admin-config "$T/admin.json" --audit "$T/audit" run --bundle "$T/b" "jt-$$-$n"
	made=$(find "$T/rootfs/made" -mindepth 1 | wc -l)
}
told() {
	jq -c '[.policy, .rule, .action, .mode]' "$T/audit" 2>/dev/null | sort | uniq -c | xargs
}
engine() {
	jr --policy "$T/policies/own.json" plan "$T/b" | jq -r .jail.engine
}
six='for i in 1 2 3 4 5 6; do mkdir $i; done'
# All at once, of many processes.
storm='for j in 1 2 3 4 5 6; do (i=0; while [ $i -lt 10 ]; do i=$((i + 1)); mkdir $j.$i 2>/dev/null; done) & done; wait'

counted '{"limits": {"syscalls": {"mkdir": 3}}}' "$six; rmdir 1 && echo rest"
is "notify: as often as it says" "$made $out" '2 rest' || diag "$err"
like "notify: the errno" "$err" "'4'.*Resource temporarily unavailable"
is "notify: the denials" "$(told)" '3 [own,limits.syscalls.mkdir,EAGAIN,null]'
is "notify: what would allow it" "$(jq -r .allow "$T/audit" | uniq)" 'raise limits.syscalls.mkdir'
is "notify: no tracer" "$(engine)" notify
counted '{"limits": {"syscalls": {"mkdir": 6}}}' "$six"
is "notify: all of them, where they may be (control)" "$made $err" '6 '
counted '{"limits": {"syscalls": {"mkdir": 25}}}' "$storm"
is "notify: many at once" "$made" 25
counted '{"limits": {"syscalls": {"mkdir": 25}, "processes": 100}}' "$storm"
is "trace: many at once" "$made $(engine)" '25 trace'
is "trace: the rule" "$(jq -r .rule "$T/audit" | sort -u)" limits.syscalls.mkdir
counted '{"on_violation": "kill", "limits": {"syscalls": {"mkdir": 2}}}' "$six; echo went on"
is "kill: who makes one more" "$made $out $(told)" '2 went on 4 [own,limits.syscalls.mkdir,kill,null]'
counted '{"mode": "watch", "limits": {"syscalls": {"mkdir": 4}}}' "$six"
is "watch: it goes on" "$made $(told)" '6 2 [own,limits.syscalls.mkdir,EAGAIN,watch]'
allow='{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["mkdir", "vfork", "fork", "clone", "execve", "exit_group", "exit",
	"wait4", "write", "chdir", "brk", "mmap", "munmap", "mprotect", "arch_prctl", "set_tid_address", "set_robust_list", "prlimit64", "rseq",
	"readlink", "readlinkat", "getrandom", "rt_sigaction", "rt_sigprocmask", "getuid", "geteuid", "getgid", "getegid", "getppid", "getpid", "stat",
	"newfstatat", "fstat", "lstat", "uname", "prctl", "ioctl", "umask", "getcwd", "gettid", "tgkill", "dup2", "fcntl", "close", "read"], "action": "SCMP_ACT_ALLOW"}]}'
counted "{\"syscalls\": $allow, \"limits\": {\"syscalls\": {\"mkdir\": 2}}}" "$six; rmdir 1"
is "of a list of what may be" "$made" 2 || diag "$err"
like "what the list refuses stays refused" "$err" "rmdir: '1': Operation not permitted"

printf '{"limits": {"syscalls": {"mkdir": 3}, "execs": 100}}' >"$T/policies/floor.json"
counted '{"limits": {"syscalls": {"mkdir": 5}}}' "$six"
is "floor: the less holds" "$made $(told)" '3 3 [floor,limits.syscalls.mkdir,EAGAIN,null]'
counted '{"limits": {"syscalls": {"mkdir": 2}}, "exec": {"allow": ["/bin/"]}}' "$six"
is "floor: of either" "$made $(told)" '2 4 [own,limits.syscalls.mkdir,EAGAIN,null]'
printf '{}' >"$T/policies/floor.json"

# The shell does some things without a program.
six='for i in 1 2 3 4 5 6; do /bin/busybox mkdir $i; done'
counted '{"limits": {"execs": 3}, "exec": {"allow": ["/bin/"]}}' "$six"
is "execs, traced" "$made $(engine)" '3 trace'
counted '{"limits": {"execs": 4}}' "$six; (exec /bin/busybox true); echo \$?"
is "execs: programs that are begun" "$made $out" '4 126'
is "execs: the denials" "$(told) $(engine)" '3 [own,limits.execs,EAGAIN,null] notify'
counted '{"limits": {"execs": 0}}' 'echo first'
is "execs: the first program is none of them" "$rc $out" '0 first'

# Processes by exec count together with the rest, and their first program is none.
printf '{"limits": {"syscalls": {"mkdir": 3}, "execs": 1}}' >"$T/policies/own.json"
rm -rf "$T/rootfs/made"
make_bundle "$T/b" "$(sh_filter 'mkdir /made; sleep 100')"
jr --policy "$T/policies/own.json" run -d -b "$T/b" "jt-$$-e" >"$T/out" 2>&1 </dev/null
for i in 1 2 3 4; do jrun exec "jt-$$-e" mkdir "/made/$i"; done
is "processes by exec: what they may together" "$(find "$T/rootfs/made" -mindepth 1 | wc -l) $rc" '2 1' || diag "$err"
jr delete --force "jt-$$-e"

while IFS='|' read -r limits want; do
	printf '{"limits": {"syscalls": %s}}' "$limits" >"$T/policies/own.json"
	jrun --policy "$T/policies/own.json" plan "$T/b"
	like "an error: $limits" "$rc $err" "^1 .*$want"
done <<'ROWS'
{"mkdri": 1}|limits\.syscalls: libseccomp .* knows no system call 'mkdri', so it cannot be counted
{"exit_group": 1}|exit_group\(2\) by limits\.syscalls
{"rt_sigreturn": 1}|rt_sigreturn cannot be counted
{"socketcall": 1}|socketcall is many calls
{"mkdir": -1}|must be an integer from 0
ROWS
printf '{"limits": {"syscalls": {"mkdir": 1}}, "syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_LOG"}]}}' >"$T/policies/own.json"
jrun --policy "$T/policies/own.json" plan "$T/b"
like "an error: what is logged by the kernel is not counted" "$rc $err" '^1 .*SCMP_ACT_LOG of mkdir, which limits count'
printf '{"limits": {"syscalls": {"mkdirat": 1}}}' >"$T/policies/own.json"
like "io_uring has it, too, and is closed" "$(jr --policy "$T/policies/own.json" plan "$T/b" | jq -r .jail.io_uring)" 'ENOSYS: it could do mkdirat, which limits.syscalls counts'
done_testing
