# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # of the list in ../limits.t
# Block I/O on a disk of the kernel's that takes two milliseconds for each request: rates and shares, measured.
modprobe null_blk nr_devices=1 gb=1 queue_mode=2 irqmode=2 completion_nsec=2000000 hw_queue_depth=1
disk=$(cat /sys/block/nullb0/dev) major=${disk%:*} minor=${disk#*:}
[ -n "$disk" ] || fail "no null_blk"
dev="{major: $major, minor: $minor}"
shows() { # FILES RESOURCES: the files as the container sees them, blanks for line ends, in $words
	in_sh "cd /sys/fs/cgroup && cat $1" "$(res "$2")"
	words=$(xargs <<<"$out")
}
shows io.weight '{blockIO: {weight: 500}}'
is "blockIO.weight, without BFQ: converted" "$rc $words" "0 default 4950"
refuses "blockIO.weightDevice of a disk that nothing weighs" "{blockIO: {weightDevice: [$dev + {weight: 10}]}}" \
	"blockIO.weightDevice\[0\]: the kernel refuses '$disk 1' in .*/io.weight: .*neither the scheduler bfq nor a line in io.cost.qos"
echo "$disk enable=1" >"$cg"/io.cost.qos
shows io.weight "{blockIO: {weightDevice: [$dev + {weight: 10}]}}"
is "blockIO.weightDevice, without BFQ: converted" "$rc $words" "0 default 100 $disk 1"
echo "$disk enable=0" >"$cg"/io.cost.qos
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

# Each way for itself: how many hundredths of a second it takes; in $took.
node="$docker_caps | .linux.devices = [{path: \"/dev/disk\", type: \"b\", major: $major, minor: $minor}]"
allow="devices: [{allow: true, type: \"b\", major: $major, minor: $minor, access: \"rw\"}]"
# shellcheck disable=SC2016 # the container's shell's
ways='t() { read -r a _ </proc/uptime; "$@" 2>/dev/null; read -r b _ </proc/uptime; echo $((${b%.*}${b#*.} - ${a%.*}${a#*.})); }
	t dd if=/dev/disk of=/dev/null bs=64k count=16 iflag=direct; t dd if=/dev/zero of=/dev/disk bs=64k count=16 oflag=direct
	t dd if=/dev/disk of=/dev/null bs=4k count=40 iflag=direct; t dd if=/dev/zero of=/dev/disk bs=4k count=40 oflag=direct'
throttled() { # NAME WAY...: those of the four that a rate makes slow
	local name=$1 way
	local -a names=("" "1 MB read" "1 MB written" "40 reads" "40 writes") times
	shift
	read -r -a times <<<"0 $(xargs <<<"$out")"
	for way; do ok "$name: ${names[way]}: ${times[way]} hundredths of a second" test "${times[way]}" -gt 50; done
}
fast() { # COMMAND...: without rates none is slow; a busy host has a second and a third chance
	local i
	for i in 1 2 3 4 5; do
		"$@"
		took=$(xargs <<<"$out")
		[[ " $took" =~ ^(\ [0-9]|\ [1-4][0-9]){4}$ ]] && return
	done
	return 1
}
ok "no rates: not slow" fast in_sh "$ways" "$node | $(res "{$allow}")" || diag "$took"
in_sh "$ways" "$node | $(res "{$allow, blockIO: {throttleReadBpsDevice: [$dev + {rate: 524288}], throttleWriteIOPSDevice: [$dev + {rate: 20}]}}")"
throttled "throttleReadBpsDevice, throttleWriteIOPSDevice" 1 2 4
living jt-io "$node | $idle | $(res "{$allow}")"
rates() { # of the living one
	jq -cn "{blockIO: {throttleWriteBpsDevice: [$dev + {rate: $1}], throttleReadIOPSDevice: [$dev + {rate: $2}]}}" | jr update --resources - jt-io
}
ok "update of the rates" rates 524288 20
jrun exec jt-io sh -c "$ways"
throttled "update: throttleWriteBpsDevice, throttleReadIOPSDevice" 1 2 3
ok "update: rates of 0" rates 0 0
ok "update: rates of 0: not slow" fast jrun exec jt-io sh -c "$ways" || diag "$took"
gone jt-io
refuses "a rate of a disk that is not there" '{blockIO: {throttleReadBpsDevice: [{major: 4000, minor: 1, rate: 5}]}}' \
	"blockIO.throttleReadBpsDevice\[0\]: the kernel refuses '4000:1 rbps=5' in .*/io.max: .*there is no such block device"
refuses "leafWeight" '{blockIO: {leafWeight: 10}}' 'blockIO.leafWeight: in cgroup v2 no process competes with child cgroups'

# Two that read as fast as they can, by BFQ.
echo bfq >/sys/block/nullb0/queue/scheduler
echo 0 >/sys/block/nullb0/queue/iosched/low_latency
echo 100 >/sys/block/nullb0/queue/iosched/slice_idle # on a busy host a reader may be slow to ask again
echo 64 >/sys/block/nullb0/queue/iosched/max_budget # eight reads a turn: many turns in the time of a test
# Three readers each: one that is slow to ask again on a busy host leaves its group with nothing to be served, and its turn to the other.
# shellcheck disable=SC2016 # the container's shell's
reads="$node | $(args_filter sh -c 'for i in 1 2 3; do while :; do dd if=/dev/disk of=/dev/null bs=4k count=20000 iflag=direct 2>/dev/null; done & done; wait')"
had() { # ID: bytes
	[[ $(of "$1" io.stat) =~ $disk\ rbytes=([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}
for POLICY in none default; do
	living jt-a "$reads | $(path_filter jtpair a) | $(res "{$allow, blockIO: {weight: 100}}")"
	living jt-b "$reads | $(path_filter jtpair b) | $(res "{$allow, blockIO: {weight: 100}}")"
	eventually 10 had jt-a && eventually 10 had jt-b
	share_is "policy $POLICY: the same weight: half each" 35 65
	ok "policy $POLICY: the statistics: pressure" jq -e '.data.blkio.psi.some.total > 100000' <<<"$(jr events --stats jt-a)"
	ok "policy $POLICY: update --blkio-weight" jr update --blkio-weight 1000 jt-a
	share_is "policy $POLICY: ten times the weight: most of it" 70 100
	gone jt-a jt-b
done
POLICY=none
echo none >/sys/block/nullb0/queue/scheduler
