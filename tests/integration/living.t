#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Commands on a living container: pause, resume, ps, events, update, and kill in all its forms.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
need_root
need_runtime
id=jt-$$-living
mount=$(cgroup2_mount)
[ -n "$mount" ] || skip_all "needs a cgroup v2 tree"
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
printf '{"exec": {"allow": ["/bin/"]}}' >"$T/trace.json"
printf '{"init": "workload", "exec": {"allow": ["/bin/"]}}' >"$T/outer.json"

refused() { # TEXT ARGUMENTS...
	local text=$1
	shift
	jrun "$@"
	is "$*: exit status" "$rc" 1
	like "$*: says '$text'" "$err" "${text//[().\$]/.}"
	is "$*: one line on stderr, nothing on stdout" "$(wc -l <"$T/err"):$out" 1:
}
# started POLICY FILTER: $T/b, created and started, and its script has said that it is ready.
started() {
	rm -f "$T/rootfs"/{got,ready,count}
	make_bundle "$T/b" "$2" && jr --policy "$1" run -d --bundle "$T/b" "$id" >"$T/run.log" 2>&1 </dev/null &&
		eventually 10 test -e "$T/rootfs/ready"
}
size() { stat -c %s "$T/rootfs/count" 2>/dev/null || echo 0; }
# shellcheck disable=SC2317 # ok calls it
grows() { # did the file grow from $1?
	[ "$(size)" -gt "$1" ]
}

