#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# linux.resources where the v2 tree has few controllers (hybrid hosts): each limit that cannot be had is refused by one sentence, what has
# no effect passes, and what is there works. tests/vm/limits.t has the rest.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
need_root
need_runtime
need_command jq busybox

make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
mount=$(cgroup2_mount)
has() {
	grep -qw "$1" "$mount/cgroup.controllers"
}
res() {
	printf '.linux.resources = %s' "$1"
}
dev='{major: 8, minor: 0}'

# PROPERTY CONTROLLER RESOURCES: set to something that limits.
while read -r property controller resources; do
	if has "$controller"; then
		skip "$property" "the v2 tree has $controller: see tests/vm/limits.t"
		continue
	fi
	in_sh true "$(res "$resources")"
	is "$property: exit status" "$rc" 1
	like "$property: one sentence that says where the controller is and what to do" "$err" \
		"^jailrun: linux\.resources\.$property: the $controller controller is not available in cgroup v2 on this host \(.*$mount.*\); remove the limit, or .*"
	is "$property: one line" "$(wc -l <"$T/err")" 1
done <<-END
	memory.limit memory {memory: {limit: 67108864}}
	memory.reservation memory {memory: {reservation: 67108864}}
	cpu.shares cpu {cpu: {shares: 512}}
	cpu.quota cpu {cpu: {quota: 50000}}
	cpu.burst cpu {cpu: {burst: 1000}}
	cpu.idle cpu {cpu: {idle: 1}}
	memory.limit memory {memory: {limit: 67108864, swap: 134217728}}
	memory.reservation memory {memory: {limit: -1, reservation: 67108864, swap: -1}}
	cpu.cpus cpuset {cpu: {cpus: "0"}}
	cpu.mems cpuset {cpu: {mems: "0"}}
	pids.limit pids {pids: {limit: 10}}
	blockIO.weight io {blockIO: {weight: 100}}
	blockIO.weightDevice\[0\] io {blockIO: {weightDevice: [$dev + {weight: 100}]}}
	blockIO.throttleReadBpsDevice\[0\] io {blockIO: {throttleReadBpsDevice: [$dev + {rate: 100}]}}
	blockIO.throttleWriteBpsDevice\[0\] io {blockIO: {throttleWriteBpsDevice: [$dev + {rate: 100}]}}
	blockIO.throttleReadIOPSDevice\[0\] io {blockIO: {throttleReadIOPSDevice: [$dev + {rate: 100}]}}
	blockIO.throttleWriteIOPSDevice\[0\] io {blockIO: {throttleWriteIOPSDevice: [$dev + {rate: 100}]}}
	rdma\["mlx5_1"\] rdma {rdma: {"mlx5_1": {hcaHandles: 3}}}
	unified\["misc.max"\] misc {unified: {"misc.max": "sev 1"}}
	unified\["cpu.max"\] cpu {unified: {"cpu.max": "50000 100000"}}
	unified\["memory.high"\] memory {unified: {"memory.high": "50000000"}}
END

# PROPERTY RESOURCES: what no cgroup v2 has.
while read -r property resources; do
	in_sh true "$(res "$resources")"
	like "$property: refused by its name" "$rc $err" "^1 jailrun: (cgroup\.limit: )?linux\.resources\.$property: "
	is "$property: one line" "$(wc -l <"$T/err")" 1
done <<-END
	memory.kernel {memory: {kernel: 1048576}}
	memory.kernelTCP {memory: {kernelTCP: 1048576}}
	memory.disableOOMKiller {memory: {disableOOMKiller: true}}
	memory.swappiness {memory: {swappiness: $(($(cat /proc/sys/vm/swappiness) - 1))}}
	cpu.realtimeRuntime {cpu: {realtimeRuntime: 1000}}
	cpu.realtimePeriod {cpu: {realtimePeriod: 1000}}
	blockIO.leafWeight {blockIO: {leafWeight: 10}}
	blockIO.weightDevice\[0\].leafWeight {blockIO: {weightDevice: [$dev + {leafWeight: 10}]}}
	network.classID {network: {classID: 1}}
	network.priorities {network: {priorities: [{name: "lo", priority: 1}]}}
	unified\["cgroup.procs"\] {unified: {"cgroup.procs": "0"}}
	unified\["cgroup.freeze"\] {unified: {"cgroup.freeze": "1"}}
	unified\["nodot"\] {unified: {"nodot": "1"}}
