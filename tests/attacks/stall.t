#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# PID 1 never waits, neither for the workload nor for one part of it while the rest waits: under each flood a refused call of another process
# is answered, a program is executed in the container, and a signal is heard, within a second of what the machine takes under the same
# load without calls. STALL_SECONDS=3 for each flood.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/attack.sh"
need_prog stall
cp "$progs/stall" "$T/b/rootfs/bin/guarded"
seconds=${STALL_SECONDS:-3}
calls='"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getpgid"], "action": "SCMP_ACT_ERRNO"}]}'
# shellcheck disable=SC2034 # by ${!policy}
notify="{$calls}"
trace="{$calls, \"limits\": {\"processes\": 4000, \"threads\": 100}}"
protect="{$calls, \"limits\": {\"processes\": 4000, \"threads\": 100}, \"signals\": {\"protect\": [\"/bin/guarded\"]}}"
exec="{$calls, \"limits\": {\"processes\": 4000, \"threads\": 100}, \"exec\": {\"allow\": [\"/bin/\", \"/nowhere\"]}}"
fuse='.linux.devices += [{path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 438}] |
	.linux.resources.devices = [{allow: true, access: "rwm"}]'
ptrace='.process.capabilities.bounding += ["CAP_SYS_PTRACE"] |
	.process.capabilities.permitted = .process.capabilities.bounding | .process.capabilities.effective = .process.capabilities.bounding'

# stall POLICY-JSON WHAT N [FILTER]: sets $exec_ms, $term_ms (the longest of each), $calls_made and $longest; $why where it cannot be.
stall() {
	local end caps=$strong
	[[ $1 != *protect* ]] || caps=$able
	n_stall=$((${n_stall:-0} + 1))
	id=jt-$$-stall-$n_stall
	why="" exec_ms=0 term_ms=0 calls_made=0 longest=999999
	attack_start "$1" "$id" "$(args_filter /bin/stall "$2" "$3" "$seconds") | $no_rlimits | $caps | ${4-.}"
	if ! eventually 30 grep -Eq '^(ready|cannot)' "$T/inside"; then
		diag "$2: it does not come to run: $(head -n 3 "$T/inside")"
		exec_ms=30000 term_ms=30000
		end_stall
		return
	fi
	if why=$(grep ^cannot "$T/inside"); then
		end_stall
		return
	fi
	end=$((SECONDS + seconds - 1))
	while :; do
		milliseconds timeout 20 "$JAILRUN" --root "$ROOT" exec "$id" /bin/true || {
			diag "exec: $(cat "$T/timed")"
			ms=20000
		}
		[ "$ms" -le "$exec_ms" ] || exec_ms=$ms
		[ $SECONDS -lt $end ] || break
		milliseconds term_heard
		[ "$ms" -le "$term_ms" ] || term_ms=$ms
		[ $SECONDS -lt $end ] || break
		sleep 0.1
	done
	if eventually 20 grep -q ^calls= "$T/inside"; then
		calls_made=$(sed -n 's/^calls=\([0-9]*\).*/\1/p' "$T/inside") longest=$(sed -n 's/.*longest=//p' "$T/inside")
	fi
	end_stall
	diag "$3 of $2: exec $exec_ms ms, TERM heard after $term_ms ms, $calls_made refused calls in $seconds s, the longest $longest ms"
}
# A helper that hangs in the kernel comes free when the file system is gone, after some seconds.
end_stall() {
	eventually 45 timeout 30 "$JAILRUN" --root "$ROOT" delete -f "$id" || diag "it cannot be deleted"
}
# shellcheck disable=SC2317 # by milliseconds and eventually
term_heard() {
	local heard
	heard=$(grep -c heard "$T/inside")
	timeout 20 "$JAILRUN" --root "$ROOT" kill "$id" TERM
	eventually 20 heard_more "$heard"
}
# shellcheck disable=SC2317
heard_more() {
	[ "$(grep -c heard "$T/inside")" -gt "$1" ]
}

# answers NAME: what stall measured, against the control's.
answers() {
	if [ -n "$why" ]; then
		skip "$1" "$why"
		return
	fi
	ok "$1: jailrun exec took $exec_ms ms" test "$exec_ms" -le $((base_exec + 1000))
	ok "$1: TERM was heard after $term_ms ms" test "$term_ms" -le $((base_term + 1000))
	ok "$1: the longest refused call took $longest ms" test "$longest" -le $((base_longest + 1000))
	ok "$1: $calls_made refused calls of another process, at least 5 a second" test "$calls_made" -ge $((5 * seconds))
}
base_exec=0 base_term=0 base_longest=0

stall "$trace" none 0
answers "nothing (control)"
stall "$protect" none 1500
answers "1500 that wait (control)"
for what in group all pid group-signal; do
	stall "$protect" $what 1500
	answers "1500 in a group, $what"
done
for policy in trace notify; do
	base_exec=0 base_term=0 base_longest=0
	stall "${!policy}" spin 400
	ok "$policy: 400 that spin (control): refused calls are answered" test "$calls_made" -gt 0
	base_exec=$exec_ms base_term=$term_ms base_longest=$longest
	stall "${!policy}" refused 400
	answers "$policy: 400 that make refused calls"
done
stall "$trace" signals 400
answers "400 with signals that they handle"
base_exec=0 base_term=0 base_longest=0
for what in uffd-user uffd-full fuse-page fuse-path; do
	stall "$exec" $what 4 "$fuse | $ptrace"
	answers "execve, $what"
done
done_testing