# ---- pause and resume: what counts stands still, and goes on ----
counting=$(sh_filter 'touch /ready; while :; do echo >>/count; /bin/true; done')
for policy in none default "$T/trace.json" "$T/outer.json"; do
	name=${policy##*/}
	started "$policy" "$counting" || fail "$name: start"
	for round in 1 2 3; do
		ok "$name: it counts, round $round" eventually 5 grows "$(size)"
		ok "$name: pause" jr pause "$id"
		is "$name: the kernel says frozen" "$(grep frozen "$(find "$mount" -name "$id")/cgroup.events")" "frozen 1"
		now=$(size)
		sleep 0.2
		is "$name: it stands still" "$(size)" "$now"
		ok "$name: state says paused" status_is "$id" paused
		ok "$name: resume" jr resume "$id"
		ok "$name: state says running" status_is "$id" running
	done
	ok "$name: and goes on" eventually 5 grows "$(size)"
	jr pause "$id"
	refused "container not running or created: paused" pause "$id"
	is "$name: list says paused" "$(jr list -f json | jq -r '.[0].status')" paused
	ok "$name: kill of a paused one" jr kill "$id" KILL
	ok "$name: is its end" eventually 5 status_is "$id" stopped
	refused "container not paused" resume "$id"
	refused "container not running" pause "$id"
	ok "$name: delete" jr delete "$id"
done
started default "$counting"
jr pause "$id"
ok "delete --force of a paused one" jr delete --force "$id"
is "takes its cgroup along" "$(left_cgroups "$id")" ""

# A signal waits until it goes on.
started none "$(sh_filter 'trap "echo term >>/got" TERM; touch /ready; while :; do sleep 0.05; done')"
jr pause "$id"
ok "kill TERM of a paused one" jr kill "$id" TERM
sleep 0.2
not_ok "it does not hear it" test -e "$T/rootfs/got"
jr resume "$id"
ok "it hears it when it goes on" eventually 5 grep -q term "$T/rootfs/got"
jr delete -f "$id"

# Created: the process that waits for start can be paused.
make_bundle "$T/b" "$(args_filter sleep 1000)"
jr create --bundle "$T/b" "$id" >/dev/null 2>&1 </dev/null
ok "pause of a created one" jr pause "$id"
ok "is paused" status_is "$id" paused
refused "cannot start a container in the paused state" start "$id"
refused "cannot delete container $id that is not stopped: paused" delete "$id"
ok "resume" jr resume "$id"
ok "is created again" status_is "$id" created
ok "and can be started" jr start "$id"
ok "runs" status_is "$id" running

# ---- ps ----
pid=$(jr state "$id" | jq .pid)
is "ps -f json" "$(jr ps -f json "$id")" "[$pid]"
is "ps --format=json" "$(jr ps --format=json "$id")" "[$pid]"
like "ps: the heading of ps -ef" "$(jr ps "$id" | head -n 1)" '^UID +PID +PPID .*CMD$'
like "ps: its process" "$(jr ps "$id" | sed 1d)" "^root +$pid +.* sleep 1000\$"
is "ps: nobody else" "$(jr ps "$id" | wc -l)" 2
like "ps with options of ps" "$(jr ps "$id" -e -o pid,comm)" "^ *PID COMMAND"$'\n'" *$pid sleep\$"
like "the same behind --" "$(jr ps -- "$id" -e -o pid,comm)" "^ *PID COMMAND"$'\n'" *$pid sleep\$"
refused "couldn't find PID field in ps output" ps "$id" -e -o comm
refused "flag provided but not defined: -ef" ps -ef "$id"
jrun ps "$id" --no-such-option
is "an option that ps does not know: exit status" "$rc" 1
like "an option that ps does not know: ps's own words" "$err" 'no-such-option|unknown'
refused "invalid format" ps -f yaml "$id"
refused '"ps" requires a minimum of 1 argument' ps
env PATH=/nonexistent "$JAILRUN" --root "$ROOT" ps "$id" >"$T/out" 2>"$T/err"
is "no ps on the host: exit status" $? 1
like "no ps on the host: said so" "$(cat "$T/err")" 'ps: exit status 127: No such file'
jr delete -f "$id"

# Without a cgroup: by pid namespace, the inner one of the outer init too; in a shared one nobody knows.
for policy in none "$T/outer.json"; do
	rm -f "$T/rootfs/ready"
	make_bundle "$T/b" "$(sh_filter 'sleep 1000 & touch /ready; wait')"
	jr --policy "$policy" --cgroup-manager disabled run -d --bundle "$T/b" "$id" >/dev/null 2>&1 </dev/null
	eventually 5 test -e "$T/rootfs/ready"
	want=2
	[ "$policy" = none ] || want=3
	# shellcheck disable=SC2317 # eventually calls it
	has_all() { [ "$(jr ps -f json "$id" | jq length)" = "$want" ]; } # after a second: exec may have left a scout of the supervisor
	ok "ps without a cgroup, ${policy##*/}: all processes" eventually 5 has_all || diag "$(jr ps "$id")"
	is "ps without a cgroup, ${policy##*/}: the first one is the container's" "$(jr ps -f json "$id" | jq '.[0]')" "$(jr state "$id" | jq .pid)"
	refused "has no cgroup" pause "$id"
	refused "has no cgroup" events --stats "$id"
	refused "has no cgroup" update --pids-limit 5 "$id"
	jr delete -f "$id"
done
make_bundle "$T/b" "$(args_filter sleep 1000) | del(.linux.namespaces[] | select(.type == \"pid\"))"
jr --cgroup-manager disabled run -d --bundle "$T/b" "$id" >/dev/null 2>&1 </dev/null
refused "neither a cgroup nor a pid namespace of its own" ps "$id"
ok "kill of it all the same" jr kill --all "$id" KILL
ok "is its end" eventually 5 status_is "$id" stopped
jr delete -f "$id"

# ---- events ----
started none "$(sh_filter 'sleep 1000 & touch /ready; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; wait')"
jrun events --stats "$id"
is "events --stats: exit status" "$rc" 0
is "events --stats: one line" "$(wc -l <"$T/out")" 1
is "events --stats: type and id" "$(jq -r '.type + " " + .id' <<<"$out")" "stats $id"
# The keys that runc 1.1.5 always has, and their types.
is "events --stats: the shape" "$(jq -c '.data | [(.cpu.usage | (.kernel, .user)), .cpu.throttling, .cpuset.cpu_exclusive, .cpuset.sched_relax_domain_level,
	(.memory | .usage.limit, .usage.failcnt, .swap.limit, .kernel.limit, .kernelTCP.failcnt), .pids.current, .blkio, .hugetlb, .intel_rdt, .network_interfaces] | map(type) | unique' \
	<<<"$out")" '["null","number","object"]'
is "events --stats: all of runc's members" "$(jq -c '.data | keys' <<<"$out")" \
	'["blkio","cpu","cpuset","hugetlb","intel_rdt","memory","network_interfaces","pids"]'
