#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# update, events and pause with every controller of cgroup v2: new limits that bite a container that lives, what it has used, and the
# word of the kernel when it is out of memory. Run on any host it starts the machine and itself in it.
. "$(cd "$(dirname "$0")/../.." && pwd)/tests/lib/common.sh"
. "$TOP_SRCDIR/tests/lib/bundle.sh"
here=$TOP_SRCDIR/tests/vm
unit=$TOP_BUILDDIR/tests/unit/cgroups_living

if [ ! -e /.jailrun-vm ]; then
	need_command qemu-system-x86_64 python3 busybox jq
	need_runtime
	make -s -C "$TOP_BUILDDIR" tests/unit/cgroups_living >&2 || diag "no unit test to run in the machine"
	make_busybox_rootfs "$T/rootfs"
	ROOTFS=$T/rootfs TEST_TMP=/run "$here/run" --smp 2 --timeout 600 -- "$here/living.t"
	exit
fi

cg=/sys/fs/cgroup/jailrun/box
if [ -x "$unit" ]; then
	ok "the unit test of freezer and statistics" env JAILRUN_MUST_WORK=1 "$unit"
else
	fail "the unit test of freezer and statistics is not built"
fi
of() { cat "$cg/$1"; }
stat_of() { jr events --stats box | jq -c ".data.$1"; }
# Does as it is told by files in its root: /big: allocate 48 MB, /fork: four children, /spin: compute.
make_bundle "$T/b" "$(sh_filter 'touch /ready; while :; do
	if [ -e /big ]; then rm /big; dd if=/dev/zero of=/dev/null bs=48M count=1; echo $? >/big.rc; fi
	if [ -e /fork ]; then rm /fork; (sleep 3 & sleep 3 & sleep 3 & sleep 3 & true) 2>/fork.err; echo $? >/fork.rc; fi
	if [ -e /spin ]; then i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; fi
	sleep 0.2; done')"
rootfs=$ROOTFS
tell() { # FILE: the container has done it
	rm -f "$rootfs/$1.rc" "$rootfs/$1.err"
	touch "$rootfs/$1"
	eventually 30 test -s "$rootfs/$1.rc"
}
jr --policy default run -d --bundle "$T/b" box >"$T/run.log" 2>&1 </dev/null || diag "$(cat "$T/run.log")"
eventually 30 test -e "$rootfs/ready"

# ---- statistics before any limit ----
ok "update --memory -1 turns the controllers on" jr update --memory -1 --pids-limit -1 --cpu-share 1024 --cpuset-cpus 0-1 box
jrun events --stats box
ok "memory is counted" jq -e '.data.memory | .usage.usage > 100000 and .usage.limit == 18446744073709551615 and .raw.anon > 0' <<<"$out"
ok "processes are counted, no limit" jq -e '.data.pids | .current >= 2 and (has("limit") | not)' <<<"$out"
is "the CPUs that it may use" "$(jq -c .data.cpuset.cpus <<<"$out")" "[0,1]"

# ---- memory: the same allocation before and after; events says that the kernel has killed ----
tell big
is "48 MB without a limit" "$(cat "$rootfs/big.rc")" 0
(jr events --interval 1h box >"$T/events" 2>"$T/events.err"; echo "$?" >"$T/events.rc") &
events=$!
ok "update --memory" jr update --memory 20m box
is "memory.max" "$(of memory.max)" 20971520
is "the statistics have it" "$(stat_of memory.usage.limit)" 20971520
tell big
is "48 MB with a limit of 20" "$(cat "$rootfs/big.rc")" 137
ok "events: an oom object" eventually 20 test -s "$T/events"
is "events: exactly this" "$(jq -c . "$T/events" | sort -u)" '{"type":"oom","id":"box"}'
ok "the statistics: the limit was met" eval '[ "$(stat_of memory.usage.failcnt)" -gt 0 ]'
ok "update --memory with --memory-swap" jr update --memory 100m --memory-swap 150m --memory-reservation 10m box
is "memory and swap" "$(of memory.max) $(of memory.swap.max 2>/dev/null || echo 52428800) $(of memory.low)" "104857600 52428800 10485760"
jrun update --memory-swap 50m box
like "memory-swap below the present memory limit is refused" "$rc $err" "^1 .*memory.swap"
is "and nothing is changed" "$(of memory.max)" 104857600
tell big
is "48 MB with a limit of 100" "$(cat "$rootfs/big.rc")" 0

