#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Block I/O, huge pages, rdma and unified, in a machine with every controller of cgroup v2; and limits of a living container. Run on any
# host it starts the machine and itself in it.
. "$(cd "$(dirname "$0")/../.." && pwd)/tests/lib/common.sh"
. "$TOP_SRCDIR/tests/lib/bundle.sh"
here=$TOP_SRCDIR/tests/vm
unit=$TOP_BUILDDIR/tests/unit/cgroups_update

if [ ! -e /.jailrun-vm ]; then
	need_command qemu-system-x86_64 python3 busybox jq
	need_runtime
	make -s -C "$TOP_BUILDDIR" tests/unit/cgroups_update >&2 || diag "no unit test to run in the machine"
	make_busybox_rootfs "$T/rootfs"
	ROOTFS=$T/rootfs TEST_TMP=/run "$here/run" --timeout 600 -- "$here/limits.t"
	exit
fi

cg=/sys/fs/cgroup
res() {
	printf '.linux.resources = %s' "$1"
}
# shows FILES RESOURCES: the files as the container sees them, blanks for line ends, in $words.
shows() {
	in_sh "cd /sys/fs/cgroup && cat $1" "$(res "$2")"
	words=$(xargs <<<"$out")
}
# refuses NAME RESOURCES ERE: create fails with this error.
refuses() {
	in_sh true "$(res "$2")"
	like "$1" "$rc $err" "^1 .*$3"
}

if [ -x "$unit" ]; then
	ok "the unit test of updates" env JAILRUN_MUST_WORK=1 "$unit" || diag "$(grep -A3 'ERROR\|LINE' "$T/ok.log")"
else
	fail "the unit test of updates is not built"
fi

# Block I/O: a disk of zeros, made by the kernel.
modprobe null_blk nr_devices=1 gb=1 queue_mode=2
disk=$(cat /sys/block/nullb0/dev) major=${disk%:*} minor=${disk#*:}
if [ -z "$disk" ]; then fail "no null_blk"; fi
dev="{major: $major, minor: $minor}"
shows io.weight '{blockIO: {weight: 500}}'
is "blockIO.weight, without BFQ: converted" "$rc $words" "0 default 4950"
refuses "blockIO.weightDevice of a disk that nothing weighs" "{blockIO: {weightDevice: [$dev + {weight: 10}]}}" \
	"blockIO.weightDevice\[0\]: the kernel refuses '$disk 1' in .*/io.weight: .*neither the scheduler bfq nor a line in io.cost.qos"
echo "$disk enable=1" >$cg/io.cost.qos
shows io.weight "{blockIO: {weightDevice: [$dev + {weight: 10}]}}"
is "blockIO.weightDevice, without BFQ: converted" "$rc $words" "0 default 100 $disk 1"
modprobe bfq
shows io.bfq.weight '{blockIO: {weight: 500}}'
is "blockIO.weight, with BFQ: as it is" "$rc $words" "0 default 500"
echo bfq >/sys/block/nullb0/queue/scheduler
shows io.bfq.weight "{blockIO: {weight: 700, weightDevice: [$dev + {weight: 300}]}}"
is "blockIO.weightDevice, with BFQ" "$rc $words" "0 default 700 $disk 300"
echo none >/sys/block/nullb0/queue/scheduler
shows "io.bfq.weight io.weight" "{blockIO: {weightDevice: [$dev + {weight: 20}]}}"
is "blockIO.weightDevice of a disk without BFQ: the other file" "$rc $words" "0 default 100 default 100 $disk 102"
shows io.max "{blockIO: {throttleReadBpsDevice: [$dev + {rate: 1048576}], throttleWriteBpsDevice: [$dev + {rate: 2097152}],
	throttleReadIOPSDevice: [$dev + {rate: 300}], throttleWriteIOPSDevice: [$dev + {rate: 400}]}}"