ok "events --stats: CPU time is that of the cgroup" jq -e '.data.cpu.usage.total > 0 and .data.cpu.usage.total >= .data.cpu.usage.user' <<<"$out"
is "events --stats: the processes" "$(jq .data.pids.current <<<"$out")" 2
jr pause "$id"
ok "events --stats of a paused one" jr events --stats "$id"
jr resume "$id"
(jr events --interval 100ms "$id" >"$T/events" 2>"$T/events.err"; echo "$?" >"$T/events.rc") &
ok "events: comes again and again" eventually 5 grep -c stats "$T/events"
eventually 5 eval '[ "$(wc -l <"$T/events")" -ge 3 ]'
jr kill "$id" KILL
wait
is "events: ends with the container" "$(cat "$T/events.rc")" 0
is "events: nothing but objects of the right kind" "$(jq -r '.type + .id' "$T/events" | sort -u)" "stats$id"
ok "events: more than two of them" test "$(wc -l <"$T/events")" -gt 2
refused "container with id $id is not running" events --stats "$id"
is "ps of a stopped one" "$(jr ps -f json "$id")" "[]"
refused "container not running" update --pids-limit 5 "$id"
jr delete "$id"
for bad in 5 x -; do
	refused 'invalid value|must be greater than 0|container does not exist' events --interval "$bad" "$id"
done
for command in pause resume ps events update; do
	refused "container does not exist" "$command" "$id"
done

# ---- kill ----
signals=$(sh_filter 'for s in 1 3 10 12 15 28 34 37 50 64; do trap "echo $s >>/got" $s; done; touch /ready; while :; do sleep 0.02; done')
for policy in none default; do
	started "$policy" "$signals" || fail "$policy: start"
	while read -r number names; do
		for name in $names; do
			rm -f "$T/rootfs/got"
			ok "$policy: kill $name" jr kill "$id" "$name"
			ok "$policy: kill $name is signal $number" eventually 5 grep -qx "$number" "$T/rootfs/got"
		done
	done <<'LIST'
1 HUP SIGHUP hup 1
3 QUIT SIGQUIT 3
10 USR1 SIGUSR1 10
12 USR2 sigusr2 12
15 TERM 15
28 WINCH SIGWINCH
34 RTMIN SIGRTMIN 34
37 RTMIN+3 SIGRTMIN+3 rtmin+3 37
50 RTMAX-14 50
64 RTMAX SIGRTMAX RTMIN+30 64
LIST
	rm -f "$T/rootfs/got"
	ok "$policy: kill with an empty signal" jr kill "$id" ""
	ok "$policy: is TERM" eventually 5 grep -qx 15 "$T/rootfs/got"
	rm -f "$T/rootfs/got"
	ok "$policy: kill --all TERM" jr kill --all "$id" TERM
	ok "$policy: is heard" eventually 5 grep -qx 15 "$T/rootfs/got"
	sleep 0.2
	is "$policy: once" "$(grep -cx 15 "$T/rootfs/got")" 1
	for bad in 65 RTMIN+31 SIGFOO 9x RTMIN- "9 9"; do
		refused "unknown signal" kill "$id" "$bad"
	done
	ok "$policy: kill 0 asks" jr kill "$id" 0
	ok "$policy: and harms nobody" status_is "$id" running
	ok "$policy: kill KILL" jr kill "$id" KILL
	ok "$policy: is its end" eventually 5 status_is "$id" stopped
	for signal in KILL TERM 0; do refused "container not running: no such process" kill "$id" $signal; done
	ok "$policy: kill --all of a stopped one is no error" jr kill --all "$id" 9
	jr delete "$id"
done

# A shared pid namespace: what the first process leaves behind is ended by kill --all, and by kill KILL.
shared='del(.linux.namespaces[] | select(.type == "pid"))'
# shellcheck disable=SC2317 # ok and eventually call it
left() { [ -n "$(cat "$(find "$mount" -name "$id")/cgroup.procs" 2>/dev/null)" ]; }
leave=$(sh_filter 'sleep 1000 & sleep 1000 & touch /ready; exit 0')
for how in "--all $id 9" "-a $id KILL" "$id KILL"; do
	started none "$leave | $shared" || fail "shared: start"
	eventually 5 status_is "$id" stopped
	ok "shared, the first process is gone: others are there" left
	refused "container not running" kill "$id" TERM
	# shellcheck disable=SC2086 # words
	ok "shared: kill $how" jr kill $how
	ok "shared: ends them" eventually 5 eval '! left'
	ok "shared: kill --all again" jr kill --all "$id" 9
	refused "container not running: no such process" kill "$id" KILL
	ok "shared: delete" jr delete "$id"
