# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # of the list in ../limits.t
# unified: after all properties, and each line for itself; what cgroup v2 does not have; misc, of which this machine has nothing to count.
[ -e /sys/block/nullb0 ] || modprobe null_blk nr_devices=1 gb=1 queue_mode=2
disk=$(cat /sys/block/nullb0/dev)
in_sh 'cd /sys/fs/cgroup && cat memory.high pids.max io.max cgroup.max.depth; bite forks 9' "$(res "{pids: {limit: 20}, unified: {\"memory.high\": \"50000000\",
	\"pids.max\": \"7\", \"io.max\": \"$disk rbps=1000\\n$disk wiops=2000\", \"cgroup.max.depth\": \"3\"}}")"
like "unified" "$rc $(xargs <<<"$out")" "0 49999872 7 $disk rbps=1000 wbps=max riops=max wiops=2000 3 made [56] EAGAIN"
refuses "unified: a file that the kernel does not have" '{unified: {"memory.nonsense": "1"}}' \
	'unified\["memory.nonsense"\]: this kernel has no memory.nonsense in .*: no such file or directory'
refuses "unified: a controller that is not there" '{unified: {"nonsense.max": "1"}}' \
	'unified\["nonsense.max"\]: the nonsense controller is not available'
refuses "unified: a value that is none" '{unified: {"pids.max": "many"}}' "unified\[\"pids.max\"\]: the kernel refuses 'many' in .*pids.max"
is "nothing of misc can be counted here" "$(cat "$cg"/misc.capacity)" ""
refuses "misc: the kernel's word" '{unified: {"misc.max": "sev 1"}}' "unified\[\"misc.max\"\]: the kernel refuses 'sev 1' in .*/misc.max: .*EINVAL"
refuses "network.classID" '{network: {classID: 1}}' 'network.classID: net_cls is of cgroup v1 alone; remove it, and match'
refuses "network.priorities" '{network: {priorities: [{name: "lo", priority: 1}]}}' 'network.priorities: net_prio is of cgroup v1 alone; remove it, and set'
refuses "intelRdt" '{} | .linux.intelRdt = {closID: "x"}' 'linux.intelRdt: no resctrl file system is mounted'

# All of an update or nothing, in a container that was made without a single limit.
living jt-u "$idle | $(res '{}')"
holds() { # NAME VALUE FILE...
	local name=$1 want=$2 f words=""
	shift 2
	for f; do words+=" $(of jt-u "$f")"; done
	is "$name: $*" "${words# }" "$want"
}
ok "update of many" jr update --memory 64m --memory-reservation 32m --pids-limit 9 --cpu-share 2048 --cpu-quota 50000 jt-u
holds "update of many" "67108864 33554432 9 174 50000 100000" memory.max memory.low pids.max cpu.weight cpu.max
cat >"$T/r.json" <<JSON
{"memory": {"limit": 50331648, "reservation": 4194304}, "cpu": {"quota": 20000, "period": 100000, "cpus": "0-1"}, "pids": {"limit": 33},
 "blockIO": {"throttleReadBpsDevice": [{"major": ${disk%:*}, "minor": ${disk#*:}, "rate": 4096}]},
 "hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}], "unified": {"memory.high": "40000000"}}
JSON
ok "update -r - from standard input" eval 'jr update -r - jt-u <"$T/r.json"'
holds "all of it" "50331648 4194304 20000 100000 0-1 33 $disk rbps=4096 wbps=max riops=max wiops=max 4194304 39997440" \
	memory.max memory.low cpu.max cpuset.cpus pids.max io.max hugetlb.2MB.max memory.high
jrun exec jt-u bite forks 40
like "the last of them bites" "$out" "made (30|31) EAGAIN"
# The last write fails: every one before it is taken back, and the container is as it was.
jq -c '.memory.limit = 60000000 | .pids.limit = 44 | .cpu.quota = 30000 | .cpu.cpus = "1" | .blockIO.throttleReadBpsDevice[0].rate = 8192 |
	.hugepageLimits[0].limit = 2097152 | .unified = {"memory.high": "nonsense"}' "$T/r.json" >"$T/bad.json"
jrun update --resources "$T/bad.json" jt-u
like "update with a value that the kernel refuses: file and value" "$rc $err" "^1 .*unified\[\"memory.high\"\]: the kernel refuses 'nonsense' in .*/memory.high: .*EINVAL"
holds "nothing is changed" "50331648 4194304 20000 100000 0-1 33 $disk rbps=4096 wbps=max riops=max wiops=max 4194304 39997440" \
	memory.max memory.low cpu.max cpuset.cpus pids.max io.max hugetlb.2MB.max memory.high
jrun exec jt-u bite forks 40
like "and bites as before" "$out" "made (30|31) EAGAIN"
jr pause jt-u
ok "update of a paused one" jr update --pids-limit 50 jt-u
holds "update of a paused one" 50 pids.max
jr resume jt-u
ok "update: no limits" jr update --memory -1 --pids-limit -1 --cpu-quota -1 jt-u
holds "update: no limits" "max max max 100000" memory.max pids.max cpu.max
gone jt-u