END

# What engines write without meaning a limit, in one container: Docker, Podman, Kubernetes.
in_sh 'echo ran' "$(res '{memory: {limit: -1, swap: -1, reservation: 0, kernel: -1, kernelTCP: 0, disableOOMKiller: false, useHierarchy: true,
	checkBeforeUpdate: true}, cpu: {shares: 1024, quota: -1, period: 0, realtimeRuntime: -1, realtimePeriod: 0, burst: 0, idle: 0, cpus: "", mems: ""},
	pids: {limit: -1}, blockIO: {weight: 0, leafWeight: 0, weightDevice: [], throttleReadBpsDevice: [{major: 8, minor: 0, rate: 0}]}, network: {classID: 0, priorities: []},
	hugepageLimits: [{pageSize: "64KB", limit: 0}, {pageSize: "2MB", limit: 0}, {pageSize: "1GB", limit: 0}], rdma: {}, unified: {}}')"
is "what has no effect passes" "$rc $out" "0 ran" || diag "$err"
in_sh 'echo ran' "$(res "{memory: {swappiness: $(cat /proc/sys/vm/swappiness)}}")"
is "memory.swappiness as the host has it passes" "$rc $out" "0 ran" || diag "$err"

# A core file needs no controller.
in_sh 'cat /sys/fs/cgroup/cgroup.max.depth' "$(res '{unified: {"cgroup.max.depth": "3"}}')"
is "unified: a core file" "$rc $out" "0 3"
in_sh true "$(res '{unified: {"cgroup.max.depth": "three"}}')"
like "unified: a value that the kernel refuses" "$rc $err" "^1 .*unified\[\"cgroup.max.depth\"\]: the kernel refuses 'three' in $mount/.*/cgroup.max.depth: .*EINVAL"

# A tree that has had enough: the cgroup above that says so, and nothing is left of the way there.
mkdir "$mount/jt-$$-full"
at_exit "rmdir '$mount/jt-$$-full'"
while read -r file value path error; do
	echo "$value" >"$mount/jt-$$-full/$file"
	in_sh true ".linux.cgroupsPath = \"/jt-$$-full/$path\""
	like "$file" "$rc $err" "^1 jailrun: cannot make cgroup $mount/jt-$$-full/$path: $error"
	is "$file: nothing is left" "$(find "$mount/jt-$$-full" -mindepth 1 -type d)" ""
	echo max >"$mount/jt-$$-full/$file"
done <<-END
	cgroup.max.descendants 2 a/b/c there are 2 below $mount/jt-$$-full, and its cgroup.max.descendants allows no more
	cgroup.max.depth 1 a/b cgroup.max.depth of $mount/jt-$$-full allows only 1 levels below it
END
in_sh 'echo ran' ".linux.cgroupsPath = \"/jt-$$-full/a/b/c\""
is "with room it is made (control)" "$rc $out" "0 ran"