is "the four rates" "$rc $words" "0 $disk rbps=1048576 wbps=2097152 riops=300 wiops=400"
node="$docker_caps | .linux.devices = [{path: \"/dev/disk\", type: \"b\", major: $major, minor: $minor}]"
allow="devices: [{allow: true, type: \"b\", major: $major, minor: $minor, access: \"r\"}]"
read_disk() { # FILTER: how many seconds two MB take
	local begin=$EPOCHREALTIME
	in_sh 'dd if=/dev/disk of=/dev/null bs=256k count=8 iflag=direct' "$node | $1"
	took=$(((${EPOCHREALTIME/./} - ${begin/./}) / 1000000))
}
read_disk "$(res "{$allow}")"
is "reading without a rate" "$rc" 0
free=$took
read_disk "$(res "{$allow, blockIO: {throttleReadBpsDevice: [$dev + {rate: 262144}]}}")"
is "reading with a rate" "$rc" 0
ok "a rate of 256 kB/s: 2 MB take 8 s ($took, $free without)" test "$took" -ge $((free + 5))
refuses "a rate of a disk that is not there" '{blockIO: {throttleReadBpsDevice: [{major: 4000, minor: 1, rate: 5}]}}' \
	"blockIO.throttleReadBpsDevice\[0\]: the kernel refuses '4000:1 rbps=5' in .*/io.max: .*there is no such block device"
refuses "leafWeight" '{blockIO: {leafWeight: 10}}' 'blockIO.leafWeight: in cgroup v2 no process competes with child cgroups'

