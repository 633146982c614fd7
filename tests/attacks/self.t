#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The jail itself and its counts, attacked from inside: PID 1, the runtime's program, limits, a filter of the attacker's own.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
progs=$TOP_BUILDDIR/tests/attacks/progs
[ -x "$progs/touch_init" ] || skip_all "tests/attacks/progs is not built"
make_busybox_rootfs "$T/b/rootfs"
cp "$progs"/* "$T/b/rootfs/bin/"
sum=$(sha256sum "$JAILRUN")

# attack POLICY-JSON|NAME SCRIPT [FILTER]
attack() {
	local policy=$1
	case $policy in '{'*)
		printf '%s' "$policy" >"$T/policy.json"
		policy=$T/policy.json
		;;
	esac
	make_bundle "$T/b" "$(sh_filter "$2") | ${3-.}"
	rm -f "$T/audit"
	RUN_TIMEOUT=100 jrun --policy "$policy" --audit "$T/audit" run --bundle "$T/b" "jt-$$-a"
}
strong=".process.capabilities.bounding += [\"CAP_SYS_PTRACE\",\"CAP_KILL\",\"CAP_SYS_ADMIN\"] | .process.capabilities.permitted = .process.capabilities.bounding | .process.capabilities.effective = .process.capabilities.bounding | .process.noNewPrivileges = false"

# A process of the workload's own is what the control attacks in place of PID 1.
attack default 'sleep 60 & sleep 0.2; /bin/kill_all $! --probe; echo "status $?"' "$strong"
diag "kill_all of one's own process: $out"
control=$out
# Its own group and everyone but PID 1 do die of it: what counts is that PID 1 is there to tell how the workload ended.
attack default '' "$strong | .process.args = [\"/bin/kill_all\", \"1\"]"
is "SIGKILL in every way at PID 1: it lives, and reports the workload's own end" "$rc" 137
attack '{"signals": {"to_init": "refuse"}}' 'kill -9 1 2>/dev/null || echo refused; kill -0 1 && echo there' "$strong"
like "to_init refuse: says so" "$out" refused

attack default 'sleep 60 & sleep 0.2; /bin/touch_init $!; echo "status $?"' "$strong"
diag "touch_init of one's own process: $out"
like "ways into a process of one's own are there (control)" "$out" '[a-z]'
control=$out
attack default '/bin/touch_init 1; echo "status $?"'
diag "touch_init of PID 1: $out"
like "no way into PID 1" "$(head -n 1 <<<"$out")" '^touch_init: nothing worked$' || diag "$err"
attack default '/bin/touch_init 1; echo "status $?"' "$strong"
diag "touch_init of PID 1 with CAP_SYS_PTRACE and CAP_SYS_ADMIN: $out"
unlike "with CAP_SYS_PTRACE: no way into its memory" "$out" 'touch_init:.* (mem|vm|ptrace|pidfd|fd)( |$)'

attack default '/bin/prlimit_init 1; sleep 2; echo alive' "$strong"
like "prlimit at PID 1: the container lives" "$out" alive

# The runtime's own program.
attack default 'for f in /proc/1/exe /proc/self/exe; do (echo x >>$f) 2>/dev/null && echo "wrote $f"; done; cp /proc/1/exe /tmp/x 2>/dev/null && echo copied; for p in /proc/[0-9]*; do (: >>$p/exe) 2>/dev/null && echo "opened $p/exe"; done; echo end' "$strong"
is "no program is open for writing, PID 1's not even for reading" "$(grep -v "self/exe" <<<"$out" | tail -n 1)" end
is "the runtime is as it was" "$(sha256sum "$JAILRUN")" "$sum"
attack none 'head -c 4 /proc/self/exe | od -c | head -n 1'
like "a workload's own program can be read (control)" "$out" 'E +L +F'

# Counts.
for n in 4 9; do
	attack "{\"limits\": {\"processes\": $n}}" '/bin/fork_bomb' '.process.args = ["/bin/fork_bomb"]'
	like "fork_bomb: exactly $n processes at once" "$out" "(^|[^0-9])$n([^0-9]|\$)" || diag "$out"
	attack "{\"limits\": {\"processes\": $n}}" '' '.process.args = ["/bin/fork_bomb", "3"]'
	like "fork_bomb after a storm: still exactly $n" "$out" "(^|[^0-9])$n([^0-9]|\$)" || diag "$out"
	attack "{\"limits\": {\"threads\": $n}}" '' '.process.args = ["/bin/thread_bomb"]'
	like "thread_bomb: exactly $n threads beside the first" "$out" "(^|[^0-9])$n([^0-9]|\$)" || diag "$out"
	attack "{\"limits\": {\"threads\": $n}}" '' '.process.args = ["/bin/thread_bomb", "3"]'
	like "thread_bomb after a storm: still exactly $n" "$out" "(^|[^0-9])$n([^0-9]|\$)" || diag "$out"
done
attack '{"limits": {"processes": 100000}}' '' '.process.args = ["/bin/thread_bomb"]'
unlike "threads are no processes (control)" "$out" '(^|[^0-9])9([^0-9]|$)'

attack none '/bin/own_listener; echo "status $?"'
control=$out
attack default '/bin/own_listener; echo "status $?"'
diag "own_listener: none: $control, default: $out"
attack '{"exec": {"allow": ["/bin/"]}}' '/bin/own_listener; echo "status $?"'
isnt "a listener of one's own is refused under the tracer" "$out" "$control"
done_testing