# Below a frozen cgroup every process stands still: that is said, and by whose doing, and nobody waits.
above=$mount/jt-$$-full
frozen="cgroup $above/a: $above above it is frozen; write 0 to its cgroup.freeze"
RUN_TIMEOUT=20
at_exit "echo 0 >'$above/cgroup.freeze'"
echo 1 >"$above/cgroup.freeze"
for policy in none default; do
	make_bundle "$T/fr" "$(args_filter sleep 60) | .linux.cgroupsPath = \"/jt-$$-full/a\""
	jrun --policy $policy run --bundle "$T/fr" fr
	like "$policy: run below a frozen cgroup" "$rc $err" "^1 .*$frozen"
	is "$policy: nothing is left" "$(find "$above" -mindepth 1 -type d)" ""
	echo 0 >"$above/cgroup.freeze"
	ok "$policy: create, thawed (control)" eval 'jr --policy $policy create --bundle "$T/fr" fr </dev/null >"$T/fr.out" 2>&1'
	echo 1 >"$above/cgroup.freeze"
	jrun start fr
	like "$policy: start below a frozen cgroup" "$rc $err" "^1 .*$frozen"
	echo 0 >"$above/cgroup.freeze"
	ok "$policy: start, thawed (control)" jr start fr
	jrun exec fr /bin/echo ran
	is "$policy: exec, thawed (control)" "$rc $out" "0 ran"
	echo 1 >"$above/cgroup.freeze"
	jrun exec fr /bin/echo ran
	isnt "$policy: exec below a frozen cgroup" "$rc" 0
	like "$policy: says so" "$err" "$frozen"
	echo 0 >"$above/cgroup.freeze"
	jr delete --force fr
	echo 1 >"$above/cgroup.freeze"
done
echo 0 >"$above/cgroup.freeze"
unset RUN_TIMEOUT

# Huge pages, where the v2 tree has them: allocated by a file of hugetlbfs.
pool=/proc/sys/vm/nr_hugepages
if ! has hugetlb || [ ! -d /sys/kernel/mm/hugepages/hugepages-2048kB ]; then
	skip "hugepageLimits" "no hugetlb with pages of 2 MB in the v2 tree"
else
	before=$(cat $pool)
	at_exit "echo $before >$pool"
	echo $((before + 4)) >$pool
	huge='.mounts += [{destination: "/huge", type: "hugetlbfs", source: "none", options: ["pagesize=2M"]}]'
	take='fallocate -l 4194304 /huge/f && echo taken; cat /sys/fs/cgroup/hugetlb.2MB.max'
	if [ "$(cat $pool)" -lt $((before + 4)) ]; then
		skip "hugepageLimits" "the host has no four huge pages to give"
	else
		in_sh "$take" "$huge | $(res '{hugepageLimits: [{pageSize: "2MB", limit: 4194304}]}')"
		is "within hugepageLimits" "${out//$'\n'/ }" "taken 4194304"
		in_sh "$take" "$huge | $(res '{hugepageLimits: [{pageSize: "2MB", limit: 2097152}]}')"
		is "above hugepageLimits" "${out//$'\n'/ }" "2097152"
	fi
	in_sh true "$(res '{hugepageLimits: [{pageSize: "3MB", limit: 3145728}]}')"
	like "hugepageLimits: a size that is none" "$rc $err" "^1 .*hugepageLimits\[0\]: this kernel has no hugetlb.3MB.max in"
fi

# Intel RDT is a matter of the processor.
if grep -q ' - resctrl ' /proc/self/mountinfo; then
	skip "intelRdt without resctrl" "resctrl is mounted"
else
	for rdt in '{}' '{closID: "x", l3CacheSchema: "L3:0=f"}' '{enableMonitoring: true}'; do
		in_sh true ".linux.intelRdt = $rdt"
		like "intelRdt $rdt without resctrl" "$rc $err" "^1 jailrun: linux\.intelRdt: no resctrl file system is mounted; remove it, or "
	done
	in_sh true '.linux.intelRdt = null'
	is "no intelRdt (control)" "$rc" 0
	make_bundle "$T/u" "$(args_filter sleep 60)"
	ok "run -d" jr run --detach --bundle "$T/u" u
	for option in --l3-cache-schema=L3:0=f --mem-bw-schema=MB:0=20; do
		jrun update "$option" u
		like "update $option" "$rc $err" "^1 jailrun: Intel RDT/.* schema is not enabled: the container was made without linux.intelRdt"
	done
	ok "delete" jr delete --force u
fi
done_testing