done
started none "$(sh_filter 'sleep 1000 & touch /ready; wait') | $shared"
ok "shared, all alive: kill KILL" jr kill "$id" KILL
ok "shared: takes all along" eventually 5 eval '! left'
jr delete "$id"
started none "$leave | $shared"
ok "shared: delete takes along what is left" jr delete --force "$id"
is "shared: no cgroup" "$(left_cgroups "$id")" ""

# ---- update ----
make_bundle "$T/b" "$(args_filter sleep 1000)"
jr run -d --bundle "$T/b" "$id" >/dev/null 2>&1 </dev/null
while IFS='|' read -r option value text; do
	refused "$text" update "--$option" "$value" "$id"
done <<'LIST'
memory|64x|invalid value for memory: invalid size: '64x'
memory-swap|-2|invalid value for memory-swap: invalid size: '-2'
memory-reservation|k|invalid value for memory-reservation: invalid size: 'k'
cpu-share|a|invalid value for cpu-share: parsing "a": invalid syntax
cpu-quota|1.5|invalid value for cpu-quota
cpu-period|-1|invalid value for cpu-period
cpu-burst|x|invalid value for cpu-burst
cpu-idle|x|invalid value for cpu-idle
cpu-idle|2|--cpu-idle: 2 is neither 0 (normal) nor 1
pids-limit|x|invalid value for pids-limit
pids-limit|-5|--pids-limit: -5 is no number of tasks
memory-swap|1000|--memory-swap: the sum of memory and swap is limited, memory is not: set --memory as well
blkio-weight|x|invalid value for blkio-weight
blkio-weight|5|--blkio-weight: 5 is not from 10 to 1000
cpuset-cpus|a-b|--cpuset-cpus: 'a-b' is no list of numbers and ranges
cpu-rt-runtime|5|--cpu-rt-runtime: real-time bandwidth
l3-cache-schema|L3:0=f|Intel RDT/CAT: l3 cache schema is not enabled
mem-bw-schema|MB:0=20|Intel RDT/MBA: memory bandwidth schema is not enabled
resources|/nonexistent|--resources: open '/nonexistent': No such file
LIST
printf '{"pids": {"limit": "5"}}' >"$T/r.json"
refused "--resources: $T/r.json: pids.limit: must be an integer" update -r "$T/r.json" "$id"
printf '{"pids"' >"$T/r.json"
refused "--resources: $T/r.json: line 1, column 8" update --resources="$T/r.json" "$id"
printf '{"memory": {"swap": 5000}}' >"$T/r.json"
refused "--resources: $T/r.json: memory.swap: the sum of memory and swap" update -r "$T/r.json" "$id"
refused 'leave out --memory' update -r "$T/r.json" --memory 5m "$id"
ok "update of nothing" jr update "$id"
printf '{}' >"$T/r.json"
ok "update of nothing, from a file" jr update -r "$T/r.json" "$id"
ok "update of nothing, from standard input" eval 'echo "{}" | jr update -r - "$id"'
if grep -qw pids "$mount/cgroup.controllers"; then
	ok "update --pids-limit" jr update --pids-limit 50 "$id"
	is "is in the cgroup" "$(cat "$(find "$mount" -name "$id")/pids.max")" 50
else
	# The controllers of cgroup v1 are out of reach: one clear sentence, and nothing is changed.
	while read -r option value controller; do
		refused "--$option: the $controller controller is not available in cgroup v2 on this host" update "--$option" "$value" "$id"
	done <<'LIST'
memory 64m memory
pids-limit 50 pids
pids-limit 0 pids
cpu-quota 50000 cpu
cpuset-cpus 0 cpuset
blkio-weight 500 io
LIST
fi
if grep -qw hugetlb "$mount/cgroup.controllers"; then
	ok "update of hugepageLimits" eval 'echo "{\"hugepageLimits\": [{\"pageSize\": \"2MB\", \"limit\": 4194304}]}" | jr update -r - "$id"'
	is "is in the cgroup" "$(cat "$(find "$mount" -name "$id")/hugetlb.2MB.max")" 4194304
	is "and in the statistics" "$(jr events --stats "$id" | jq '.data.hugetlb["2MB"].max')" 4194304
else
	skip "update of hugepageLimits" "no hugetlb in cgroup v2"
fi
ok "it runs still" status_is "$id" running
jr delete -f "$id"
done_testing
