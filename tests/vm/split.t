#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The helper's own cgroup: limits of a few hundred KiB and of one process bind the workload alone, and whatever that does the helper
# goes on. Run on any host it starts the machine (JAILRUN_TEST_KERNEL: of another kernel package) and itself in it.
. "$(cd "$(dirname "$0")/../.." && pwd)/tests/lib/common.sh"
. "$TOP_SRCDIR/tests/lib/bundle.sh"
here=$TOP_SRCDIR/tests/vm

if [ ! -e /.jailrun-vm ]; then
	need_command qemu-system-x86_64 python3 busybox jq
	need_runtime
	make_busybox_rootfs "$T/rootfs"
	# Another program, for a rule.
	cp "$T/rootfs/bin/busybox" "$T/rootfs/bin/busybox-other"
	ROOTFS=$T/rootfs TEST_TMP=/run "$here/run" --kernel "${JAILRUN_TEST_KERNEL:-linux-image-amd64}" --smp 2 --timeout 900 -- "$here/split.t"
	exit
fi

cg=/sys/fs/cgroup box=/sys/fs/cgroup/jailrun/box
res() {
	printf '.linux.resources = %s' "$1"
}
cgroups() {
	find $cg -mindepth 1 -type d | sort
}
words() { # FILE...: what they hold, a word each
	cat "$@" 2>&1 | tr '\n' ' ' | sed 's/ $//'
}
before=$(cgroups)
printf '{"exec": {"deny": ["/bin/busybox-other"]}, "limits": {"processes": 100}}' >"$T/trace.json"
printf '{"init": "workload", "exec": {"deny": ["/bin/busybox-other"]}}' >"$T/outer.json"
# In memory: what is read from the host's disk on the way is the workload's as well, and more than it may have at once. So is what of jailrun
# itself is read for the first time by the process that becomes the container's.
cp -a "$ROOTFS" /run/rootfs
ROOTFS=/run/rootfs
make_bundle "$T/first" "$(args_filter /bin/true)"
jrun --policy none run --bundle "$T/first" first
is "a first one, without limits" "$rc" 0
policies=(none default "$T/trace.json" "$T/outer.json")

# ---- half a MiB ----
rounds=${ROUNDS:-10}
for policy in "${policies[@]}"; do
	name=${policy##*/}
	make_bundle "$T/small" "$(args_filter /bin/true) | $(res '{memory: {limit: 524288}}')"
	failed=0
	for ((i = 0; i < rounds; i++)); do
		jrun --policy "$policy" run --bundle "$T/small" "small$i"
		[ "$rc" = 0 ] || failed=$((failed + 1)) why="round $i: $rc $err"
	done
	is "$name: memory.limit of 512 KiB: /bin/true in $rounds rounds" "$failed" 0 || diag "$why"

	# ---- one process ----
	POLICY=$policy in_sh 'echo $((6 * 7)); echo more' "$(res '{pids: {limit: 1}}')"
	is "$name: pids.limit of 1: a shell" "$rc ${out//$'\n'/ }" "0 42 more" || diag "$err"
	POLICY=$policy in_sh '/bin/true; echo not reached' "$(res '{pids: {limit: 1}}')"
	like "$name: pids.limit of 1: it cannot fork" "$err" "can't fork: Resource temporarily unavailable"

	# ---- what the workload sees ----
	POLICY=$policy in_sh 'cd /sys/fs/cgroup && cat memory.max memory.low pids.max cpu.max cpu.weight cpuset.cpus /proc/self/cgroup &&
		grep -c " / /sys/fs/cgroup ro" /proc/self/mountinfo' \
		"$(res '{memory: {limit: 8000000, reservation: 40960}, pids: {limit: 7}, cpu: {quota: 70000, shares: 2048, cpus: "0"}}')"
	is "$name: its own limits, to the byte, at the root of its cgroups" "$(words "$T/out")" "7999488 40960 7 70000 100000 174 0 0::/ 1" ||
		diag "$rc $err"

	# ---- out of memory: a child dies, the shell goes on, and the helper reports what comes after ----
	rm -f "$T/audit"
	make_bundle "$T/oom" "$(sh_filter 'dd if=/dev/zero of=/dev/null bs=48M count=1 2>/dev/null; echo $?; /bin/busybox-other echo denied || true') |
		$(res '{memory: {limit: 20971520}}')"
	jrun --policy "$policy" --audit "$T/audit" run --bundle "$T/oom" oom
	case $policy in
	*.json)
		is "$name: out of memory" "$rc $out" "0 137"
		like "$name: and the helper reports a denial" "$(cat "$T/audit")" '"rule":"exec".*/bin/busybox-other'
		;;
	*) is "$name: out of memory" "$rc ${out//$'\n'/ }" "0 137 denied" ;;
	esac
	POLICY=$policy in_container "$(args_filter dd if=/dev/zero of=/dev/null bs=48M count=1) | $(res '{memory: {limit: 20971520}}')"
	is "$name: out of memory at the first process" "$rc" 137
