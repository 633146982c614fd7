#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Short allow-lists. One under which no program could start or end is refused by name; under every other one the jail's own last steps
# are not judged by it, and not reported: what the workload calls is.
# shellcheck disable=SC2086 # lists of names
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command musl-gcc
need_runtime
make_busybox_rootfs "$T/b/rootfs"
printf 'int main(void){return 7;}' >"$T/p.c"
printf '#include <unistd.h>\nint main(void){return getppid() < 0 ? 8 : 7;}' >"$T/q.c"
printf '#include <unistd.h>\nint main(void){for (;;) pause();}' >"$T/wait.c"
for p in p q wait; do musl-gcc -Os -static -o "$T/b/rootfs/bin/$p" "$T/$p.c" || fail "a program to run"; done
printf '#!/bin/nowhere\n' >"$T/b/rootfs/bin/script"
chmod 755 "$T/b/rootfs/bin/script"
id=jt-$$-n

# What musl's start calls, and jailrun's own last steps but for what is tried.
base="execve exit_group exit arch_prctl set_tid_address pause"
own="sendmsg recvmsg close getpid dup ppoll clock_gettime"
# list DEFAULT NAMES...: an allow-list
list() {
	local default=$1 names
	shift
	names=$(printf '"%s",' "$@")
	printf '"syscalls": {"defaultAction": "SCMP_ACT_%s", "syscalls": [{"names": [%s], "action": "SCMP_ACT_ALLOW"}]}' "$default" "${names%,}"
}
# under POLICY PROGRAM [FILTER]
under() {
	printf '{%s}' "$1" >"$T/policy.json"
	rm -f "$T/audit"
	make_bundle "$T/b" "$(args_filter "$2") | ${3-.}"
	RUN_TIMEOUT=20 jrun --policy "$T/policy.json" --audit "$T/audit" run --bundle "$T/b" "$id"
}
lines() { wc -l <"$T/audit" 2>/dev/null || echo 0; }

# ---- what everybody needs ----
under "$(list ERRNO $base)" /bin/p
is "a list with all that the program calls (control)" "$rc" 7 || diag "$err"
for without in execve exit_group exit; do
	for default in ERRNO KILL_PROCESS; do
		under "$(list $default ${base/$without /})" /bin/p
		is "$default without $without: refused" "$rc" 1
		like "$default without $without: by name" "$err" "policy [^ ]* refuses $without\\(2\\), by which every (program|thread) (starts|ends): name it in syscalls.syscalls with SCMP_ACT_ALLOW"
		run "$JAILRUN" --root "$ROOT" --policy "$T/policy.json" plan "$T/b"
		like "$default without $without: plan says the same" "$rc:$err" "^1:.*refuses $without\\(2\\)"
	done
