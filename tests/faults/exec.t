#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every row of exec made to fail, before it ran and after, and the runtime killed at every row: the message names the row, the exit
# status is 255, and nothing of the exec is left: no process, also none that has ended and nobody waits for, no pid file, no fd in the
# supervisor. The container runs on as it was, and takes the next one in.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command python3
need_runtime
id=jt-$$-exec

"$JAILRUN" life exec >"$T/rows"
ok "the table has rows" test "$(wc -l <"$T/rows")" -gt 20
printf '{"exec": {"allow": ["/bin/"]}, "limits": {"processes": 20}, "signals": {"protect": ["/bin/nothing"]}}' >"$T/trace.json"
printf '{"init": "workload", "exec": {"allow": ["/bin/"]}}' >"$T/outer.json"
printf '{"init": "workload", "syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}}' >"$T/outer-notify.json"
user='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
# NAME POLICY FORMS FILTER; the forms: a letter each, below.
containers=(
	"none none ftc .process.oomScoreAdj = 100"
	"jail default c .process.user = {uid: 1000, gid: 1000}"
	"trace $T/trace.json d ."
	"outer $T/outer.json f ."
	"outer-notify $T/outer-notify.json d ."
	"user none c $user"
	"user-trace $T/trace.json d $user"
)
declare -A forms=([f]="" [d]="--detach" [t]="--tty" [c]="--tty --detach --console-socket $T/console")
# Takes terminals and lets go of them.
python3 -c 'import ctypes, socket, sys
ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(8); held = []
while True:
    held = [*held[-4:], s.accept()[0]]' "$T/console" &
at_exit "kill $!"
ok "terminals are taken" eventually 10 test -S "$T/console"

# All tasks of the container's cgroup, also those that have ended, and its state.
tasks() {
	grep -lsE "/$id(/|\$)" /proc/[0-9]*/cgroup | sort
}
# Those who have looked at a program stay for a moment.
settle() {
	eventually 5 alone
}
# shellcheck disable=SC2317 # eventually calls it
alone() {
	! pgrep -P "$init" -x jailrun-init
}
# shellcheck disable=SC2317 # eventually calls it
as_before() {
	[ "$(tasks)" = "$before" ]
}
init_fds() {
	find "/proc/$init/fd" -mindepth 1 2>/dev/null | wc -l
}
# shellcheck disable=SC2317 # eventually calls it
fds_as_before() {
	[ "$(init_fds)" = "$fds" ]
}
# runs_on NAME: nothing of the exec is left, and the container is as it was.
runs_on() {
	local next=""
	if [ ! -e "$T/pid" ] && eventually 10 as_before && next=$(jr exec "$id" /bin/echo next 2>&1) && [ "$next" = next ]; then
		pass "$1"
	else
		fail "$1"
		diag "pid file: $(cat "$T/pid" 2>&1)" "before: " "$before" "now:" "$(tasks)" "the next exec: $next, and another: $(jr exec "$id" /bin/echo next 2>&1)" \
			"$(for t in $(tasks); do grep -E '^(Name|State|PPid|TracerPid|NSpid)' "${t%/*}/status" 2>/dev/null | tr '\n\t' '  '; echo; done)"
		kill -9 "$(cat "$T/pid" 2>/dev/null)" 2>/dev/null
		rm -f "$T/pid"
		settle
		before=$(tasks)
	fi
}

covered=" "
for line in "${containers[@]}"; do
	read -r name policy letters filter <<<"$line"
	rm -rf "$T/b"
	make_bundle "$T/b" "$(args_filter /bin/sleep 10000) | $filter"
	[[ $name != user* ]] || chown -R 100000:100000 "$T/b/rootfs"
	jrun --policy "$policy" run --detach --bundle "$T/b" "$id"
	is "$name: the container runs" "$rc" 0 || {
		diag "$err"
		continue
	}
	init=$(jr state "$id" | jq .pid)
	settle
	before=$(tasks)
	jrun exec "$id" /bin/true # what is opened once for all
	settle
	fds=$(init_fds)
	isnt "$name: the supervisor has fds that can be counted (control)" "$fds" 0
	for ((i = 0; i < ${#letters}; i++)); do
		letter=${letters:i:1}
		form=${forms[$letter]}
		read -ra words <<<"$form"
		words+=(--pid-file "$T/pid")
		program=(/bin/true)
		this="$name, exec ${form:-in the foreground}"
		jrun exec --trace-steps "${words[@]}" "$id" "${program[@]}"
		is "$this: it runs when nothing is made to fail (control)" "$rc" 0 || {
			diag "$err"
			continue
		}
		ok "$this: with its pid file (control)" test -s "$T/pid"
		rm -f "$T/pid"
		mapfile -t rows < <(awk 'NR == FNR { table[$2]; next } ($1 ~ /^[PCJW]$/) && ($2 in table) { print $2 }' "$T/rows" "$T/err")
		rows+=(jail.enter exec)
		covered+="${rows[*]} "
		program=(/bin/sleep 300)
		for row in "${rows[@]}"; do
			for step in "$row" "+$row"; do
				RUN_TIMEOUT=20 jrun exec "${words[@]}" --fail-step "$step" "$id" "${program[@]}"
				is "$this: fail $step: exit status" "$rc" 255
				like "$this: fail $step: the message names row and errno" "$err" "jailrun: .*E[A-Z]+.*[(]step ${row//./\\.}[)]"
				[ "$step" = "$row" ] || runs_on "$this: fail $row, +$row: nothing of it is left, the container runs on"
			done
			RUN_TIMEOUT=20 jrun exec "${words[@]}" --die-step "$row" "$id" "${program[@]}"
			is "$this: die $row: the runtime was killed" "$rc" 137
			if [ "$row" = pid.file ]; then # all was done: it runs without its runtime, unless that had its terminal
				like "$this: die $row: the pid is told" "$(cat "$T/pid")" '^[1-9][0-9]*$'
				[ "$letter" = t ] || is "$this: and the program runs" "$(tr '\0' ' ' <"/proc/$(cat "$T/pid")/cmdline")" '/bin/sleep 300 '
				kill -9 "$(cat "$T/pid")" 2>/dev/null
				rm -f "$T/pid"
			fi
			runs_on "$this: die $row: nothing of it is left, the container runs on"
		done
	done
	ok "$name: the container is the one that it was" test "$(jr state "$id" | jq -r '"\(.pid) \(.status)"')" = "$init running"
	ok "$name: no fd is left in the supervisor" eventually 3 fds_as_before || diag "$fds before, now $(init_fds): $(ls -l "/proc/$init/fd")"
	ok "$name: delete" jr delete --force "$id"
	is "$name: nothing is left of the container" "$(tasks)" ""
done
missing=$(while read -r _ row; do [[ $covered == *" $row "* ]] || echo "$row"; done <"$T/rows")
# Intel RDT is a matter of the processor.
grep -q ' - resctrl ' /proc/self/mountinfo || missing=$(grep -v '^resctrl\.' <<<"$missing")
is "every row of the table was played" "$missing" ""
done_testing