done
is "nothing is left of all these" "$(cgroups)" "$before"

# ---- a container that is created, as engines do it ----
limits='{memory: {limit: 16777216, reservation: 4096}, pids: {limit: 10}, cpu: {shares: 512}, unified: {"memory.high": "12M", "cgroup.max.depth": "5"}}'
make_bundle "$T/b" "$(sh_filter 'trap "exit 7" TERM; sleep 1000 & wait') | $(res "$limits")"
for policy in default "$T/trace.json" "$T/outer.json"; do
	name=${policy##*/}
	jrun --policy "$policy" create --bundle "$T/b" box
	is "$name: create" "$rc $err" "0 "
	pid=$(jr state box | jq .pid)
	is "$name: when create returns the first process is in the container's cgroup" "$(cat "/proc/$pid/cgroup")" "0::/jailrun/box"
	is "$name: which bounds both" "$(words $box/memory.max $box/memory.high $box/memory.low $box/pids.max $box/cpu.weight)" "25165824 20971520 4096 74 59"
	is "$name: the statistics have the limits that were asked for" "$(jr events --stats box | jq -c '[.data.memory.usage.limit, .data.pids.limit]')" \
		"[16777216,10]"
	ok "$name: update before the start" jr update --pids-limit 12 box
	ok "$name: start" jr start box
	is "$name: the helper is beside the workload" "$(cat "/proc/$pid/cgroup")" "0::/jailrun/box/jail"
	is "$name: nobody is above them" "$(words $box/cgroup.procs)" ""
	is "$name: the workload's limits" \
		"$(words $box/box/{memory.max,memory.high,memory.low,pids.max,cpu.weight,cgroup.max.depth})" "16777216 12582912 4096 12 59 5"
	is "$name: the helper has none" "$(words $box/jail/{memory.max,pids.max,cpu.weight})" "max max 10000"
	is "$name: kill finds them all, ps shows them" "$(jr ps -f json box | jq 'length >= 2 and .[0] == '"$pid")" true
	# Those who exec.
	jrun exec box /bin/sh -c 'cat /proc/self/cgroup /sys/fs/cgroup/pids.max; ls -d /sys/fs/cgroup/jail; readlink /proc/self/ns/cgroup'
	is "$name: exec: in the workload's cgroup and namespace" "$out" "0::/
12
$(readlink "/proc/$(head -n 1 $box/box/cgroup.procs)/ns/cgroup")" || diag "$rc $err"
	is "$name: whoever looks at the first process finds that namespace" "$(readlink "/proc/$pid/ns/cgroup")" "${out##*$'\n'}"
	# Updates: all of it or nothing.
	ok "$name: update" jr update --memory 20m --pids-limit 9 --cpu-share 1024 box
	is "$name: of both" "$(words $box/box/{memory.max,pids.max,cpu.weight} $box/{memory.max,pids.max,cpu.weight})" "20971520 9 100 29360128 73 100"
	printf '{"memory": {"limit": 30000000}, "pids": {"limit": 5}, "unified": {"memory.high": "nonsense"}}' >"$T/bad.json"
	jrun update --resources "$T/bad.json" box
	like "$name: an update with a bad value" "$rc $err" '^1 .*unified\["memory.high"\]: the kernel refuses .nonsense. in'
	is "$name: nothing of it is done" "$(words $box/box/{memory.max,pids.max,memory.high} $box/{memory.max,pids.max,memory.high})" \
		"20971520 9 12582912 29360128 73 20971520"
	printf '{"memory": {"limit": 4096, "checkBeforeUpdate": true}}' >"$T/check.json"
	jrun update --resources "$T/check.json" box
	like "$name: checkBeforeUpdate looks at what the workload uses" "$rc $err" "^1 .*memory.limit: 4096 is less than what is in use"
	ok "$name: it lives" status_is box running || diag "$(jr state box)"
	ok "$name: update to a limit of what is there" jr update --pids-limit 1 box
	RUN_TIMEOUT=10 jrun exec box /bin/true
	like "$name: exec where no process can be made" "$rc $err" "^255 .*a limit on processes .*is reached"
	is "$name: the statistics" "$(jr events --stats box | jq -c '.data | [.memory.usage.limit, .pids.limit, .memory.usage.usage > 0, .memory.usage.max >= .memory.usage.usage]')" \
		"[20971520,1,true,true]"
	if [ -e $box/box/pids.peak ]; then
		ok "$name: how many there were at once" eval '[ "$(jr events --stats box | jq .data.pids.peak)" = "$(cat $box/box/pids.peak)" ]'
	fi
	ok "$name: update --pids-limit -1" jr update --pids-limit -1 --memory -1 box
	is "$name: no limit" "$(words $box/box/{memory.max,pids.max} $box/{memory.max,pids.max})" "max max max max"
	ok "$name: pause" jr pause box
	is "$name: all are frozen" "$(words $box/box/cgroup.events $box/jail/cgroup.events)" "populated 1 frozen 1 populated 1 frozen 1"
	ok "$name: resume" jr resume box
	ok "$name: kill" jr kill box TERM
	ok "$name: it ends" eventually 10 status_is box stopped
	ok "$name: delete" jr delete box
done

# ---- a container without a limit: all stay where they are, until there is one ----
make_bundle "$T/b" "$(args_filter sleep 100) | $(res '{}')"
jr --policy default create --bundle "$T/b" box >/dev/null 2>&1 </dev/null
jr start box
pid=$(jr state box | jq .pid)
is "nothing is limited, nobody is moved" "$(cat "/proc/$pid/cgroup") $(words $box/cgroup.subtree_control)" "0::/jailrun/box "
ok "update" jr update --memory 10m box
is "the helper makes room" "$(cat "/proc/$pid/cgroup") $(words $box/box/memory.max $box/memory.max)" "0::/jailrun/box/jail 10485760 18874368"
jr delete --force box

# ---- the helper has its turn ----
bomb='trap "" TERM; i=0; while [ $i -lt 50 ]; do (while :; do :; done) & i=$((i+1)); done; b() { b | b & }; b 2>/dev/null; exec sleep 1000'
make_bundle "$T/b" "$(sh_filter "(${bomb%; exec*}) & exec sleep 1000") | $(res '{pids: {limit: 100}, cpu: {quota: 100000, period: 100000}}')"
jr --policy "$T/trace.json" run -d --bundle "$T/b" box >/dev/null 2>&1 </dev/null
ok "a fork bomb and 50 that compute" eventually 60 eval '[ "$(cat $box/box/pids.current)" -ge 60 ]'
ok "in 2 % of a CPU" jr update --cpu-quota 2000 box
is "of which the helper takes nothing" "$(words $box/box/cpu.max $box/cpu.max)" "2000 100000 102000 100000"
sleep 1
# The first one's own end takes some of those 2 %: it has the signal when that is pending.
main=$(pgrep -x sleep)
# shellcheck disable=SC2317 # eventually calls it
has_signal() {
	! grep -q '^ShdPnd:[[:space:]]*0*$' "/proc/$main/status"
}
not_ok "no signal is pending (control)" has_signal
start=${EPOCHREALTIME/./}
jr state box >/dev/null
middle=${EPOCHREALTIME/./}
jr kill box TERM
eventually 20 has_signal
took=$(((${EPOCHREALTIME/./} - middle) / 1000)) state=$(((middle - start) / 1000))
ok "a signal arrives within a second (kill and arrival $took ms, where state takes $state ms)" test $took -lt $((1000 + state))
jr update --cpu-quota -1 box # else their end takes long as well
jr delete --force box

# ---- user namespaces, and who may make cgroups in his own ----
user='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
writable='(.mounts[] | select(.type == "cgroup") | .options) = ["rw", "nosuid"]'
own='cd /sys/fs/cgroup && mkdir -p init && echo $$ >init/cgroup.procs && echo "+pids +memory" >cgroup.subtree_control && cat cgroup.subtree_control'
for policy in none "$T/trace.json" "$T/outer.json"; do
	name=${policy##*/}
	make_bundle "$T/b" "$(sh_filter "$own; sleep 100") | $user | $writable | $(res '{memory: {limit: 33554432}, pids: {limit: 20}}')"
	jr --policy "$policy" run -d --bundle "$T/b" box >"$T/run.log" 2>&1 </dev/null
	eventually 20 grep -q pids "$T/run.log"
	is "$name: in a user namespace: it divides its own cgroup" "$(cat "$T/run.log")" "memory pids"
	root=$box
	[ "$policy" = none ] || root=$box/box
	is "$name: which it owns, and nothing above" "$(stat -c %u $root $root/cgroup.procs $root/memory.max $box/pids.max)" "100000
100000
0
0"
	jrun exec box /bin/sh -c 'cat /proc/self/cgroup'
	is "$name: exec goes where the workload is" "$rc $out" "0 0::/init" || diag "$err"
	ok "$name: delete" jr delete --force box
done

# ---- without a cgroup namespace ----
make_bundle "$T/b" "$(sh_filter 'cat /proc/self/cgroup /sys/fs/cgroup/pids.max') | del(.linux.namespaces[] | select(.type == \"cgroup\")) | $(res '{pids: {limit: 5}}')"
jrun --policy default run --bundle "$T/b" box
is "without a cgroup namespace" "$rc ${out//$'\n'/ }" "0 0::/jailrun/box/box 5" || diag "$err"

# ---- a cgroup that was there before ----
mkdir -p $cg/mine/pod
make_bundle "$T/b" "$(args_filter /bin/true) | .linux.cgroupsPath = \"/mine/pod\" | $(res '{pids: {limit: 5}}')"
RUN_TIMEOUT=20 jrun --policy default run --fail-step clone --bundle "$T/b" box
is "of a create that failed it is as it was" "$rc $(find $cg/mine -mindepth 1 -type d) $(words $cg/mine/pod/cgroup.subtree_control)" "1 $cg/mine/pod "
jrun --policy default run --bundle "$T/b" box
is "and can be used again" "$rc" 0 || diag "$err"
rmdir $cg/mine/pod $cg/mine 2>/dev/null

# ---- rows that fail, and a runtime that is killed: nothing is left ----
make_bundle "$T/b" "$(args_filter sleep 100) | $(res '{memory: {limit: 16777216}, pids: {limit: 10}}')"
clean() {
	is "$1: nothing is left" "$(cgroups)" "$before"
}
for row in cgroup.create cgroup.limit cgroup.split clone fork; do
	for step in $row +$row; do
		RUN_TIMEOUT=20 jrun --policy "$T/trace.json" run --fail-step "$step" --bundle "$T/b" "f$step"
		like "fail $step" "$rc $err" "^1 jailrun: .*\(EIO\) \(step $row\)$"
		clean "fail $step"
	done
	RUN_TIMEOUT=20 jrun --policy "$T/trace.json" run --die-step $row --bundle "$T/b" "d$row"
	is "die $row" "$rc" 137
	ok "die $row: delete --force" jr delete --force "d$row"
	clean "die $row"
done
ok "create" eval 'jr --policy default create --bundle "$T/b" box >/dev/null 2>&1 </dev/null'
for step in cgroup.move +cgroup.move; do
	jrun start --fail-step $step box
	like "start: fail $step" "$rc $err" "^1 jailrun: .*\(EIO\) \(step cgroup.move\)$"
	ok "start: fail $step: it is created as before" status_is box created
done
jrun start --die-step cgroup.move box
is "start: die cgroup.move" "$rc" 137
ok "start after all" jr start box
ok "it runs" status_is box running
jr delete --force box
clean "start"

is "nothing is left at the end" "$(cgroups)" "$before"
done_testing