# ---- processes ----
tell fork
is "four children without a limit" "$(cat "$rootfs/fork.err")" ""
sleep 3
ok "update --pids-limit" jr update --pids-limit 4 box
is "pids.max" "$(of pids.max)" 4
is "the statistics have it" "$(stat_of pids.limit)" 4
tell fork
like "four children with a limit of 4 tasks" "$(cat "$rootfs/fork.err")" "can't fork"
ok "update --pids-limit -1" jr update --pids-limit -1 box
is "pids.max" "$(of pids.max)" max

# ---- CPU ----
ok "update --cpu-quota --cpu-period" jr update --cpu-quota 10000 --cpu-period 50000 box
is "cpu.max" "$(of cpu.max)" "10000 50000"
touch "$rootfs/spin"
ok "the statistics: it is throttled" eventually 30 eval '[ "$(stat_of cpu.throttling.throttledPeriods)" -gt 0 ]'
rm -f "$rootfs/spin"
ok "the period alone" jr update --cpu-period 100000 box
is "keeps the quota" "$(of cpu.max)" "10000 100000"
ok "the quota alone" jr update --cpu-quota -1 box
is "keeps the period" "$(of cpu.max)" "max 100000"
ok "update --cpuset-cpus" jr update --cpuset-cpus 1 box
is "cpuset.cpus.effective, and in the statistics" "$(of cpuset.cpus.effective) $(stat_of cpuset.cpus)" "1 [1]"
ok "update --cpu-share" jr update --cpu-share 512 box
is "cpu.weight" "$(of cpu.weight)" 59

# ---- a document; all or nothing ----
cat >"$T/r.json" <<'JSON'
{"memory": {"limit": 50331648, "reservation": 4194304}, "cpu": {"quota": 20000, "period": 100000, "cpus": "0-1"},
 "pids": {"limit": 33}, "hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}], "unified": {"memory.high": "40000000"}}
JSON
ok "update -r - from standard input" eval 'jr update -r - box <"$T/r.json"'
is "all of it" "$(of memory.max) $(of memory.low) $(of cpu.max) $(of cpuset.cpus) $(of pids.max) $(of hugetlb.2MB.max) $(of memory.high)" \
	"50331648 4194304 20000 100000 0-1 33 4194304 39997440"
is "huge pages in the statistics" "$(stat_of 'hugetlb["2MB"].max')" 4194304
printf '{"pids": {"limit": 44}, "memory": {"limit": 60000000}, "cpu": {"cpus": "0-4000"}}' >"$T/bad.json"
jrun update --resources="$T/bad.json" box
like "a document with a bad value: the field" "$rc $err" "^1 .*cpu.cpus"
is "none of it is done" "$(of memory.max) $(of pids.max) $(of cpuset.cpus)" "50331648 33 0-1"
# A created container is updated as well, and a paused one.
jr pause box
ok "update of a paused one" jr update --pids-limit 50 box
is "pids.max" "$(of pids.max)" 50
jr resume box

# ---- the end: events ends with it ----
kill -0 $events && ok "events goes on until then" test ! -e "$T/events.rc"
jr kill box KILL
ok "events ends" eventually 20 test -e "$T/events.rc"
is "without an error" "$(cat "$T/events.rc") $(cat "$T/events.err")" "0 "
jr delete box
# Out of memory at the first process: the word comes before the end.
make_bundle "$T/b" "$(args_filter dd if=/dev/zero of=/dev/null bs=48M count=1)"' | .linux.resources.memory = {limit: 20000000}'
jr create --bundle "$T/b" box >/dev/null 2>&1 </dev/null
(jr events --interval 1h box >"$T/events2" 2>&1) &
sleep 1
jr start box
wait $!
is "out of memory at the first process" "$(cat "$T/events2")" '{"type":"oom","id":"box"}'
jr delete box
not_ok "nothing is left" test -e "$cg"
done_testing