# Huge pages: allocated by a file of hugetlbfs.
echo 8 >/proc/sys/vm/nr_hugepages
huge='.mounts += [{destination: "/huge", type: "hugetlbfs", source: "none", options: ["pagesize=2M"]}]'
huge_pages() { # LIMIT
	in_sh 'fallocate -l 4194304 /huge/f && echo taken; cat /sys/fs/cgroup/hugetlb.2MB.max /sys/fs/cgroup/hugetlb.2MB.rsvd.max' \
		"$huge | $(res "{hugepageLimits: [{pageSize: \"2MB\", limit: $1}]}")"
	words=${out//[[:space:]]/ }
}
huge_pages 4194304
is "within hugepageLimits" "$words" "taken 4194304 4194304"
huge_pages 2097152
is "above hugepageLimits" "$words" "2097152 2097152"
huge_pages 0
is "hugepageLimits of 0" "$words" "0 0"
shows hugetlb.2MB.max '{hugepageLimits: [{pageSize: "64KB", limit: 0}, {pageSize: "2MB", limit: 2097152}]}'
is "no pages of a size that the machine does not have" "$rc $words" "0 2097152"
refuses "pages of a size that the machine does not have" '{hugepageLimits: [{pageSize: "64KB", limit: 65536}]}' \
	'hugepageLimits\[0\]: this kernel has no hugetlb.64KB.max'
echo 0 >/proc/sys/vm/nr_hugepages

# rdma: without a device, and with one of software.
refuses "rdma without the device" '{rdma: {"mlx5_1": {hcaHandles: 3}}}' \
	"rdma\[\"mlx5_1\"\]: the kernel refuses 'mlx5_1 hca_handle=3' in .*/rdma.max: .*there is no such RDMA device"
if modprobe rdma_rxe 2>/dev/null && ip link add dummy0 type dummy && ip link set dummy0 up && rdma link add rxe0 type rxe netdev dummy0; then
	shows rdma.max '{rdma: {"rxe0": {hcaHandles: 3, hcaObjects: 10000}}}'
	is "rdma: both limits" "$rc $words" "0 rxe0 hca_handle=3 hca_object=10000"
	shows rdma.max '{rdma: {"rxe0": {hcaObjects: 4294967295}}}'
	is "rdma: more than can be counted" "$rc $words" "0 rxe0 hca_handle=max hca_object=max"
else
	skip "rdma with a device" "no rxe in this kernel"
fi

# unified: after all properties, and each line for itself.
shows "memory.high pids.max io.max cgroup.max.depth" "{pids: {limit: 20}, unified: {\"memory.high\": \"50000000\", \"pids.max\": \"7\",
	\"io.max\": \"$disk rbps=1000\\n$disk wiops=2000\", \"cgroup.max.depth\": \"3\"}}"
is "unified" "$rc $words" "0 49999872 7 $disk rbps=1000 wbps=max riops=max wiops=2000 3"
refuses "unified: a file that the kernel does not have" '{unified: {"memory.nonsense": "1"}}' \
	'unified\["memory.nonsense"\]: this kernel has no memory.nonsense in'
refuses "unified: a controller that is not there" '{unified: {"nonsense.max": "1"}}' \
	'unified\["nonsense.max"\]: the nonsense controller is not available'
refuses "unified: a value that is none" '{unified: {"pids.max": "many"}}' "unified\[\"pids.max\"\]: the kernel refuses 'many' in .*pids.max"

# What cgroup v2 does not have.
refuses "memory.kernel" '{memory: {kernel: 1048576}}' 'memory.kernel: cgroup v2 counts'
refuses "memory.kernelTCP" '{memory: {kernelTCP: 1048576}}' 'memory.kernelTCP: cgroup v2 counts'
refuses "memory.disableOOMKiller" '{memory: {disableOOMKiller: true}}' 'memory.disableOOMKiller: .*cannot be switched off'
swappiness=$(cat /proc/sys/vm/swappiness)
refuses "memory.swappiness" "{memory: {swappiness: $((swappiness - 1))}}" "memory.swappiness: .*the host's is $swappiness "
in_sh true "$(res "{memory: {swappiness: $swappiness, disableOOMKiller: false, useHierarchy: true, kernel: -1}}")"
is "memory.swappiness as the host has it" "$rc" 0 || diag "$err"
refuses "cpu.realtimeRuntime" '{cpu: {realtimeRuntime: 1000}}' 'cpu.realtimeRuntime: real-time bandwidth'
refuses "cpu.realtimePeriod" '{cpu: {realtimePeriod: 1000}}' 'cpu.realtimePeriod: real-time bandwidth'
refuses "network.classID" '{network: {classID: 1}}' 'network.classID: net_cls'
refuses "network.priorities" '{network: {priorities: [{name: "lo", priority: 1}]}}' 'network.priorities: net_prio'
refuses "intelRdt" '{} | .linux.intelRdt = {closID: "x"}' 'linux.intelRdt: no resctrl file system is mounted'

# A container that lives, made without a single limit.
make_bundle "$T/u" "$(args_filter sleep 100) | $(res '{}') | .linux.cgroupsPath = \"/vm-limits/u\""
ok "run -d" jr run --detach --bundle "$T/u" u
here_is() { # FILE WANT
	is "update: $1" "$(tr '\n' ' ' <"$cg/vm-limits/u/$1")" "$2 "
}
ok "update of many" jr update --memory 64m --memory-reservation 32m --pids-limit 9 --cpu-share 2048 --cpu-quota 50000 u
here_is memory.max 67108864
here_is memory.low 33554432
here_is pids.max 9
here_is cpu.weight 174
here_is cpu.max "50000 100000"
ok "update from a file" jr update --resources - u <<<"{\"blockIO\": {\"throttleReadBpsDevice\": [{\"major\": $major, \"minor\": $minor, \"rate\": 4096}]},
	\"unified\": {\"memory.high\": \"16777216\"}, \"hugepageLimits\": [{\"pageSize\": \"2MB\", \"limit\": 2097152}]}"
here_is io.max "$disk rbps=4096 wbps=max riops=max wiops=max"
here_is memory.high 16777216
here_is hugetlb.2MB.max 2097152
echo '{"pids": {"limit": 11}, "unified": {"memory.high": "nonsense"}}' >"$T/bad.json"
jrun update --resources "$T/bad.json" u
like "update with a bad value" "$rc $err" '^1 .*unified\["memory.high"\]: the kernel refuses'
here_is pids.max 9
ok "update: no limits" jr update --memory -1 --pids-limit -1 --cpu-quota -1 u
here_is memory.max max
here_is pids.max max
here_is cpu.max "max 100000"
ok "delete" jr delete --force u
rmdir $cg/vm-limits 2>/dev/null
is "nothing is left" "$(find $cg -mindepth 1 -type d)" ""
done_testing
