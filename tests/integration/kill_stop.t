#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SIGSTOP stops the workload's main process, and not the jail around it: what else is asked of the container is done meanwhile.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
make_busybox_rootfs "$T/b/rootfs"
id=jt-$$-stop
script='trap "exit 5" TERM; sleep 1000 & while :; do wait; done'

# The pid, outside, of the workload's main process: the one below the first that runs the shell.
main_of() { # INIT
	case $policy in
	none) echo "$1" ;;
	*) tr ' ' '\n' <"/proc/$1/task/$1/children" | grep . | head -n 1 ;;
	esac
}
state_of() { sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null; }
# shellcheck disable=SC2317 # eventually calls it
has_state() { [[ "$(state_of "$1")" == [$2] ]]; }
# shellcheck disable=SC2317 # eventually calls it
gone() { ! kill -0 "$1" 2>/dev/null; }

echo '{}' >"$T/notify.json"
echo '{"limits": {"processes": 100}}' >"$T/trace.json"
echo '{"init": "workload"}' >"$T/outer.json"
echo '{"init": "workload", "limits": {"processes": 100}}' >"$T/outer-trace.json"
for policy in none notify trace outer outer-trace; do
	file=$policy
	[ $policy = none ] || file=$T/$policy.json
	for all in "" --all; do
		make_bundle "$T/b" "$(sh_filter "$script")"
		jr --policy "$file" run -d --bundle "$T/b" "$id" >"$T/run.log" 2>&1 </dev/null || fail "start: $(cat "$T/run.log")"
		init=$(jr state "$id" | jq .pid) main=$(main_of "$init")
		what="$policy${all:+, $all}"
		ok "$what: the main process sleeps (control)" eventually 5 has_state "$main" S
		# shellcheck disable=SC2086 # none or one
		RUN_TIMEOUT=20 jrun kill $all "$id" STOP
		is "$what: STOP" "$rc" 0 || diag "$err"
		ok "$what: the main process is stopped" eventually 5 has_state "$main" Tt
		if [ $policy != none ]; then
			sleep 0.2
			ok "$what: PID 1 is not" has_state "$init" SR
			RUN_TIMEOUT=20 jrun exec "$id" /bin/echo executed
			is "$what: a program is executed meanwhile" "$rc:$out" 0:executed || diag "$err"
			ok "$what: and what main is stays" has_state "$main" Tt
		fi
		is "$what: the container runs, by its state" "$(jr state "$id" | jq -r .status)" running
		ok "$what: TERM" jr kill "$id" TERM
		sleep 0.2
		ok "$what: waits" has_state "$main" Tt
		ok "$what: CONT" jr kill "$id" CONT
		ok "$what: now it ends" eventually 5 gone "$main" || diag "$(state_of "$main")"
		ok "$what: and the container with it" eventually 5 status_is "$id" stopped
		jr delete --force "$id"
	done
	[ $policy = none ] && continue
	jr --policy "$file" create --bundle "$T/b" "$id" >"$T/run.log" 2>&1 </dev/null || fail "create: $(cat "$T/run.log")"
	jrun kill "$id" STOP
	like "$policy: there is nothing to stop before start" "$rc:$err" '^1:.*cannot stop container .*: it is not started'
	ok "$policy: it can be started then" jr start "$id"
	jr delete --force "$id"
done

# A frozen one hears of it when it thaws.
jr --policy "$T/notify.json" run -d --bundle "$T/b" "$id" >"$T/run.log" 2>&1 </dev/null
init=$(jr state "$id" | jq .pid) policy=notify main=$(main_of "$init")
if jr pause "$id" 2>/dev/null; then
	RUN_TIMEOUT=20 jrun kill "$id" STOP
	is "paused: STOP does not wait" "$rc" 0 || diag "$err"
	jr resume "$id"
	ok "paused: it is stopped when it goes on" eventually 5 has_state "$main" T
	jr kill "$id" CONT
	ok "paused: and goes on" eventually 5 has_state "$main" S
else
	skip "paused" "no freezer"
fi
jr delete --force "$id"

# Nothing that the workload can send has PID 1 stop a process for it.
make_bundle "$T/b" "$(sh_filter 'kill -STOP 1; /bin/busybox sleep 0.2; echo alive')"
jrun --policy "$T/notify.json" run --bundle "$T/b" "$id"
is "SIGSTOP to PID 1 from inside stops nothing" "$rc:$out" 0:alive
done_testing