done
ok "nothing is left of it" test -z "$(jr list -q)"
make_bundle "$T/b" "$(args_filter /bin/p) | .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", architectures: [\"SCMP_ARCH_X86_64\"], syscalls: [{names: [\"execve\"], action: \"SCMP_ACT_ERRNO\"}]}"
jrun --policy none create --bundle "$T/b" "$id"
like "linux.seccomp without execve: refused at create" "$rc:$err" '^1:.*linux.seccomp: the filter refuses execve\(2\): no workload can start'
make_bundle "$T/b" "$(args_filter /bin/p) | .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", architectures: [\"SCMP_ARCH_X86_64\"], syscalls: [{names: [\"exit\",\"exit_group\"], action: \"SCMP_ACT_ERRNO\"}]}"
jrun --policy none create --bundle "$T/b" "$id"
like "linux.seccomp without an end: refused at create" "$rc:$err" '^1:.*linux.seccomp: the filter refuses exit_group\(2\) and exit\(2\)'

# ---- the jail's own steps ----
for on in errno kill; do
	for default in ERRNO KILL_PROCESS; do
		for without in none sendmsg recvmsg close getpid all; do
			names=$own
			[ $without = all ] && names=""
			what="on_violation $on, $default, without $without"
			under "\"on_violation\": \"$on\", $(list $default $base ${names/$without/})" /bin/p
			is "$what: it runs" "$rc:$(lines)" 7:0 || diag "$err" "$(cat "$T/audit")"
		done
		what="on_violation $on, $default"
		under "\"on_violation\": \"$on\", $(list $default $base)" /bin/script
		like "$what: a program that cannot be executed is told" "$rc:$err" '^(1|12[67]|255):.*exec /bin/script: no such file'
		is "$what: and nothing is reported" "$(lines)" 0 || diag "$(cat "$T/audit")"
		under "\"on_violation\": \"$on\", $(list $default $base)" /bin/q
		like "$what: what the workload calls is reported (control)" "$(cat "$T/audit")" '"syscall":"getppid"|"nr":110'
		isnt "$what: and refused" "$rc" 7
	done
done

for default in ERRNO KILL_PROCESS; do
	what="init workload, $default"
	under "\"init\": \"workload\", $(list $default $base)" /bin/p
	is "$what: it runs" "$rc:$(lines)" 7:0 || diag "$err" "$(cat "$T/audit")"
	under "\"init\": \"workload\", $(list $default $base)" /bin/script
	like "$what: a program that cannot be executed is told" "$rc:$err" '^(1|12[67]|255):.*exec /bin/script: no such file'
done

# ---- processes by exec ----
under_detached() {
	printf '{%s}' "$1" >"$T/policy.json"
	rm -f "$T/audit"
	make_bundle "$T/b" "$(args_filter /bin/wait) | ${2-.}"
	jr --policy "$T/policy.json" --audit "$T/audit" run -d --bundle "$T/b" "$id" >"$T/run.log" 2>&1 </dev/null || fail "start: $(cat "$T/run.log")"
}
for default in ERRNO KILL_PROCESS; do
	under_detached "\"on_violation\": \"kill\", $(list $default $base)"
	for n in 1 2 3; do
		RUN_TIMEOUT=20 jrun exec "$id" /bin/p
		is "exec, $default: it runs ($n)" "$rc:$(lines)" 7:0 || diag "$err" "$(cat "$T/audit")"
	done
	RUN_TIMEOUT=20 jrun exec "$id" /bin/script
	like "exec, $default: a program that cannot be executed is told" "$rc:$err" '^255:.*exec /bin/script: no such file'
	is "exec, $default: nothing is reported" "$(lines)" 0 || diag "$(cat "$T/audit")"
	RUN_TIMEOUT=20 jrun exec "$id" /bin/q
	is "exec, $default: what it calls is refused (control)" "$rc" 137
	ok "exec, $default: and reported" eventually 3 grep -q -e getppid -e '"nr":110' "$T/audit"
	jr delete --force "$id"
done

# ---- no listener: config.json has it ----
agent=$T/agent
filter=".linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", listenerPath: \"$agent\", architectures: [\"SCMP_ARCH_X86_64\"], syscalls: [{names: [\"kexec_load\"], action: \"SCMP_ACT_NOTIFY\"}]}"
under "$(list KILL_PROCESS $base)" /bin/p "$filter"
like "no listener, no sendmsg: refused by name" "$rc:$err" '^1:.*policy [^ ]* refuses sendmsg\(2\), by which it is told'
if command -v python3 >/dev/null; then
	python3 "$TOP_SRCDIR/tests/lib/seccomp_agent.py" "$agent" "$T/agent.log" 2>"$T/agent.err" &
	at_exit "kill $!"
	eventually 10 test -S "$agent"
	under "$(list KILL_PROCESS $base sendmsg)" /bin/p "$filter"
	is "no listener, with sendmsg: it runs" "$rc" 7 || diag "$err"
	under "$(list KILL_PROCESS $base sendmsg)" /bin/script "$filter"
	like "no listener, with sendmsg: a program that cannot be executed is told" "$err" 'exec /bin/script: no such file'
	make_bundle "$T/b" "$(args_filter /bin/p) | .process.env += [\"LISTEN_PID=1\"] | $filter"
	run env LISTEN_FDS=1 LISTEN_PID=$$ "$JAILRUN" --root "$ROOT" --policy "$T/policy.json" run --bundle "$T/b" "$id"
	is "no listener: LISTEN_PID is made out before the filter" "$rc" 7 || diag "$err"
else
	skip "no listener, with sendmsg" "needs python3"
fi
done_testing
