#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is executed in a container lives under the container's policy from its first program on: exec rules, counts, denials in the
# audit, protected processes, both kinds of init; and what it makes does, too.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
id=jt-$$-xp
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
# Programs with files of their own: with links to busybox the target is always /bin/busybox.
for p in allowed denied guard; do cp "$(command -v busybox)" "$T/rootfs/bin/busybox-$p"; done
printf '#!/bin/sh\necho script ran\n' >"$T/rootfs/bin/script"
chmod 755 "$T/rootfs/bin/script"

# under POLICY-JSON [PROGRAM...]: a container under it, whose denials are in $T/audit.
under() {
	printf '%s' "$1" >"$T/policy.json"
	shift
	[ $# -gt 0 ] || set -- /bin/busybox sleep 10000
	jr delete --force "$id" 2>/dev/null
	rm -f "$T/audit"
	make_bundle "$T/b" "$(args_filter "$@")"
	jr --policy "$T/policy.json" --audit "$T/audit" run -d --bundle "$T/b" "$id" >"$T/run.log" 2>&1 </dev/null ||
		fail "start under $(cat "$T/policy.json"): $(cat "$T/run.log")"
	init=$(jr state "$id" | jq .pid)
}
into() { jrun exec "$@"; }
denials() { # JQ CONDITION
	jq -s "[.[] | select($1)] | length" "$T/audit" 2>/dev/null || echo 0
}
# shellcheck disable=SC2317 # eventually calls it
denied() { # JQ CONDITION
	[ "$(denials "$1")" -gt 0 ]
}
shown() { # PID FIELD: of /proc/PID/status
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | tr '\t' ' '
}
# shellcheck disable=SC2317 # eventually calls it
program_of() { # PID: its command line begins so
	[[ "$(tr '\0' ' ' <"/proc/$1/cmdline")" == "$2"* ]]
}
exec_rules='"exec": {"allow": ["/bin/busybox", "/bin/busybox-allowed"]}'

for init_rule in jail workload; do
	# ---- exec rules ----
	under "{\"init\": \"$init_rule\", $exec_rules}"
	into "$id" /bin/busybox-allowed echo one
	is "init $init_rule: a program that is allowed (control)" "$rc:$out" 0:one || diag "$err"
	for again in 1 2; do
		into --pid-file "$T/pid" "$id" /bin/busybox-denied echo two
		is "init $init_rule: one that is not: exit status ($again)" "$rc:$out" 255:
		like "init $init_rule: and the readable error" "$err" 'exec: "/bin/busybox-denied" is refused by policy .*\(rule exec\).*exec\.allow: permission denied'
		not_ok "init $init_rule: and no pid file" test -e "$T/pid"
	done
	ok "init $init_rule: it is in the audit" eventually 3 denied '.rule == "exec" and .path == "/bin/busybox-denied"' || diag "$(cat "$T/audit")"
	into "$id" /bin/script
	is "init $init_rule: a script that is not allowed, though its interpreter is" "$rc:$out" 255:
	into "$id" busybox-denied echo two
	is "init $init_rule: by its name in PATH" "$rc:$out" 255:
	ln -sf busybox-denied "$T/rootfs/bin/innocent"
	into "$id" /bin/innocent echo two
	is "init $init_rule: by a link" "$rc:$out" 255:
	into --cwd /bin "$id" ./busybox-denied echo two
	is "init $init_rule: by a relative name" "$rc:$out" 255:
	rm -f "$T/audit.old" && cp "$T/audit" "$T/audit.old"
	into "$id" /bin/sh -c '/bin/busybox-denied echo two; echo $?; /bin/busybox-allowed echo three'
	is "init $init_rule: what an executed shell executes is judged" "$out" $'126\nthree' || diag "$err"
	like "init $init_rule: with EACCES" "$err" '[Pp]ermission denied'
	ok "init $init_rule: and that is in the audit" test "$(denials '.comm == "sh"')" = 1 || diag "$(cat "$T/audit")"
	into "$id" /bin/sh -c '(/bin/sh -c "/bin/busybox-denied echo two; echo \$?")'
	is "init $init_rule: and its children's children's" "$out" 126
	into "$id" /bin/nothing
	like "init $init_rule: a program that is not there is not the policy's" "$rc:$err" '^255:.*no such file or directory'

	# ---- who traces ----
	jr exec -d --pid-file "$T/pid" "$id" /bin/sh -c '/bin/busybox sleep 1000 & /bin/busybox sleep 1001 & wait' </dev/null >"$T/log" 2>&1
	pid=$(cat "$T/pid")
	# shellcheck disable=SC2317 # called by eventually
	has_two() { [ "$(wc -w <"/proc/$pid/task/$pid/children")" = 2 ]; }
	ok "init $init_rule: a detached shell with two children" eventually 5 has_two
	for p in "$pid" $(cat "/proc/$pid/task/$pid/children"); do
		is "init $init_rule: the supervisor traces $(tr '\0' ' ' <"/proc/$p/cmdline")" "$(shown "$p" TracerPid)" "$init"
		is "init $init_rule: under its filter" "$(shown "$p" Seccomp)" 2
	done
	isnt "init $init_rule: it is no PID 1" "$(shown "$pid" NSpid | awk '{ print $NF }')" 1
	into "$id" /bin/busybox ps -o pid,args
	like "init $init_rule: PID 1 is as the policy says" "$out" "(^|"$'\n'") *1 $([ $init_rule = jail ] && echo '(jailrun|\{?jail|\[)' || echo '/bin/busybox sleep 10000')"
	kill -9 "$pid"
	rm -f "$T/pid"

	# ---- counts ----
	under "{\"init\": \"$init_rule\", \"limits\": {\"processes\": 3}}"
	for n in 2 3; do
		jr exec -d --pid-file "$T/pid$n" "$id" /bin/busybox sleep 1000 </dev/null >"$T/log" 2>&1
		ok "init $init_rule: process $n of 3 is executed (control)" test -s "$T/pid$n" || diag "$(cat "$T/log")"
	done
	into --pid-file "$T/pid" "$id" /bin/busybox echo four
	is "init $init_rule: the fourth is not: exit status" "$rc:$out" 255:
	like "init $init_rule: and the error says which limit" "$err" 'limits\.processes \(3\) is reached.*EAGAIN'
	not_ok "init $init_rule: and no pid file" test -e "$T/pid"
	kill -9 "$(cat "$T/pid2")"
	ok "init $init_rule: when one has ended there is room" eventually 5 jr exec "$id" /bin/busybox true
	into "$id" /bin/sh -c '/bin/busybox true & wait; echo $?'
	like "init $init_rule: an executed shell can make none beyond it" "$err" "[Rr]esource temporarily unavailable|[Cc]an.t fork"
	ok "init $init_rule: that is in the audit" eventually 3 denied '.rule == "limits" and .action == "EAGAIN"' || diag "$(cat "$T/audit")"
	kill -9 "$(cat "$T/pid3")"
	for n in 1 2 3 4 5 6 7 8 9 10; do into "$id" /bin/sh -c '/bin/busybox true; exit 7'; done
	is "init $init_rule: counted is who lives, not who came" "$rc" 7 || diag "$err"
	rm -f "$T"/pid[23]

	# ---- protected processes ----
	under "{\"init\": \"$init_rule\", \"signals\": {\"protect\": [\"/bin/busybox-guard\"]}}" /bin/busybox-guard sleep 10000
	jr exec -d --pid-file "$T/guard" "$id" /bin/busybox-guard sleep 2000 </dev/null >"$T/log" 2>&1
	jr exec -d --pid-file "$T/free" "$id" /bin/busybox sleep 3000 </dev/null >"$T/log" 2>&1
	ok "init $init_rule: a guard and one that is none" program_of "$(cat "$T/guard")" "/bin/busybox-guard sleep 2000"
	inside() { shown "$(cat "$1")" NSpid | awk '{ print $NF }'; }
	[ $init_rule = workload ] && main=1 || main=2
	for target in $main "$(inside "$T/guard")"; do
		into "$id" /bin/sh -c "kill -9 $target; echo \$?"
		is "init $init_rule: an executed shell cannot kill the guard $target" "$out" 1
		like "init $init_rule: with EPERM" "$err" 'not permitted'
	done
	ok "init $init_rule: both live" program_of "$(cat "$T/guard")" /bin/busybox-guard
	ok "init $init_rule: that is in the audit" eventually 3 denied '.rule == "signals.protect"' || diag "$(cat "$T/audit")"
	into "$id" /bin/sh -c "kill -9 -1; echo \$?"
	is "init $init_rule: nor all at once" "$(jr state "$id" | jq -r .status)" running
	into "$id" /bin/sh -c "kill -9 $(inside "$T/free"); echo \$?"
	is "init $init_rule: one that is not protected it can (control)" "$out" 0
	into "$id" /bin/sh -c 'kill -9 1; kill -STOP 1; echo $?'
	is "init $init_rule: PID 1 lives" "$(jr state "$id" | jq -r .status)" running
	into "$id" /bin/busybox true
	is "init $init_rule: and takes the next one in" "$rc" 0

	# ---- the engine without a tracer ----
	under "{\"init\": \"$init_rule\", \"syscalls\": {\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"mkdir\", \"mkdirat\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 28}]}}"
	into "$id" /bin/sh -c 'mkdir /tmp/x; echo $?; rmdir /tmp/nothing'
	is "init $init_rule: a call that is refused" "$out" 1
	like "init $init_rule: with the rule's errno" "$err" 'No space left on device'
	ok "init $init_rule: is in the audit" eventually 3 denied '.rule == "syscalls.syscalls[0]" and .comm == "mkdir"' || diag "$(cat "$T/audit")"
	like "init $init_rule: others are not (control)" "$err" "nothing.*No such file"
done

# ---- nothing but the first program ----
under '{"exec": {"allow": []}}'
into "$id" /bin/sh -c '/bin/busybox true; echo $?'
is "an empty exec.allow: an executed process has its first program, and that alone" "$out" 126 || diag "$rc $err"
# ---- the end ----
under "{$exec_rules}"
jr exec "$id" /bin/busybox sleep 1000 </dev/null >"$T/log" 2>&1 &
exec_pid=$!
# shellcheck disable=SC2317 # called by eventually
sleeps() { pgrep -f '^/bin/busybox sleep 1000$' --ns "$init" --nslist pid >/dev/null; }
ok "one in the foreground" eventually 5 sleeps
jr kill "$id" KILL
wait $exec_pid
is "ends with the container" $? 137
jr delete --force "$id"
done_testing
