#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Limits that bite, in a machine with every controller of cgroup v2. Run on any host it starts the machine and itself in it.
. "$(cd "$(dirname "$0")/../.." && pwd)/tests/lib/common.sh"
. "$TOP_SRCDIR/tests/lib/bundle.sh"
here=$TOP_SRCDIR/tests/vm
unit=$TOP_BUILDDIR/tests/unit/cgroups_tree

if [ ! -e /.jailrun-vm ]; then
	need_command qemu-system-x86_64 python3 busybox jq
	need_runtime
	make -s -C "$TOP_BUILDDIR" tests/unit/cgroups_tree >&2 || diag "no unit test to run in the machine"
	# Made here, where a fork costs a tenth; the guest sees it through its overlay.
	make_busybox_rootfs "$T/rootfs"
	ROOTFS=$T/rootfs TEST_TMP=/run "$here/run" --smp 2 --timeout 600 -- "$here/cgroups.t"
	exit
fi

cg=/sys/fs/cgroup

res() {
	printf '.linux.resources = %s' "$1"
}
# The children of the root: what a test leaves shows here.
cgroups() {
	find $cg -mindepth 1 -type d | sort
}
before=$(cgroups)

# The machine itself.
is "every controller is there" "$(cat $cg/cgroup.controllers)" "cpuset cpu io memory hugetlb pids rdma misc"
if [ -x "$unit" ]; then
	ok "the unit test of the real tree" env JAILRUN_MUST_WORK=1 "$unit"
else
	fail "the unit test of the real tree is not built"
fi

# Memory: the same allocation below and above the limit.
big=$(args_filter dd if=/dev/zero of=/dev/null bs=96M count=1)
in_container "$big | $(res '{memory: {limit: 268435456}}')"
is "below memory.limit: exit status" "$rc" 0
in_container "$big | $(res '{memory: {limit: 33554432}}')"
is "above memory.limit: killed" "$rc" 137

# Processes.
forks='i=0; while [ $i -lt 6 ]; do sleep 20 & i=$((i+1)); done; echo made'
in_sh "$forks" "$(res '{pids: {limit: 30}}')"
is "below pids.limit" "$rc $out" "0 made"
in_sh "$forks" "$(res '{pids: {limit: 4}}')"
isnt "above pids.limit: exit status" "$rc" 0
like "above pids.limit: the shell cannot fork" "$err" "can't fork"
in_sh 'echo first; /bin/true; echo second' "$(res '{pids: {limit: 0}}')"
like "pids.limit 0: the first process runs" "$out" "^first"
like "pids.limit 0: and cannot fork" "$err" "can't fork"
POLICY=default in_sh "$forks" "$(res '{pids: {limit: 30}}')"
is "under the jail, below pids.limit" "$rc $out" "0 made"
POLICY=default in_sh "$forks" "$(res '{pids: {limit: 4}}')"
like "under the jail, above pids.limit" "$err" "can't fork"

# CPU: all values are read where the container sees them.
burn='i=0; while [ $i -lt 1000 ]; do i=$((i+1)); done; grep nr_throttled /sys/fs/cgroup/cpu.stat'
in_sh "$burn" "$(res '{cpu: {quota: 10000, period: 50000}}')"
like "cpu.quota throttles" "$out" "nr_throttled [1-9]"
in_sh "$burn" "$(res '{cpu: {quota: -1}}')"
is "no cpu.quota: nothing throttled" "$out" "nr_throttled 0"
in_sh 'cd /sys/fs/cgroup; cat cpu.weight cpu.max cpu.max.burst cpuset.cpus; grep Cpus_allowed_list /proc/self/status; nproc' \
	"$(res '{cpu: {shares: 2048, quota: 70000, period: 140000, burst: 5000, cpus: "1", mems: "0"}}')"
words=${out//[[:space:]]/ }
is "weight, quota, burst, cpus" "$words" "174 70000 140000 5000 1 Cpus_allowed_list: 1 1"
in_sh 'cat /sys/fs/cgroup/cpu.idle' "$(res '{cpu: {shares: 512, idle: 1}}')"
is "cpu.idle with cpu.shares" "$rc $out" "0 1"

# Devices: any node can be made, and opened only by a rule.
kmsg='mknod /dev/k c 1 11 && echo made && echo jailrun-test >/dev/k && echo written'
deny='{"allow": false, "access": "rwm"}'
in_sh "$kmsg" "$docker_caps | $(res "{devices: [$deny]}")"
is "a device without a rule: made" "$out" made
like "a device without a rule: not opened" "$err" "Operation not permitted"
in_sh "$kmsg" "$docker_caps | $(res "{devices: [$deny, {allow: true, type: \"c\", major: 1, minor: 11, access: \"r\"}]}")"
is "a device with a rule for reading alone: not written" "$out" made
in_sh "$kmsg" "$docker_caps | $(res "{devices: [$deny, {allow: true, type: \"c\", major: 1, minor: 11, access: \"w\"}]}")"
is "a device with a rule for writing" "$rc ${out//$'\n'/ }" "0 made written"
in_sh "$kmsg" "$docker_caps | del(.linux.resources)"
is "no rules at all: the default devices alone" "$out" made

# What the kernel refuses, by its name.
in_sh true "$(res '{cpu: {cpus: "0-4000"}}')"
isnt "CPUs that cannot be: exit status" "$rc" 0
like "CPUs that cannot be: the error" "$err" "linux.resources.cpu.cpus: .*'0-4000'.*cpuset.cpus"
echo 0 >/sys/devices/system/cpu/cpu1/online
in_sh true "$(res '{cpu: {cpus: "0-1"}}')"
like "CPUs of which not all are online: the error" "$err" "linux.resources.cpu.cpus: of '0-1' this cgroup can have only '0'"
echo 1 >/sys/devices/system/cpu/cpu1/online
in_sh true "$(res '{cpu: {quota: 5}}')"
like "a quota below a millisecond: the error" "$err" "linux.resources.cpu.quota: .*'5 100000'"
is "nothing is left of all these" "$(cgroups)" "$before"

# A path of the caller's own, shared by nobody.
make_bundle "$T/p" "$(sh_filter 'sleep 100 & sleep 100') | .linux.cgroupsPath = \"/vm-test/one\" | $(res '{pids: {limit: 10}}')"
ok "create with cgroupsPath" timeout 60 "$JAILRUN" --root "$ROOT" create --bundle "$T/p" one
pid=$(jr state one | jq .pid)
like "the container's process is in it" "$(cat $cg/vm-test/one/cgroup.procs)" "(^|"$'\n'")$pid(\$|"$'\n'")"
is "its limit stands before start" "$(cat $cg/vm-test/one/pids.max)" 10
jrun create --bundle "$T/p" two
isnt "a second container in the same cgroup: exit status" "$rc" 0
like "a second container in the same cgroup: the error" "$err" "cgroup $cg/vm-test/one is not empty"
ok "and the first one lives" status_is one created
ok "start" jr start one
eventually 10 test "$(wc -l <$cg/vm-test/one/cgroup.procs)" -ge 2
ok "delete --force" jr delete --force one
not_ok "the cgroup is gone with all its processes" test -e $cg/vm-test/one
rmdir $cg/vm-test 2>/dev/null
is "nothing is left at the end" "$(cgroups)" "$before"
done_testing
